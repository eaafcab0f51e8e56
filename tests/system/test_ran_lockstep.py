"""In lock-step the RAN waits for rows, but not for those of a dApp that was killed."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

import numpy as np
import structlog
from dapp_du import policy
from prometheus_client import CollectorRegistry

from cadran.envs import problem_of
from cadran.problem import Problem, ProblemSpec, Quota
from cadran.radio import World
from cadran.ransim.ladder import DecisionLadder
from cadran.ransim.metrics import RansimMetrics
from cadran.ransim.ran import Ran
from cadran.ransim.service import RansimService
from cadran.ransim.settings import RansimSettings
from cadran.replay.schema import TransitionSchema
from cadran.runtime import ClockSpec
from cadran.runtime.http import Health
from cadran.runtime.link_metrics import LinkMetrics
from cadran.wire.causes import Cause
from cadran.wire.chunks import Artefact
from cadran.wire.e2_node import E2Node
from cadran.wire.e2_server import E2Server
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import dapp_pb2, kpm_pb2

SCENARIO = Path(__file__).parents[2] / "scenarios" / "smoke.yaml"
WORLD = World.model_validate({"dus": 2, "ues": 12, "max_ues_per_slice": 4, "rbs": 20})
KILLED_AT, FRAMES = 40, 400


class Ric:
    """Stores whatever comes, at once, and gives every dApp one policy; an `E2ServerHandler`."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._schema = TransitionSchema(problem.state_dim, problem.action_dim, problem.kpi_dim)
        self._tasks: list[asyncio.Task[None]] = []

    def on_setup(self, request: e2ap_pb2.E2SetupRequest) -> e2ap_pb2.E2SetupResponse:
        response = e2ap_pb2.E2SetupResponse()
        for one in request.ran_functions_added:
            response.ran_functions_accepted.add(ran_function_id=one.ran_function_id)
        return response

    def on_connected(self, node: E2Node) -> None:
        self._tasks.append(asyncio.create_task(self._subscribe(node)))

    async def _subscribe(self, node: E2Node) -> None:
        await node.subscribe_reports(self._schema.fingerprint)

    def on_report(self, node: E2Node, report: dapp_pb2.DappReport) -> None:
        last = self._schema.decode(report.rows)[-1]
        cursor = dapp_pb2.ReplayCursor(epoch=int(last["epoch"]), frame=int(last["frame"]))
        node.send_report_ack(dapp_pb2.DappReportAck(du_id=node.du_id, stored_up_to=cursor))

    def on_policy_status(self, node: E2Node, status: dapp_pb2.PolicyStatus) -> None:
        if status.running_version == 0:
            data = policy(self._problem, version=1, du=node.du_id)
            node.send_policy(Artefact(node.du_id, "actor", 1, 1, 0, data))

    def on_kpm(
        self, node: E2Node, header: kpm_pb2.KpmIndicationHeader, message: kpm_pb2.KpmIndicationMessage
    ) -> None:
        pass

    def on_error_indication(self, node: E2Node, cause: Cause) -> None:
        pass

    def on_closed(self, node: E2Node, cause: Cause) -> None:
        pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
        clock=ClockSpec(lockstep=True, start_timeout_s=30.0),
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


async def test_a_killed_dapp_does_not_stop_the_run() -> None:
    problem = problem_of(WORLD, ProblemSpec())
    ric = E2Server("127.0.0.1:0", Ric(problem))
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
        assert await asyncio.wait_for(running, 25) == 0
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
