"""Waits and queues in runs against M/D/1 and Little's law."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure as Canvas

from cadran.lab.report.style import legend
from cadran.radio import EMBB, SLICES, Radio
from cadran.testbed.radio_validation.check import Check, Figure, Theme
from cadran.testbed.radio_validation.style import COLOURS, FOUND, THEORY
from cadran.testbed.radio_validation.worlds import (
    SLICE_NAMES,
    one_slice,
    play,
    set_gains,
    share_all,
    start,
    steady,
)

LOADS = (0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9)
CHECKED = {0.3: 0.02, 0.5: 0.02, 0.7: 0.03, 0.8: 0.04, 0.9: 0.08}
"""Loads, and tolerances as parts of the wait: long queues forget slowly, so their mean is known less well."""
TTIS_PER_FRAME = 100
ENVS, FRAMES = 32, 200
PACKET_BITS = 800
LITTLE_FRAMES = 1500
SNR_DB = 15.0


class Little(NamedTuple):
    """Of one slice: mean bytes in the system, and rate of delivery times mean time in it."""

    held: float
    expected: float


def queueing(frames: int = FRAMES, little_frames: int = LITTLE_FRAMES) -> Theme:
    """The theme, from ``frames`` frames of 100 TTIs in 32 environments, and a run with HARQ."""
    waits = {load: mean_wait_ttis(load, frames) for load in LOADS}
    slices = _little(little_frames)
    checks = []
    for load, part in CHECKED.items():
        expected = wait_ttis(load)
        name, source = f"M/D/1 wait at load {load:g}", "ρ / (2 μ (1 − ρ))"
        checks.append(Check(name, waits[load], expected, part * expected, "TTI", source))
    for name, found in zip(SLICE_NAMES, slices, strict=True):
        label = f"{name}: bytes in the system"
        checks.append(
            Check(label, found.held, found.expected, 0.03 * found.expected, "byte", "Little's law: L = λ W")
        )
    return Theme(
        "Queues: M/D/1 and Little's law",
        "A UE whose link carries exactly one packet per TTI is a queue with Poisson arrivals and constant "
        "service: packets that arrive together wait for each other, and the mean wait of a byte must be that "
        "of M/D/1 (Pollaczek and Khinchine). Little's law is put to a run with transport blocks, errors and "
        "HARQ: the mean of bytes held equals the rate of delivery times the mean time from arrival to "
        "reception, per slice.",
        checks,
        [
            Figure(
                "md1.png",
                "Mean wait of a byte before its transmission, one packet served per TTI.",
                lambda canvas: _draw(canvas, waits),
            )
        ],
    )


def wait_ttis(load: float) -> float:
    """Mean wait of M/D/1 in service times."""
    return load / (2 * (1 - load))


def mean_wait_ttis(load: float, frames: int, envs: int = ENVS) -> float:
    """Mean wait of bytes in TTIs where every TTI serves one packet, after a tenth of the run."""
    step_s, rb_hz = 1e-3, 200e3
    world = one_slice(
        1,
        rbs=1,
        rb_bandwidth_hz=rb_hz,
        ttis_per_frame=TTIS_PER_FRAME,
        frame_s=TTIS_PER_FRAME * step_s,
        queue_entries=256,
        channel={"fading": "none"},
        link={"max_spectral_efficiency": PACKET_BITS / (rb_hz * step_s)},
        load={
            "mean_bps": [load * PACKET_BITS / step_s, 0, 0],
            "packet_bits": [PACKET_BITS] * SLICES,
            "buffer_s": [10 / load] * SLICES,
        },
    )
    radio = Radio(world)
    state = start(radio, envs)
    set_gains(state, 1e6)
    decisions = share_all(world, envs)
    play(radio, state, frames // 10)
    waits, delivered = 0, 0
    for _ in range(frames):
        radio.step(state, decisions)
        waits += int(state.kpis.queue_byte_ttis[:, :, EMBB].sum())
        delivered += int(state.kpis.delivered_bytes[:, :, EMBB].sum())
    return waits / max(delivered, 1)


def _little(frames: int, envs: int = 8) -> list[Little]:
    """Both sides of Little's law in one cell with transport blocks, sampled every second TTI."""
    world = steady(
        preset="3gpp",
        dus=1,
        ues=30,
        frame_s=0.002,
        ttis_per_frame=2,
        queue_entries=256,
        load={"scale": 0.3, "buffer_s": [2.0] * SLICES},
    )
    radio = Radio(world)
    state = start(radio, envs)
    set_gains(state, 10 ** (SNR_DB / 10))
    decisions = share_all(world, envs)
    play(radio, state, frames // 4)
    held, delivered, lost, waited, on_air = (np.zeros(SLICES) for _ in range(5))
    for _ in range(frames):
        radio.step(state, decisions)
        kpis = state.kpis
        held += kpis.queued_bytes.sum(axis=(0, 1))
        delivered += kpis.delivered_bytes.sum(axis=(0, 1))
        lost += kpis.lost_bytes.sum(axis=(0, 1))
        waited += kpis.queue_byte_ttis.sum(axis=(0, 1))
        on_air += kpis.air_byte_ttis.sum(axis=(0, 1))
    # What is received in the TTI of its arrival is never seen at a TTI's end: one TTI less. What is lost
    # after all tries waited like the rest, and for its repetitions.
    repeating = world.link.harq_retransmissions * world.link.harq_rtt_ttis
    lost_ttis = lost * (repeating + waited / np.maximum(delivered, 1))
    expected = (waited + on_air - delivered + lost_ttis) / (frames * world.ttis_per_frame)
    return [Little(float(h), float(x)) for h, x in zip(held / frames, expected, strict=True)]


def _draw(canvas: Canvas, waits: dict[float, float]) -> None:
    axes = canvas.subplots()
    axes.plot(list(waits), list(waits.values()), color=COLOURS[0], label="run", **FOUND)
    fine = np.linspace(0, 0.92, 200)
    axes.plot(fine, [wait_ttis(load) for load in fine], label="M/D/1", **THEORY)
    axes.set_xlabel("load")
    axes.set_ylabel("mean wait (service times)")
    axes.set_title("Waiting for one's turn")
    legend(axes)
