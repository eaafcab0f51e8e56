"""Path loss, line of sight, antenna and geometry against Sionna's TR 38.901 scenarios."""

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sionna.phy.channel.tr38901 import InFScenario, PanelArray, UMaScenario, UMiScenario
from sionna.phy.channel.tr38901.antenna import AntennaElement
from sionna.phy.channel.tr38901.lsp import LSPGenerator

from cadran.radio.layout import uniform_in_hexagons
from cadran.radio.propagation.antennas import sector_attenuation_db
from cadran.radio.propagation.line_of_sight import line_of_sight_probability
from cadran.radio.propagation.links import draw_links, mean_gains
from cadran.radio.propagation.models import MODELS, delay_spread_s
from cadran.radio.propagation.path_loss import path_losses_db
from cadran.radio.propagation.sites import Sites, sites
from cadran.radio.world import World

CARRIER_HZ = 3.5e9
STREETS = {"uma": UMaScenario, "umi": UMiScenario}
Array = NDArray[np.float64]


def tensor(values: Any) -> torch.Tensor:
    return torch.tensor(np.asarray(values), dtype=torch.float64)


def scenario(model: str, carrier_hz: float = CARRIER_HZ) -> Any:
    element = PanelArray(1, 1, "single", "V", "omni", carrier_hz)
    if model in STREETS:
        return STREETS[model](carrier_hz, "low", element, element, "downlink", precision="double")
    return InFScenario(
        carrier_hz, model.removeprefix("inf_"), element, element, "downlink", precision="double"
    )


def place(
    found: Any, ues_m: Array, sites_m: Array, indoor: NDArray[np.bool_], virtual_m: Array, los: Any = None
) -> None:
    """Put up ues_m [B, N, 3], sites_m [B, S, 3], indoor [B, N], and the copies virtual_m [B, S, N, 3]."""
    still = torch.zeros(ues_m.shape, dtype=torch.float64)
    found.set_topology(
        tensor(ues_m),
        tensor(sites_m),
        still,
        torch.zeros(sites_m.shape, dtype=torch.float64),
        still,
        torch.tensor(indoor),
        los=los,
        bs_virtual_loc=tensor(virtual_m),
    )


def along_a_line(
    model: str, ue_height_m: float, los: Any, carrier_hz: float = CARRIER_HZ
) -> tuple[Any, Array]:
    """A scenario with one site and UEs at rising distances."""
    distance_m = np.geomspace(11, 3000, 60)
    ues_m = np.stack([distance_m, 0 * distance_m, 0 * distance_m + ue_height_m], axis=1)[None]
    site_m = np.array([[[0.0, 0.0, MODELS[model].bs_height_m]]])
    found = scenario(model, carrier_hz)
    in_hall = np.full((1, 60), model not in STREETS)
    place(found, ues_m, site_m, in_hall, np.broadcast_to(site_m[:, :, None], (1, 1, 60, 3)), los)
    return found, distance_m


@pytest.mark.parametrize("model", ["uma", "umi", "inf_sl", "inf_dl", "inf_sh", "inf_dh"])
@pytest.mark.parametrize("ue_height_m", [1.5, 10.0])
@pytest.mark.parametrize("carrier_hz", [CARRIER_HZ, 28e9])
def test_path_loss(model: str, ue_height_m: float, carrier_hz: float) -> None:
    for state, los in ((0, True), (1, False)):
        found, distance_m = along_a_line(model, ue_height_m, los, carrier_hz)
        ours = path_losses_db(model, distance_m, carrier_hz, MODELS[model].bs_height_m, ue_height_m)[state]
        np.testing.assert_allclose(ours, found.basic_pathloss[0, 0].numpy(), atol=1e-6)


@pytest.mark.parametrize("model", ["uma", "umi", "inf_sl", "inf_dl", "inf_sh", "inf_dh"])
@pytest.mark.parametrize("ue_height_m", [1.5, 19.5])
def test_line_of_sight_probability(model: str, ue_height_m: float) -> None:
    if model.startswith("inf") and ue_height_m > 8:
        ue_height_m = 1.2
    found, distance_m = along_a_line(model, ue_height_m, None)
    ours = line_of_sight_probability(model, distance_m, MODELS[model].bs_height_m, ue_height_m)
    np.testing.assert_allclose(ours, found.los_probability[0, 0].numpy().clip(0, 1), atol=1e-6)


@pytest.mark.parametrize("model", ["uma", "umi", "inf_sl", "inf_dl", "inf_sh", "inf_dh"])
def test_shadowing_and_delay_spread(model: str) -> None:
    for state, los in ((0, False), (1, True)):
        found, _ = along_a_line(model, 1.5, los)
        deviation_db = 10 * found.lsp_log_std[0, 0, 0, 3].item()
        assert MODELS[model].shadowing_db[state] == pytest.approx(deviation_db, abs=1e-6)
        median_s = 10 ** found.lsp_log_mean[0, 0, 0, 0].item()
        assert delay_spread_s(model, state, CARRIER_HZ) == pytest.approx(median_s, rel=1e-6)
    assert MODELS[model].rician_k_db == pytest.approx(10 * found.lsp_log_mean[0, 0, 0, 4].item(), abs=1e-6)


def test_antenna() -> None:
    azimuth, elevation = np.meshgrid(np.linspace(-np.pi, np.pi, 73), np.linspace(-1.5, 1.5, 31))
    ours = 8 - sector_attenuation_db(azimuth, np.cos(elevation), 0.0, 0.0)
    level = element_gain_db(np.pi / 2 + 0 * azimuth, azimuth)
    np.testing.assert_allclose(ours, level, atol=1e-6)
    for row in range(31):
        rise = np.tan(elevation[row, 0])
        ours = 8 - sector_attenuation_db(azimuth[row], np.ones(73), rise, 0.0)
        np.testing.assert_allclose(ours, element_gain_db(np.pi / 2 + elevation[row], azimuth[row]), atol=1e-6)


def element_gain_db(zenith_rad: Array, azimuth_rad: Array) -> Array:
    element = AntennaElement("38.901", precision="double")
    vertical, horizontal = element.field(tensor(zenith_rad), tensor(azimuth_rad))
    return np.asarray(10 * np.log10((vertical**2 + horizontal**2).numpy()))


class Case(NamedTuple):
    model: str
    spacing_m: float
    power_dbm: float
    indoor_fraction: float
    sectors: int
    min_distance_m: float


ROUNDS, BATCHES, BATCH_UES = 4, 24, 60


def world_of(case: Case) -> World:
    return World.model_validate(
        {
            "dus": 19 * case.sectors,
            "rbs": 106,
            "rb_bandwidth_hz": 180e3,
            "layout": {
                "kind": "rings",
                "sectors": case.sectors,
                "wrap_around": True,
                "inter_site_distance_m": case.spacing_m,
                "min_distance_m": case.min_distance_m,
                "indoor_fraction": case.indoor_fraction,
            },
            "channel": {
                "path_loss": case.model,
                "tx_power_dbm": case.power_dbm,
                "noise_density_dbm_per_hz": -174.0,
                "noise_figure_db": 9.0,
                "shadowing_db": None,
                "antenna_gain_dbi": 8.0,
                "antenna": "omni" if case.sectors == 1 else "sector",
            },
        }
    )


def from_sites(found: Sites, sectors: int, position_m: Array) -> Array:
    """Vectors from the nearest copy of every site to every UE, [N, S, 2]."""
    at = found.position_m[::sectors]
    vectors = position_m[:, None, None] - (at[None, :, None] + found.copies_m[None, None])
    nearest = (vectors**2).sum(axis=-1).argmin(axis=-1)
    return np.asarray(np.take_along_axis(vectors, nearest[..., None, None], axis=2)[:, :, 0])


def sionna_gains(
    case: Case, world: World, found: Sites, position_m: Array, indoor: NDArray[np.bool_]
) -> Array:
    """Gains over noise [N, C] of UEs at the same places and indoors alike, all else drawn by Sionna."""
    torch.manual_seed(0)
    height_m = MODELS[case.model].bs_height_m
    vectors = from_sites(found, case.sectors, position_m)
    size = BATCHES * BATCH_UES
    parts = [slice(first, first + size) for first in range(0, len(position_m), size)]
    gain_db = np.concatenate(
        [
            draw_site_gains_db(case, found, position_m[part], vectors[part], indoor[part], height_m)
            for part in parts
        ]
    )[:, found.site]
    if case.sectors == 1:
        gain_db = gain_db + 8
    else:
        east, north = vectors[..., 0], vectors[..., 1]
        azimuth = np.arctan2(north, east)[:, found.site] - found.azimuth_rad
        drop = np.arctan2(height_m - 1.5, np.hypot(east, north))[:, found.site]
        gain_db = gain_db + element_gain_db(np.pi / 2 + drop, (azimuth + np.pi) % (2 * np.pi) - np.pi)
    return world.tx_power_per_rb_w / world.noise_per_rb_w * 10 ** (gain_db / 10)


def draw_site_gains_db(
    case: Case,
    found: Sites,
    position_m: Array,
    vectors: Array,
    indoor: NDArray[np.bool_],
    height_m: float,
) -> Array:
    """Shadowing less path loss of every UE and site, [BATCHES * BATCH_UES, S]."""
    at = found.position_m[:: case.sectors]
    split = (BATCHES, BATCH_UES)

    def lift(values: Array, height: float) -> Array:
        return np.concatenate([values, np.full((*values.shape[:-1], 1), height)], axis=-1)

    virtual_m = (position_m[:, None] - vectors).reshape(*split, len(at), 2).transpose(0, 2, 1, 3)
    space = scenario(case.model)
    place(
        space,
        lift(position_m.reshape(*split, 2), 1.5),
        lift(np.broadcast_to(at, (BATCHES, *at.shape)), height_m),
        indoor.reshape(split),
        lift(virtual_m, height_m),
    )
    parameters = LSPGenerator(space)
    parameters.topology_updated_callback()
    gain_db = (10 * torch.log10(parameters().sf) - parameters.sample_pathloss()).numpy()
    return np.asarray(gain_db.transpose(0, 2, 1).reshape(len(position_m), len(at)))


@pytest.mark.parametrize(
    "case",
    [
        Case("umi", 200.0, 41.0, 0.8, 1, 10.0),
        Case("uma", 500.0, 46.0, 0.0, 1, 35.0),
        Case("uma", 500.0, 46.0, 0.8, 1, 35.0),
        Case("umi", 200.0, 41.0, 0.8, 3, 10.0),
        Case("uma", 500.0, 46.0, 0.0, 3, 35.0),
    ],
    ids=lambda case: f"{case.model}-{case.indoor_fraction}-{case.sectors}",
)
def test_geometry(case: Case) -> None:
    """Medians of SINR agree within 0.5 dB, quartiles within 1 dB, at any load of the neighbours."""
    world = world_of(case)
    found, rng = sites(world), np.random.default_rng(1)
    at = found.position_m[:: case.sectors]
    position_m = uniform_in_hexagons(at, case.spacing_m, ROUNDS * BATCHES * BATCH_UES, rng)
    links = draw_links(world, found, len(position_m), rng)
    ours = mean_gains(world, found, position_m, links)[0]
    theirs = sionna_gains(case, world, found, position_m, links.indoor_m[:, 0] > 0)
    # Sionna has no shortest distance: UEs nearer than that are left out.
    far = (
        np.linalg.norm(from_sites(found, case.sectors, position_m), axis=2).min(axis=1) >= case.min_distance_m
    )
    for load in (1.0, 0.5, 0.1):
        percentiles = []
        for gain in (ours[far], theirs[far]):
            own = gain.max(axis=1)
            sinr = own / (1 + load * (gain.sum(axis=1) - own))
            percentiles.append(np.percentile(10 * np.log10(sinr), (25, 50, 75)))
        difference = np.abs(percentiles[0] - percentiles[1])
        assert difference[1] < 0.5
        assert difference.max() < 1.0
    coupling_db = [np.median(10 * np.log10(gain.max(axis=1))) for gain in (ours[far], theirs[far])]
    assert coupling_db[0] == pytest.approx(coupling_db[1], abs=0.7)
