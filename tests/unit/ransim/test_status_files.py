"""A RAN's files for people: in a folder that is made, behind its frames, and never its end."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from rans import WORLD, status_files

from cadran.ransim.metrics import RansimMetrics
from cadran.ransim.statistics import EPISODE_FIELDS
from cadran.ransim.status_files import StatusFiles

ROW = list(range(len(EPISODE_FIELDS)))


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def made(folder: Path, registry: CollectorRegistry) -> StatusFiles:
    return status_files(folder, RansimMetrics(registry, WORLD.dus))


def test_a_folder_that_is_not_there_is_made(tmp_path: Path, registry: CollectorRegistry) -> None:
    folder = tmp_path / "a" / "b"
    files = made(folder, registry)
    files.replace_status(b'{"frame": 1}')
    files.append_episode([ROW])
    files.append_episode([ROW, ROW])
    files.close()
    assert json.loads((folder / "status.json").read_text()) == {"frame": 1}
    assert (folder / "episodes.csv").read_text().splitlines() == [
        ",".join(EPISODE_FIELDS),
        *[",".join(map(str, ROW))] * 3,
    ]


def test_of_statuses_that_wait_for_the_disk_the_newest_is_written(
    tmp_path: Path, registry: CollectorRegistry
) -> None:
    os.mkfifo(tmp_path / "episodes.csv")  # opening it takes until somebody reads: a slow disk
    files = made(tmp_path, registry)
    files.append_episode([ROW])
    for frame in range(1000):
        files.replace_status(str(frame).encode())
    assert not (tmp_path / "status.json").exists()
    reading = threading.Thread(target=(tmp_path / "episodes.csv").read_bytes)
    reading.start()
    files.close()
    reading.join(60)
    assert (tmp_path / "status.json").read_text() == "999"


def test_what_the_disk_refuses_is_counted_and_lost(tmp_path: Path, registry: CollectorRegistry) -> None:
    files = made(tmp_path, registry)
    (tmp_path / "status.json").mkdir()
    (tmp_path / "episodes.csv").symlink_to("/dev/full")
    files.replace_status(b"1")
    files.append_episode([ROW])
    files.close()
    for file in ("status.json", "episodes.csv"):
        assert registry.get_sample_value("cadran_ransim_disk_refusals_total", {"file": file}) == 1
