"""Measured packets where a folder of measurements is named, and a small generated trace otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

MEASURED = "xr-offloading.txt.gz"


@pytest.fixture(scope="session")
def packet_trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of `time_s size_bytes` lines."""
    folder = os.environ.get("CADRAN_DATA")
    if folder and (Path(folder) / MEASURED).is_file():
        return Path(folder) / MEASURED
    rng = np.random.default_rng(0)
    times_s = np.cumsum(rng.exponential(0.0025, 20_000))
    path = tmp_path_factory.mktemp("trace") / "packets.txt"
    np.savetxt(path, np.column_stack([times_s, rng.integers(60, 1500, times_s.size)]), fmt=["%.9f", "%d"])
    return path
