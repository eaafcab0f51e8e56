"""Bytes and resource blocks are conserved, exactly, in a run of everything at once."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure as Canvas
from numpy.typing import NDArray

from cadran.lab.report.style import legend
from cadran.radio import Radio, State, World
from cadran.radio.phy import peak_rate_bps
from cadran.testbed.radio_validation.check import Array, Bound, Check, Figure, Theme
from cadran.testbed.radio_validation.style import COLOURS, THEORY
from cadran.testbed.radio_validation.worlds import random_quotas, start

FRAMES = 300
ENVS = 2
EPISODE_FRAMES = 150
BOOKS = ("delivered", "dropped", "discarded", "still queued")


class Worst(NamedTuple):
    """The worst seen in a run.

    Attributes:
        missing: bytes that the books of the whole RAN do not account for, of any environment and slice.
        missing_at_du: the same of any DU, with the bytes that handovers took along.
        rbs: RBs that a DU transmitted on, mean over the TTIs of a frame.
        above_max: RBs that a slice had above its maximum, mean likewise.
        rate: delivered by a DU in a frame, Mbit/s.
    """

    missing: int
    missing_at_du: int
    rbs: float
    above_max: float
    rate: float


class Run(NamedTuple):
    """What a run came to.

    Attributes:
        worst: over its frames.
        handovers: that succeeded.
        moved_bytes: that they took along.
        books: of environment 0 after each frame, float64[5, F] in Mbyte: those of BOOKS, and the arrived.
    """

    worst: Worst
    handovers: int
    moved_bytes: int
    books: Array


def conservation(frames: int = FRAMES) -> Theme:
    """The theme, from a run of ``frames`` frames of 10 TTIs."""
    world = _world()
    run = random_run(world, frames)
    worst = run.worst
    exactly = "integers: exactly"
    ceiling = peak_rate_bps(world.rbs, 15e3) / 1e6
    return Theme(
        "Conservation",
        "Seven urban macro cells and 140 UEs that move at 10 to 20 m/s and are handed over, quotas drawn at "
        "random every frame, transport blocks with errors and HARQ, late bytes discarded, more load than "
        "the cells carry, and a new drop half way. After every frame the books must close to the byte.",
        [
            Check("bytes not accounted for in the RAN, worst frame", worst.missing, 0, 0, "byte", exactly),
            Check("bytes not accounted for at a DU, worst frame", worst.missing_at_du, 0, 0, "byte", exactly),
            Check(
                "RBs that a DU sent on, most",
                worst.rbs,
                world.rbs,
                0,
                "RB",
                "those that exist",
                Bound.at_most,
            ),
            Check(
                "RBs above a slice's maximum, most",
                worst.above_max,
                0,
                0,
                "RB",
                "rRMPolicyMaxRatio, TS 28.541",
                Bound.at_most,
            ),
            Check(
                "rate of a cell, highest",
                worst.rate,
                ceiling,
                0,
                "Mbit/s",
                "TS 38.306 clause 4.1.2",
                Bound.at_most,
            ),
            Check("handovers made", run.handovers, 10, 0, "", "so that they are tested", Bound.at_least),
            Check(
                "bytes taken along", run.moved_bytes, 1, 0, "byte", "so that they are tested", Bound.at_least
            ),
        ],
        [
            Figure(
                "conservation.png",
                "Where the bytes of one environment went since its start. The stack must reach the dashed "
                "line: bytes offered. At half time a new drop discards what was queued.",
                lambda canvas: _draw(canvas, run.books),
            )
        ],
    )


def _world() -> World:
    return World.model_validate(
        {
            "preset": "3gpp",
            "dus": 7,
            "ues": 140,
            "episode_frames": EPISODE_FRAMES,
            "layout": {"kind": "rings", "wrap_around": True},
            "load": {"scale": 1.5, "discard_late": True},
            "mobility": {"kind": "random_waypoint"},
        }
    )


def random_run(world: World, frames: int) -> Run:
    """Random quotas each frame, and a reset after every episode."""
    radio, rng = Radio(world), np.random.default_rng(1)
    state = start(radio, ENVS)
    worst, handovers, books = Worst(0, 0, 0.0, -np.inf, 0.0), 0, []
    for frame in range(frames):
        if frame and frame % world.episode_frames == 0:
            radio.reset(state, np.ones(ENVS, dtype=np.bool_), frame // world.episode_frames)
        decisions = random_quotas(world, ENVS, rng)
        radio.step(state, decisions)
        worst = _worse(worst, world, state, decisions.max_rbs)
        handovers += int(state.kpis.handovers_succeeded.sum())
        books.append(_books(state))
    return Run(worst, handovers, int(state.ledger.moved_in_bytes.sum()), np.array(books).T / 1e6)


def unaccounted(state: State) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bytes that the ledger misses, of the whole RAN int64[E, S] and at every DU int64[E, C, S]."""
    ledger = state.ledger
    spent = ledger.delivered_bytes + ledger.dropped_bytes + ledger.discarded_bytes + state.queued.sum(axis=-1)
    missing = ledger.arrived_bytes - spent
    return missing.sum(axis=1), missing + ledger.moved_in_bytes - ledger.moved_out_bytes


def _worse(worst: Worst, world: World, state: State, max_rbs: NDArray[np.int32]) -> Worst:
    """``worst`` with the frame just played."""
    kpis, ttis = state.kpis, world.ttis_per_frame
    ran, du = unaccounted(state)
    bits = 8 * kpis.delivered_bytes.sum(axis=-1)
    return Worst(
        max(worst.missing, int(np.abs(ran).max())),
        max(worst.missing_at_du, int(np.abs(du).max())),
        max(worst.rbs, float(kpis.rb_ttis.sum(axis=-1).max()) / ttis),
        max(worst.above_max, float((kpis.rb_ttis / ttis - max_rbs).max())),
        max(worst.rate, float(bits.max()) / world.frame_s / 1e6),
    )


def _books(state: State) -> list[int]:
    ledger = state.ledger
    parts = (
        ledger.delivered_bytes,
        ledger.dropped_bytes,
        ledger.discarded_bytes,
        state.queued,
        ledger.arrived_bytes,
    )
    return [int(part[0].sum()) for part in parts]


def _draw(canvas: Canvas, books: Array) -> None:
    axes = canvas.subplots()
    at_s = (np.arange(books.shape[1]) + 1) / 100
    colours = (COLOURS[0], COLOURS[3], COLOURS[1], COLOURS[2])
    axes.stackplot(at_s, books[:4], labels=BOOKS, colors=colours, alpha=0.85, linewidth=0)
    axes.plot(at_s, books[4], label="offered", **(THEORY | {"linewidth": 2.0}))
    axes.set_xlim(0, at_s[-1])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("simulated time (s)")
    axes.set_ylabel("Mbyte")
    axes.set_title("Where the bytes went")
    legend(axes, 3)
