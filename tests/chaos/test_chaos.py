"""Random kills and restarts at six DUs over lossy links: nothing acknowledged is lost, no frame unruled.

Environment: CADRAN_CHAOS_SECONDS (600), CADRAN_CHAOS_SEED (1), CADRAN_CHAOS_LOSS (0.05, of every PDU on E2
and E3) and CADRAN_CHAOS_RECOVERY_S (5). Each repair is told in a line: who was killed, in which order, and
how long after the last of them was ready again every DU was back to normal.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest

from cadran.replay.redis_server import find_redis_server, redis_command
from cadran.replay.redis_store import RedisReplay, connect
from cadran.runtime.http import READY_PATH
from cadran.testbed.redis_child import answers_ping
from cadran.testbed.supervisor import Backoff
from running import Run

SECONDS = float(os.environ.get("CADRAN_CHAOS_SECONDS", "600"))
SEED = int(os.environ.get("CADRAN_CHAOS_SEED", "1"))
LOSS = float(os.environ.get("CADRAN_CHAOS_LOSS", "0.05"))
RECOVERY_S = float(os.environ.get("CADRAN_CHAOS_RECOVERY_S", "5"))
DEMO = Path(__file__).parents[2] / "scenarios" / "demo.yaml"
DUS = 6
START_S = 20.0
SETTLE_S = 240.0
"""For services that import torch on a machine with other work: a start, not a recovery."""
WORDS = {f"dapp-{du}": ("cadran.dapp", f"--du {du}") for du in range(DUS)}
WORDS |= {"xapp": ("cadran.xapp",), "redis": ("redis-server",)}
STORED = "cadran_dapp_report_rows_acknowledged_total"


@dataclass(frozen=True)
class Repair:
    """One round of kills.

    Attributes:
        at_s: since the run was normal first.
        killed: in this order.
        ready_s: until all of them were ready again.
        normal_s: from then until every DU was back to normal.
    """

    at_s: float
    killed: tuple[str, ...]
    ready_s: float
    normal_s: float

    def __str__(self) -> str:
        told = f"ready after {self.ready_s:.1f} s, normal {self.normal_s:.1f} s later"
        return f"{self.at_s:6.1f} s: {', '.join(self.killed)}: {told}"


class Lives:
    """Knows whom `cadran up` would give up next, for dying too often in a row without living long."""

    def __init__(self, patience: Backoff) -> None:
        self._patience = patience
        self._killed_s: dict[str, float] = {}
        self._short: Counter[str] = Counter()

    def spares(self, name: str) -> bool:
        return self._short[name] >= self._patience.give_up_after - 2 and not self._long(name)

    def killed(self, name: str) -> None:
        self._short[name] = 1 if self._long(name) else self._short[name] + 1
        self._killed_s[name] = time.monotonic()

    def _long(self, name: str) -> bool:
        # A restart takes a while: it has lived less long than since it was killed.
        since_s = time.monotonic() - self._killed_s.get(name, -math.inf)
        return since_s > self._patience.forget_after_s + START_S


class Watched:
    """A run, and what its dApps have been told is stored."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._urls = json.loads((run.folder / "run.json").read_text())["metrics"]
        self._redis = json.loads((run.folder / "run.json").read_text())["redis"]["url"]
        self._told: Counter[str] = Counter()
        self._of_life: dict[str, float] = {}

    def ready(self, name: str) -> bool:
        if name == "redis":
            return asyncio.run(answers_ping(self._redis))
        url = self._urls[name].removesuffix("/metrics") + READY_PATH
        try:
            return httpx.get(url, timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def hear(self) -> None:
        """Note what each dApp has been told since its start."""
        for name in WORDS:
            if name.startswith("dapp"):
                self._hear(name)

    def _hear(self, name: str) -> None:
        try:
            lines = httpx.get(self._urls[name], timeout=2).text.splitlines()
        except httpx.TransportError:
            return
        told = sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(STORED))
        if told < self._of_life.get(name, 0.0):  # another life
            self._told[name] += int(self._of_life[name])
        self._of_life[name] = told

    def told(self, du: int) -> int:
        """Rows that the DU's dApps were told are stored; of each life what was heard before its end."""
        return self._told[f"dapp-{du}"] + int(self._of_life.get(f"dapp-{du}", 0))

    def decisions(self) -> tuple[int, int]:
        """Frames run, and decisions in force over all DUs and sources."""
        frames = decisions = 0.0
        for line in httpx.get(self._urls["ransim"], timeout=10).text.splitlines():
            if line.startswith("cadran_ransim_frames_total"):
                frames = float(line.rpartition(" ")[2])
            elif line.startswith("cadran_ransim_decisions_total"):
                decisions += float(line.rpartition(" ")[2])
        return int(frames), int(decisions)

    def normal(self) -> Callable[[], bool]:
        """Whether, after now, every DU has had its dApp decide and its rows acknowledged."""
        before = [du["acknowledged_rows"] for du in self.run.status("ransim")["dus"]]

        def now() -> bool:
            dus = self.run.status("ransim")["dus"]
            decided = all(du["connected"] and du["source"] in ("dapp", "last_valid") for du in dus)
            return decided and all(
                du["acknowledged_rows"] > then for du, then in zip(dus, before, strict=True)
            )

        return now


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setenv("CADRAN_XAPP_CHECKPOINT_PERIOD_S", "2")
    sets = ["learner.replay_capacity=100000"]
    sets += [f"impairments.{interface}.loss={LOSS}" for interface in ("e2", "e3")] if LOSS else []
    options = [word for one in sets for word in ("--set", one)]
    run = Run(tmp_path / "run", "--pace", "realtime", "--seed", str(SEED), *options, scenario=DEMO)
    try:
        run.until(lambda: len(run.status("ransim").get("dus", [])) == DUS, "the RAN runs", SETTLE_S)
        yield Watched(run)
    finally:
        run.discard()


def _repair(watched: Watched, victims: list[str], began_s: float, rng: np.random.Generator) -> Repair:
    run, killed_s = watched.run, time.monotonic()
    lives = {}
    watched.hear()
    for name in victims:
        lives[name] = run.child(*WORDS[name])
        assert lives[name] is not None, f"{name} is not there"
        os.kill(lives[name], signal.SIGKILL)
        time.sleep(float(rng.uniform(0.0, 0.5)))
    for name in victims:
        run.until(lambda name=name: run.child(*WORDS[name]) not in (None, lives[name]), f"{name} is back", 60)  # type: ignore[misc]
        run.until(lambda name=name: watched.ready(name), f"{name} is ready", SETTLE_S)  # type: ignore[misc]
    ready_s = time.monotonic()
    run.until(watched.normal(), f"all is normal after {victims} were killed", 60)
    return Repair(killed_s - began_s, tuple(victims), ready_s - killed_s, time.monotonic() - ready_s)


@pytest.mark.timeout(SECONDS + 900)
def test_whatever_is_killed_nothing_acknowledged_is_lost(watched: Watched) -> None:
    rng, run, lives = np.random.default_rng(SEED), watched.run, Lives(Backoff())
    run.until(watched.normal(), "every DU is decided by its dApp and its rows are stored", SETTLE_S)
    epoch, began_s, repairs = run.status("ransim")["epoch"], time.monotonic(), []
    while time.monotonic() - began_s < SECONDS:
        time.sleep(float(rng.uniform(2.0, 8.0)))
        count = int(rng.choice([1, 2, 3, len(WORDS)], p=[0.5, 0.25, 0.15, 0.1]))
        victims = [str(name) for name in rng.permutation(list(WORDS))[:count] if not lives.spares(str(name))]
        if not victims:
            continue
        for name in victims:
            lives.killed(name)
        repairs.append(_repair(watched, victims, began_s, rng))
        sys.stdout.write(f"{repairs[-1]}\n")
    run.until(watched.normal(), "all is normal at the end", 60)
    watched.hear()
    frames, decisions = watched.decisions()
    assert run.status("ransim")["epoch"] == epoch, "the RAN was never killed"
    run.end()
    assert decisions == DUS * frames, "frames that nothing scheduled"
    _judge_store(watched)
    slow = [str(one) for one in repairs if one.normal_s > RECOVERY_S]
    assert not slow, f"more than {RECOVERY_S:g} s to be normal again: {slow}"


def _judge_store(watched: Watched) -> None:
    acknowledged = {du["du"]: du for du in watched.run.status("ransim")["dus"]}
    for du, frames in _stored_frames(watched.run.folder).items():
        assert np.all(np.diff(frames) > 0), f"DU {du}: a transition is there twice or out of order"
        up_to = acknowledged[du]["acknowledged_frame"]
        held = np.count_nonzero(frames <= up_to)
        assert held >= watched.told(du), (
            f"DU {du}: {held} rows are held, its dApps were told {watched.told(du)}"
        )
        if not LOSS:  # what is lost between DU and xApp, and dies with its dApp, no one was told of
            assert held == acknowledged[du]["acknowledged_rows"]


def _stored_frames(folder: Path) -> dict[int, np.ndarray]:
    """Frames of the rows that the run's Redis holds on disk, per DU."""
    record = json.loads((folder / "run.json").read_text())["redis"]
    port = int(record["url"].rsplit(":", 1)[1].split("/")[0])
    command = redis_command(find_redis_server(), port, folder / "redis")
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + SETTLE_S
        while not asyncio.run(answers_ping(record["url"])):
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.05)
        replay = RedisReplay.read(connect(record["url"], timeout_s=10.0), record["region"])
        oldest = {du: max(0, replay.count(du) - replay.capacity) for du in range(replay.dus)}
        return {du: replay.rows(du, oldest[du], replay.count(du))["frame"] for du in range(replay.dus)}
    finally:
        server.terminate()
        server.wait(10)
