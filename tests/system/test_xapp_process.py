"""The xApp as a process: ends by SIGTERM with status 0, survives kill -9 with every acknowledged row."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from cadran.replay.redis_protocol import Layout
from cadran.replay.redis_store import RedisReplay, connect
from cadran.xapp.scenario import load_scenario
from redis_server import RedisServer
from xapp_du import Du, rows_of, schema_of

SMOKE = Path(__file__).parents[2] / "scenarios" / "smoke.yaml"
OVERRIDES = ("learner.warmup_transitions=16", "learner.publish_every_updates=10")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def start(state: Path, redis_url: str, e2: int, rest: int) -> Process:
    sets = [word for override in OVERRIDES for word in ("--set", override)]
    with (state.parent / "xapp.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cadran.xapp", "--scenario", str(SMOKE), "--seed", "4",
            "--e2-listen", f"127.0.0.1:{e2}", "--rest", f"127.0.0.1:{rest}", "--redis", redis_url,
            "--state-dir", str(state), "--checkpoint-period-s", "0.2", *sets, stderr=log,
        )  # fmt: skip
    async with httpx.AsyncClient(timeout=60) as http:
        while True:
            assert process.returncode is None, (state.parent / "xapp.log").read_text()
            try:
                answer = await http.get(f"http://127.0.0.1:{rest}/ric/v1/health/ready")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code == 200:
                return process
            await asyncio.sleep(0.05)


@asynccontextmanager
async def ending(process: Process) -> AsyncIterator[Process]:
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def learner(rest: int) -> dict[str, object]:
    async with httpx.AsyncClient(timeout=60) as http:
        status: dict[str, object] = (await http.get(f"http://127.0.0.1:{rest}/v1/learner")).json()
        return status


async def test_a_kill_loses_no_acknowledged_row_and_learning_goes_on(
    tmp_path: Path, own_redis_server: RedisServer
) -> None:
    scenario, e2, rest = load_scenario(SMOKE, OVERRIDES), free_port(), free_port()
    state, url = tmp_path / "state", own_redis_server.url
    async with ending(await start(state, url, e2, rest)) as first:
        dus = [Du(scenario.problem, du, e2) for du in (0, 1)]
        await asyncio.gather(*(du.store(rows_of(scenario.problem, du.du, 0, 60)) for du in dus))
        while (await learner(rest))["updates"] != 45:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.6)  # more than a checkpoint's period
        sending = [asyncio.create_task(du.store(rows_of(scenario.problem, du.du, 40, 120))) for du in dus]
        await asyncio.sleep(0.01)
        first.kill()
        await first.wait()
    async with ending(await start(state, url, e2, rest)) as second:
        await asyncio.wait_for(asyncio.gather(*sending), 60)
        while (await learner(rest))["updates"] != 105:
            await asyncio.sleep(0.05)
        status = await learner(rest)
        assert status["resumed"] is True
        assert status["stored"] == [120, 120]
        layout = Layout("cadran", schema_of(scenario.problem), 2, scenario.learner.replay_capacity)
        replay = RedisReplay(connect(url, 60.0), layout)
        for du in (0, 1):
            assert replay.count(du) == 120
            assert replay.rows(du, 0, 120)["frame"].tolist() == list(range(120))
        for du in dus:
            deliveries = [delivery for delivery, _ in du.accepted]
            assert deliveries == sorted(deliveries)
            assert du.slot.newest_version == du.accepted[-1][1]
            await du.stop()
        second.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(second.wait(), 60) == 0
    told = json.loads((state / "status.json").read_text())
    assert told["updates"] == 105
    lines = [json.loads(line)["updates"] for line in (state / "learner.jsonl").read_text().splitlines()]
    assert lines[-1] <= 105


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--scenario", str(SMOKE), "--set", "learner.batchsize=3"], "did you mean 'batch_size'"),
        (["--scenario", str(SMOKE), "--policy", "/nowhere"], "--policy /nowhere"),
    ],
)
async def test_bad_configuration_ends_with_one_line_and_status_2(
    tmp_path: Path, arguments: list[str], text: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cadran.xapp", *arguments, "--state-dir", str(tmp_path),
        "--rest", "127.0.0.1:0", "--e2-listen", "127.0.0.1:0", stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    last = errors.decode().splitlines()[-1]
    assert text in last
    assert "Traceback" not in errors.decode()
