"""In lock-step the RAN waits for rows, but not for those of a dApp that was killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import numpy as np
import pytest
import structlog
from dapp_du import policy
from prometheus_client import CollectorRegistry
from ric import Ric, free_port

from cadran.envs import problem_of
from cadran.problem import Problem, ProblemSpec, Quota
from cadran.radio import World
from cadran.ransim.ladder import DecisionLadder
from cadran.ransim.metrics import RansimMetrics
from cadran.ransim.ran import Ran
from cadran.ransim.service import RansimService
from cadran.ransim.settings import RansimSettings
from cadran.runtime import ClockSpec
from cadran.runtime.http import Health
from cadran.runtime.link_metrics import LinkMetrics
from cadran.wire.e2_server import E2Server

SCENARIO = Path(__file__).parents[2] / "scenarios" / "smoke.yaml"
WORLD = World.model_validate({"dus": 2, "ues": 12, "max_ues_per_slice": 4, "rbs": 20})
KILLED_AT, FRAMES = 40, 400


def lockstep_ran(problem: Problem, e2_port: int, e3_port: int) -> tuple[RansimService, Ran]:
    fallback = Quota(*(np.array(one, dtype=np.int32) for one in ([0] * 3, [20, 20, 30], [100] * 3)))
    ran = Ran(WORLD, 0, tuple(DecisionLadder(fallback, 10) for _ in range(WORLD.dus)), 0)
    registry = CollectorRegistry()
    service = RansimService(
        settings=RansimSettings(
            scenario=SCENARIO,
            e3_listen=f"127.0.0.1:{e3_port}",
            e2_connect=f"127.0.0.1:{e2_port}",
            frames=FRAMES,
        ),
        clock=ClockSpec(lockstep=True, start_timeout_s=100.0),
        ran=ran,
        problem=problem,
        epoch=7,
        rng=np.random.default_rng(0),
        metrics=RansimMetrics(registry, WORLD.dus),
        e2_counters=LinkMetrics(registry, "e2"),
        e3_counters=LinkMetrics(registry, "e3"),
        health=Health(["frames"]),
        log=structlog.get_logger(),
    )
    return service, ran


async def start_dapp(du: int, e3_port: int) -> asyncio.subprocess.Process:
    options = ("--scenario", str(SCENARIO), "--du", str(du), "--http", "127.0.0.1:0")
    command = (sys.executable, "-m", "cadran.dapp", *options, "--e3-connect", f"127.0.0.1:{e3_port}")
    return await asyncio.create_subprocess_exec(*command)


@pytest.mark.timeout(300)
async def test_a_killed_dapp_does_not_stop_the_run() -> None:
    problem = problem_of(WORLD, ProblemSpec())
    ric = E2Server("127.0.0.1:0", Ric(problem, lambda du: policy(problem, version=1, du=du)))
    e2_port, e3_port = await ric.start(), free_port()
    service, ran = lockstep_ran(problem, e2_port, e3_port)
    running = asyncio.create_task(service.run())
    dapps = [await start_dapp(du, e3_port) for du in range(WORLD.dus)]
    try:
        async with asyncio.timeout(100):
            while ran.frame < KILLED_AT:
                await asyncio.sleep(0.001)
        assert ran.ladders[0].missed_frames == ran.ladders[1].missed_frames == 0
        dapps[0].kill()
        # Far less than one start_timeout_s: nothing waits for the dead dApp's rows to come.
        assert await asyncio.wait_for(running, 80) == 0
        assert ran.frame == FRAMES
        assert ran.ladders[0].missed_frames > 0
        assert ran.ladders[1].missed_frames == 0
    finally:
        running.cancel()
        for dapp in dapps:
            if dapp.returncode is None:
                dapp.terminate()
            await dapp.wait()
        await ric.stop()
