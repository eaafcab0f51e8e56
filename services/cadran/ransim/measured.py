"""Measured traffic of a run: packets for the eMBB slice, and the load that the other sources follow."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio import World, trace_table
from cadran.ransim.load import LoadSource, read_load
from cadran.ransim.trace import read_packet_trace
from cadran.runtime import ConfigError


class MeasuredTraffic(NamedTuple):
    """A world and the measurements that it plays, as the radio takes them.

    Attributes:
        world: the world; its load profile is ``measured`` where a load is given.
        trace_bytes_per_tti: int64[n], packets, or None.
        load_profile: float64[n], load in steps of ``world.load.profile_step_s``, or None.
    """

    world: World
    trace_bytes_per_tti: NDArray[np.int64] | None
    load_profile: NDArray[np.float64] | None


def measured_traffic(world: World, trace: Path | None, load: str | None) -> MeasuredTraffic:
    """Reads the files that a run is given.

    Args:
        world: the scenario's.
        trace: file of packets, or None.
        load: ``FILE[:COLUMN]`` of a load over time, or None. Given, it implies the profile ``measured``.

    Raises:
        ConfigError: a file cannot be used, or the world plays a measured load and none is given.
    """
    if load is None and world.load.profile == "measured":
        raise ConfigError("world.load.profile = measured: needs a load over time, --load FILE[:COLUMN]")
    packets = None if trace is None else read_packet_trace(trace)
    table = None if packets is None else trace_table(packets.times_s, packets.sizes_bytes, world.tti_s)
    if load is None:
        return MeasuredTraffic(world, table, None)
    profile = read_load(LoadSource.of(load)).profile(world.load.profile_step_s)
    playing = world.load.model_copy(update={"profile": "measured"})
    return MeasuredTraffic(world.model_copy(update={"load": playing}), table, profile)
