"""A RAN whose DUs report over E2 to a RIC in the same event loop, by real gRPC."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import structlog
from prometheus_client import CollectorRegistry
from rans import EPOCH, identity, ran

from cadran.envs import problem_of
from cadran.problem import ProblemSpec
from cadran.radio import World
from cadran.ransim.e2_agent import E2Agents
from cadran.ransim.guard_reports import GuardReports
from cadran.ransim.ran import FrameResult, Ran
from cadran.runtime.link_metrics import LinkMetrics
from cadran.wire.causes import Cause
from cadran.wire.e2_node import E2Node
from cadran.wire.e2_reports import RicSubscription, kpm_of, report_action
from cadran.wire.e2_server import E2Server
from cadran.wire.e2_session import KPM_FUNCTION_ID, key_of
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2, guard_pb2, kpm_pb2
from cadran.wire.kpm_actions import KpmAction, trigger
from cadran.wire.link import LinkSettings

Report = tuple[kpm_pb2.KpmIndicationHeader, kpm_pb2.KpmIndicationMessage]


class NoDapps:
    """No DU has a dApp."""

    def session(self, du: int) -> None:
        return None


@dataclass
class Ric:
    """Accepts every node; an `E2ServerHandler`."""

    nodes: dict[int, E2Node] = field(default_factory=dict)
    closed: list[int] = field(default_factory=list)
    errors: list[Cause] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def on_setup(self, request: e2ap_pb2.E2SetupRequest) -> e2ap_pb2.E2SetupResponse:
        response = e2ap_pb2.E2SetupResponse()
        for one in request.ran_functions_added:
            response.ran_functions_accepted.add(ran_function_id=one.ran_function_id)
        return response

    def on_connected(self, node: E2Node) -> None:
        self.nodes[node.du_id] = node

    def on_report(self, node: E2Node, report: dapp_pb2.DappReport) -> None:
        pass

    def on_policy_status(self, node: E2Node, status: dapp_pb2.PolicyStatus) -> None:
        self.statuses.append(status.running_version)

    def on_kpm(self, node: E2Node, *report: object) -> None:
        pass

    def on_guard_report(self, node: E2Node, report: guard_pb2.GuardReport) -> None:
        pass

    def on_service_update(
        self, node: E2Node, update: e2ap_pb2.RicServiceUpdate
    ) -> e2ap_pb2.RicServiceUpdateAcknowledge:
        return e2ap_pb2.RicServiceUpdateAcknowledge()

    def on_configuration_update(self, node: E2Node, facts: common_pb2.RanFacts) -> None:
        pass

    def on_reset(self, node: E2Node, cause: Cause) -> None:
        pass

    def on_delete_required(self, node: E2Node, subscription: RicSubscription, cause: Cause) -> None:
        pass

    def on_error_indication(self, node: E2Node, cause: Cause) -> None:
        self.errors.append(cause)

    def on_closed(self, node: E2Node, cause: Cause) -> None:
        self.nodes.pop(node.du_id, None)
        self.closed.append(node.du_id)


#: A busy machine may be slow to answer.
PATIENT = LinkSettings(setup_timeout_s=60.0, control_timeout_s=60.0)


async def until(condition: Callable[[], object]) -> None:
    """Let the event loop run until the condition holds."""
    async with asyncio.timeout(60.0):
        while not condition():
            await asyncio.sleep(0.001)


@dataclass
class Loop:
    """What runs.

    Attributes:
        ran: the world.
        agents: its E2 nodes.
        ric: the other end.
    """

    ran: Ran
    agents: E2Agents
    ric: Ric

    def play(self, frames: int) -> list[FrameResult]:
        """Run frames, and report what is due."""
        results = [self.ran.run_frame() for _ in range(frames)]
        kpis, numbers = [one.kpis for one in results], [one.ue_numbers for one in results]
        self.agents.measured(results[0].frame, kpis, numbers)
        return results

    async def subscribe(
        self, du: int, period_ms: int, *actions: KpmAction
    ) -> tuple[tuple[int, int], list[Report]]:
        """Subscribe to KPM actions of a DU; returns the RIC request id, and where the reports will be."""
        taken: list[Report] = []
        asked = [
            report_action(number, action.to_proto(period_ms).SerializeToString())
            for number, action in enumerate(actions)
        ]
        response = await self.ric.nodes[du].subscribe_actions(
            KPM_FUNCTION_ID, trigger(period_ms), asked, sink=lambda got: taken.append(kpm_of(got))
        )
        return key_of(response), taken


def agents_of(made: Ran, world: World, port: int) -> E2Agents:
    """The E2 nodes of a RAN, not yet started."""
    problem = problem_of(world, ProblemSpec())
    return E2Agents(
        identity(made=problem),
        made,
        f"127.0.0.1:{port}",
        np.random.default_rng(0),
        LinkMetrics(CollectorRegistry(), "e2"),
        structlog.get_logger(),
        NoDapps(),
        GuardReports(problem, made.ladders, EPOCH),
    )


@asynccontextmanager
async def loop(world: World) -> AsyncIterator[Loop]:
    """A RAN and a RIC, associated."""
    made, ric = ran(world=world), Ric()
    server = E2Server("127.0.0.1:0", ric, PATIENT)
    agents = agents_of(made, world, await server.start())
    agents.start()
    try:
        await until(lambda: len(ric.nodes) == world.dus and all(one._session for one in agents._agents))
        yield Loop(made, agents, ric)
    finally:
        await agents.stop()
        await server.stop()
