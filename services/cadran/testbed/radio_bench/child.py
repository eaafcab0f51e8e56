"""A measurement in a fresh interpreter: keyword arguments go in as JSON, its result comes back as JSON."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

# Only numba's threads are under test; what numpy's libraries start beside them would only be in the way.
_ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "PYGAME_HIDE_SUPPORT_PROMPT": "1",
}


class ChildError(RuntimeError):
    """A measurement failed; the message is its last line on standard error."""


def run_child(module: str, arguments: Mapping[str, Any], threads: int = 1) -> dict[str, Any]:
    """Result of ``module``'s ``answer`` called with ``arguments``, with as many numba threads as told.

    Raises:
        ChildError: the process failed.
    """
    command = [sys.executable, "-m", module, json.dumps(arguments)]
    environment = {**os.environ, **_ENVIRONMENT, "NUMBA_NUM_THREADS": str(threads)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise ChildError(f"{module} {arguments}: {said[-1]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def answer(function: Callable[..., Mapping[str, Any]]) -> None:
    """The child's side: calls ``function`` with the arguments of the command line and prints its result."""
    sys.stdout.write(json.dumps(function(**json.loads(sys.argv[1]))) + "\n")
