"""Services started in whatever order find each other: no order matters, and none of them ends."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cadran.replay.redis_server import find_redis_server, redis_command
from cadran.testbed.ports import free_ports
from running import SCENARIO, SETTLE_S

NATURAL = ("redis", "xapp", "ransim", "dapp-0", "dapp-1")
BETWEEN_S = 2.0
"""Long enough for a service that needs one which is not there yet to find that out."""


def commands(folder: Path) -> dict[str, list[str]]:
    """Command lines of a testbed's processes, which know each other's addresses."""
    redis, *ports = free_ports(3)
    e2, e3 = (f"127.0.0.1:{port}" for port in ports)
    common, anywhere = ["--scenario", str(SCENARIO)], "127.0.0.1:0"
    store = ["--redis", f"redis://127.0.0.1:{redis}/0", "--state-dir", str(folder / "xapp")]
    flags = {
        "xapp": ["--e2-listen", e2, "--rest", anywhere, *store],
        "ransim": [
            "--e3-listen",
            e3,
            "--e2-connect",
            e2,
            "--http",
            anywhere,
            "--status-dir",
            str(folder / "ransim"),
        ],
        "dapp": ["--e3-connect", e3, "--http", anywhere],
    }
    (folder / "redis").mkdir()

    def service(name: str, *more: str) -> list[str]:
        return [sys.executable, "-m", f"cadran.{name}", *common, *flags[name], *more]

    return {
        "redis": [str(word) for word in redis_command(find_redis_server(), redis, folder / "redis")],
        "xapp": service("xapp"),
        "ransim": service("ransim"),
        "dapp-0": service("dapp", "--du", "0"),
        "dapp-1": service("dapp", "--du", "1"),
    }


def status(folder: Path, service: str) -> dict[str, Any]:
    path = folder / service / "status.json"
    return json.loads(path.read_text()) if path.exists() else {}


def in_the_loop(folder: Path) -> bool:
    """Every DU is decided by its dApp under a policy that was learned from what this DU reported."""
    xapp, dus = status(folder, "xapp"), status(folder, "ransim").get("dus", [])
    learned = len(xapp.get("stored", [])) == 2 and min(xapp["stored"]) > 0 and xapp.get("updates", 0) > 0
    return (
        learned and len(dus) == 2 and all(du["source"] == "dapp" and du["policy_version"] > 1 for du in dus)
    )


@pytest.mark.timeout(700)
@pytest.mark.parametrize("seed", [None, 0, 1], ids=["backwards", "shuffled-0", "shuffled-1"])
def test_the_loop_closes_whatever_starts_first(tmp_path: Path, seed: int | None) -> None:
    order: Sequence[str] = NATURAL[::-1]
    if seed is not None:
        order = [str(name) for name in np.random.default_rng(seed).permutation(NATURAL)]
    lines = commands(tmp_path)
    with ExitStack() as running:
        processes = {}
        for name in order:
            log = running.enter_context((tmp_path / f"{name}.log").open("wb"))
            processes[name] = subprocess.Popen(lines[name], stdout=log, stderr=log)
            running.callback(processes[name].wait, 60)
            running.callback(processes[name].terminate)
            time.sleep(BETWEEN_S)
        deadline = time.monotonic() + 2 * SETTLE_S
        while not in_the_loop(tmp_path):
            ended = [name for name, process in processes.items() if process.poll() is not None]
            assert not ended, f"{ended} ended: {(tmp_path / f'{ended[0]}.log').read_text()[-2000:]}"
            assert time.monotonic() < deadline, f"started as {order}: {status(tmp_path, 'ransim')}"
            time.sleep(0.1)
