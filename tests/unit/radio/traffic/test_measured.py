"""Traffic measured in the field where CADRAN_DATA names a folder of it, and small made-up files otherwise."""

import csv
import gzip
import io
import os
import tarfile
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from cadran.radio.traffic import load_profile, trace_table, traffic_tables

from .play import members, play, slotted

PACKETS, LOADS = "xr-offloading.txt.gz", "ucc-5g.tar.gz"
DOWNLOAD = "5G-production-dataset/Download/Driving/"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = os.environ.get("CADRAN_DATA")
    if folder:
        return Path(folder)
    made = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.exponential(0.0025, 4000))
    rows = "".join(f"{t:.9f} {size}\n" for t, size in zip(times, rng.integers(60, 1500, 4000), strict=True))
    (made / PACKETS).write_bytes(gzip.compress(("0E-9 214\n" + rows).encode()))
    lines = ["Timestamp,CQI,DL_bitrate"]
    for second in range(59):
        rate = "-" if second % 7 == 3 else str(int(rng.integers(0, 300_000)))
        lines += [f"2020.01.01_10.00.{second:02d},12,{rate}"] * (1 + second % 2)
    content = "\n".join(lines).encode()
    with tarfile.open(made / LOADS, "w:gz") as archive:
        member = tarfile.TarInfo(DOWNLOAD + "B_2020.01.01_10.00.00.csv")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return made


def test_measured_packets_are_offered_byte_by_byte(data: Path) -> None:
    times, sizes = np.loadtxt(data / PACKETS).T
    table = trace_table(times, sizes.astype(np.int64), 0.001)
    assert table.sum() == int(sizes.sum())
    part = table[:3000]
    fresh = play(traffic_tables(slotted(), part), members(6, 0, 0), len(part))[:, :, 0]
    assert (fresh.sum(axis=0) == part.sum()).all()


def download(data: Path) -> tuple[list[float], list[float]]:
    """Times in s and rates in kbit/s, NaN for no value, of the first drive with a download."""
    with tarfile.open(data / LOADS) as archive:
        name = min(n for n in archive.getnames() if n.startswith(DOWNLOAD) and n.endswith(".csv"))
        file = archive.extractfile(name)
        assert file is not None
        rows = list(csv.DictReader(io.TextIOWrapper(file)))
    stamps = [datetime.strptime(row["Timestamp"], "%Y.%m.%d_%H.%M.%S") for row in rows]
    rates = [row["DL_bitrate"] for row in rows]
    return (
        [(stamp - stamps[0]).total_seconds() for stamp in stamps],
        [float("nan") if rate == "-" else float(rate) for rate in rates],
    )


def test_a_measured_load_moves_the_offered_load(data: Path) -> None:
    times, rates = download(data)
    measured = load_profile(times, rates, 1.0)
    assert np.nanmin(rates) <= measured.min() <= measured.max() <= np.nanmax(rates)
    assert abs(len(measured) - (times[-1] - times[0])) <= 60
    world = slotted(profile="measured", profile_step_s=0.01)
    measured = measured[:200]
    tables = traffic_tables(world, None, measured)
    fresh = play(tables, members(6, 6, 6), 10 * len(measured))[:, :, 2].sum(axis=-1)
    per_step = fresh.reshape(len(measured), 10, -1).sum(axis=1)
    assert per_step.mean() * 8 / 0.01 == pytest.approx(6e6, rel=0.05)
    for c in range(per_step.shape[1]):
        fits = [
            np.corrcoef(per_step[:, c], np.roll(measured, -start))[0, 1] for start in range(len(measured))
        ]
        assert max(fits) > 0.95
