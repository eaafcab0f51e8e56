"""Named starting points of a world; every other key of the section is laid over them."""

from collections.abc import Mapping
from typing import Any

_3GPP: dict[str, Any] = {
    "ttis_per_frame": 10,
    "layout": {"min_distance_m": 35.0, "indoor_fraction": 0.8},
    "channel": {
        "tx_power_dbm": 46.0,
        "noise_density_dbm_per_hz": -174.0,
        "noise_figure_db": 9.0,
        "path_loss": "uma",
        "shadowing_db": None,
        "antenna_gain_dbi": 8.0,
        "min_coupling_loss_db": 70.0,
        "fading": "jakes",
    },
    "link": {
        "adaptation": "mcs",
        "csi_period_ttis": 5,
        "csi_delay_ttis": 4,
        "csi_interference": "measured",
    },
    "mac": {"allocation": "rbg", "pf_average": "served"},
    "kpis": {"latency": "measured"},
}

PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    "3gpp": {**_3GPP, "rbs": 106, "rb_bandwidth_hz": 180e3},
    "3gpp-30khz": {**_3GPP, "ttis_per_frame": 20, "rbs": 51, "rb_bandwidth_hz": 360e3},
}
"""``paper``: Table 1 of arXiv 2511.15002, the fields' own defaults. ``3gpp``: urban macro, 20 MHz at 15 kHz
(106 x 180 kHz, TS 38.101-1), TTIs of 1 ms. ``3gpp-30khz``: the same band at 30 kHz (51 x 360 kHz), TTIs of
0.5 ms.
"""


def overlay(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes`` laid over it, section by section."""
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        merged[key] = (
            overlay(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
        )
    return merged
