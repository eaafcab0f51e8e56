"""A study that is killed again and again, and started again, ends in the tables of one that is not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from lab_process import ROOT, changes, command, finished, started, tables
from lab_process import results as complete

SMALL = (
    "world.dus=2",
    "world.ues=12",
    "world.max_ues_per_slice=4",
    "world.rbs=20",
    "world.episode_frames=10",
    "learner.hidden=[16]",
    "learner.batch_size=16",
    "learner.warmup_transitions=40",
)
KILLS = 4


def words(out: Path, workers: int) -> list[str]:
    options = ["--seeds", "2", "--iterations", "30", "--stack", "3", "--workers", str(workers)]
    return ["tasam", "table2", *options, *changes(SMALL), "--out", str(out)]


def start(out: Path, workers: int = 2) -> subprocess.Popen[str]:
    return started(*words(out, workers))


def finish(process: subprocess.Popen[str]) -> str:
    return finished(process, 240)[0]


def results(out: Path) -> set[str]:
    return complete(out, "cells", "exams")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study in one go."""
    out = tmp_path_factory.mktemp("whole") / "study"
    said = finish(start(out))
    assert f"Report: {out / 'report.html'}" in said
    assert (out / "report.html").stat().st_size > 0
    return out


@pytest.mark.timeout(600)
def test_killed_again_and_again_it_ends_in_the_same_tables(whole: Path, tmp_path: Path) -> None:
    out, rng = tmp_path / "study", np.random.default_rng(0)
    lasted_s = records(whole)[0]["elapsed_s"]
    kept: set[str] = set()
    for _ in range(KILLS):
        process = start(out)
        wait_for_session(out, process, len(records(out)) + 1)
        time.sleep(float(rng.uniform(0.0, 0.6 * lasted_s)))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert kept <= results(out), "a result was lost"
        kept = results(out)
    # Another number of processes does not matter either.
    finish(start(out, workers=1))
    assert tables(out) == tables(whole)
    assert results(out) == results(whole)
    record = json.loads((out / "manifest.json").read_text())
    assert [session["ended"] for session in record["sessions"]] == ["killed"] * KILLS + ["finished"]
    assert record["run_time_s"] == pytest.approx(sum(each["elapsed_s"] for each in record["sessions"]))


def records(out: Path) -> list[dict[str, float]]:
    return [json.loads(path.read_text()) for path in sorted((out / "sessions").glob("*.json"))]


def wait_for_session(out: Path, process: subprocess.Popen[str], count: int) -> None:
    deadline = time.monotonic() + 60
    while len(list((out / "sessions").glob("*.json"))) < count:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_for_worker(process: subprocess.Popen[str]) -> psutil.Process:
    deadline = time.monotonic() + 60
    while not (
        found := [
            one for one in psutil.Process(process.pid).children() if "spawn_main" in " ".join(one.cmdline())
        ]
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found[0]


@pytest.mark.timeout(300)
def test_interrupted_it_says_so_and_leaves_no_process(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    process = start(out)
    wait_for_session(out, process, 1)
    family = [wait_for_worker(process), *psutil.Process(process.pid).children(recursive=True)]
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip().splitlines()[-1] == "interrupted; the same command goes on from here"
    assert "Traceback" not in errors
    assert not psutil.wait_procs(family, timeout=60)[1]
    assert [record["ended"] for record in records(out)] == ["interrupted"]


@pytest.mark.timeout(300)
def test_a_killed_worker_is_one_line_and_status_1(tmp_path: Path) -> None:
    out = tmp_path / "study"
    process = start(out, workers=1)
    wait_for_session(out, process, 1)
    wait_for_worker(process).kill()
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    last = errors.strip().splitlines()[-1]
    assert last.startswith("cadran lab tasam: ")
    assert "SIGKILL" in last
    assert "Traceback" not in errors


@pytest.mark.timeout(300)
def test_what_is_there_is_not_computed_again(whole: Path) -> None:
    before, content = results(whole), tables(whole)
    began_s = time.monotonic()
    finish(start(whole))
    assert time.monotonic() - began_s < 150
    assert results(whole) == before
    assert tables(whole) == content


@pytest.mark.timeout(60)
def test_one_study_at_a_time_in_a_folder(tmp_path: Path) -> None:
    out = tmp_path / "study"
    first = start(out)
    try:
        wait_for_session(out, first, 1)
        second = subprocess.run(
            command(*words(out, 1)), cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert second.returncode == 2
        assert second.stderr.strip() == f"--out {out}: another study runs in this folder"
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()
