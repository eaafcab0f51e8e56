"""The rApp as a process: killed amid meta-training it goes on exactly, and ends by SIGTERM with status 0."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cadran.rapp.checkpoints import Checkpoint, CheckpointStore
from cadran.rapp.registry import Registry, RegistryState
from cadran.replay.redis_protocol import Layout
from cadran.replay.redis_store import RedisReplay, connect
from redis_server import RedisServer
from two_levels import DUS, OVERRIDES, SMOKE, rows, scenario

FRAMES, ITERATIONS = 600, 60
SETTINGS = {
    "rest": "127.0.0.1:0",
    "rows_per_du": 500,
    "round_period_s": 0.01,
    "rows_per_iteration": 2 * FRAMES / ITERATIONS,
    "iterations_per_round": 4,
    "least_transitions": 4,
    "candidate_every": 20,
    "evaluation_repetitions": 2,
    "evaluation_frames": 10,
    "status_period_s": 0.05,
}


@contextmanager
def running(state: Path, url: str) -> Iterator[subprocess.Popen[bytes]]:
    config = state.with_suffix(".yaml")
    settings = {**SETTINGS, "redis": url, "redis_region": state.name}
    config.write_text(json.dumps(settings))
    sets = [word for override in OVERRIDES for word in ("--set", override)]
    command = [
        sys.executable, "-m", "cadran.rapp", "--config", str(config), "--scenario", str(SMOKE), "--seed", "4",
        "--state-dir", str(state), *sets,
    ]  # fmt: skip
    with state.with_suffix(".log").open("ab") as log:
        process = subprocess.Popen(command, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def newest(state: Path) -> Checkpoint | None:
    folder = state / "checkpoints"
    return CheckpointStore(folder, 2).newest()[0] if folder.is_dir() else None


def until(process: subprocess.Popen[bytes], state: Path, iterations: int) -> Checkpoint:
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        assert process.poll() is None, state.with_suffix(".log").read_text()
        found = newest(state)
        if found is not None and found.iterations >= iterations:
            return found
        time.sleep(0.002)
    raise AssertionError(f"no {iterations} iterations: {state.with_suffix('.log').read_text()}")


def until_judged(state: Path, versions: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        told = RegistryState.model_validate_json((state / "initialisations" / "stages.json").read_bytes())
        if sum(standing.reason != "not judged yet" for standing in told.standings.values()) >= versions:
            return
        time.sleep(0.05)
    raise AssertionError(state.with_suffix(".log").read_text())


def end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(40) == 0


@pytest.mark.timeout(400)
def test_a_killed_rapp_goes_on_to_the_bits_of_one_that_was_not(
    tmp_path: Path, own_redis_server: RedisServer
) -> None:
    url = own_redis_server.url
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for state in (whole, killed):
        # A region for each: a new state directory takes up the registry that its region has in Redis.
        replay = RedisReplay.open(connect(url, 60.0), Layout(state.name, scenario().schema, DUS, 2000))
        for du in range(DUS):
            replay.append(du, rows(FRAMES)[du])

    with running(whole, url) as process:
        wanted = until(process, whole, ITERATIONS)
        until_judged(whole, 3)
        end(process)
    for iterations, wait_s in ((4, 0.0), (20, 0.004), (44, 0.011)):
        with running(killed, url) as process:
            until(process, killed, iterations)
            time.sleep(wait_s)
    with running(killed, url) as process:
        found = until(process, killed, ITERATIONS)
        until_judged(killed, 3)
        end(process)

    registered, again = (Registry(state / "initialisations", 20, time.time) for state in (whole, killed))
    assert found.iterations == wanted.iterations == ITERATIONS
    assert found.counts == wanted.counts == (FRAMES, FRAMES)
    assert found.sampler_state == wanted.sampler_state
    assert found.learner == wanted.learner
    assert again.refused == []
    cut = [entry.meta.lineage.iterations for entry in registered.entries()]
    assert cut == [20, 40, 60]
    assert [entry.meta.lineage.iterations for entry in again.entries()] == cut
    for one, other in zip(registered.entries(), again.entries(), strict=True):
        assert one.meta.sha256 == other.meta.sha256
        assert one.meta.evaluation == other.meta.evaluation
        assert one.meta.metrics == other.meta.metrics


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--scenario", str(SMOKE)], "hierarchy: is required"),
        (["--scenario", str(SMOKE), "--set", "hierarchy.frames=3"], "hierarchy"),
    ],
)
def test_bad_configuration_ends_with_one_line_and_status_2(arguments: list[str], text: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cadran.rapp", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert text in done.stderr
