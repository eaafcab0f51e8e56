"""A killed service comes back, and nothing that was acknowledged is lost or doubled."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from cadran.replay.redis_server import find_redis_server, redis_command
from cadran.replay.redis_store import RedisReplay, connect
from cadran.testbed.redis_child import answers_ping

SCENARIO = Path(__file__).parents[2] / "scenarios" / "smoke.yaml"
SETTLE_S = 60.0


class Run:
    """`cadran up` as a person starts it, and its run folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        command = [
            sys.executable,
            "-m",
            "cadran.cli",
            "up",
            "--scenario",
            str(SCENARIO),
            "--out",
            str(folder),
        ]
        self.process = subprocess.Popen([*command, *options, "--json"], stdout=subprocess.PIPE, text=True)

    def child(self, *words: str) -> int | None:
        """Process id of the service whose command line holds these words."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                line = " ".join(child.cmdline())
            except psutil.Error:
                continue  # it has just ended
            if all(word in line for word in words):
                return child.pid
        return None

    def status(self, service: str) -> dict[str, Any]:
        path = self.folder / service / "status.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def progress(self) -> tuple[int, int, int]:
        """Frames run, transitions stored, updates made."""
        ran, xapp = self.status("ransim"), self.status("xapp")
        return ran.get("frame", 0), sum(xapp.get("stored", [])), xapp.get("updates", 0)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + SETTLE_S
        while not condition():
            assert self.process.poll() is None, f"the testbed ended while waiting until {what}"
            assert time.monotonic() < deadline, f"not within {SETTLE_S} s: {what}"
            time.sleep(0.1)

    def end(self) -> dict[str, Any]:
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return json.loads(output.splitlines()[-1])


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    started = Run(
        tmp_path / "run", "--pace", "realtime", "--seed", "3", "--set", "learner.replay_capacity=50000"
    )
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()


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


@pytest.mark.timeout(400)
def test_nothing_acknowledged_is_lost_when_services_are_killed(run: Run, tmp_path: Path) -> None:
    run.until(lambda: min(run.progress()) > 100, "the loop learns")
    for words in (("cadran.dapp", "--du 0"), ("cadran.xapp",), ("redis-server",)):
        kill_and_recover(run, *words)
    children = psutil.Process(run.process.pid).children(recursive=True)
    summary = run.end()
    assert not [child for child in children if child.is_running()], "processes are left behind"
    assert summary["restarts"]["ransim"] == 0
    assert {name for name, count in summary["restarts"].items() if count} == {"dapp-0", "xapp", "redis"}

    acknowledged = {du["du"]: du for du in run.status("ransim")["dus"]}
    stored = stored_frames(run.folder)
    for du, frames in stored.items():
        assert np.all(np.diff(frames) > 0), f"DU {du}: a transition is there twice or out of order"
        up_to = acknowledged[du]["acknowledged_frame"]
        assert np.count_nonzero(frames <= up_to) == acknowledged[du]["acknowledged_rows"]
    # The dApp of DU 1 was never killed: every frame that it decided is there, up to the last acknowledged.
    decided = acknowledged[1]["acknowledged_frame"] + 1 - acknowledged[1]["missed_frames"]
    assert len(stored[1]) >= decided


def stored_frames(folder: Path) -> dict[int, np.ndarray]:
    """Frames of the rows that the run's Redis holds on disk, per DU."""
    record = json.loads((folder / "run.json").read_text())["redis"]
    port = int(record["url"].rsplit(":", 1)[1].split("/")[0])
    server = subprocess.Popen(
        redis_command(find_redis_server(), port, folder / "redis"), stdout=subprocess.DEVNULL
    )
    try:
        client = connect(record["url"], timeout_s=10.0)
        deadline = time.monotonic() + SETTLE_S
        while not asyncio.run(answers_ping(record["url"])):
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.05)
        replay = RedisReplay.read(client, record["region"])
        oldest = {du: max(0, replay.count(du) - replay.capacity) for du in range(replay.dus)}
        return {du: replay.rows(du, oldest[du], replay.count(du))["frame"] for du in range(replay.dus)}
    finally:
        server.terminate()
        server.wait(10)
