"""Studies of meta-learning, killed and started again, end in the tables of one that is not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
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
    changes = [word for change in SMALL for word in ("--set", change)]
    options = ["--seeds", "1", "--iterations", "5", "--workers", str(workers), "--out", str(out)]
    return subprocess.Popen(
        [sys.executable, "-m", "cadran.cli", "lab", "meta", "ablation", *options, *changes],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors


def results(out: Path) -> set[str]:
    return {
        path.name for kind in ("trainings", "trials", "yardsticks") for path in (out / kind).glob("[!.]*")
    }


def tables(out: Path) -> dict[str, bytes]:
    """All but what a clock has measured."""
    return {
        path.name: path.read_bytes() for path in (out / "tables").glob("*.csv") if "cost" not in path.name
    }


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
