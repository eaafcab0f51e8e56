"""Measured packets from a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cadran.runtime import ConfigError


@dataclass(frozen=True)
class PacketTrace:
    """Packets in order of arrival: times in s from the first line's clock, sizes in bytes."""

    path: Path
    times_s: NDArray[np.float64]
    sizes_bytes: NDArray[np.int64]


def read_packet_trace(path: Path) -> PacketTrace:
    """Reads `time_s size_bytes` lines; a `.gz` file is unpacked on the way.

    Raises:
        ConfigError: the file is missing or empty, or a line is not two numbers, goes back in time,
            or has a negative size.
    """
    try:
        # numpy unpacks a file whose name ends in .gz.
        table = np.loadtxt(path, dtype=np.float64, ndmin=2)
    except OSError as error:
        raise ConfigError(f"trace {path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise ConfigError(f"trace {path}: {error}; a line is: time in s, size in bytes") from error
    if table.shape[0] == 0 or table.shape[1] != 2:
        raise ConfigError(f"trace {path}: needs lines of two numbers: time in s, size in bytes")
    times, sizes = table[:, 0], table[:, 1]
    if not np.isfinite(table).all() or (np.diff(times) < 0).any() or (sizes < 0).any():
        raise ConfigError(f"trace {path}: times must not decrease and sizes must not be negative")
    return PacketTrace(path, times, sizes.astype(np.int64))
