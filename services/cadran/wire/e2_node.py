"""One E2 node as the xApp sees it: subscriptions, controls with their outcome, the relay to its dApp."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from google.protobuf.message import Message

from cadran.wire.causes import Cause, RefusedError, WireError, from_proto
from cadran.wire.chunks import Artefact, split
from cadran.wire.e2_functions import RanFunctions, check_functions
from cadran.wire.e2_handler import E2ServerHandler
from cadran.wire.e2_pending import Pending
from cadran.wire.e2_reports import RicSubscription, Sink, kpm_of, report_action
from cadran.wire.e2_session import (
    DAPP_FUNCTION_ID,
    KPM_FUNCTION_ID,
    MAX_TO_BE_REMOVED,
    RC_ACTION_SLICE_PRB_QUOTA,
    RC_FUNCTION_ID,
    RC_STYLE_RESOURCE_ALLOCATION,
    E2Association,
    RequestKey,
    decode,
    key_of,
    request_id,
    serialise,
    transaction_of,
)
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import dapp_pb2, guard_pb2, rc_pb2
from cadran.wire.kpm_actions import E2_NODE, KpmAction, trigger
from cadran.wire.link import Lane, LinkCounters, LinkSettings
from cadran.wire.stream import ByteStream

REQUESTOR_ID = 1
#: What a refused node is asked to wait before it tries again.
TIME_TO_WAIT = e2ap_pb2.TIME_TO_WAIT_V1S
_TRIGGER_FREE = b""
_CONTROL_SENDINGS = 2


class E2Node(E2Association):
    """One E2 node, seen from the xApp.

    Attributes:
        du_id: index of the DU.
        request: the node's setup request: epoch, next frame, RAN functions offered then, and its RAN facts,
            kept up to date by configuration updates.
    """

    _transaction_lane = Lane.FAST  # before the subscriptions that follow it

    def __init__(
        self,
        stream: ByteStream,
        handler: E2ServerHandler,
        request: e2ap_pb2.E2SetupRequest,
        accepted: Iterable[e2ap_pb2.RanFunctionId],
        settings: LinkSettings,
        counters: LinkCounters,
    ) -> None:
        super().__init__(stream, settings, counters)
        self.du_id = request.global_e2_node_id.gnb_du_id
        self.request = request
        self._handler = handler
        self._instance = 0
        self._pending: Pending[RequestKey] = Pending(self._ended, settings.control_timeout_s)
        self._subscriptions: dict[RequestKey, RicSubscription] = {}
        taken = {function.ran_function_id for function in accepted}
        self._functions = RanFunctions(
            one for one in request.ran_functions_added if one.ran_function_id in taken
        )
        self._relay_key: RequestKey = (REQUESTOR_ID, 0)  # relayed controls are not acknowledged
        self._dispatch |= {
            "ric_indication": self._on_indication,
            "ric_subscription_response": self._on_answer,
            "ric_subscription_failure": self._on_answer,
            "ric_subscription_delete_response": self._on_answer,
            "ric_subscription_delete_failure": self._on_answer,
            "ric_subscription_delete_required": self._on_delete_required,
            "ric_control_acknowledge": self._on_answer,
            "ric_control_failure": self._on_answer,
            "ric_service_update": self._on_service_update,
            "e2_node_configuration_update": self._on_configuration_update,
        }

    @property
    def functions(self) -> tuple[int, ...]:
        """Ids of the RAN functions that the node offered and this RIC accepted."""
        return tuple(self._functions)

    @property
    def subscriptions(self) -> Mapping[RequestKey, RicSubscription]:
        """What is subscribed to, by RIC request id (a live view)."""
        return MappingProxyType(self._subscriptions)

    async def subscribe_reports(self, schema_fingerprint: str) -> e2ap_pb2.RicSubscriptionResponse:
        """Subscribe to the reports and policy status of the node's dApp. Raises as `subscribe`."""
        definition = dapp_pb2.DappRelayActionDefinition(schema_fingerprint=schema_fingerprint)
        return await self.subscribe(DAPP_FUNCTION_ID, _TRIGGER_FREE, definition.SerializeToString())

    async def subscribe_kpm(
        self, meas_names: Sequence[str], reporting_period_ms: int
    ) -> e2ap_pb2.RicSubscriptionResponse:
        """Subscribe to measurements by their KPM names (report style 1). Raises as `subscribe`."""
        action = KpmAction(E2_NODE, tuple(meas_names)).to_proto(reporting_period_ms)
        return await self.subscribe(KPM_FUNCTION_ID, trigger(reporting_period_ms), action.SerializeToString())

    async def subscribe(
        self, ran_function_id: int, event_trigger: bytes, action_definition: bytes
    ) -> e2ap_pb2.RicSubscriptionResponse:
        """Subscribe to one report action of a RAN function. Raises as `subscribe_actions`."""
        return await self.subscribe_actions(
            ran_function_id, event_trigger, [report_action(1, action_definition)]
        )

    async def subscribe_actions(
        self,
        ran_function_id: int,
        event_trigger: bytes,
        actions: Sequence[e2ap_pb2.RicActionToBeSetup],
        requestor_id: int = REQUESTOR_ID,
        sink: Sink | None = None,
    ) -> e2ap_pb2.RicSubscriptionResponse:
        """Subscribe to several report actions of a RAN function with one request.

        Args:
            ran_function_id: 2 KPM, 4 relay for dApps.
            event_trigger: message of the service model.
            actions: with an id each.
            requestor_id: RIC requestor ID, 0..65535: who in the RIC asks.
            sink: takes the indications; None: the handler of the association does.

        Returns:
            The node's response: which actions it admitted, and why not the others.

        Raises:
            RefusedError: the node admitted none.
            ExpiredError: no answer within the control timeout.
            ClosedError: the association ended first.
        """
        key = self._new_key(requestor_id)
        request = e2ap_pb2.RicSubscriptionRequest(
            ric_request_id=request_id(key),
            ran_function_id=ran_function_id,
            ric_event_trigger_definition=event_trigger,
            ric_actions_to_be_setup=actions,
        )
        action_ids = frozenset(action.ric_action_id for action in actions)
        self._subscriptions[key] = RicSubscription(key, ran_function_id, action_ids, sink)
        try:
            answer = await self._ask(key, "ric_subscription_request", request)
            if not answer.HasField("ric_subscription_response"):
                raise RefusedError(from_proto(answer.ric_subscription_failure.cause))
            response = answer.ric_subscription_response
            admitted = set(response.ric_actions_admitted)
            if not admitted or not admitted <= action_ids:
                text = f"DU {self.du_id} admitted actions {sorted(admitted)} of {sorted(action_ids)}"
                raise RefusedError(Cause("protocol", "semantic-error", text))
        except BaseException:  # a cancelled wait too: what the node admits later, it is told to forget
            self._subscriptions.pop(key, None)
            raise
        return response

    async def unsubscribe(self, key: RequestKey) -> None:
        """Delete a subscription. Whatever the answer, its indications are not taken any more.

        Args:
            key: RIC request id of the subscription, `key_of` its response.

        Raises:
            KeyError: it is not subscribed to.
            RefusedError: the node does not know it.
            ExpiredError, ClosedError: as `subscribe_actions`.
        """
        subscription = self._subscriptions[key]
        subscription.ending = True
        request = e2ap_pb2.RicSubscriptionDeleteRequest(
            ric_request_id=request_id(key), ran_function_id=subscription.ran_function_id
        )
        try:
            answer = await self._ask(key, "ric_subscription_delete_request", request)
        finally:
            self._subscriptions.pop(key, None)
        if answer.HasField("ric_subscription_delete_failure"):
            raise RefusedError(from_proto(answer.ric_subscription_delete_failure.cause))

    async def control_slice_quota(
        self, policies: Iterable[rc_pb2.RrmPolicyRatio]
    ) -> rc_pb2.RicControlOutcome:
        """Set slice-level PRB quotas (E2SM-RC style 2, action 6), and learn what was applied.

        While there is no answer the request is sent once more, after half of the time; the node applies it
        once.

        Raises:
            RefusedError: RIC control failure; nothing was applied.
            ExpiredError: ric_request/control-timer-expired.
            ClosedError: the association ended first.
        """
        key = self._new_key(REQUESTOR_ID)
        header = rc_pb2.RcControlHeader(
            ric_style_type=RC_STYLE_RESOURCE_ALLOCATION, ric_control_action_id=RC_ACTION_SLICE_PRB_QUOTA
        )
        request = e2ap_pb2.RicControlRequest(
            ric_request_id=request_id(key),
            ran_function_id=RC_FUNCTION_ID,
            ric_control_header=header.SerializeToString(),
            ric_control_message=rc_pb2.RcControlMessage(rrm_policy_ratio_list=policies).SerializeToString(),
            ric_control_ack_request=e2ap_pb2.RIC_CONTROL_ACK_REQUEST_ACK,
        )
        answer = await self._ask(key, "ric_control_request", request, _CONTROL_SENDINGS)
        if not answer.HasField("ric_control_acknowledge"):
            raise RefusedError(from_proto(answer.ric_control_failure.cause))
        outcome = answer.ric_control_acknowledge.ric_control_outcome
        return decode(rc_pb2.RicControlOutcome, outcome, "RIC control outcome")

    def send_report_ack(self, ack: dapp_pb2.DappReportAck) -> None:
        """Acknowledge reports, after all policies sent before. Raises `QueueFullError`."""
        self._relay(dapp_pb2.DappRelayControl(report_ack=ack))

    def send_policy(self, artefact: Artefact) -> None:
        """Queue a policy in chunks, at once and in order; what is sent later arrives later.

        Raises:
            QueueFullError: the queue has no room for all of it; nothing was sent.
        """
        chunks = [self._relay_pdu(dapp_pb2.DappRelayControl(policy_chunk=c)) for c in split(artefact)]
        self._outbox.check_room(sum(map(len, chunks)))
        for data in chunks:
            self._post(Lane.ORDERED, "ric_control_request", data)

    def send_guard_order(self, order: guard_pb2.GuardOrder) -> None:
        """Say by what the DU is to decide; its report answers. Raises `QueueFullError`."""
        self._relay(dapp_pb2.DappRelayControl(guard_order=order))

    def _relay(self, message: dapp_pb2.DappRelayControl) -> None:
        self._post(Lane.ORDERED, "ric_control_request", self._relay_pdu(message))

    def _relay_pdu(self, message: dapp_pb2.DappRelayControl) -> bytes:
        header = dapp_pb2.DappRelayHeader(du_id=self.du_id)
        request = e2ap_pb2.RicControlRequest(
            ric_request_id=request_id(self._relay_key),
            ran_function_id=DAPP_FUNCTION_ID,
            ric_control_header=header.SerializeToString(),
            ric_control_message=message.SerializeToString(),
            ric_control_ack_request=e2ap_pb2.RIC_CONTROL_ACK_REQUEST_NO_ACK,
        )
        return serialise("ric_control_request", request)

    def _new_key(self, requestor_id: int) -> RequestKey:
        """An instance id that no open subscription or request uses; 0 is the relay's."""
        while True:
            self._instance = self._instance % 65535 + 1
            key = (requestor_id, self._instance)
            if key not in self._pending and key not in self._subscriptions:
                return key

    async def _ask(self, key: RequestKey, kind: str, request: Message, sendings: int = 1) -> e2ap_pb2.E2apPdu:
        """Send a request and wait for the PDU that answers it by its RIC request id."""
        self._check_ready()
        what = f"{kind} {key} to DU {self.du_id}"
        return await self._pending.ask(key, what, lambda: self._send(Lane.FAST, kind, request), sendings)

    def _on_answer(self, pdu: e2ap_pb2.E2apPdu) -> None:
        kind = pdu.WhichOneof("pdu") or ""
        key = key_of(getattr(pdu, kind))
        if key in self._subscriptions and not self._pending.waits(key):
            # A second answer to a request that arrived twice. Were it called unknown, the node would end a
            # subscription that is in use.
            text = f"subscription {key} was answered before"
            self._counters.refused("e2", kind, Cause("ric_request", "duplicate-ric-request-id", text))
            return
        self._pending.answer(key, pdu)

    def query_service(self) -> None:
        """Ask the node for a RIC service update of what differs from the functions accepted here."""
        query = e2ap_pb2.RicServiceQuery(
            transaction_id=self._next_transaction(), ran_functions_accepted=self._functions.ids()
        )
        self._send(Lane.FAST, "ric_service_query", query)

    def _drop(self, cause: Cause) -> None:
        self._pending.fail_all(cause)
        self._subscriptions.clear()

    def _after_reset(self, cause: Cause) -> None:
        self._handler.on_reset(self, cause)

    def _on_service_update(self, pdu: e2ap_pb2.E2apPdu) -> None:
        update = pdu.ric_service_update
        transaction = transaction_of(update)
        try:
            new = (update.ran_functions_added, update.ran_functions_modified)
            check_functions(*new, update.ran_functions_deleted)
            kept = [one for one in self._functions.ids() if one.ran_function_id not in _ids(new)]
            check_functions(kept, *new)
            answer = self._handler.on_service_update(self, update)
        except WireError as error:
            self._counters.refused("e2", "ric_service_update", error.cause)
            failure = e2ap_pb2.RicServiceUpdateFailure(
                transaction_id=transaction, cause=error.cause.to_proto(), time_to_wait=TIME_TO_WAIT
            )
            self._send(Lane.FAST, "ric_service_update_failure", failure)
            return
        self._functions.update(update, answer.ran_functions_accepted)
        gone = {one.ran_function_id for one in update.ran_functions_deleted}
        for key in [key for key, one in self._subscriptions.items() if one.ran_function_id in gone]:
            del self._subscriptions[key]
        answer.transaction_id = transaction
        self._send(Lane.FAST, "ric_service_update_acknowledge", answer)

    def _on_configuration_update(self, pdu: e2ap_pb2.E2apPdu) -> None:
        update = pdu.e2_node_configuration_update
        transaction = transaction_of(update)
        try:
            self._handler.on_configuration_update(self, update.ran_facts)
        except WireError as error:
            self._counters.refused("e2", "e2_node_configuration_update", error.cause)
            failure = e2ap_pb2.E2NodeConfigurationUpdateFailure(
                transaction_id=transaction, cause=error.cause.to_proto(), time_to_wait=TIME_TO_WAIT
            )
            self._send(Lane.FAST, "e2_node_configuration_update_failure", failure)
            return
        self.request.ran_facts.CopyFrom(update.ran_facts)
        acknowledge = e2ap_pb2.E2NodeConfigurationUpdateAcknowledge(transaction_id=transaction)
        self._send(Lane.FAST, "e2_node_configuration_update_acknowledge", acknowledge)

    def _on_error(self, error: e2ap_pb2.ErrorIndication, cause: Cause) -> None:
        if error.HasField("ric_request_id") and self._pending.fail(key_of(error), RefusedError(cause)):
            return
        self._handler.on_error_indication(self, cause)

    def _on_delete_required(self, pdu: e2ap_pb2.E2apPdu) -> None:
        listed = pdu.ric_subscription_delete_required.ric_subscriptions_to_be_removed
        if not 1 <= len(listed) <= MAX_TO_BE_REMOVED:
            text = f"{len(listed)} subscriptions to be removed; 1..{MAX_TO_BE_REMOVED}"
            raise WireError(Cause("protocol", "semantic-error", text))
        unknown = []
        for entry in listed:
            key = key_of(entry)
            subscription = self._subscriptions.get(key)
            if subscription is None or subscription.ran_function_id != entry.ran_function_id:
                unknown.append(key)
            elif not subscription.ending and self._pending.waits(key):
                unknown.append(key)  # the node has not admitted it
            elif not subscription.ending:
                subscription.ending = True
                self._handler.on_delete_required(self, subscription, from_proto(entry.cause))
        if unknown:
            text = f"no subscriptions {unknown[:8]}, {len(unknown)} in all"
            raise WireError(Cause("ric_request", "request-id-unknown", text))

    def _on_indication(self, pdu: e2ap_pb2.E2apPdu) -> None:
        indication = pdu.ric_indication
        subscription = self._subscriptions.get(key_of(indication))
        if subscription is None:
            text = f"no subscription {key_of(indication)}"
            raise WireError(Cause("ric_request", "request-id-unknown", text))
        if missing := subscription.take(indication):
            self._counters.missed("e2", missing)
        if subscription.sink is not None:
            subscription.sink(indication)
        elif subscription.ran_function_id == DAPP_FUNCTION_ID:
            self._on_relayed(indication)
        else:
            self._handler.on_kpm(self, *kpm_of(indication))

    def _on_relayed(self, indication: e2ap_pb2.RicIndication) -> None:
        message = decode(
            dapp_pb2.DappRelayIndication, indication.ric_indication_message, "dApp relay message"
        )
        kind = message.WhichOneof("message")
        if kind == "report":
            self._handler.on_report(self, message.report)
        elif kind == "policy_status":
            self._handler.on_policy_status(self, message.policy_status)
        elif kind == "guard_report":
            self._handler.on_guard_report(self, message.guard_report)
        else:
            name = "abstract-syntax-error-falsely-constructed-message"
            raise WireError(Cause("protocol", name, "the relayed indication holds nothing"))


def _ids(lists: Iterable[Iterable[e2ap_pb2.RanFunction]]) -> set[int]:
    return {one.ran_function_id for functions in lists for one in functions}
