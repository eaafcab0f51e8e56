"""Measured traffic where a folder of measurements is named, and small generated files otherwise."""

from __future__ import annotations

import os
import tarfile
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

MEASURED = "xr-offloading.txt.gz"
DRIVES, DOWNLOADS = "ucc-5g.tar.gz", "5G-production-dataset/Download/Driving/"


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


@pytest.fixture(scope="session")
def measured_load(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A column of a CSV file: the rate of a download while driving, second by second."""
    path = tmp_path_factory.mktemp("load") / "drive.csv"
    folder = os.environ.get("CADRAN_DATA")
    if folder and (Path(folder) / DRIVES).is_file():
        with tarfile.open(Path(folder) / DRIVES) as archive:
            name = min(name for name in archive.getnames() if name.startswith(DOWNLOADS))
            file = archive.extractfile(name)
            assert file is not None
            path.write_bytes(file.read())
        return f"{path}:DL_bitrate"
    rng, start = np.random.default_rng(0), datetime(2020, 1, 1, 10)
    lines = ["Timestamp,State,DL_bitrate"]
    for second in range(120):
        stamp = (start + timedelta(seconds=second)).strftime("%Y.%m.%d_%H.%M.%S")
        lines.append(f"{stamp},D,{'-' if second % 7 == 3 else rng.integers(0, 300_000)}")
    path.write_text("\n".join(lines))
    return f"{path}:DL_bitrate"
