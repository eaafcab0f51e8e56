"""Processes of a bench: one thread each, their output in a log, and none that outlives its use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from cadran.testbed.children import ONE_THREAD

# The services themselves end at most 5 s after they are told.
STOP_S = 30.0
NOTHING: Mapping[str, str] = {}


@contextmanager
def running(
    commands: Sequence[Sequence[str]], log: Path, environment: Mapping[str, str] = NOTHING
) -> Iterator[None]:
    """Python modules as processes for as long as the context lasts.

    Args:
        commands: module and arguments of each.
        log: takes the output of all.
        environment: settings besides those of this process.
    """
    settings = {**os.environ, **ONE_THREAD, **environment}
    with log.open("wb") as output:
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", *command], env=settings, stdout=output, stderr=subprocess.STDOUT
            )
            for command in commands
        ]
        try:
            yield
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
