"""Studies of meta-learning, killed and started again, end in the tables of one that is not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from lab_process import changes, finished, started, tables
from lab_process import results as complete

SMALL = (
    "world.dus=2",
    "world.ues=6",
    "world.max_ues_per_slice=4",
    "world.rbs=10",
    "world.episode_frames=12",
    "hierarchy.decision_frames=4",
    "meta.higher.hidden=[8]",
    "meta.lower.hidden=[8]",
)


def start(out: Path, workers: int = 2) -> subprocess.Popen[str]:
    options = ["--seeds", "1", "--iterations", "5", "--workers", str(workers), "--out", str(out)]
    return started("meta", "ablation", *options, *changes(SMALL))


def finish(process: subprocess.Popen[str]) -> None:
    finished(process, 240)


def results(out: Path) -> set[str]:
    return complete(out, "trainings", "trials", "yardsticks")


@pytest.mark.timeout(600)
def test_killed_and_started_again_it_ends_in_the_same_tables(tmp_path: Path) -> None:
    whole, out = tmp_path / "whole", tmp_path / "killed"
    finish(start(whole))
    for least in (1, 5):
        process = start(out)
        deadline = time.monotonic() + 120
        while len(results(out)) < least:
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        kept = results(out)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert kept <= results(out), "a result was lost"
    finish(start(out, workers=1))
    assert tables(out) == tables(whole)
    assert results(out) == results(whole)
    record = json.loads((out / "manifest.json").read_text())
    assert [session["ended"] for session in record["sessions"]] == ["killed", "killed", "finished"]
