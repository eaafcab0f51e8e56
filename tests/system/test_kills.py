"""A killed service comes back, and nothing that was acknowledged is lost or doubled."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cadran.replay.redis_server import find_redis_server, redis_command
from cadran.replay.redis_store import RedisReplay, connect
from cadran.testbed.redis_child import answers_ping
from running import SETTLE_S, Run

DAPP, XAPP, REDIS = ("cadran.dapp", "--du 0"), ("cadran.xapp",), ("redis-server",)


@pytest.fixture
def run(tmp_path: Path, pace: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    # A killed xApp makes the updates since its last checkpoint again: here, few.
    monkeypatch.setenv("CADRAN_XAPP_CHECKPOINT_PERIOD_S", "2")
    started = Run(tmp_path / "run", "--pace", pace, "--seed", "3", "--set", "learner.replay_capacity=100000")
    try:
        yield started
    finally:
        started.discard()


def kill_and_recover(run: Run, *words: str) -> None:
    """Kill -9 one service; the RAN must go on, the service come back, and learning go on."""
    victim = run.child(*words)
    assert victim is not None
    before = run.progress()
    os.kill(victim, signal.SIGKILL)
    run.until(lambda: run.child(*words) not in (None, victim), f"{words} is restarted")
    run.until(
        lambda: all(now > then + 100 for now, then in zip(run.progress(), before, strict=True)),
        f"frames, transitions and updates go on after {words} was killed",
    )


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("pace", "victims"), [("realtime", (DAPP, XAPP, REDIS)), ("fast", (XAPP,))])
def test_nothing_acknowledged_is_lost_when_services_are_killed(
    run: Run, victims: tuple[tuple[str, ...], ...]
) -> None:
    run.until(lambda: min(run.progress()) > 100, "the loop learns")
    for words in victims:
        kill_and_recover(run, *words)
    services = run.services()
    summary = run.end()
    assert not [service for service in services if service.is_running()], "processes are left behind"
    names = {DAPP: "dapp-0", XAPP: "xapp", REDIS: "redis"}
    restarted = {name for name, count in summary["restarts"].items() if count}
    assert restarted == {names[words] for words in victims}

    acknowledged = {du["du"]: du for du in run.status("ransim")["dus"]}
    stored = stored_frames(run.folder)
    for du, frames in stored.items():
        assert np.all(np.diff(frames) > 0), f"DU {du}: a transition is there twice or out of order"
        up_to = acknowledged[du]["acknowledged_frame"]
        assert np.count_nonzero(frames <= up_to) == acknowledged[du]["acknowledged_rows"]
    # The dApp of DU 1 was never killed: every frame that it decided in time is there, and no other.
    frames, missed = whole_episodes(run.folder, 1, acknowledged[1]["acknowledged_frame"] + 1)
    assert frames > 0
    assert np.count_nonzero(stored[1] < frames) == frames - missed


def whole_episodes(folder: Path, du: int, frames: int) -> tuple[int, int]:
    """Frames of the DU's episodes that ended within the first ``frames``, and how many of them it missed."""
    with (folder / "ransim" / "episodes.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if int(row["du"]) == du]
    starts = [int(row["first_frame"]) for row in rows]
    ended = [(end, int(row["missed"])) for row, end in zip(rows, starts[1:], strict=False) if end <= frames]
    return ended[-1][0], sum(missed for _, missed in ended)


def stored_frames(folder: Path) -> dict[int, np.ndarray]:
    """Frames of the rows that the run's Redis holds on disk, per DU."""
    record = json.loads((folder / "run.json").read_text())["redis"]
    port = int(record["url"].rsplit(":", 1)[1].split("/")[0])
    server = subprocess.Popen(
        redis_command(find_redis_server(), port, folder / "redis"), stdout=subprocess.DEVNULL
    )
    client = connect(record["url"], timeout_s=10.0)
    try:
        deadline = time.monotonic() + SETTLE_S
        while not asyncio.run(answers_ping(record["url"])):
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.05)
        replay = RedisReplay.read(client, record["region"])
        oldest = {du: max(0, replay.count(du) - replay.capacity) for du in range(replay.dus)}
        return {du: replay.rows(du, oldest[du], replay.count(du))["frame"] for du in range(replay.dus)}
    finally:
        client.close()
        server.terminate()
        server.wait(10)
