"""The near-RT RIC of a bench: accepts every node, subscribes to a slice's quota, and says when it changed."""

from __future__ import annotations

import asyncio

from cadran.testbed.loop_bench.times import now_ns
from cadran.wire.causes import Cause
from cadran.wire.e2_node import E2Node
from cadran.wire.e2_reports import RicSubscription
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2, guard_pb2, kpm_pb2

QUOTA = "VS.RRU.PrbQuotaDl"


class Ric:
    """An `E2ServerHandler`.

    Args:
        report_period_ms: of the KPM subscriptions.

    Attributes:
        nodes: associated nodes by DU.
        quotas: the newest quota reported for each DU's first slice [RBs].
    """

    def __init__(self, report_period_ms: int) -> None:
        self._period_ms = report_period_ms
        self._tasks: set[asyncio.Task[object]] = set()
        self._news = asyncio.Event()
        self._came_ns: dict[int, int] = {}
        self._first_frames: dict[int, int] = {}
        self.nodes: dict[int, E2Node] = {}
        self.quotas: dict[int, float] = {}

    async def reported_by(self, dus: int) -> None:
        """Waits until so many DUs have reported."""
        while len(self.quotas) < dus:
            await self._next_report()

    async def reported_after(self, du: int, frame: int) -> None:
        """Waits for a report of a DU that is of no frame before this one."""
        while self._first_frames[du] < frame:
            await self._next_report()

    async def changed(self, du: int, quota: float) -> int:
        """Waits until a DU reports another quota; returns when that report came [ns]."""
        while self.quotas[du] == quota:
            await self._next_report()
        return self._came_ns[du]

    async def _next_report(self) -> None:
        self._news.clear()
        await self._news.wait()

    def on_setup(self, request: e2ap_pb2.E2SetupRequest) -> e2ap_pb2.E2SetupResponse:
        """Accepts the node with all its functions."""
        response = e2ap_pb2.E2SetupResponse(global_ric_id=1)
        for offered in request.ran_functions_added:
            response.ran_functions_accepted.add(
                ran_function_id=offered.ran_function_id,
                ran_function_revision=offered.ran_function_revision,
            )
        return response

    def on_connected(self, node: E2Node) -> None:
        """Subscribes."""
        self.nodes[node.du_id] = node
        task: asyncio.Task[object] = asyncio.create_task(node.subscribe_kpm((QUOTA,), self._period_ms))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def on_kpm(
        self, node: E2Node, header: kpm_pb2.KpmIndicationHeader, message: kpm_pb2.KpmIndicationMessage
    ) -> None:
        """Notes the quota of the first slice."""
        self._came_ns[node.du_id] = now_ns()
        self._first_frames[node.du_id] = header.first_frame
        record = message.meas_data[0]
        self.quotas[node.du_id] = float(getattr(record, record.WhichOneof("value") or "real"))
        self._news.set()

    def on_service_update(
        self, node: E2Node, update: e2ap_pb2.RicServiceUpdate
    ) -> e2ap_pb2.RicServiceUpdateAcknowledge:
        """Accepts what it has already."""
        return e2ap_pb2.RicServiceUpdateAcknowledge()

    def on_report(self, node: E2Node, report: dapp_pb2.DappReport) -> None:
        """There are no dApps."""

    def on_policy_status(self, node: E2Node, status: dapp_pb2.PolicyStatus) -> None:
        """There are no dApps."""

    def on_guard_report(self, node: E2Node, report: guard_pb2.GuardReport) -> None:
        """Nothing is guarded."""

    def on_configuration_update(self, node: E2Node, facts: common_pb2.RanFacts) -> None:
        """Any RAN is measured."""

    def on_reset(self, node: E2Node, cause: Cause) -> None:
        """Nobody resets."""

    def on_delete_required(self, node: E2Node, subscription: RicSubscription, cause: Cause) -> None:
        """The subscription stays."""

    def on_error_indication(self, node: E2Node, cause: Cause) -> None:
        """A control that is refused raises where it was sent."""

    def on_closed(self, node: E2Node, cause: Cause) -> None:
        """What waits for the node ends by its own time."""
