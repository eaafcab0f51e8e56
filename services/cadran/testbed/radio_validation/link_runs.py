"""Link adaptation in runs: errors under the outer loop, and the peak rate of a cell."""

import numpy as np
from matplotlib.figure import Figure as Canvas

from cadran.lab.report.palette import LIGHT
from cadran.lab.report.style import legend
from cadran.radio import SLICES, Radio, World
from cadran.radio.phy import mcs_table, peak_rate_bps, transport_block_bits
from cadran.testbed.radio_validation.check import Array, Bound, Check, Figure, Theme
from cadran.testbed.radio_validation.style import INK
from cadran.testbed.radio_validation.worlds import (
    SLICE_NAMES,
    one_slice,
    play,
    set_gains,
    share_all,
    start,
    steady,
)

FRAMES = 1200
ENVS = 8
SETTLED = 3 / 4
"""Part of a run after which the outer loops have settled: URLLC's steps up are a thousandth of those down."""
SNR_DB = 15.0
TARGETS = (0.1, 0.1, 0.001)
ALONE, AMONG = (0.01, 0.01, 0.001), (0.02, 0.02, 0.001)
"""Tolerances in one cell and in six, where some UEs are so near that the highest MCS hardly fails."""
CELL_HZ = 15e3


def link_runs(frames: int = FRAMES) -> Theme:
    """The theme, from runs of ``frames`` frames of 10 TTIs."""
    alone = error_counts(_one_cell(), frames, SNR_DB)
    among = error_counts(_many_cells(), frames // 2, None)
    return Theme(
        "Link adaptation in a run",
        "UEs with full buffers over Jakes fading at 3 km/h, with reports every 5 TTIs that are 4 TTIs old: "
        "their first transmissions must fail as often as the outer loop is told. One cell: 12 UEs at a mean "
        "SNR of 15 dB. Six cells: urban macro, 72 UEs outdoors, every neighbour sends. And the rate of a UE "
        "that stands at the antenna.",
        [
            *_error_checks("one cell", alone, ALONE),
            *_error_checks("six cells", among, AMONG),
            *_peak_checks(),
        ],
        [
            Figure(
                "outer-loop.png",
                "Share of first transmissions in error in one cell. Dashed: what the outer loops are told, "
                "10 % and 0.1 %. URLLC starts as sure as the report is and learns caution.",
                lambda canvas: _draw(canvas, alone),
            )
        ],
    )


def _one_cell() -> World:
    return steady(preset="3gpp", dus=1, ues=12, load={"sources": ["full_buffer"] * SLICES})


def _many_cells() -> World:
    return steady(
        preset="3gpp",
        dus=6,
        ues=72,
        layout={"indoor_fraction": 0.0},
        load={"sources": ["full_buffer"] * SLICES},
    )


def error_counts(world: World, frames: int, snr_db: float | None) -> Array:
    """First transmissions in error, and all of them, per frame and slice: float64[2, F, S].

    Args:
        world: with transport blocks.
        frames: to play.
        snr_db: mean SNR of all links; None leaves them as dropped.
    """
    radio = Radio(world)
    state = start(radio, ENVS)
    if snr_db is not None:
        set_gains(state, 10 ** (snr_db / 10))
    decisions = share_all(world, ENVS)
    counts = np.zeros((2, frames, SLICES))
    for frame in range(frames):
        radio.step(state, decisions)
        counts[:, frame] = [
            state.kpis.failed_blocks.sum(axis=(0, 1)),
            state.kpis.blocks.sum(axis=(0, 1)),
        ]
    return counts


def _error_checks(where: str, counts: Array, tolerances: tuple[float, ...]) -> list[Check]:
    failed, sent = counts[:, int(SETTLED * counts.shape[1]) :].sum(axis=1)
    rates = failed / np.maximum(sent, 1)
    return [
        Check(
            f"{where}, {SLICE_NAMES[s]}: first transmissions in error",
            float(rates[s]),
            TARGETS[s],
            tolerance,
            "",
            "target of the outer loop",
        )
        for s, tolerance in enumerate(tolerances)
    ]


def _peak_checks(frames: int = 60) -> list[Check]:
    """Rate of one UE with a full buffer at 60 dB, without fading."""
    world = one_slice(
        1, preset="3gpp", channel={"fading": "none"}, load={"sources": ["full_buffer"] * SLICES}
    )
    radio = Radio(world)
    state = start(radio, 1)
    set_gains(state, 1e6)
    play(radio, state, 10)
    before = int(state.ledger.delivered_bytes.sum())
    play(radio, state, frames)
    bits = 8 * (int(state.ledger.delivered_bytes.sum()) - before)
    rate = bits / (frames * world.frame_s) / 1e6
    table, link = mcs_table(world.link.mcs_table), world.link
    order, code_rate = int(table.modulation_order[-1]), float(table.code_rate[-1])
    block = transport_block_bits(order, code_rate, world.rbs, link.data_symbols, link.dmrs_res)
    largest = block / world.tti_s / 1e6
    ceiling = peak_rate_bps(world.rbs, CELL_HZ) / 1e6
    source = "largest transport block on 106 RB, every TTI"
    return [
        Check("rate of one UE at 60 dB", rate, largest, 0.005 * largest, "Mbit/s", source),
        Check(
            "the same beside the peak rate",
            rate,
            ceiling,
            0.0,
            "Mbit/s",
            "TS 38.306 clause 4.1.2",
            Bound.at_most,
        ),
    ]


def _draw(canvas: Canvas, counts: Array) -> None:
    axes = canvas.subplots()
    window = max(1, counts.shape[1] // 18)
    windows = counts.shape[1] // window
    at_s = (np.arange(windows) + 0.5) * window / 100
    failed, sent = counts[:, : windows * window].reshape(2, windows, window, SLICES).sum(axis=2)
    for s, colour in enumerate(LIGHT.slices):
        rate = np.maximum(failed[:, s], 0.5) / np.maximum(sent[:, s], 1)
        axes.semilogy(at_s, rate, color=colour, label=SLICE_NAMES[s], marker="o", markersize=4)
    for target in sorted(set(TARGETS)):
        axes.axhline(target, color=INK, linewidth=1.2, linestyle=(0, (4, 2)))
    axes.set_xlabel("simulated time (s)")
    axes.set_ylabel("first transmissions in error")
    axes.set_title("Errors under the outer loop")
    legend(axes, 3)
