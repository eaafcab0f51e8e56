"""Packets of a measured XR application: replayed to the byte, and beside the XR source model."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure as Canvas

from cadran.lab.report.style import legend
from cadran.radio import EMBB, SLICES, Radio, trace_table
from cadran.ransim.trace import PacketTrace, read_packet_trace
from cadran.testbed.radio_validation.check import Array, Bound, Check, Figure, Theme
from cadran.testbed.radio_validation.conservation import unaccounted
from cadran.testbed.radio_validation.style import COLOURS, INK
from cadran.testbed.radio_validation.worlds import one_slice, play, share_all, start

FILE = "xr-offloading.txt.gz"
TITLE = "Measured: packets of an XR application"
STEP_S = 0.001
TTIS_PER_FRAME = 100
REPLAYING_UES = 2
FRAME_GAP_S = 0.004
"""A pause longer than this parts two video frames: within a frame packets follow within 0.1 ms."""
SOURCE_TTIS = 20_000
FPS = 60.0


class Video(NamedTuple):
    """Video frames of a stream: their sizes in bytes, the times between their beginnings in s, and bit/s."""

    sizes: Array
    gaps_s: Array
    rate_bps: float


def measured_packets(path: Path, source_ttis: int = SOURCE_TTIS) -> Theme:
    """The theme; ``path`` is the packet trace.

    Raises:
        ConfigError: it cannot be read.
    """
    trace = read_packet_trace(path)
    video = video_frames(trace.times_s - trace.times_s[0], trace.sizes_bytes.astype(np.float64))
    model = source_frames(video.rate_bps, source_ttis)
    return Theme(
        TITLE,
        f"The whole trace of {len(trace.sizes_bytes):,} packets is replayed through a run by "
        f"{REPLAYING_UES} UEs, each from a place of its own: every byte of the file must be offered to each "
        "of them once. And its video frames (bursts more than 4 ms apart) beside those of the XR source "
        "model of TR 38.838, told the measured rate and 60 frames per second: a comparison, for the model is "
        "of downlink video, the trace of one application that sends camera pictures off to be worked on.",
        [*_replay_checks(trace), *_comparisons(model, video, path.name)],
        [
            Figure(
                "measured-packets.png",
                "Sizes of video frames over their mean, and times between them.",
                lambda canvas: _draw(canvas, model, video),
                panels=2,
            )
        ],
    )


def video_frames(times_s: Array, sizes: Array) -> Video:
    """Frames of a stream of packets."""
    first = np.concatenate([[0], np.flatnonzero(np.diff(times_s) > FRAME_GAP_S) + 1])
    span_s = float(times_s[first[-1]] - times_s[0])
    per_frame = np.add.reduceat(sizes, first)
    return Video(per_frame, np.diff(times_s[first]), 8 * float(per_frame[:-1].sum()) / max(span_s, STEP_S))


def source_frames(rate_bps: float, ttis: int) -> Video:
    """Frames that one UE of the XR source model is offered in a run, to the millisecond."""
    world = one_slice(
        1,
        rbs=10,
        frame_s=STEP_S,
        load={"sources": ["xr"] * SLICES, "xr_bps": rate_bps, "xr_fps": FPS},
    )
    radio = Radio(world)
    state = start(radio, 1)
    decisions = share_all(world, 1)
    arrived = np.zeros(ttis)
    for tti in range(ttis):
        radio.step(state, decisions)
        arrived[tti] = state.kpis.arrived_bytes[0, 0, EMBB]
    at = np.flatnonzero(arrived)
    return video_frames((at * STEP_S).astype(np.float64), arrived[at])


def replay(trace: PacketTrace) -> tuple[int, int, int]:
    """Bytes that a run offers from the trace in one lap, that the radio says it plays, and that are missing.

    The lap ends with the trace: silence after the last packet fills its frame up.
    """
    table = trace_table(trace.times_s, trace.sizes_bytes, STEP_S)
    table = np.pad(table, (0, -len(table) % TTIS_PER_FRAME))
    world = one_slice(
        REPLAYING_UES,
        rbs=100,
        ttis_per_frame=TTIS_PER_FRAME,
        frame_s=TTIS_PER_FRAME * STEP_S,
    )
    radio = Radio(world, trace_bytes_per_tti=table)
    state = start(radio, 1)
    play(radio, state, len(table) // TTIS_PER_FRAME)
    said = radio.trace_bytes(int(state.seed[0]), 0, len(table))
    missing = int(np.abs(unaccounted(state)[1]).max())
    return int(state.ledger.arrived_bytes.sum()), said, missing


def _replay_checks(trace: PacketTrace) -> list[Check]:
    offered, said, missing = replay(trace)
    file = REPLAYING_UES * int(trace.sizes_bytes.sum())
    source = f"{REPLAYING_UES} x the bytes in the file"
    return [
        Check("bytes replayed in a run", offered, file, 0, "byte", source),
        Check("bytes that the radio says it replays", said, file, 0, "byte", source),
        Check(
            "bytes of the replay not accounted for", missing, 0, 0, "byte", "integers: exactly", Bound.at_most
        ),
    ]


def _comparisons(model: Video, video: Video, source: str) -> list[Check]:
    def spread(found: Video) -> float:
        return float(found.sizes.std() / found.sizes.mean())

    def tail(found: Video) -> float:
        return float(np.percentile(found.sizes, 95) / found.sizes.mean())

    rows = (
        ("rate", model.rate_bps / 1e6, video.rate_bps / 1e6, 0.05, "Mbit/s"),
        ("video frames per second", 1 / model.gaps_s.mean(), 1 / video.gaps_s.mean(), 1.0, "1/s"),
        ("mean size of a frame", model.sizes.mean(), video.sizes.mean(), 250.0, "byte"),
        ("spread of sizes over their mean", spread(model), spread(video), 0.1, ""),
        ("95th percentile of sizes over their mean", tail(model), tail(video), 0.2, ""),
        ("spread of times between frames", 1e3 * model.gaps_s.std(), 1e3 * video.gaps_s.std(), 1.0, "ms"),
    )
    return [
        Check(name, float(ours), float(theirs), tolerance, unit, source, comparison=True)
        for name, ours, theirs, tolerance, unit in rows
    ]


def _draw(canvas: Canvas, model: Video, video: Video) -> None:
    size_axes, gap_axes = canvas.subplots(1, 2)
    for found, colour, name in ((video, INK, "measured"), (model, COLOURS[0], "XR source model")):
        sizes, gaps_ms = found.sizes / found.sizes.mean(), 1e3 * found.gaps_s
        size_axes.hist(sizes, np.linspace(0, 2.5, 51), density=True, color=colour, alpha=0.6, label=name)
        gap_axes.hist(gaps_ms, np.arange(8.5, 26, 1.0), density=True, color=colour, alpha=0.6)
    size_axes.set_xlabel("size over the mean")
    size_axes.set_ylabel("density")
    size_axes.set_title("Video frames")
    gap_axes.set_xlabel("time between frames (ms)")
    gap_axes.set_ylabel("density (1/ms)")
    gap_axes.set_title("Their times")
    legend(size_axes)
