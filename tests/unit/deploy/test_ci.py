"""Continuous integration gives the container tests an engine, and does without where there can be none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[3]
ANSWERS_ONCE_STARTED = '[ "$1" != version ] || [ -e "$FOLDER/dockerd.pid" ]'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Holds an engine that answers once it is started, and a daemon that starts."""
    program(tmp_path, "docker", ANSWERS_ONCE_STARTED)
    program(tmp_path, "dockerd", 'echo $$ > "$FOLDER/dockerd.pid"; exec sleep 60')
    return tmp_path


def program(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def with_engine(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "FOLDER": str(folder)}
    words = [str(ROOT / ".ci" / "with-engine"), "sh", "-c", command]
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120)


def test_an_engine_that_answers_is_used_and_left_alone(folder: Path) -> None:
    program(folder, "docker", "true")
    assert with_engine(folder, "exit 3").returncode == 3
    assert not (folder / "dockerd.pid").exists()


@pytest.mark.parametrize("status", [0, 3])
def test_an_engine_that_was_started_ends_with_the_command(folder: Path, status: int) -> None:
    done = with_engine(folder, f'kill -0 $(cat "$FOLDER/dockerd.pid") && exit {status}')
    assert done.returncode == status, done.stderr
    assert not psutil.pid_exists(int((folder / "dockerd.pid").read_text()))


def test_where_no_engine_can_be_started_the_command_is_left_out_aloud(folder: Path) -> None:
    program(folder, "dockerd", "echo 'mount: permission denied' >&2; exit 1")
    done = with_engine(folder, 'touch "$FOLDER/ran"')
    assert done.returncode == 0
    assert not (folder / "ran").exists()
    assert "NOT RUN" in done.stderr
    assert "mount: permission denied" in done.stderr
    assert done.stderr.count("\n") == 1


def test_where_containers_cannot_run_the_command_is_left_out_aloud(folder: Path) -> None:
    program(folder, "docker", 'if [ "$1" = run ]; then echo "runc: not permitted"; exit 1; fi')
    done = with_engine(folder, 'touch "$FOLDER/ran"')
    assert done.returncode == 0
    assert not (folder / "ran").exists()
    assert "runc: not permitted" in done.stderr


def test_every_test_target_is_run_but_the_long_ones() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = {line.partition(":")[0] for line in makefile.splitlines() if line.startswith("test")}
    run = (ROOT / ".ci" / "run").read_text().split("\n")
    by_hand = {"test-joining", "test-ray", "test-fuzz", "test-chaos"}  # as long as one lets them
    assert {line.partition("make ")[2] for line in run if "make " in line} >= targets - by_hand
