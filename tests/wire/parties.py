"""Services reduced to what the wire sees of them: they record what arrives and answer simply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import numpy as np

from cadran.wire.causes import Cause, WireError
from cadran.wire.codecs import SLICES, QuotaArrays, control_outcome, ratios_from_proto, s_nssai_to_proto
from cadran.wire.e2_client import E2Client, E2Session
from cadran.wire.e2_reports import RicSubscription
from cadran.wire.e2_server import E2Node, E2Server
from cadran.wire.e2_session import DAPP_FUNCTION_ID, KPM_FUNCTION_ID, RC_FUNCTION_ID
from cadran.wire.e2_subscriptions import Subscription as RanSubscription
from cadran.wire.e3_client import E3Client, E3ClientSession
from cadran.wire.e3_server import E3Server, E3Session
from cadran.wire.e3_subscriptions import Subscription, frames_function
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2, guard_pb2, kpm_pb2, rc_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from cadran.wire.link import LinkSettings

#: Back at once; patient with a peer, which on a busy machine may be slow. Who tests silence sets a time.
QUICK = LinkSettings(
    setup_timeout_s=30.0,
    control_timeout_s=30.0,
    close_timeout_s=2.0,
    backoff_first_s=0.01,
    backoff_max_s=0.05,
)
FACTS = common_pb2.RanFacts(
    rbs=100,
    slices=[s_nssai_to_proto(slice_) for slice_ in SLICES],
    ues_per_slice=24,
    frame_s=0.01,
    rb_bandwidth_hz=180e3,
    dus=6,
    total_ues=200,
)


FUNCTIONS = (KPM_FUNCTION_ID, RC_FUNCTION_ID, DAPP_FUNCTION_ID)


def ran_function(number: int, revision: int = 1) -> e2ap_pb2.RanFunction:
    return e2ap_pb2.RanFunction(ran_function_id=number, ran_function_revision=revision)


def accepted(functions: Iterable[e2ap_pb2.RanFunction]) -> list[e2ap_pb2.RanFunctionId]:
    """Every function, as a RIC accepts it."""
    return [
        e2ap_pb2.RanFunctionId(
            ran_function_id=one.ran_function_id, ran_function_revision=one.ran_function_revision
        )
        for one in functions
    ]


async def until(condition: Callable[[], object], timeout_s: float = 60.0) -> None:
    """Let the event loop run until the condition holds."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.002)


def answers_within(end: E2Node | E2Session, timeout_s: float) -> None:
    """From now on the end waits so long for an answer."""
    end._transactions._timeout_s = timeout_s
    if isinstance(end, E2Node):
        end._pending._timeout_s = timeout_s


class Counters:
    """Counts by name, kind and cause."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, ...], int] = {}

    def _count(self, *key: str, by: int = 1) -> None:
        self.seen[key] = self.seen.get(key, 0) + by

    def sent(self, interface: str, kind: str) -> None:
        self._count("sent", interface, kind)

    def received(self, interface: str, kind: str) -> None:
        self._count("received", interface, kind)

    def dropped(self, interface: str, kind: str) -> None:
        self._count("dropped", interface, kind)

    def refused(self, interface: str, kind: str, cause: Cause) -> None:
        self._count("refused", interface, kind, cause.label)

    def missed(self, interface: str, count: int) -> None:
        self._count("missed", interface, by=count)

    def opened(self, interface: str) -> None:
        self._count("opened", interface)

    def closed(self, interface: str, cause: Cause) -> None:
        self._count("closed", interface, cause.label)


class Du:
    """The RAN's end of E3."""

    def __init__(self, heartbeat_period_ms: int = 10_000, lockstep: bool = False) -> None:
        self.heartbeat_period_ms = heartbeat_period_ms
        self.lockstep = lockstep
        self.functions = [frames_function(10, user_measurements=False)]
        self.subscriptions: list[Subscription | None] = []
        self.refuse: Cause | None = None
        self.events: list[tuple[object, ...]] = []

    def on_setup(self, request: e3ap_pb2.SetupRequest) -> e3ap_pb2.SetupResponse:
        if request.du_id >= FACTS.dus:
            raise WireError(Cause("dapp", "du-unknown", f"DU {request.du_id}; this RAN has 0..5"))
        return e3ap_pb2.SetupResponse(
            ran_facts=FACTS,
            epoch=7,
            next_frame=3,
            lockstep=self.lockstep,
            heartbeat_period_ms=self.heartbeat_period_ms,
            ran_functions=self.functions,
        )

    def on_connected(self, session: E3Session) -> None:
        self.events.append(("connected", session.du_id, session.request.dapp_id))

    def on_subscribed(self, session: E3Session) -> None:
        self.subscriptions.append(session.subscription)

    def on_control_action(self, session: E3Session, action: e3ap_pb2.DAppControlAction) -> None:
        if self.refuse is not None:
            raise WireError(self.refuse)
        self.events.append(("action", action.frame))

    def on_report(self, session: E3Session, report: dapp_pb2.DappReport) -> None:
        if report.schema_fingerprint == "explode":
            raise RuntimeError("a defect of the handler")
        self.events.append(("report", report.rows))

    def on_policy_status(self, session: E3Session, status: dapp_pb2.PolicyStatus) -> None:
        self.events.append(("status", status.running_version))

    def on_message_ack(self, session: E3Session, ack: e3ap_pb2.MessageAck) -> None:
        self.events.append(("ack", ack.message_id))

    def on_closed(self, session: E3Session, cause: Cause) -> None:
        self.events.append(("closed", session.request.dapp_id, cause.label))

    def kinds(self) -> list[object]:
        return [event[0] for event in self.events]


class Dapp:
    """A dApp that answers each indication with its frame number."""

    def __init__(self, du_id: int = 0, dapp_id: int = 1) -> None:
        self.request = e3ap_pb2.SetupRequest(dapp_id=dapp_id, du_id=du_id, schema_fingerprint="abc")
        self.wanted = e3ap_pb2.SubscriptionRequest(subscription_id=1, ran_function_id=1, period_frames=1)
        self.session: E3ClientSession | None = None
        self.response: e3ap_pb2.SetupResponse | None = None
        self.events: list[tuple[object, ...]] = []
        self.closed: list[Cause] = []
        self.refusals: list[e3ap_pb2.MessageAck] = []

    def setup_request(self) -> e3ap_pb2.SetupRequest:
        return self.request

    def on_connected(self, session: E3ClientSession, response: e3ap_pb2.SetupResponse) -> None:
        self.session, self.response = session, response

    def subscription(self) -> e3ap_pb2.SubscriptionRequest:
        return self.wanted

    def on_indication(self, session: E3ClientSession, indication: e3ap_pb2.IndicationMessage) -> None:
        self.events.append(("indication", indication.frame))
        session.send_control_action(e3ap_pb2.DAppControlAction(frame=indication.frame))

    def on_outdated_indication(
        self, session: E3ClientSession, indication: e3ap_pb2.IndicationMessage
    ) -> None:
        self.events.append(("outdated", indication.frame))

    def on_report_ack(self, session: E3ClientSession, ack: dapp_pb2.DappReportAck) -> None:
        self.events.append(("report_ack", ack.stored_up_to.frame))

    def on_policy_chunk(self, session: E3ClientSession, chunk: dapp_pb2.PolicyChunk) -> None:
        self.events.append(("chunk", chunk.chunk_index))

    def on_message_ack(self, session: E3ClientSession, ack: e3ap_pb2.MessageAck) -> None:
        self.refusals.append(ack)

    def on_closed(self, cause: Cause) -> None:
        self.closed.append(cause)


class Xapp:
    """The xApp's end of E2; by default it acknowledges nothing."""

    def __init__(self) -> None:
        self.refuse: Cause | None = None
        self.nodes: list[E2Node] = []
        self.reports: list[bytes] = []
        self.statuses: list[int] = []
        self.guard_reports: list[guard_pb2.GuardReport] = []
        self.kpm: list[kpm_pb2.KpmIndicationMessage] = []
        self.updates: list[e2ap_pb2.RicServiceUpdate] = []
        self.facts: list[common_pb2.RanFacts] = []
        self.resets: list[Cause] = []
        self.to_be_removed: list[tuple[tuple[int, int], Cause]] = []
        self.errors: list[Cause] = []
        self.closed: list[tuple[int, Cause]] = []

    def on_setup(self, request: e2ap_pb2.E2SetupRequest) -> e2ap_pb2.E2SetupResponse:
        if self.refuse is not None:
            raise WireError(self.refuse)
        response = e2ap_pb2.E2SetupResponse(global_ric_id=1)
        response.ran_functions_accepted.extend(accepted(request.ran_functions_added))
        return response

    def on_connected(self, node: E2Node) -> None:
        self.nodes.append(node)

    def on_report(self, node: E2Node, report: dapp_pb2.DappReport) -> None:
        self.reports.append(report.rows)

    def on_policy_status(self, node: E2Node, status: dapp_pb2.PolicyStatus) -> None:
        self.statuses.append(status.running_version)

    def on_guard_report(self, node: E2Node, report: guard_pb2.GuardReport) -> None:
        self.guard_reports.append(report)

    def on_kpm(
        self, node: E2Node, header: kpm_pb2.KpmIndicationHeader, message: kpm_pb2.KpmIndicationMessage
    ) -> None:
        self.kpm.append(message)

    def on_service_update(
        self, node: E2Node, update: e2ap_pb2.RicServiceUpdate
    ) -> e2ap_pb2.RicServiceUpdateAcknowledge:
        self.updates.append(update)
        if self.refuse is not None:
            raise WireError(self.refuse)
        known = [one for one in update.ran_functions_added if one.ran_function_id in FUNCTIONS]
        answer = e2ap_pb2.RicServiceUpdateAcknowledge(
            ran_functions_accepted=accepted([*known, *update.ran_functions_modified])
        )
        for one in update.ran_functions_added:
            if one not in known:
                cause = Cause("ric_service", "ran-function-not-supported").to_proto()
                answer.ran_functions_rejected.add(ran_function_id=one.ran_function_id, cause=cause)
        return answer

    def on_configuration_update(self, node: E2Node, facts: common_pb2.RanFacts) -> None:
        self.facts.append(facts)
        if self.refuse is not None:
            raise WireError(self.refuse)

    def on_reset(self, node: E2Node, cause: Cause) -> None:
        self.resets.append(cause)

    def on_delete_required(self, node: E2Node, subscription: RicSubscription, cause: Cause) -> None:
        self.to_be_removed.append((subscription.key, cause))

    def on_error_indication(self, node: E2Node, cause: Cause) -> None:
        self.errors.append(cause)

    def on_closed(self, node: E2Node, cause: Cause) -> None:
        self.closed.append((node.du_id, cause))


class Node:
    """One DU's end of E2: halves every max ratio above 50 %."""

    def __init__(self, du_id: int = 0) -> None:
        self.request = e2ap_pb2.E2SetupRequest(
            transaction_id=9,
            global_e2_node_id=e2ap_pb2.GlobalE2NodeId(gnb_du_id=du_id),
            ran_functions_added=[ran_function(number) for number in FUNCTIONS],
            ran_facts=FACTS,
        )
        self.session: E2Session | None = None
        self.refuse_relayed: Cause | None = None
        self.subscriptions: list[RanSubscription] = []
        self.events: list[tuple[object, ...]] = []
        self.controls = 0
        self.resets: list[Cause] = []
        self.errors: list[Cause] = []
        self.closed: list[Cause] = []

    def setup_request(self) -> e2ap_pb2.E2SetupRequest:
        return self.request

    def on_connected(self, session: E2Session, response: e2ap_pb2.E2SetupResponse) -> None:
        self.session = session

    def on_subscription(self, session: E2Session, subscription: RanSubscription) -> None:
        if subscription.schema_fingerprint == "other":
            raise WireError(Cause("dapp", "schema-mismatch", "rows are abc, not other"))
        self.subscriptions.append(subscription)

    def on_subscription_ended(self, session: E2Session, subscription: RanSubscription) -> None:
        self.subscriptions.remove(subscription)

    def on_control(self, session: E2Session, message: rc_pb2.RcControlMessage) -> rc_pb2.RicControlOutcome:
        self.controls += 1
        requested = ratios_from_proto(message.rrm_policy_ratio_list)
        table = np.zeros((3, 3), np.int32)
        for index, ratios in requested.items():
            table[:, index] = (ratios.dedicated, ratios.minimum, min(ratios.maximum, 50))
        return control_outcome(requested, QuotaArrays(*table), SLICES, epoch=7, frame=12)

    def on_report_ack(self, session: E2Session, ack: dapp_pb2.DappReportAck) -> None:
        if self.refuse_relayed is not None:
            raise WireError(self.refuse_relayed)
        self.events.append(("report_ack", ack.stored_up_to.frame))

    def on_policy_chunk(self, session: E2Session, chunk: dapp_pb2.PolicyChunk) -> None:
        self.events.append(("chunk", chunk.chunk_index))

    def on_guard_order(self, session: E2Session, order: guard_pb2.GuardOrder) -> None:
        session.send_guard_report(
            guard_pb2.GuardReport(du_id=order.du_id, order=order.order, mode=order.mode)
        )

    def on_reset(self, session: E2Session, cause: Cause) -> None:
        self.resets.append(cause)

    def on_error_indication(self, session: E2Session, cause: Cause) -> None:
        self.errors.append(cause)

    def on_closed(self, cause: Cause) -> None:
        self.closed.append(cause)


@asynccontextmanager
async def e3_server(
    du: Du,
    counters: Counters | None = None,
    listen: str = "127.0.0.1:0",
    settings: LinkSettings = QUICK,
) -> AsyncIterator[tuple[E3Server, int]]:
    """A running E3 server and its port."""
    server = E3Server(listen, du, settings, counters)
    port = await server.start()
    try:
        yield server, port
    finally:
        await server.stop()


@asynccontextmanager
async def e2_server(
    xapp: Xapp, counters: Counters | None = None, listen: str = "127.0.0.1:0"
) -> AsyncIterator[tuple[E2Server, int]]:
    """A running E2 termination and its port."""
    server = E2Server(listen, xapp, QUICK, counters)
    port = await server.start()
    try:
        yield server, port
    finally:
        await server.stop()


@asynccontextmanager
async def running(client: E3Client | E2Client) -> AsyncIterator[asyncio.Task[Cause]]:
    """A client that runs until the block ends."""
    task = asyncio.create_task(client.run())
    try:
        yield task
    finally:
        client.stop()
        await asyncio.wait_for(task, 60.0)


def dapp_client(
    port: int, dapp: Dapp, counters: Counters | None = None, settings: LinkSettings = QUICK
) -> E3Client:
    """A client for the dApp on loopback."""
    return E3Client(f"127.0.0.1:{port}", dapp, np.random.default_rng(1), settings, counters)


def node_client(port: int, node: Node, counters: Counters | None = None) -> E2Client:
    """A client for the DU on loopback."""
    return E2Client(f"127.0.0.1:{port}", node, np.random.default_rng(1), QUICK, counters)


@asynccontextmanager
async def associated(
    xapp: Xapp | None = None, node: Node | None = None, counters: Counters | None = None
) -> AsyncIterator[tuple[Xapp, E2Node, Node, E2Session]]:
    """An xApp and a DU after their setup, over gRPC."""
    xapp, node = xapp or Xapp(), node or Node()
    async with e2_server(xapp, counters) as (_, port), running(node_client(port, node, counters)):
        await until(lambda: node.session and xapp.nodes)
        assert node.session is not None
        yield xapp, xapp.nodes[0], node, node.session


def _as_is(data: bytes) -> bytes:
    return data


@asynccontextmanager
async def raw(port: int, service: str) -> AsyncIterator[Any]:
    """A client that sends what it likes."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.stream_stream(f"/{service}/Connect", _as_is, _as_is)(None)
        yield call
        call.cancel()
