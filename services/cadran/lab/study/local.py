"""The local engine: worker processes on this machine, one thread each."""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Generic

from cadran.lab.study.engine import Lost, Message
from cadran.lab.study.job import J, Perform
from cadran.lab.study.worker import Worker, WorkerDied


@dataclass(frozen=True)
class LocalEngine:
    """Processes of this machine.

    Attributes:
        workers: How many at most, at least 1.
    """

    workers: int

    @property
    def about(self) -> str:
        """For the record."""
        return f"{self.workers} processes of one thread"

    def crew(self, perform: Perform[J], folder: Path, jobs: int) -> LocalCrew[J]:
        """Start the processes."""
        return LocalCrew(perform, folder, min(self.workers, jobs))


class LocalCrew(Generic[J]):
    """Worker processes. One that dies is not replaced, and its job fails: here it would die again.

    Args:
        perform: Does the jobs.
        folder: Where results are kept.
        workers: Processes.
    """

    attempts = 1

    def __init__(self, perform: Perform[J], folder: Path, workers: int) -> None:
        self._workers: list[Worker[J]] = [Worker(perform, folder) for _ in range(workers)]

    def free(self) -> bool:
        """Whether a worker waits."""
        return any(worker.job is None for worker in self._workers)

    def begin(self, job: J) -> None:
        """Give the job to a worker that waits."""
        next(worker for worker in self._workers if worker.job is None).begin(job)

    def hear(self, timeout_s: float) -> list[tuple[J, Message]]:
        """What the workers say."""
        busy = {worker.connection: worker for worker in self._workers if worker.job is not None}
        spoke = wait(list(busy), timeout_s)
        return [self._hear(worker) for connection, worker in busy.items() if connection in spoke]

    def end(self) -> None:
        """End all processes."""
        for worker in self._workers:
            worker.end()

    def _hear(self, worker: Worker[J]) -> tuple[J, Message]:
        job = worker.job
        assert job is not None
        try:
            return job, worker.hear()
        except WorkerDied as death:
            self._workers.remove(worker)
            worker.end()
            return job, Lost(str(death))
