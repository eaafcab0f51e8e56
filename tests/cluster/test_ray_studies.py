"""A study on two nodes, one of whose workers is killed, ends in the tables of one on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from cadran.lab.meta.studies import BUDGETS, STUDIES, Order, plan_studies
from cadran.lab.meta.studies.archive import Archive
from cadran.lab.meta.studies.jobs import jobs_of
from cadran.lab.meta.studies.work import perform
from cadran.lab.study import LocalEngine
from cadran.lab.study.progress import Board
from cadran.lab.study.ray_engine import RayEngine
from cadran.lab.study.runner import run_jobs
from conftest import SmallCluster
from lab_process import ROOT, finished, started, tables
from lab_process import results as complete

TASAM = (
    "tasam table2 --seeds 1 --iterations 10 --stack 2 --set world.dus=2 --set world.ues=12 "
    "--set world.max_ues_per_slice=4 --set world.rbs=20 --set world.episode_frames=10 "
    "--set learner.hidden=[16] --set learner.batch_size=16 --set learner.warmup_transitions=40"
)
META = (
    "world.dus=2",
    "world.ues=6",
    "world.max_ues_per_slice=4",
    "world.rbs=10",
    "world.episode_frames=12",
    "hierarchy.decision_frames=4",
    "meta.higher.hidden=[8]",
    "meta.lower.hidden=[8]",
)


def start(out: Path, *options: str) -> subprocess.Popen[str]:
    return started(*TASAM.split(), "--out", str(out), *options)


def finish(process: subprocess.Popen[str]) -> str:
    return finished(process, 800)[1]


def results(out: Path) -> set[str]:
    return complete(out, "cells", "exams")


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
def test_tables_are_those_of_the_local_engine_whoever_is_killed(
    cluster: SmallCluster, tmp_path: Path
) -> None:
    whole, out = tmp_path / "local", tmp_path / "ray"
    finish(start(whole, "--workers", "2"))
    on_ray = ("--engine", "ray", "--ray-address", cluster.address)

    first = start(out, *on_ray)
    wait_for_results(out, first, 1)
    kept = results(out)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert kept <= results(out), "a result was lost"

    second = start(out, *on_ray)
    wait_for_results(out, second, len(kept) + 1)
    kill_a_worker()
    assert "attempt 2 of 4 follows" in finish(second)

    assert tables(out) == tables(whole)
    assert results(out) == results(whole)
    record = json.loads((out / "manifest.json").read_text())
    assert record["trained_on"].startswith("Ray, one thread for each job, on ")
    assert [session["ended"] for session in record["sessions"]] == ["killed", "finished"]


@pytest.mark.timeout(1200)
def test_an_initialisation_is_carried_to_the_machine_that_adapts_it(
    cluster: SmallCluster, tmp_path: Path
) -> None:
    order = Order(
        studies=[STUDIES["ablation"]],
        scenario=ROOT / "scenarios" / "meta.yaml",
        overrides=META,
        budget=BUDGETS["smoke"],
        seeds=1,
        iterations=5,
        engine=LocalEngine(1),
        out=tmp_path,
        command="",
    )
    trial = next(one for own in plan_studies(order).trials for one in own if one.training is not None)
    assert trial.training is not None
    jobs = [job for job in jobs_of([trial]) if job.cell in (trial.training, trial)]
    engines = {"local": LocalEngine(1), "ray": RayEngine(cluster.address)}
    kept = {name: Archive(tmp_path / name) for name in engines}
    for name, engine in engines.items():
        board = Board(jobs, 0, Unseen())
        run_jobs(jobs, perform, tmp_path / name, engine, kept[name].has, board, board.tick)
    here, there = (archive.adaptation(trial).reward for archive in kept.values())
    assert here.tobytes() == there.tobytes()


class Unseen:
    def state(self, share: float, line: str) -> None:
        pass

    def say(self, text: str) -> None:
        pass
