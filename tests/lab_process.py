"""Studies of the lab as processes, and what they leave in their folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def command(*words: str) -> list[str]:
    """A command line of the lab."""
    return [sys.executable, "-m", "cadran.cli", "lab", *words]


def started(*words: str) -> subprocess.Popen[str]:
    """A process of its own group."""
    return subprocess.Popen(
        command(*words),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finished(process: subprocess.Popen[str], timeout_s: float) -> tuple[str, str]:
    """What it said on standard output and on standard error; it has succeeded."""
    said, errors = process.communicate(timeout=timeout_s)
    assert process.returncode == 0, errors
    return said, errors


def changes(overrides: tuple[str, ...]) -> list[str]:
    """Options that change a scenario."""
    return [word for override in overrides for word in ("--set", override)]


def results(out: Path, *kinds: str) -> set[str]:
    """Files of these folders that are complete."""
    return {path.name for kind in kinds for path in (out / kind).glob("[!.]*")}


def tables(out: Path) -> dict[str, bytes]:
    """All but what a clock has measured."""
    return {
        path.name: path.read_bytes() for path in (out / "tables").glob("*.csv") if "cost" not in path.name
    }
