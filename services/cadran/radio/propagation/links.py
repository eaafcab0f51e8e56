"""Large-scale state of all links: line of sight, shadowing, buildings, and the mean gain that follows."""

from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.propagation import antennas, path_loss, penetration, shadowing
from cadran.radio.propagation.line_of_sight import line_of_sight_probability, normal_probability
from cadran.radio.propagation.models import LOS, MODELS, NLOS, O2I
from cadran.radio.propagation.sites import Sites
from cadran.radio.world import World

Array = NDArray[np.float64]

_PER_DB = log(10) / 10


class Links(NamedTuple):
    """What fortune gave the links of N UEs to C DUs. Sectors of one site share it.

    Attributes:
        sight: float32[N, C], standard normal; there is line of sight where Phi(sight) < P_LOS.
        shadowing: float32[N, C], standard normal; times the deviation of the link's state.
        penetration_db: float32[N], loss of the outer wall that a UE is behind, 0 outdoors.
        indoor_m: float32[N, C], the way from that wall to the UE (d_2D-in), 0 outdoors only.
    """

    sight: NDArray[np.float32]
    shadowing: NDArray[np.float32]
    penetration_db: NDArray[np.float32]
    indoor_m: NDArray[np.float32]


def draw_links(world: World, sites: Sites, count: int, rng: np.random.Generator) -> Links:
    """Links of ``count`` UEs at the start of an episode; ``layout.indoor_fraction`` of them are indoors.

    A factory's UEs share its hall with the radio units, so that none of them counts as indoors there.
    """
    channel = world.channel
    places = _site_count(world)
    sight = shadowing.draw_sites(count, places, 0.0, rng)
    shadow = shadowing.draw_sites(count, places, channel.shadowing_site_correlation, rng)
    indoor = rng.random(count) < world.layout.indoor_fraction
    wall = penetration.wall(channel.penetration, channel.carrier_hz)
    if wall is None or MODELS[channel.path_loss].clutter is not None:
        loss_db, inside_m = np.zeros(count), np.zeros((count, places))
    else:
        loss_db, inside_m = penetration.draw_indoors(wall, indoor, places, rng)
    return Links(
        _per_du(sight, sites), _per_du(shadow, sites), loss_db.astype(np.float32), _per_du(inside_m, sites)
    )


def walk_links(
    world: World,
    sites: Sites,
    links: Links,
    line_of_sight: NDArray[np.uint8],
    moved_m: Array,
    rng: np.random.Generator,
) -> Links:
    """The links after each UE has moved by ``moved_m`` (float64[N], m).

    Shadowing decorrelates over the distance of each link's state, sight over that of TR 38.901 Table
    7.6.3.1-2. ASSUMED: who is indoors stays so, behind the same wall and as far from it.
    """
    channel, model = world.channel, MODELS[world.channel.path_loss]
    step = world.layout.sectors
    count, places = len(moved_m), _site_count(world)
    moved = moved_m[:, None]
    distance_m: Array | float
    if channel.shadowing_distance_m is not None:
        distance_m = channel.shadowing_distance_m
    else:
        indoor = links.indoor_m[:, ::step] > 0
        distance_m = _by_state(model.shadowing_distance_m, indoor, line_of_sight[:, ::step] > 0)
    fresh_sight = shadowing.draw_sites(count, places, 0.0, rng)
    fresh_shadow = shadowing.draw_sites(count, places, channel.shadowing_site_correlation, rng)
    sight = shadowing.walk(links.sight[:, ::step], fresh_sight, moved, model.sight_distance_m)
    shadow = shadowing.walk(links.shadowing[:, ::step], fresh_shadow, moved, distance_m)
    return links._replace(sight=_per_du(sight, sites), shadowing=_per_du(shadow, sites))


def mean_gains(
    world: World, sites: Sites, position_m: Array, links: Links
) -> tuple[Array, NDArray[np.uint8]]:
    """Mean received power per RB over the noise of an RB, and where there is line of sight.

    The gain is ``P G / N0``: power of an RB at the antenna, over the coupling loss (path loss, shadowing and
    buildings less the antenna's gain, and no less than ``min_coupling_loss_db``), over noise with the
    receiver's noise figure.

    Args:
        world: the scenario.
        sites: its sites.
        position_m: float64[N, 2].
        links: of the same N UEs.

    Returns:
        float64[N, C], linear; and uint8[N, C], 1 for outdoor UEs that see the radio unit. (A UE indoors has
        the path loss of the outdoor state that was drawn for it, TR 38.901 clause 7.4.3.1, but no direct
        path: 0.)
    """
    channel, step = world.channel, world.layout.sectors
    east_m, north_m, ground_m = _nearest(sites, step, position_m)
    distance_m = np.maximum(ground_m, world.layout.min_distance_m)
    loss_db, sees = _site_loss_db(world, distance_m, links)
    if step > 1:
        loss_db = loss_db[:, sites.site]
        sees = sees[:, sites.site]
    loss_db = loss_db - channel.antenna_gain_dbi
    if channel.antenna == "sector":
        bearing = np.arctan2(north_m, east_m)[:, sites.site] - sites.azimuth_rad
        wrapped = (bearing + np.pi) % (2 * np.pi) - np.pi
        rise_m = bs_height_m(world) - channel.ue_height_m
        loss_db += antennas.sector_attenuation_db(
            wrapped, distance_m[:, sites.site], rise_m, channel.downtilt_deg
        )
    np.maximum(loss_db, channel.min_coupling_loss_db, out=loss_db)
    gain: Array = np.exp(-_PER_DB * loss_db)
    gain *= world.tx_power_per_rb_w / world.noise_per_rb_w
    return gain, sees.astype(np.uint8)


def bs_height_m(world: World) -> float:
    """Antenna height of the radio units."""
    given = world.channel.bs_height_m
    return MODELS[world.channel.path_loss].bs_height_m if given is None else given


def _site_count(world: World) -> int:
    return -(-world.dus // world.layout.sectors)


def _per_du(values: Array, sites: Sites) -> NDArray[np.float32]:
    """float64[N, sites] spread over the DUs, float32[N, C]."""
    return values.astype(np.float32)[:, sites.site]


def _nearest(sites: Sites, sectors: int, position_m: Array) -> tuple[Array, Array, Array]:
    """From every site, or its nearest copy, to every UE: east, north and length, float64[N, sites]."""
    at = sites.position_m[::sectors]
    east = position_m[:, :1] - at[:, 0]
    north = position_m[:, 1:] - at[:, 1]
    squared = east**2 + north**2
    for offset in sites.copies_m[1:]:
        east_there = position_m[:, :1] - (at[:, 0] + offset[0])
        north_there = position_m[:, 1:] - (at[:, 1] + offset[1])
        squared_there = east_there**2 + north_there**2
        nearer = squared_there < squared
        np.copyto(east, east_there, where=nearer)
        np.copyto(north, north_there, where=nearer)
        np.copyto(squared, squared_there, where=nearer)
    return east, north, np.sqrt(squared)


def _site_loss_db(world: World, distance_m: Array, links: Links) -> tuple[Array, NDArray[np.bool_]]:
    """Path loss, shadowing and buildings, and who sees the site directly: [N, sites] each."""
    channel, model, step = world.channel, MODELS[world.channel.path_loss], world.layout.sectors
    inside_m = links.indoor_m[:, ::step]
    indoor = inside_m > 0
    if channel.path_loss == "power_law":
        clear = np.zeros(distance_m.shape, dtype=np.bool_)
        loss_db = path_loss.power_law_db(distance_m, channel.reference_loss_db, channel.path_loss_exponent)
    else:
        heights = bs_height_m(world), channel.ue_height_m
        probability = line_of_sight_probability(channel.path_loss, distance_m - inside_m, *heights)
        clear = normal_probability(links.sight[:, ::step]) < probability
        los_db, nlos_db = path_loss.path_losses_db(
            channel.path_loss, distance_m, channel.carrier_hz, *heights
        )
        loss_db = np.where(clear, los_db, nlos_db)
    deviation_db: Array | float
    if channel.shadowing_db is not None:
        deviation_db = channel.shadowing_db
    else:
        deviation_db = _by_state(model.shadowing_db, indoor, clear)
    loss_db += deviation_db * links.shadowing[:, ::step]
    loss_db += links.penetration_db[:, None] + penetration.INDOOR_LOSS_DB_PER_M * inside_m
    return loss_db, clear & ~indoor


def _by_state(
    values: tuple[float, float, float], indoor: NDArray[np.bool_], clear: NDArray[np.bool_]
) -> Array:
    """The value of each link's state."""
    return np.where(indoor, values[O2I], np.where(clear, values[LOS], values[NLOS]))
