"""The xApp's side of E2: which nodes may associate, what is asked of them, and where their PDUs go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import structlog

from cadran.problem import Frame
from cadran.replay.schema import Identity
from cadran.wire.causes import Cause, ClosedError, QueueFullError, WireError, from_proto
from cadran.wire.chunks import Artefact
from cadran.wire.codecs import SLICES, slices_of
from cadran.wire.e2_reports import RicSubscription
from cadran.wire.e2_server import E2Node
from cadran.wire.e2_session import DAPP_FUNCTION_ID, KPM_FUNCTION_ID, RC_FUNCTION_ID
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2, guard_pb2, kpm_pb2
from cadran.wire.kpm_registry import REGISTRY
from cadran.xapp.acknowledger import Acknowledger
from cadran.xapp.courier import Answer, Courier, Order
from cadran.xapp.delivery_traces import DeliveryTraces
from cadran.xapp.guard.breaker_desk import BreakerDesk
from cadran.xapp.ingest import Ingest, Report, ReportError
from cadran.xapp.kpm_board import KpmBoard

RIC_ID = 1
_FUNCTIONS = (KPM_FUNCTION_ID, RC_FUNCTION_ID, DAPP_FUNCTION_ID)
_RESUBSCRIBE_S = 1.0
_QUEUE_FULL_S = 0.05


class TerminationObserver(Protocol):
    """Whoever wants to know of associations and refusals; called in the event loop."""

    def associated(self, nodes: int) -> None:
        """So many E2 nodes are associated now."""

    def report_refused(self, du: int, cause: Cause) -> None:
        """A dApp report could not be taken."""

    def running(self, du: int, version: int) -> None:
        """A dApp told what it runs."""


@dataclass(frozen=True)
class Expected:
    """What every E2 node must agree with.

    Attributes:
        frame: Facts of the RAN as the scenario has them.
        lockstep: Whether the scenario runs in lock-step.
    """

    frame: Frame
    lockstep: bool

    def facts(self) -> common_pb2.RanFacts:
        """The facts as a node must state them."""
        frame = self.frame
        return common_pb2.RanFacts(
            rbs=frame.rbs,
            slices=[common_pb2.SNssai(sst=slice_.sst, sd=slice_.sd) for slice_ in SLICES],
            ues_per_slice=frame.ues_per_slice,
            frame_s=frame.frame_s,
            rb_bandwidth_hz=frame.rb_bandwidth_hz,
            dus=frame.dus,
            total_ues=frame.total_ues,
        )


class NodeLink:
    """One association as a courier sees it."""

    def __init__(self, node: E2Node, traces: DeliveryTraces | None) -> None:
        self._node = node
        self._traces = traces
        self.epoch: int = node.request.epoch

    async def deliver(self, order: Order, effective_frame: int) -> None:
        """Queue all chunks, in order; waits while the queue has no room for them."""
        artefact = Artefact(
            du_id=self._node.du_id,
            policy_id=f"du{self._node.du_id}",
            version=order.version,
            delivery=order.delivery,
            effective_frame=effective_frame,
            data=order.artefact,
            traceparent="" if self._traces is None else self._traces.delivering(self._node.du_id, order),
        )
        while self._node.open:
            try:
                self._node.send_policy(artefact)
            except QueueFullError:
                await asyncio.sleep(_QUEUE_FULL_S)
            else:
                return


class Termination:
    """Handler of the E2 server.

    Args:
        expected: What nodes must agree with.
        ingest: Takes reports.
        acknowledger: Says what is at rest.
        couriers: Per DU, delivers policies.
        board: Takes measurements.
        observer: Hears of events.
        heard: Hears from each DU the digest of the policy that it runs.
        kpm_period_s: Reporting period asked for.
        breakers: Take guard reports, and say by what DUs are to decide.
        traces: Follows deliveries; None: nobody does.
    """

    def __init__(
        self,
        expected: Expected,
        ingest: Ingest,
        acknowledger: Acknowledger,
        couriers: tuple[Courier, ...],
        board: KpmBoard,
        observer: TerminationObserver,
        heard: Callable[[int, str], None],
        kpm_period_s: float,
        breakers: BreakerDesk,
        traces: DeliveryTraces | None = None,
    ) -> None:
        self._expected = expected
        self._facts = expected.facts()
        self._ingest = ingest
        self._acknowledger = acknowledger
        self._couriers = couriers
        self._board = board
        self._observer = observer
        self._heard = heard
        self._breakers = breakers
        self._kpm_period_ms = round(1e3 * kpm_period_s)
        self._traces = traces
        self._log = structlog.get_logger("cadran.xapp.e2")
        self._nodes: dict[int, E2Node] = {}
        self._links: dict[int, NodeLink] = {}
        self._tasks: dict[int, set[asyncio.Task[None]]] = {}

    @property
    def nodes(self) -> Mapping[int, E2Node]:
        """Associated nodes by DU."""
        return self._nodes

    # ------------------------------------------------------------------------------------- setup

    def on_setup(self, request: e2ap_pb2.E2SetupRequest) -> e2ap_pb2.E2SetupResponse:
        """Accept a node of this scenario; refuse others with what does not agree."""
        du = request.global_e2_node_id.gnb_du_id
        self._check_setup(du, request)
        offered = {function.ran_function_id for function in request.ran_functions_added}
        missing = {KPM_FUNCTION_ID, DAPP_FUNCTION_ID} - offered
        if missing:
            text = f"DU {du} does not offer RAN functions {sorted(missing)}"
            raise WireError(Cause("ric_service", "ran-function-not-supported", text))
        response = e2ap_pb2.E2SetupResponse(global_ric_id=RIC_ID)
        _judge(request.ran_functions_added, response)
        return response

    def _check_setup(self, du: int, request: e2ap_pb2.E2SetupRequest) -> None:
        if du >= len(self._couriers):
            text = f"DU {du}: this scenario has DUs 0..{len(self._couriers) - 1}"
            raise WireError(Cause("e2_node", "e2node-component-unknown", text))
        self._check_facts(du, request.ran_facts)
        if request.lockstep != self._expected.lockstep:
            text = f"DU {du} has lockstep {request.lockstep}, this xApp's scenario {self._expected.lockstep}"
            raise WireError(Cause("e2_node", "e2node-component-unknown", text))
        last = self._ingest.last(du)
        if last is not None and request.epoch < last[0]:
            text = f"DU {du} is in epoch {request.epoch}, rows of epoch {last[0]} are stored already"
            raise WireError(Cause("protocol", "semantic-error", text))

    def _check_facts(self, du: int, facts: common_pb2.RanFacts) -> None:
        slices_of(facts)
        for field in common_pb2.RanFacts.DESCRIPTOR.fields:
            ours, theirs = getattr(self._facts, field.name), getattr(facts, field.name)
            if ours != theirs:
                text = f"DU {du} has {field.name} {_short(theirs)}, this xApp's scenario {_short(ours)}"
                raise WireError(Cause("e2_node", "e2node-component-unknown", text))

    def on_connected(self, node: E2Node) -> None:
        """Subscribe, say what is stored, and deliver the policy."""
        self._nodes[node.du_id] = node
        self._take_up(node)
        self._observer.associated(len(self._nodes))
        self._log.info("E2 node associated", du=node.du_id, epoch=node.request.epoch)

    def _take_up(self, node: E2Node) -> None:
        link = self._links[node.du_id] = NodeLink(node, self._traces)
        self._tasks[node.du_id] = set()
        self._spawn(node, self._begin(node, link))

    def _spawn(self, node: E2Node, work: Coroutine[None, None, None]) -> None:
        tasks = self._tasks[node.du_id]
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def _begin(self, node: E2Node, link: NodeLink) -> None:
        for function in (DAPP_FUNCTION_ID, KPM_FUNCTION_ID):
            await self._subscribe(node, function)
        if node.open:
            self._acknowledger.connect(node.du_id, partial(self._send_ack, node))
            self._breakers.connected(node.du_id, node)
            self._couriers[node.du_id].connected(link)

    async def _subscribe(self, node: E2Node, function: int) -> None:
        """Subscribe to what this xApp wants of a RAN function, once; tries until the association ends."""
        while node.open and all(one.ran_function_id != function for one in node.subscriptions.values()):
            try:
                if function == DAPP_FUNCTION_ID:
                    await node.subscribe_reports(self._ingest.schema.fingerprint)
                else:
                    await node.subscribe_kpm(tuple(REGISTRY), self._kpm_period_ms)
            except ClosedError:
                return
            except WireError as error:
                self._log.warning("subscription failed, trying again", du=node.du_id, cause=str(error.cause))
                await asyncio.sleep(_RESUBSCRIBE_S)
            else:
                return

    def on_service_update(
        self, node: E2Node, update: e2ap_pb2.RicServiceUpdate
    ) -> e2ap_pb2.RicServiceUpdateAcknowledge:
        """Accept the functions that this xApp uses; subscribe to those that come back."""
        answer = e2ap_pb2.RicServiceUpdateAcknowledge()
        _judge((*update.ran_functions_added, *update.ran_functions_modified), answer)
        wanted = {KPM_FUNCTION_ID, DAPP_FUNCTION_ID}
        for number in sorted(wanted & {function.ran_function_id for function in update.ran_functions_added}):
            self._spawn(node, self._subscribe(node, number))
        deleted = {function.ran_function_id for function in update.ran_functions_deleted}
        if KPM_FUNCTION_ID in deleted:
            self._board.forget(node.du_id)
        self._log.info("RIC service update", du=node.du_id, deleted=sorted(deleted))
        return answer

    def on_configuration_update(self, node: E2Node, facts: common_pb2.RanFacts) -> None:
        """Take a RAN that still is the scenario's; refuse another one."""
        self._check_facts(node.du_id, facts)

    def on_reset(self, node: E2Node, cause: Cause) -> None:
        """Begin as after the setup: subscribe, say what is stored, and deliver the policy."""
        self._log.warning("E2 was reset", du=node.du_id, cause=str(cause))
        self._leave(node)
        self._take_up(node)

    def on_delete_required(self, node: E2Node, subscription: RicSubscription, cause: Cause) -> None:
        """Delete the subscription, and make it anew after a while."""
        self._log.warning("the node wants a subscription deleted", du=node.du_id, cause=str(cause))
        self._spawn(node, self._renew(node, subscription))

    async def _renew(self, node: E2Node, subscription: RicSubscription) -> None:
        if subscription.key in node.subscriptions:
            with suppress(WireError):  # gone at this end, whatever the node says
                await node.unsubscribe(subscription.key)
        await asyncio.sleep(_RESUBSCRIBE_S)
        await self._subscribe(node, subscription.ran_function_id)

    # ------------------------------------------------------------------------------------- traffic

    def on_report(self, node: E2Node, report: dapp_pb2.DappReport) -> None:
        """Queue the rows for storing, or tell the dApp why not."""
        cursor = report.previous
        taken = Report(
            du=node.du_id,
            stated_du=report.du_id,
            fingerprint=report.schema_fingerprint,
            row_count=report.row_count,
            rows=report.rows,
            previous=(cursor.epoch, cursor.frame) if report.HasField("previous") else None,
        )
        try:
            self._ingest.offer(taken)
        except ReportError as error:
            self._observer.report_refused(node.du_id, error.cause)
            refusal = dapp_pb2.DappReportAck(
                du_id=node.du_id,
                response_code=common_pb2.RESPONSE_CODE_NEGATIVE,
                cause=error.cause.to_proto(),
            )
            upto = self._acknowledger.upto(node.du_id)
            if upto is not None:
                refusal.stored_up_to.epoch, refusal.stored_up_to.frame = upto
            self._tell(node, refusal)

    def _send_ack(self, node: E2Node, upto: Identity) -> None:
        cursor = dapp_pb2.ReplayCursor(epoch=upto[0], frame=upto[1])
        positive = common_pb2.RESPONSE_CODE_POSITIVE
        self._tell(
            node, dapp_pb2.DappReportAck(du_id=node.du_id, response_code=positive, stored_up_to=cursor)
        )

    def _tell(self, node: E2Node, ack: dapp_pb2.DappReportAck) -> None:
        """Send an acknowledgement; one that finds the queue full is dropped: the dApp will send again."""
        try:
            node.send_report_ack(ack)
        except QueueFullError as error:
            self._log.warning("acknowledgement dropped", du=node.du_id, cause=str(error.cause))

    def on_policy_status(self, node: E2Node, status: dapp_pb2.PolicyStatus) -> None:
        """A dApp told what it runs, or why it refused."""
        if self._traces is not None:
            self._traces.answered(node.du_id, status)
        accepted = status.response_code == common_pb2.RESPONSE_CODE_POSITIVE
        cause = None if accepted or status.delivery == 0 else from_proto(status.cause)
        self._observer.running(node.du_id, status.running_version)
        self._heard(node.du_id, status.running_sha256)
        self._couriers[node.du_id].answer(
            Answer(status.delivery, accepted, cause, status.running_version, status.running_sha256)
        )

    def on_guard_report(self, node: E2Node, report: guard_pb2.GuardReport) -> None:
        """What the DU runs by, and how its frames went."""
        self._breakers.reported(node.du_id, report)

    def on_kpm(
        self, node: E2Node, header: kpm_pb2.KpmIndicationHeader, message: kpm_pb2.KpmIndicationMessage
    ) -> None:
        """Keep the newest measurements."""
        self._board.take(node.du_id, header, message)

    def on_error_indication(self, node: E2Node, cause: Cause) -> None:
        """A node refused a PDU; what matters is repeated by time-out."""
        self._log.debug("error indication", du=node.du_id, cause=str(cause))

    def on_closed(self, node: E2Node, cause: Cause) -> None:
        """The association is gone."""
        if self._nodes.get(node.du_id) is not node:
            return
        del self._nodes[node.du_id]
        self._leave(node)
        self._observer.associated(len(self._nodes))
        self._log.info("E2 node gone", du=node.du_id, cause=str(cause))

    def _leave(self, node: E2Node) -> None:
        for task in self._tasks.pop(node.du_id):
            task.cancel()
        self._acknowledger.disconnect(node.du_id)
        self._couriers[node.du_id].disconnected(self._links.pop(node.du_id))
        if self._traces is not None:
            self._traces.gone(node.du_id)
        self._breakers.disconnected(node.du_id, node)
        self._board.forget(node.du_id)


def _judge(
    offered: Iterable[e2ap_pb2.RanFunction],
    answer: e2ap_pb2.E2SetupResponse | e2ap_pb2.RicServiceUpdateAcknowledge,
) -> None:
    """Say in an answer which of the offered functions this xApp uses."""
    for function in sorted(offered, key=lambda function: function.ran_function_id):
        number = function.ran_function_id
        if number in _FUNCTIONS:
            answer.ran_functions_accepted.add(
                ran_function_id=number, ran_function_revision=function.ran_function_revision
            )
        else:
            cause = Cause("ric_service", "ran-function-not-supported", f"RAN function {number}")
            answer.ran_functions_rejected.add(ran_function_id=number, cause=cause.to_proto())


def _short(value: object) -> str:
    return " ".join(str(value).split())[:80]
