"""A run that ends by itself: what it prints, what its folder and report say, and what can be done with it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from cadran.lab.experiment import load_experiment
from cadran.radio import EMBB
from cadran.radio.traffic import phases, trace_starts
from cadran.replay import read_export
from running import SCENARIO, SETTLE_S, Run

FRAMES = 300
SEED = 4

pytestmark = pytest.mark.timeout(500)


def up(folder: Path, *options: str) -> dict[str, Any]:
    """Runs at the fast pace to the end; the summary."""
    run = Run(folder, "--pace", "fast", "--seed", str(SEED), *options)
    try:
        return run.finish()
    finally:
        run.discard()


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory, packet_trace: Path) -> tuple[dict[str, Any], Path]:
    """A run whose eMBB slice is driven by packets, and its folder."""
    folder = tmp_path_factory.mktemp("traced") / "run"
    return up(folder, "--frames", str(FRAMES), "--trace", str(packet_trace)), folder


def test_the_summary_is_what_the_folder_holds(traced: tuple[dict[str, Any], Path]) -> None:
    summary, folder = traced
    assert json.loads((folder / "summary.json").read_text()) == summary
    assert (summary["frames"], summary["ended_by"]) == (FRAMES, "frames")
    assert summary["dus"] == len(summary["policy_versions"]) == 2
    assert min(summary["policy_versions"]) >= 1
    assert 0 < summary["transitions_stored"] <= 2 * FRAMES
    assert 0 < summary["reward_mean"] <= 1
    assert not any(summary["restarts"].values())
    assert (folder / "metrics.csv").read_text().count("\n") > 2


def bytes_of_portion(trace: Path) -> int:
    """Bytes that the eMBB UEs are due: each plays as many TTIs as the run has, from its own start on."""
    world = load_experiment(SCENARIO).world
    times_s, sizes = np.loadtxt(trace).T
    row = np.floor((times_s - times_s[0]) / world.tti_s).astype(int)
    rows = int(row[-1]) + 1
    ues = np.arange(world.ues_per_slice[EMBB], dtype=np.int32)
    laps, rest = divmod(FRAMES * world.ttis_per_frame, rows)
    starts = trace_starts(phases(SEED, EMBB, ues), rows)
    played = [laps * sizes.sum() + sizes[(row - start) % rows < rest].sum() for start in starts]
    return int(sum(played))


def test_the_bytes_of_the_traces_portion_are_offered_and_accounted_for(
    traced: tuple[dict[str, Any], Path], packet_trace: Path
) -> None:
    summary, folder = traced
    due = bytes_of_portion(packet_trace)
    assert summary["trace_bytes_offered"] == summary["trace_bytes_played"] == due > 0
    assert summary["bytes_offered"] > due
    ledger = (summary[f"bytes_{fate}"] for fate in ("delivered", "dropped", "discarded", "queued"))
    assert summary["bytes_offered"] == sum(ledger)
    report = (folder / "report.html").read_text()
    assert f"{due:,}" in report
    assert "the same number" in report
    assert "not the same number" not in report


def test_the_report_opens_without_a_network(traced: tuple[dict[str, Any], Path]) -> None:
    _, folder = traced
    report = (folder / "report.html").read_text()
    assert not re.search(r"""(?:src|href|srcset)=["'](?!data:)""", report)
    assert not re.search(r"https?://|@import|<script", report)
    assert len(list((folder / "plots").glob("*.png"))) >= 3


def test_the_experience_of_a_run_that_ended_can_be_exported(
    traced: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    summary, folder = traced
    out = tmp_path / "rows.npz"
    export = [sys.executable, "-m", "cadran.cli", "replay", "export", "--run", str(folder), "--out", str(out)]
    subprocess.run(export, check=True, stdout=subprocess.DEVNULL)
    _, rows = read_export(out)
    assert sum(map(len, rows)) == summary["transitions_stored"]


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
    run = Run(tmp_path / "run")
    run.until(lambda: len(run.services()) == 5, "Redis, RAN, xApp and two dApps run")
    services = run.services()
    run.discard()
    deadline = time.monotonic() + SETTLE_S
    while any(alive(service) for service in services):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
