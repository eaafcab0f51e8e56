"""Rayleigh fading and interference against closed forms, as the radio plays them."""

import numpy as np
from matplotlib.figure import Figure as Canvas

from cadran.lab.report.style import legend
from cadran.radio import EMBB, Radio, World, hashing
from cadran.radio.csi import interference_over_noise, link_windows
from cadran.radio.hashing import frame_key
from cadran.radio.tables import fading_of
from cadran.testbed.radio_validation.check import Array, Check, Figure, Theme, checks_of
from cadran.testbed.radio_validation.style import COLOURS, FOUND, THEORY
from cadran.testbed.radio_validation.worlds import one_slice, play, set_gains, start

FRAMES = 300
SAMPLE_TTIS = 400
CAPACITY = {0.0: 0.8603, 10.0: 2.9065, 20.0: 5.8840}
"""e^(1/g) E1(1/g) / ln 2 in bit/s/Hz by mean SNR in dB."""
INTERFERED_DB = (0.5, 10.0, 20.0)
"""Ratios of signal to one interferer; at 0 dB itself the closed form is a limit."""
SIGNAL, INTERFERERS = 100.0, (10.0, 5.0, 2.0, 1.0, 0.5)
LEVELS_DB = (0.0, 5.0, 10.0)


def rayleigh(frames: int = FRAMES, ttis: int = SAMPLE_TTIS) -> Theme:
    """The theme, from runs of ``frames`` frames and SINR samples of ``ttis`` TTIs."""
    snr_db = np.array([-5.0, *CAPACITY, 5.0, 15.0])
    snr_db.sort()
    capacity = {float(db): clear_capacity(db, frames) for db in snr_db}
    one, many = _ratios((1.0,), 1e4, ttis), _ratios(INTERFERERS, SIGNAL, ttis)
    return Theme(
        "Rayleigh closed forms",
        "Block Rayleigh fading with the mean gains of all links set by hand. Capacity is what a run delivers "
        "to one UE with a full buffer, per second and hertz, without and with one interfering DU; the "
        "distribution of SINR is read with the radio's own functions.",
        [*_capacity_checks(capacity), *_interfered_checks(frames), *_ratio_checks(one, many)],
        [
            Figure(
                "capacity.png",
                "Spectral efficiency that a run delivers over Rayleigh fading (points) against "
                "e^(1/γ) E₁(1/γ) / ln 2 (dashed).",
                lambda canvas: _draw_capacity(canvas, capacity),
            ),
            Figure(
                "sinr-distribution.png",
                "Distribution of the signal over one interferer as strong, and over five interferers and "
                "noise. Colour: simulator; dashed: t / (t + 1), and the product form.",
                lambda canvas: _draw_ratios(canvas, one, many),
            ),
        ],
    )


def _world(dus: int) -> World:
    return one_slice(
        1,
        dus,
        ttis_per_frame=10,
        channel={"fading": "rayleigh"},
        link={"max_spectral_efficiency": 20.0},
        load={"sources": ["full_buffer"] * 3},
    )


def delivered_efficiency(gain: Array, frames: int) -> float:
    """bit/s/Hz that DU 0 delivers to its UE; ``gain`` float64[C, C] of UE by DU, over noise."""
    world = _world(len(gain))
    radio = Radio(world)
    state = start(radio, 1)
    set_gains(state, gain[None, :, None, None, :])
    play(radio, state, frames)
    bits = 8 * int(state.ledger.delivered_bytes[0, 0, EMBB])
    return bits / (frames * world.frame_s * world.rbs * world.rb_bandwidth_hz)


def clear_capacity(snr_db: float, frames: int) -> float:
    """Spectral efficiency delivered without interference."""
    return delivered_efficiency(np.array([[10 ** (snr_db / 10)]]), frames)


def ergodic_capacity(snr_db: float) -> float:
    """Mean of log2(1 + g x) over Exp(1), by quadrature over its quantiles' logarithms."""
    log_x = np.linspace(-25.0, 4.5, 20_001)
    x = np.exp(log_x)
    return float(np.trapezoid(np.log2(1 + 10 ** (snr_db / 10) * x) * np.exp(-x) * x, log_x))


def interfered_capacity(ratio: float) -> float:
    """Mean of log2(1 + ratio x / y), x and y Exp(1): ratio ln(ratio) / ((ratio - 1) ln 2)."""
    return float(ratio * np.log2(ratio) / (ratio - 1))


def outage(level: Array, signal: float, interferers: tuple[float, ...]) -> Array:
    """P(SINR < level) with mean gains over noise."""
    kept = np.exp(-level / signal)
    for other in interferers:
        kept = kept / (1 + level * other / signal)
    below: Array = 1 - kept
    return below


def _capacity_checks(capacity: dict[float, float]) -> list[Check]:
    rows = [(f"capacity at {db:g} dB", capacity[db], right) for db, right in CAPACITY.items()]
    return checks_of(rows, 0.02, "bit/s/Hz", "e^(1/γ) E₁(1/γ) / ln 2")


def _interfered_checks(frames: int) -> list[Check]:
    rows = []
    for ratio_db in INTERFERED_DB:
        ratio = 10 ** (ratio_db / 10)
        gain = np.array([[1e4 * ratio, 1e4], [1e4, 1e4]])
        found = delivered_efficiency(gain, frames)
        rows.append((f"one interferer, mean SIR {ratio_db:g} dB", found, interfered_capacity(ratio)))
    return checks_of(rows, 0.03, "bit/s/Hz", "s ln s / ((s − 1) ln 2)")


def _ratios(interferers: tuple[float, ...], signal: float, ttis: int) -> Array:
    """SINRs of the UE of DU 0 while all DUs send on all RBs, read as the radio does, ascending."""
    dus = 1 + len(interferers)
    world = _world(dus)
    radio = Radio(world)
    state = start(radio, 1)
    strengths = (signal, *interferers) if signal < 1e3 else (signal, *(signal * i for i in interferers))
    gain = np.array(strengths, dtype=np.float32)
    fading, patterns = fading_of(world, radio.fading), radio.fading.values
    base, row = state.ues.fading_base[0, 0, EMBB, 0], state.ues.fading_row[0, 0, EMBB, 0]
    starts, total = np.zeros(dus, dtype=np.int64), np.zeros(world.rbs, dtype=np.float32)
    active = np.ones((dus, world.rbs), dtype=np.float32)
    found = []
    for tti in range(ttis):
        key = frame_key(int(state.core.keys[0, 0]), int(state.core.keys[0, 1]), tti, hashing.FADING)
        link_windows(fading, base, row, 0, key, 0, starts)
        interference_over_noise(gain, starts, 0, active, patterns, True, total)
        own = patterns[starts[0] : starts[0] + world.rbs]
        faded = (own.astype(np.uint32) << np.uint32(16)).view(np.float32)
        found.append(gain[0] * faded / total)
    return np.sort(np.concatenate(found).astype(np.float64))


def _ratio_checks(one: Array, many: Array) -> list[Check]:
    levels = [10 ** (level_db / 10) for level_db in LEVELS_DB]
    single = [
        (f"P(SIR < {db:g} dB), one interferer at 0 dB", float((one < t).mean()), t / (t + 1))
        for db, t in zip(LEVELS_DB, levels, strict=True)
    ]
    several = [
        (
            f"P(SINR < {db:g} dB), five interferers",
            float((many < t).mean()),
            float(outage(np.array(t), SIGNAL, INTERFERERS)),
        )
        for db, t in zip(LEVELS_DB, levels, strict=True)
    ]
    return [
        *checks_of(single, 0.01, "", "t / (t + G)"),
        *checks_of(several, 0.01, "", "1 − exp(−t/G) ∏ 1 / (1 + t Gᵢ/G)"),
    ]


def _draw_capacity(canvas: Canvas, capacity: dict[float, float]) -> None:
    axes = canvas.subplots()
    axes.plot(list(capacity), list(capacity.values()), color=COLOURS[0], label="run", **FOUND)
    fine = np.linspace(-6, 21, 60)
    axes.plot(fine, [ergodic_capacity(db) for db in fine], label="theory", **THEORY)
    axes.set_xlabel("mean SNR (dB)")
    axes.set_ylabel("spectral efficiency (bit/s/Hz)")
    axes.set_title("Ergodic capacity")
    legend(axes)


def _draw_ratios(canvas: Canvas, one: Array, many: Array) -> None:
    axes = canvas.subplots()
    level_db = np.linspace(-20, 30, 300)
    level = 10 ** (level_db / 10)
    for name, values, expected, colour in (
        ("one interferer", one, level / (level + 1), COLOURS[0]),
        ("five and noise", many, outage(level, SIGNAL, INTERFERERS), COLOURS[3]),
    ):
        share = np.searchsorted(values, level) / len(values)
        axes.plot(level_db, share, color=colour, label=name, alpha=0.8)
        axes.plot(level_db, expected, **THEORY)
    axes.set_xlabel("SINR (dB)")
    axes.set_ylabel("probability to be below")
    axes.set_title("SINR under Rayleigh fading")
    legend(axes)
