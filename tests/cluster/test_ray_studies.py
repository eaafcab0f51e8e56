"""A study on two nodes, one of whose workers is killed, ends in the tables of one on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from conftest import SmallCluster

ROOT = Path(__file__).parents[2]
TASAM = (
    "lab tasam table2 --seeds 1 --iterations 10 --stack 2 --set world.dus=2 --set world.ues=12 "
    "--set world.max_ues_per_slice=4 --set world.rbs=20 --set world.episode_frames=10 "
    "--set learner.hidden=[16] --set learner.batch_size=16 --set learner.warmup_transitions=40"
)
META = (
    "lab meta ablation --seeds 1 --iterations 5 --set world.dus=2 --set world.ues=6 "
    "--set world.max_ues_per_slice=4 --set world.rbs=10 --set world.episode_frames=12 "
    "--set hierarchy.decision_frames=4 --set meta.higher.hidden=[8] --set meta.lower.hidden=[8]"
)
RESULTS = ("cells", "exams", "trainings", "trials", "yardsticks")


def start(study: str, out: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "cadran.cli", *study.split(), "--out", str(out), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    _, errors = process.communicate(timeout=800)
    assert process.returncode == 0, errors
    return errors


def results(out: Path) -> set[str]:
    return {path.name for kind in RESULTS for path in (out / kind).glob("[!.]*")}


def tables(out: Path) -> dict[str, bytes]:
    """All but what a clock has measured."""
    return {
        path.name: path.read_bytes() for path in (out / "tables").glob("*.csv") if "cost" not in path.name
    }


def wait_for_results(out: Path, process: subprocess.Popen[str], least: int) -> None:
    deadline = time.monotonic() + 600
    while len(results(out)) < least:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def kill_a_worker() -> None:
    """One of those that do a job now."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for process in psutil.process_iter(["cmdline"]):
            if "ray::_do" in " ".join(process.info["cmdline"] or []):
                process.kill()
                return
        time.sleep(0.02)
    raise AssertionError("no worker was at work")


@pytest.mark.timeout(2400)
@pytest.mark.parametrize("study", [TASAM, META], ids=["tasam", "meta"])
def test_tables_are_those_of_the_local_engine_whoever_is_killed(
    study: str, cluster: SmallCluster, tmp_path: Path
) -> None:
    whole, out = tmp_path / "local", tmp_path / "ray"
    finish(start(study, whole, "--workers", "2"))
    on_ray = ("--engine", "ray", "--ray-address", cluster.address)

    first = start(study, out, *on_ray)
    wait_for_results(out, first, 1)
    kept = results(out)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert kept <= results(out), "a result was lost"

    second = start(study, out, *on_ray)
    wait_for_results(out, second, len(kept) + 1)
    kill_a_worker()
    assert "attempt 2 of 4 follows" in finish(second)

    assert tables(out) == tables(whole)
    assert results(out) == results(whole)
    record = json.loads((out / "manifest.json").read_text())
    assert record["trained_on"].startswith("Ray, one thread for each job, on ")
    assert [session["ended"] for session in record["sessions"]] == ["killed", "finished"]
