"""What a world comes down to for the kernels: numbers, and tables made once on the host."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.link import bits_table, fading_table
from cadran.radio.mac import SCHEDULERS
from cadran.radio.traffic import poisson_tables
from cadran.radio.world import World

CSI_SAMPLES = 8
"""RBs per frame that a UE's average spectral efficiency is measured on."""


class Parameters(NamedTuple):
    """Scalars of the frame kernel, SI units.

    ``bits_per_se`` is B T: bits of one RB and frame at 1 bit/s/Hz. ``redraw_below`` is a probability times
    2^32. ``won_rbs`` and ``literal`` choose the rate and the latency model, ``pad`` whether idle RBs of a
    quota transmit.
    """

    frame_s: float
    bits_per_se: float
    average: float
    latency_cap_s: float
    redraw_below: int
    episode_frames: int
    pad: bool
    traced: bool
    rates: bool
    won_rbs: bool
    literal: bool


class Tables(NamedTuple):
    """Arrays of the frame kernel; see ``mac``, ``link`` and ``traffic``."""

    schedulers: NDArray[np.int64]
    fading: NDArray[np.float32]
    bits: NDArray[np.int32]
    packet_bytes: NDArray[np.int64]
    poisson_start: NDArray[np.int64]
    poisson_length: NDArray[np.int64]
    poisson_cdf: NDArray[np.int64]
    trace: NDArray[np.int64]


def parameters(world: World, traced: bool) -> Parameters:
    """Scalars of ``world``; ``traced`` if the eMBB slice replays a trace."""
    kpis = world.kpis
    return Parameters(
        frame_s=world.frame_s,
        bits_per_se=world.rb_bandwidth_hz * world.frame_s,
        average=kpis.average,
        latency_cap_s=kpis.latency_cap_s,
        redraw_below=round(2**32 / world.load.dwell_frames),
        episode_frames=world.episode_frames,
        pad=world.mac.idle_rbs == "active",
        traced=traced,
        rates=kpis.achievable_rate,
        won_rbs=kpis.rate == "won_rbs",
        literal=kpis.latency == "literal",
    )


def tables(world: World, trace_bytes_per_frame: NDArray[np.int64]) -> Tables:
    """Tables of ``world``; ``trace_bytes_per_frame`` has at least one row (not read without a trace)."""
    poisson = poisson_tables(world)
    return Tables(
        schedulers=np.array([SCHEDULERS.index(name) for name in world.mac.schedulers], dtype=np.int64),
        fading=fading_table(world.channel.fading),
        bits=bits_table(world.link.max_spectral_efficiency, world.rb_bandwidth_hz * world.frame_s),
        packet_bytes=np.array(world.load.packet_bits, dtype=np.int64) // 8,
        poisson_start=poisson.start,
        poisson_length=poisson.length,
        poisson_cdf=poisson.cdf,
        trace=trace_bytes_per_frame,
    )
