"""Jobs are done once, in time, on processes that do not outlive their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from cadran.lab.study.cell import Baseline, Cell
from cadran.lab.study.job import Job
from cadran.lab.study.jobs import ExamJob, TrainingJob
from cadran.lab.study.local import LocalEngine
from cadran.lab.study.progress import Board
from cadran.lab.study.runner import ERRORS, StudyFailed, run_jobs
from made_cells import EXPERIMENT, Silent, cell, do, exam, store

BASELINE = ExamJob((exam(Baseline("pf", EXPERIMENT)),))


def run(jobs: list[Job], folder: Path, workers: int = 2) -> Silent:
    silent = Silent()
    board = Board(jobs, 0, silent)
    run_jobs(jobs, do, folder, LocalEngine(workers), store(folder).has, board, board.tick)
    return silent


def training(*methods: str) -> TrainingJob:
    """A job of its own for each list of methods."""
    first = int.from_bytes(" ".join(methods).encode()[:6], "big")
    return TrainingJob(tuple(cell(method, first + at) for at, method in enumerate(methods)))


def done(folder: Path, job: Job) -> bool:
    return all(map(store(folder).has, job.keys))


def signed(folder: Path, key: str) -> list[str]:
    return (store(folder).folder(key) / "signed").read_text().split()


def test_every_job_is_done_an_exam_after_its_training_on_one_thread(tmp_path: Path) -> None:
    cells: list[Cell] = [cell("slow", seed) for seed in range(3)]
    trainings = [TrainingJob((one,)) for one in cells]
    exams = [ExamJob((exam(one),)) for one in cells] + [BASELINE]
    jobs: list[Job] = [*exams, *trainings]
    shown = run(jobs, tmp_path)
    assert all(done(tmp_path, job) for job in jobs)
    assert shown.shares[-1] == pytest.approx(1.0)
    assert shown.shares == sorted(shown.shares)
    for one in cells:
        (threads, _, trained_s), (_, _, examined_s) = (
            signed(tmp_path, one.key),
            signed(tmp_path, exam(one).key),
        )
        assert threads == "1"
        assert float(trained_s) < float(examined_s)
    assert len({signed(tmp_path, job.keys[0])[1] for job in jobs}) == 2


def test_a_dead_worker_is_one_line_and_the_rest_is_kept(tmp_path: Path) -> None:
    dead, slow, other = training("killed"), training("slow", "slow"), BASELINE
    waiting = ExamJob((exam(dead.cells[0]),))
    with pytest.raises(StudyFailed, match=r"^killed \(1 run\): process \d+ was ended by SIGKILL, .*memory"):
        run([dead, slow, other, waiting], tmp_path)
    assert done(tmp_path, slow)
    assert done(tmp_path, other)
    assert not done(tmp_path, waiting)


def test_an_error_is_one_line_with_the_rest_in_a_file(tmp_path: Path) -> None:
    broken, fine = training("broken"), training("sac", "sac")
    with pytest.raises(StudyFailed) as error:
        run([broken, fine], tmp_path, workers=1)
    assert str(error.value) == f"broken (1 run): ValueError: two lines; more in {tmp_path / ERRORS}"
    assert "Traceback" in (tmp_path / ERRORS).read_text()
    assert done(tmp_path, fine)


def test_no_worker_left_is_the_end(tmp_path: Path) -> None:
    with pytest.raises(StudyFailed, match="SIGKILL"):
        run([training("killed"), training("sac")], tmp_path, workers=1)


PARENT = """
import signal
import sys
sys.path[:0] = {paths!r}
from pathlib import Path
from test_study_runner import run, training
if __name__ == "__main__":
    # Whoever was started in the background may have been told to ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    run([training("endless")], Path(sys.argv[1]))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_parent(tmp_path: Path, number: signal.Signals) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT.format(paths=[path for path in sys.path if path]))
    parent = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)], stderr=subprocess.PIPE, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "begun").exists():
        assert parent.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    family = psutil.Process(parent.pid).children(recursive=True)
    assert family
    # Ctrl-C reaches the whole process group, a kill the parent alone.
    (os.killpg if number is signal.SIGINT else os.kill)(parent.pid, number)
    _, said = parent.communicate(timeout=100)
    gone, left = psutil.wait_procs(family, timeout=60)
    assert not left, gone
    assert said.decode().count("Traceback") <= 1, said.decode()
