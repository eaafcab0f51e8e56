"""Wideband SINR over 19 sites, against reference percentiles.

All hold for 20 MHz at 3.5 GHz, noise figure 9 dB, reuse 1, and UEs uniform over all cells with the layout
wrapped around; without that, the outer cells miss interferers and the median lies 1.5 dB higher.
"""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cadran.radio.layout import uniform_in_hexagons
from cadran.radio.propagation.links import draw_links, mean_gains
from cadran.radio.propagation.sites import sites
from cadran.radio.world import World

UES = 12_000
PERCENTILES = (5, 25, 50, 75, 95)
UMI: dict[str, Any] = {
    "layout": {"inter_site_distance_m": 200.0, "indoor_fraction": 0.8},
    "channel": {"path_loss": "umi", "tx_power_dbm": 41.0},
}
UMA: dict[str, Any] = {
    "layout": {"inter_site_distance_m": 500.0, "min_distance_m": 35.0},
    "channel": {"path_loss": "uma", "tx_power_dbm": 46.0},
}


def gains(
    case: dict[str, Any], sectors: int = 1, wrap_around: bool = True, at_the_wall: bool = False
) -> NDArray[np.float64]:
    """Mean gains over noise, float64[N, C]; ``at_the_wall``: the wall takes the loss of the way inside."""
    channel = {
        "noise_density_dbm_per_hz": -173.98,
        "noise_figure_db": 9.0,
        "shadowing_db": None,
        "antenna_gain_dbi": 8.0,
        "antenna": "omni" if sectors == 1 else "sector",
    }
    world = World.model_validate(
        {
            "dus": 19 * sectors,
            "rbs": 106,
            "rb_bandwidth_hz": 180e3,
            "layout": case["layout"] | {"kind": "rings", "sectors": sectors, "wrap_around": wrap_around},
            "channel": case["channel"] | channel,
        }
    )
    found, rng = sites(world), np.random.default_rng(1)
    position_m = uniform_in_hexagons(
        found.position_m[::sectors], world.layout.inter_site_distance_m, UES, rng
    )
    # UEs nearer to a site than the shortest distance are left out, as in the references.
    from_m = np.linalg.norm(position_m[:, None] - found.position_m, axis=2).min(axis=1)
    position_m = position_m[from_m >= world.layout.min_distance_m]
    links = draw_links(world, found, len(position_m), rng)
    if at_the_wall:
        links = links._replace(
            penetration_db=links.penetration_db + links.indoor_m[:, 0] / 2,
            indoor_m=np.minimum(links.indoor_m, np.float32(1e-6)),
        )
    return mean_gains(world, found, position_m, links)[0]


def sinr_db(gain: NDArray[np.float64], load: float = 1.0) -> NDArray[np.float64]:
    """Percentiles when every neighbour sends the share ``load`` of its power."""
    own = gain.max(axis=1)
    sinr = own / (1 + load * (gain.sum(axis=1) - own))
    return np.percentile(10 * np.log10(sinr), PERCENTILES)


@pytest.mark.parametrize(
    ("case", "sectors", "expected"),
    [
        (UMI, 1, {1.0: (1.82, 7.49, 15.32), 0.5: (4.80, 10.42, 18.25), 0.1: (11.43, 16.98, 24.73)}),
        (UMA, 1, {1.0: (1.98, 7.47, 16.72), 0.5: (4.99, 10.48, 19.73), 0.1: (11.93, 17.43, 26.67)}),
        (UMI, 3, {1.0: (0.76, 5.15, 11.44), 0.5: (3.71, 8.06, 14.38), 0.1: (10.15, 14.52, 20.85)}),
        (UMA, 3, {1.0: (0.78, 5.29, 11.80), 0.5: (3.79, 8.30, 14.81), 0.1: (10.74, 15.27, 21.77)}),
    ],
)
def test_quartiles_of_sionnas_scenarios(
    case: dict[str, Any], sectors: int, expected: dict[float, tuple[float, ...]]
) -> None:
    """Quartiles from 5,760 UEs in Sionna 2.2.0; the median of so many is known to 0.3 dB."""
    gain = gains(case, sectors)
    for load, quartiles in expected.items():
        np.testing.assert_allclose(sinr_db(gain, load)[1:4], quartiles, atol=0.5)


def test_percentiles_of_a_plain_layout_simulation() -> None:
    """Computed from the same tables, but with the whole distance in the LOS probability.

    TR 38.901 counts the way to the building only. So it is compared with UEs right behind their wall.
    """
    umi = gains(UMI, at_the_wall=True)
    references = {
        (1.0, "umi"): (-2.3, 1.7, 7.1, 15.0, 27.1),
        (0.5, "umi"): (0.4, 4.5, 9.7, 17.5, 29.8),
        (0.1, "umi"): (5.9, 10.8, 16.1, 23.8, 35.4),
        (1.0, "uma"): (-1.5, 2.5, 7.9, 16.8, 35.2),
    }
    uma = gains(UMA)
    for (load, name), expected in references.items():
        found = sinr_db(umi if name == "umi" else uma, load)
        np.testing.assert_allclose(found[1:4], expected[1:4], atol=0.5)
        # Its tails are known to about 1 dB.
        np.testing.assert_allclose(found, expected, atol=1.5)


def test_without_copies_the_edge_of_the_layout_flatters() -> None:
    edge = sinr_db(gains(UMI, wrap_around=False))[2] - sinr_db(gains(UMI))[2]
    assert 1.0 < edge < 2.5
