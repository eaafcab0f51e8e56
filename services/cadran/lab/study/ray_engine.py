"""The engine that spreads jobs over the machines of a Ray cluster; needs the extra ``ray``.

A job travels to a machine with the results that it needs and comes back as results, which this process alone
keeps: machines share no disk. They need this package, the same as here, installed.
"""

from __future__ import annotations

import logging
import os
import socket
import tempfile
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic

import ray
from ray.exceptions import RayError, RayTaskError, RuntimeEnvSetupError

from cadran.lab.study.code import code_here
from cadran.lab.study.engine import (
    ONE_THREAD,
    Failed,
    Finished,
    Lost,
    Message,
    Progressed,
    failure,
    now_and_then,
)
from cadran.lab.study.job import J, Perform
from cadran.lab.study.parcel import Parcel, pack, unpack
from cadran.runtime import ConfigError

_ATTEMPTS = 4
_ANSWER_S = 10.0
_STOP_S = 10.0
_NO_CPU_S = 300.0
"""How long a cluster may be without any processor, as while a machine is replaced [s]."""


class RayEngine:
    """A Ray cluster.

    Args:
        address: As ``ray.init`` takes it, such as ``10.0.0.1:6379`` or ``ray://10.0.0.1:10001``; None: that
            of ``RAY_ADDRESS``, else a cluster that runs on this machine, else one of its own, for the study.
        workers: Jobs at once at most, at least 1; None: as many as the cluster has processors.
    """

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        self._address = address
        self._workers = workers
        self._hosts: set[str] = set()

    @property
    def about(self) -> str:
        """For the record: the machines that results came from in this session."""
        if not self._hosts:
            return "Ray, nothing was left to compute"
        return f"Ray, one thread for each job, on {', '.join(sorted(self._hosts))}"

    def crew(self, perform: Perform[J], folder: Path, jobs: int) -> RayCrew[J]:
        """Join the cluster.

        Raises:
            ConfigError: There is none at the address, its Ray or Python is another one than here, or it has
                no processor.
        """
        # Whether a cluster reports its use is for who runs it; one that begins here reports nothing.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        address = self._address or os.environ.get("RAY_ADDRESS") or None
        try:
            _require_listener(address)
            ray.init(
                address=address,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                runtime_env={"env_vars": ONE_THREAD},
            )
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            said = " ".join(str(error).split())
            raise ConfigError(f"--ray-address {address or '(this machine)'}: {said}") from error
        if _processors() < 1:
            ray.shutdown()
            raise ConfigError("--engine ray: the cluster has no processor")
        return RayCrew(perform, folder, self._workers, self._hosts)


@dataclass(frozen=True)
class _Outcome:
    """What comes back from a machine.

    Attributes:
        host: Its name.
        made: Results of the job.
        failed: Why it has not all of them; None: it has.
    """

    host: str
    made: Parcel
    failed: Failed | None


@dataclass(frozen=True)
class _Begun(Generic[J]):
    """A job on its way; the number tells its attempts apart."""

    job: J
    number: int


class RayCrew(Generic[J]):
    """Tasks of a cluster that this process has joined.

    Args:
        perform: Does the jobs.
        folder: Where results are kept.
        workers: Jobs at once at most; None: as many as the cluster has processors.
        hosts: Gets the names of machines that results came from.
    """

    attempts = _ATTEMPTS

    def __init__(self, perform: Perform[J], folder: Path, workers: int | None, hosts: set[str]) -> None:
        self._perform = perform
        self._folder = folder
        self._workers = workers
        self._hosts = hosts
        self._code = code_here()
        self._begun: dict[Any, _Begun[J]] = {}
        self._count = 0
        self._had_cpu_s = time.monotonic()
        self._task = ray.remote(_do).options(num_cpus=1, max_retries=0)
        # It may restart anywhere: what is lost with it is how far jobs were, which they tell again.
        self._notes = ray.remote(_Notes).options(num_cpus=0, max_restarts=-1).remote()
        self._asked = self._notes.take.remote()

    def free(self) -> bool:
        """Whether the cluster has room, as far as this study is concerned."""
        return len(self._begun) < (self._workers or max(1, _processors()))

    def begin(self, job: J) -> None:
        """Send a job with what it needs."""
        self._count += 1
        needed = pack(self._folder, job.needs)
        task = self._task.remote(self._perform, job, needed, self._code, self._notes, self._count)
        self._begun[task] = _Begun(job, self._count)

    def hear(self, timeout_s: float) -> list[tuple[J, Message]]:
        """Results that came, which are kept at once, and how far other jobs are.

        Raises:
            ConfigError: The cluster has had no processor for minutes.
        """
        ended, _ = ray.wait(list(self._begun), num_returns=1, timeout=timeout_s)
        last = [(self._begun[task].job, self._outcome(task)) for task in ended]
        for task in ended:
            del self._begun[task]
        self._require_processors()
        return [*self._progress(), *last]

    def end(self) -> None:
        """Stop all tasks and leave the cluster."""
        for task in self._begun:
            ray.cancel(task, force=True)
        if self._begun:
            # Whoever leaves at once leaves tasks to end when the cluster notices.
            ray.wait(list(self._begun), num_returns=len(self._begun), timeout=_STOP_S)
        ray.shutdown()

    def _outcome(self, task: Any) -> Message:
        try:
            outcome: _Outcome = ray.get(task)
        except (RayTaskError, RuntimeEnvSetupError) as error:
            # Not of the job itself, whose errors come as outcomes.
            line = "a machine of the cluster could not begin it; is this package installed there as here?"
            return Failed(line, str(error))
        except RayError as error:
            return Lost(_first_sentence(str(error)))
        unpack(outcome.made, self._folder)
        self._hosts.add(outcome.host)
        return outcome.failed or Finished()

    def _progress(self) -> list[tuple[J, Message]]:
        """What jobs have noted since the last look."""
        if not ray.wait([self._asked], timeout=0)[0]:
            return []
        asked, self._asked = self._asked, self._notes.take.remote()
        try:
            parts: Mapping[int, float] = ray.get(asked)
        except RayError:
            return []  # The notes were lost with their machine; they begin again on another one.
        return [
            (begun.job, Progressed(parts[begun.number]))
            for begun in self._begun.values()
            if begun.number in parts
        ]

    def _require_processors(self) -> None:
        now_s = time.monotonic()
        if _processors() >= 1:
            self._had_cpu_s = now_s
        elif now_s - self._had_cpu_s > _NO_CPU_S:
            raise ConfigError(f"--engine ray: the cluster has had no processor for {_NO_CPU_S:.0f} s")


def _require_listener(address: str | None) -> None:
    """Fail at once where nobody listens: Ray would go on trying for minutes.

    Raises:
        OSError: Nobody does.
    """
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), _ANSWER_S).close()


def _processors() -> int:
    return int(ray.cluster_resources().get("CPU", 0))


def _first_sentence(text: str) -> str:
    return " ".join(text.split()).partition(". ")[0].rstrip(".")


class _Notes:
    """How far jobs are, by their numbers; an actor."""

    def __init__(self) -> None:
        self._parts: dict[int, float] = {}

    def note(self, number: int, part: float) -> None:
        """This part of a job is done, in [0, 1]."""
        self._parts[number] = part

    def take(self) -> dict[int, float]:
        """What was noted since this was asked last."""
        parts, self._parts = self._parts, {}
        return parts


# ------------------------------------------------------------------------------- on a machine


def _do(
    perform: Perform[J], job: J, needed: Parcel, code: Mapping[str, str], notes: Any, number: int
) -> _Outcome:
    """Do a job in a folder of its own that holds what it needs."""
    host = socket.gethostname()
    report = now_and_then(lambda part: notes.note.remote(number, part))
    with tempfile.TemporaryDirectory(prefix="cadran-lab-") as name:
        folder = Path(name)
        try:
            _require_same(code, host)
            unpack(needed, folder)
            perform(job, folder, report)
            failed = None
        except Exception as error:
            told = failure(error, traceback.format_exc())
            failed = Failed(f"{told.line} (on {host})", told.trace)
        return _Outcome(host, pack(folder, job.keys), failed)


def _require_same(code: Mapping[str, str], host: str) -> None:
    """Refuse to compute with other code than that of who asks: tables would depend on the machine."""
    other = {
        name: (version, code_here()[name]) for name, version in code.items() if code_here()[name] != version
    }
    if other:
        said = ", ".join(f"{name} {there} instead of {here}" for name, (here, there) in other.items())
        raise RuntimeError(f"another installation: {said}")
