"""`cadran up` as a person uses it: what it prints, what its folder and report say, what it leaves behind."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

SCENARIO = Path(__file__).parents[2] / "scenarios" / "smoke.yaml"
UP = [sys.executable, "-m", "cadran.cli", "up", "--scenario", str(SCENARIO), "--pace", "fast", "--json"]

pytestmark = pytest.mark.timeout(300)


def up(folder: Path, *options: str) -> dict[str, Any]:
    """Runs to the end; the last line of standard output as an object."""
    done = subprocess.run([*UP, "--out", str(folder), *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return summary


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """A run whose eMBB slice is driven by packets, and its folder."""
    folder = tmp_path_factory.mktemp("traced")
    rng = np.random.default_rng(1)
    packets = np.column_stack([np.sort(rng.uniform(0, 2.0, 3000)), rng.integers(40, 1500, 3000)])
    np.savetxt(folder / "packets.txt", packets, fmt=["%.6f", "%d"])
    return up(folder / "run", "--frames", "300", "--trace", str(folder / "packets.txt")), folder / "run"


def test_the_summary_is_what_the_folder_holds(traced: tuple[dict[str, Any], Path]) -> None:
    summary, folder = traced
    assert json.loads((folder / "summary.json").read_text()) == summary
    assert summary["frames"] == 300
    assert summary["ended_by"] == "frames"
    assert summary["dus"] == len(summary["policy_versions"]) == 2
    assert min(summary["policy_versions"]) >= 1
    assert 0 < summary["transitions_stored"] <= 2 * 300
    assert 0 < summary["reward_mean"] <= 1
    assert not any(summary["restarts"].values())
    assert (folder / "metrics.csv").read_text().count("\n") > 2


def test_bytes_offered_equal_the_bytes_of_the_trace_portion_played(
    traced: tuple[dict[str, Any], Path],
) -> None:
    summary, folder = traced
    assert summary["trace_bytes_played"] > 0
    assert summary["trace_bytes_offered"] == summary["trace_bytes_played"]
    assert summary["bytes_offered"] > summary["trace_bytes_offered"]
    parts = ("delivered", "dropped", "discarded", "queued")
    assert summary["bytes_offered"] == sum(summary[f"bytes_{part}"] for part in parts)
    report = (folder / "report.html").read_text()
    assert f"{summary['trace_bytes_offered']:,}" in report
    assert "the same number" in report
    assert "not the same number" not in report


def test_the_report_opens_without_a_network(traced: tuple[dict[str, Any], Path]) -> None:
    _, folder = traced
    report = (folder / "report.html").read_text()
    assert not re.search(r"""(?:src|href|srcset)=["'](?!data:)""", report)
    assert not re.search(r"https?://|@import|<script", report)
    assert len(list((folder / "plots").glob("*.png"))) >= 3


def test_a_resumed_run_goes_on_learning_from_the_earlier_one(
    traced: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    earlier, folder = traced
    resumed = up(tmp_path / "resumed", "--frames", "200", "--resume", str(folder))
    assert resumed["updates"] > earlier["updates"]
    assert min(resumed["policy_versions"]) >= max(earlier["policy_versions"])
    # Those of this run alone.
    assert 0 < resumed["transitions_stored"] <= 2 * 200
    status = json.loads((tmp_path / "resumed" / "xapp" / "status.json").read_text())
    assert status["resumed"]
    assert sum(status["stored"]) == earlier["transitions_stored"] + resumed["transitions_stored"]


def test_no_process_outlives_a_testbed_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*UP, "--out", str(tmp_path / "run")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        started = psutil.Process(running.pid)
        _until(lambda: len(started.children(recursive=True)) == 5)
        processes = started.children(recursive=True)
        running.kill()
    _until(lambda: not any(alive(process) for process in processes))


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
