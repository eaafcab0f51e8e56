"""Jobs on a Ray cluster: done once, what is lost again, what fails in one line, results here alone."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Thread

import psutil
import pytest

from cadran.lab.study.cell import Baseline
from cadran.lab.study.job import Job
from cadran.lab.study.jobs import ExamJob, TrainingJob
from cadran.lab.study.progress import Board
from cadran.lab.study.ray_engine import RayEngine
from cadran.lab.study.runner import ERRORS, StudyFailed, run_jobs
from cadran.runtime import ConfigError
from conftest import SmallCluster
from made_cells import EXPERIMENT, Silent, cell, do, exam, store

pytestmark = pytest.mark.timeout(300)


def run(cluster: SmallCluster, jobs: list[Job], folder: Path) -> tuple[Silent, RayEngine]:
    engine, silent = RayEngine(cluster.address), Silent()
    board = Board(jobs, 0, silent)
    run_jobs(jobs, do, folder, engine, store(folder).has, board, board.tick)
    return silent, engine


def training(method: str, seed: int = 0) -> TrainingJob:
    return TrainingJob((cell(method, seed),))


def signed(folder: Path, key: str) -> list[str]:
    return (store(folder).folder(key) / "signed").read_text().split()


def test_every_job_is_done_an_exam_after_its_training_on_one_thread(
    cluster: SmallCluster, tmp_path: Path
) -> None:
    trainings = [training("slow", seed) for seed in range(3)]
    exams = [ExamJob((exam(job.cells[0]),)) for job in trainings]
    jobs: list[Job] = [*exams, ExamJob((exam(Baseline("pf", EXPERIMENT)),)), *trainings]
    shown, engine = run(cluster, jobs, tmp_path)
    assert shown.shares[-1] == pytest.approx(1.0)
    for before, after in zip(trainings, exams, strict=True):
        trained, examined = signed(tmp_path, before.keys[0]), signed(tmp_path, after.keys[0])
        assert trained[0] == "1"
        assert float(trained[2]) < float(examined[2])
    assert len({signed(tmp_path, job.keys[0])[1] for job in jobs}) > 1
    assert engine.about.startswith("Ray, one thread for each job, on ")


def test_an_error_is_one_line_with_the_machine_and_the_rest_in_a_file(
    cluster: SmallCluster, tmp_path: Path
) -> None:
    fine = training("sac")
    with pytest.raises(StudyFailed) as error:
        run(cluster, [training("broken"), fine], tmp_path)
    line = str(error.value)
    assert line.startswith("broken (1 run): ValueError: two lines (on ")
    assert line.endswith(f"); more in {tmp_path / ERRORS}")
    assert "Traceback" in (tmp_path / ERRORS).read_text()
    assert store(tmp_path).has(fine.keys[0])


def test_a_job_that_always_kills_its_process_is_given_up_and_the_rest_is_kept(
    cluster: SmallCluster, tmp_path: Path
) -> None:
    fine = training("sac")
    with pytest.raises(StudyFailed, match=r"^killed \(1 run\): .*given up after 4 attempts$"):
        run(cluster, [training("killed"), fine], tmp_path)
    assert store(tmp_path).has(fine.keys[0])


def test_jobs_of_a_machine_that_is_lost_are_done_by_another(cluster: SmallCluster, tmp_path: Path) -> None:
    jobs: list[Job] = [training("slow", seed) for seed in range(10)]
    thread = Thread(target=lambda: (time.sleep(2.0), cluster.lose_a_node()))
    # Ray is joined from this thread only; the other one ends a node's process.
    thread.start()
    shown, _ = run(cluster, jobs, tmp_path)
    thread.join()
    cluster.add_a_node()
    assert all(store(tmp_path).has(job.keys[0]) for job in jobs)
    assert shown.shares[-1] == pytest.approx(1.0)


def test_nothing_of_a_study_is_left_when_it_is_interrupted(cluster: SmallCluster, tmp_path: Path) -> None:
    class Impatient(Silent):
        def state(self, share: float, line: str) -> None:
            if share > 0:
                raise KeyboardInterrupt

    job = training("endless")
    board = Board([job], 0, Impatient())
    with pytest.raises(KeyboardInterrupt):
        run_jobs([job], do, tmp_path, RayEngine(cluster.address), lambda _: False, board, board.tick)
    deadline = time.monotonic() + 30
    while busy := [
        one for one in psutil.process_iter(["cmdline"]) if "ray::_do" in (one.info["cmdline"] or [])
    ]:
        assert time.monotonic() < deadline, busy
        time.sleep(0.2)


def test_no_cluster_at_the_address_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^--ray-address 127\.0\.0\.1:1: "):
        RayEngine("127.0.0.1:1").crew(do, tmp_path, 1)
