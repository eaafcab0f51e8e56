"""CQI and RSRP of a commercial 5G network beside those of a ``3gpp`` world."""

import csv
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure as Canvas

from cadran.lab.report.style import legend
from cadran.radio import SLICES, Radio, State, World, hashing
from cadran.radio.csi import expected_bits, interference_over_noise, link_windows
from cadran.radio.hashing import frame_key
from cadran.radio.tables import fading_of, mcs_link, tables
from cadran.runtime import ConfigError
from cadran.testbed.radio_validation.check import Array, Check, Figure, Theme
from cadran.testbed.radio_validation.style import COLOURS, INK
from cadran.testbed.radio_validation.worlds import share_all, start

FILE = "ucc-5g.tar.gz"
TITLE = "Measured: CQI and RSRP of a 5G network"
_FOLDER = "/Download/"
PERCENTILES = (5, 50, 95)
CQI_TOLERANCE, RSRP_TOLERANCE_DB = 2.0, 10.0
FRAMES, EVERY, DROPS = 60, 10, 4
LOADS = {"busy": 1.0, "quiet": 0.02}
"""Simulated worlds, and what multiplies the preset's load."""
SUBCARRIERS = 12


class Field(NamedTuple):
    """Marginals: CQI 0 … 15 and RSRP in dBm, each float64[n]; they need not be of the same rows."""

    cqi: Array
    rsrp_dbm: Array


def measured_links(path: Path, drops: int = DROPS) -> Theme:
    """The theme; ``path`` is the archive of measurements.

    Raises:
        ConfigError: the archive cannot be read or holds no such row.
    """
    field = read_field(path)
    worlds = {name: simulate(scale, drops) for name, scale in LOADS.items()}
    source = f"{len(field.cqi):,} rows of {path.name}"
    rsrp = ("RSRP", next(iter(worlds.values())).rsrp_dbm, field.rsrp_dbm, RSRP_TOLERANCE_DB, "dBm")
    marginals = [
        *((f"CQI, {name}", world.cqi, field.cqi, CQI_TOLERANCE, "") for name, world in worlds.items()),
        rsrp,
    ]
    checks = [
        Check(f"{name}: {percent}th percentile", value, expected, tolerance, unit, source, comparison=True)
        for name, ours, theirs, tolerance, unit in marginals
        for percent, value, expected in zip(
            PERCENTILES, _percentiles(ours), _percentiles(theirs), strict=True
        )
    ]
    return Theme(
        TITLE,
        "Rows of downloads on 5G, standing and driving, beside the 3gpp preset on 7 sites with 3 sectors "
        "each, 80 % of its UEs indoors, with its default load (busy) and a fiftieth of it (quiet). A "
        "comparison, not a test: neither the places, powers, load and antennas of that network nor its "
        "CQI table are known, its rows may hold the RSRP of an LTE anchor, and its user did not stand where "
        "a uniform drop puts UEs. The tolerances are loose, and a difference is information "
        "about the preset, not a failure.",
        checks,
        [
            Figure(
                "measured-links.png",
                "Share of reports up to each CQI, and distribution of RSRP: the network as measured, and the "
                "simulated worlds.",
                lambda canvas: _draw(canvas, field, worlds),
                panels=2,
            )
        ],
    )


def read_field(path: Path) -> Field:
    """CQI and RSRP of the rows on 5G in the files of downloads; ``-`` is no value."""
    cqi: list[float] = []
    rsrp_dbm: list[float] = []
    try:
        for row in _rows(path):
            if row.get("NetworkMode") == "5G":
                for name, values in (("CQI", cqi), ("RSRP", rsrp_dbm)):
                    if row.get(name, "-") not in ("-", "", None):
                        values.append(float(row[name]))
    except (OSError, tarfile.TarError, ValueError, csv.Error) as error:
        raise ConfigError(f"data {path}: cannot be read: {error}") from error
    if not cqi or not rsrp_dbm:
        raise ConfigError(f"data {path}: no download on 5G with CQI and RSRP in it")
    return Field(np.array(cqi), np.array(rsrp_dbm))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with tarfile.open(path) as archive:
        for member in archive:
            if _FOLDER in f"/{member.name}" and member.name.endswith(".csv"):
                file = archive.extractfile(member)
                if file is not None:
                    yield from csv.DictReader(io.TextIOWrapper(file, encoding="utf-8"))


def _world(load_scale: float) -> World:
    return World.model_validate(
        {
            "preset": "3gpp",
            "dus": 21,
            "ues": 315,
            "layout": {"kind": "rings", "sectors": 3, "wrap_around": True},
            "channel": {"antenna": "sector"},
            "load": {"scale": load_scale},
        }
    )


def simulate(load_scale: float, drops: int) -> Field:
    """Reports of all UEs, every ``EVERY`` frames, over some drops of a world."""
    world = _world(load_scale)
    radio = Radio(world)
    state = start(radio, 1)
    decisions = share_all(world, 1)
    cqi, rsrp_dbm = [], []
    for drop in range(drops):
        radio.reset(state, np.ones(1, dtype=np.bool_), drop)
        rsrp_dbm.append(_rsrp_dbm(world, state))
        for frame in range(FRAMES):
            radio.step(state, decisions)
            if frame % EVERY == EVERY - 1:
                cqi.append(_cqis(radio, state))
    return Field(np.concatenate(cqi), np.concatenate(rsrp_dbm))


def _rsrp_dbm(world: World, state: State) -> Array:
    """Mean power of one resource element from the serving DU (TS 38.215 clause 5.1.1), of every UE."""
    du = np.arange(world.dus)
    own = state.ues.gain[0][du, :, :, du][state.ues.id[0] >= 0].astype(np.float64)
    found: Array = 10 * np.log10(own * world.noise_per_rb_w / SUBCARRIERS) + 30
    return found


def _cqis(radio: Radio, state: State) -> Array:
    """Wideband CQI of every UE in the TTI just played, as its reports have it before the outer loop."""
    world, ues, core = radio.world, state.ues, state.core
    shared, link, fading = tables(world), mcs_link(world), fading_of(world, radio.fading)
    tti = int(core.frame[0]) * world.ttis_per_frame - 1
    key = frame_key(int(core.keys[0, 0]), int(core.keys[0, 1]), tti, hashing.FADING)
    activity = core.activity[0, tti & (core.activity.shape[1] - 1)]
    units, patterns = len(world.unit_rbs), radio.fading.values
    starts, total = np.zeros(world.dus, dtype=np.int64), np.zeros(units, dtype=np.float32)
    bits, found = np.zeros(units, dtype=np.int32), []
    for c, s, u in np.argwhere(ues.id[0] >= 0):
        at = (0, c, s, u)
        slot = (c * SLICES + s) * world.max_ues_per_slice + u
        link_windows(
            fading, ues.fading_base[at], ues.fading_row[at], int(ues.travelled[at]), key, int(slot), starts
        )
        interference_over_noise(ues.gain[at], starts, int(c), activity, patterns, True, total)
        own = patterns[starts[c] : starts[c] + units]
        sums = expected_bits(ues.gain[at][c], own, total, 0, shared.curve, shared.unit_rbs, bits)
        found.append(np.searchsorted(link.cqi_bits[1:] * world.rbs, sums, side="right"))
    return np.array(found, dtype=np.float64)


def _percentiles(values: Array) -> list[float]:
    return [float(value) for value in np.percentile(values, PERCENTILES)]


def _draw(canvas: Canvas, field: Field, worlds: dict[str, Field]) -> None:
    cqi_axes, rsrp_axes = canvas.subplots(1, 2)
    shown = {"measured": field} | {f"simulated, {name}": world for name, world in worlds.items()}
    for (name, values), colour in zip(shown.items(), (INK, COLOURS[3], COLOURS[0]), strict=False):
        shares = np.cumsum(np.bincount(values.cqi.astype(np.int64), minlength=16)) / len(values.cqi)
        cqi_axes.step(np.arange(16), shares, where="post", color=colour, label=name)
    for values, colour in ((field, INK), (next(iter(worlds.values())), COLOURS[0])):
        ordered = np.sort(values.rsrp_dbm)
        rsrp_axes.plot(ordered, np.linspace(0, 1, len(ordered)), color=colour)
    for axes, title, label in ((cqi_axes, "CQI", "CQI"), (rsrp_axes, "RSRP", "RSRP (dBm)")):
        axes.set_ylim(0, 1.02)
        axes.set_xlabel(label)
        axes.set_ylabel("share up to it")
        axes.set_title(title)
    cqi_axes.set_xticks(range(0, 16, 3))
    legend(cqi_axes, 3)
