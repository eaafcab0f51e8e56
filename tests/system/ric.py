"""A near-RT RIC without an xApp, for tests of the RAN and its dApps."""

from __future__ import annotations

import asyncio
import socket
from collections import defaultdict
from collections.abc import Callable

import numpy as np

from cadran.problem import Problem
from cadran.problem.hierarchy import HierarchicalProblem
from cadran.replay.schema import TransitionSchema
from cadran.wire.causes import Cause
from cadran.wire.chunks import Artefact
from cadran.wire.e2_node import E2Node
from cadran.wire.e2_reports import RicSubscription
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2, guard_pb2, kpm_pb2


class Ric:
    """Stores whatever comes, at once, and gives every dApp one policy; an `E2ServerHandler`.

    Args:
        problem: what the dApps' rows are of.
        policy: the artefact that a DU's dApp gets.
    """

    def __init__(self, problem: Problem | HierarchicalProblem, policy: Callable[[int], bytes]) -> None:
        self._policy = policy
        self.rows: dict[int, list[np.void]] = defaultdict(list)
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
        rows = self._schema.decode(report.rows)
        self.rows[node.du_id].extend(rows)
        last = rows[-1]
        cursor = dapp_pb2.ReplayCursor(epoch=int(last["epoch"]), frame=int(last["frame"]))
        node.send_report_ack(dapp_pb2.DappReportAck(du_id=node.du_id, stored_up_to=cursor))

    def on_policy_status(self, node: E2Node, status: dapp_pb2.PolicyStatus) -> None:
        if status.running_version == 0:
            node.send_policy(Artefact(node.du_id, "actor", 1, 1, 0, self._policy(node.du_id)))

    def on_guard_report(self, node: E2Node, report: guard_pb2.GuardReport) -> None:
        pass

    def on_kpm(
        self, node: E2Node, header: kpm_pb2.KpmIndicationHeader, message: kpm_pb2.KpmIndicationMessage
    ) -> None:
        pass

    def on_service_update(
        self, node: E2Node, update: e2ap_pb2.RicServiceUpdate
    ) -> e2ap_pb2.RicServiceUpdateAcknowledge:
        return e2ap_pb2.RicServiceUpdateAcknowledge()

    def on_configuration_update(self, node: E2Node, facts: common_pb2.RanFacts) -> None:
        pass

    def on_reset(self, node: E2Node, cause: Cause) -> None:
        self._tasks.append(asyncio.create_task(self._subscribe(node)))

    def on_delete_required(self, node: E2Node, subscription: RicSubscription, cause: Cause) -> None:
        pass

    def on_error_indication(self, node: E2Node, cause: Cause) -> None:
        pass

    def on_closed(self, node: E2Node, cause: Cause) -> None:
        pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
