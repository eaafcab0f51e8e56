"""The xApp as a DU sees it: subscriptions, controls, reports, and what the node tells of itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from google.protobuf.message import Message

from cadran.wire.causes import Cause, RefusedError, WireError, from_proto
from cadran.wire.e2_controls import Controls
from cadran.wire.e2_functions import RanFunctions, check_functions
from cadran.wire.e2_session import (
    DAPP_FUNCTION_ID,
    KPM_FUNCTION_ID,
    MAX_TO_BE_REMOVED,
    RC_ACTION_SLICE_PRB_QUOTA,
    RC_FUNCTION_ID,
    RC_STYLE_RESOURCE_ALLOCATION,
    TIME_TO_WAIT_S,
    E2Association,
    decode,
    key_of,
    request_id,
    transaction_of,
)
from cadran.wire.e2_subscriptions import Subscription, SubscriptionTable
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2, guard_pb2, kpm_pb2, rc_pb2
from cadran.wire.link import Lane, LinkCounters, LinkSettings
from cadran.wire.stream import ByteStream

# Transitions must not be lost; of measurements the newest matter.
_LANES = {KPM_FUNCTION_ID: Lane.FAST, DAPP_FUNCTION_ID: Lane.ORDERED}

_ATTEMPTS = 3
_NO_ACK = e2ap_pb2.RIC_CONTROL_ACK_REQUEST_NO_ACK


class E2ClientHandler(Protocol):
    """What a DU does with what the xApp sends. Called from the event loop; must not block.

    A method that raises `WireError` refuses: a control is answered with a RIC control failure, everything
    else with an error indication; the association goes on.
    """

    def setup_request(self) -> e2ap_pb2.E2SetupRequest:
        """The request for the next attempt. RAN function 2 gets the KPM registry as its definition."""

    def on_connected(self, session: E2Session, response: e2ap_pb2.E2SetupResponse) -> None:
        """The xApp accepted. It will subscribe next; until then nothing can be reported."""

    def on_subscription(self, session: E2Session, subscription: Subscription) -> None:
        """The xApp subscribed. Raise `WireError` to refuse, for example a schema that does not fit."""

    def on_subscription_ended(self, session: E2Session, subscription: Subscription) -> None:
        """A subscription is gone while the association stays: stop reporting to it."""

    def on_control(self, session: E2Session, message: rc_pb2.RcControlMessage) -> rc_pb2.RicControlOutcome:
        """Apply slice-level PRB quotas and say what was applied, or raise `WireError` and apply nothing."""

    def on_report_ack(self, session: E2Session, ack: dapp_pb2.DappReportAck) -> None:
        """Rows are stored, or could not be; to be relayed to the dApp."""

    def on_policy_chunk(self, session: E2Session, chunk: dapp_pb2.PolicyChunk) -> None:
        """A part of a policy, to be relayed to the dApp."""

    def on_guard_order(self, session: E2Session, order: guard_pb2.GuardOrder) -> None:
        """By what the DU is to decide from now on; to be answered with a guard report."""

    def on_reset(self, session: E2Session, cause: Cause) -> None:
        """Either side reset the association: it is as after its setup; the subscriptions ended before."""

    def on_error_indication(self, session: E2Session, cause: Cause) -> None:
        """The xApp refused a PDU."""

    def on_closed(self, cause: Cause) -> None:
        """The association ended, or an attempt to connect failed. All subscriptions are gone."""


class E2Session(E2Association):
    """The xApp, seen from one DU."""

    _transaction_lane = Lane.ORDERED  # after every indication before it

    def __init__(
        self,
        stream: ByteStream,
        handler: E2ClientHandler,
        request: e2ap_pb2.E2SetupRequest,
        settings: LinkSettings,
        counters: LinkCounters,
    ) -> None:
        super().__init__(stream, settings, counters)
        self._handler = handler
        self._subscriptions = SubscriptionTable()
        self._controls = Controls(self._control)
        self._functions = RanFunctions(request.ran_functions_added)
        self._updating: set[asyncio.Task[None]] = set()
        self._dispatch |= {
            "ric_subscription_request": self._on_subscription_request,
            "ric_subscription_delete_request": self._on_delete_request,
            "ric_control_request": self._on_control_request,
            "ric_service_query": self._on_service_query,
            "ric_service_update_acknowledge": self._on_transaction_answer,
            "ric_service_update_failure": self._on_transaction_answer,
            "e2_node_configuration_update_acknowledge": self._on_transaction_answer,
            "e2_node_configuration_update_failure": self._on_transaction_answer,
        }

    @property
    def functions(self) -> tuple[int, ...]:
        """Ids of the RAN functions that the node offers now."""
        return tuple(self._functions)

    def send_report(self, report: dapp_pb2.DappReport) -> None:
        """Relay transitions of the dApp.

        Raises:
            WireError: dapp/not-stored, the xApp has not subscribed to reports.
            QueueFullError: the xApp reads too slowly.
        """
        self._relay(dapp_pb2.DappRelayIndication(report=report))

    def send_policy_status(self, status: dapp_pb2.PolicyStatus) -> None:
        """Relay what the dApp runs. Raises as `send_report`."""
        self._relay(dapp_pb2.DappRelayIndication(policy_status=status))

    def send_guard_report(self, report: guard_pb2.GuardReport) -> None:
        """Tell what the DU runs by, and how its frames went. Raises as `send_report`."""
        self._relay(dapp_pb2.DappRelayIndication(guard_report=report))

    def send_kpm(
        self,
        subscription: Subscription,
        header: kpm_pb2.KpmIndicationHeader,
        message: kpm_pb2.KpmIndicationMessage,
    ) -> None:
        """Send measurements to one subscription."""
        indication = self._indication(subscription, header.SerializeToString(), message.SerializeToString())
        self._send(_LANES[KPM_FUNCTION_ID], "ric_indication", indication)

    def require_delete(self, subscriptions: Iterable[Subscription], cause: Cause) -> None:
        """Ask the RIC to delete subscriptions; they go on until it does.

        Raises:
            ValueError: none, or more than 1024.
        """
        keys = {(one.key, one.ran_function_id) for one in subscriptions}
        if not 1 <= len(keys) <= MAX_TO_BE_REMOVED:
            raise ValueError(f"{len(keys)} subscriptions to be removed; 1..{MAX_TO_BE_REMOVED}")
        required = e2ap_pb2.RicSubscriptionDeleteRequired(
            ric_subscriptions_to_be_removed=[
                e2ap_pb2.RicSubscriptionToBeRemoved(
                    ric_request_id=request_id(key), ran_function_id=function, cause=cause.to_proto()
                )
                for key, function in sorted(keys)
            ]
        )
        self._send(Lane.FAST, "ric_subscription_delete_required", required)

    def _relay(self, message: dapp_pb2.DappRelayIndication) -> None:
        wanted = [s for s in self._subscriptions if s.ran_function_id == DAPP_FUNCTION_ID]
        if not wanted:
            raise WireError(Cause("dapp", "not-stored", "the xApp has not subscribed to reports"))
        data = message.SerializeToString()
        for subscription in wanted:
            self._send(_LANES[DAPP_FUNCTION_ID], "ric_indication", self._indication(subscription, b"", data))

    def _indication(
        self, subscription: Subscription, header: bytes, message: bytes
    ) -> e2ap_pb2.RicIndication:
        return e2ap_pb2.RicIndication(
            ric_request_id=request_id(subscription.key),
            ran_function_id=subscription.ran_function_id,
            ric_action_id=subscription.action_id,
            ric_indication_sn=subscription.numbers.take(),
            ric_indication_type=e2ap_pb2.RIC_INDICATION_TYPE_REPORT,
            ric_indication_header=header,
            ric_indication_message=message,
        )

    async def update_service(self, update: e2ap_pb2.RicServiceUpdate) -> e2ap_pb2.RicServiceUpdateAcknowledge:
        """Tell the RIC of RAN functions added, modified and deleted.

        From now on the node offers them, whatever the RIC says; subscriptions to those deleted end at once. A
        failure is answered with two more attempts, each after the time to wait that the RIC asked for.

        Args:
            update: the transaction id is filled in.

        Returns:
            What the RIC accepted, and why not the rest.

        Raises:
            RefusedError: the RIC refused three times.
            ExpiredError: no answer in time.
            ClosedError: the association ended or was reset first.
        """
        self._functions.update(update)
        for gone in update.ran_functions_deleted:
            self._tell_ended(self._subscriptions.drop_function(gone.ran_function_id))

        def request(transaction: int) -> e2ap_pb2.RicServiceUpdate:
            update.transaction_id = transaction
            return update

        return (await self._insist("ric_service_update", request)).ric_service_update_acknowledge

    async def update_configuration(self, facts: common_pb2.RanFacts) -> None:
        """Tell the RIC that the facts of the RAN have changed. Attempts and errors as `update_service`."""

        def request(transaction: int) -> e2ap_pb2.E2NodeConfigurationUpdate:
            return e2ap_pb2.E2NodeConfigurationUpdate(transaction_id=transaction, ran_facts=facts)

        await self._insist("e2_node_configuration_update", request)

    async def _insist(self, kind: str, request: Callable[[int], Message]) -> e2ap_pb2.E2apPdu:
        """The acknowledgement of a procedure that the RIC may refuse for a time."""
        for attempt in range(1, _ATTEMPTS + 1):
            self._check_ready()
            answer = await self._transact(kind, request)
            if answer.HasField(f"{kind}_acknowledge"):
                return answer
            if not answer.HasField(f"{kind}_failure"):
                name = "message-not-compatible-with-receiver-state"
                raise WireError(Cause("protocol", name, f"{answer.WhichOneof('pdu')} answers {kind}"))
            failure = getattr(answer, f"{kind}_failure")
            if attempt < _ATTEMPTS:
                wait_s = TIME_TO_WAIT_S.get(failure.time_to_wait, 0.0)
                await asyncio.wait([self._ended], timeout=wait_s)
        raise RefusedError(from_proto(failure.cause))

    def _drop(self, cause: Cause) -> None:
        self._tell_ended(self._subscriptions.drop_all())
        self._controls.forget()

    def _after_reset(self, cause: Cause) -> None:
        self._handler.on_reset(self, cause)

    def _on_service_query(self, pdu: e2ap_pb2.E2apPdu) -> None:
        query = pdu.ric_service_query
        if self._updating:
            text = "a RIC service query is being answered"
            raise WireError(Cause("misc", "control-processing-overload", text))
        transaction_of(query)
        check_functions(query.ran_functions_accepted)
        update = self._functions.lacking(query.ran_functions_accepted)
        task = asyncio.create_task(self._answer_query(update))
        self._updating.add(task)
        task.add_done_callback(self._updating.discard)

    async def _answer_query(self, update: e2ap_pb2.RicServiceUpdate) -> None:
        try:
            await self.update_service(update)
        except WireError as error:
            self._counters.refused("e2", "ric_service_query", error.cause)

    def _on_error(self, error: e2ap_pb2.ErrorIndication, cause: Cause) -> None:
        if error.HasField("ric_request_id") and cause.label == "ric_request/request-id-unknown":
            # The RIC gave the subscription up before it was answered, or has lost it.
            self._tell_ended(self._subscriptions.drop(key_of(error)))
        self._handler.on_error_indication(self, cause)

    def _on_subscription_request(self, pdu: e2ap_pb2.E2apPdu) -> None:
        request = pdu.ric_subscription_request
        try:
            self._check_offered(request.ran_function_id)
            response = self._subscriptions.admit(
                request, lambda subscription: self._handler.on_subscription(self, subscription)
            )
        except WireError as error:
            self._counters.refused("e2", "ric_subscription_request", error.cause)
            failure = e2ap_pb2.RicSubscriptionFailure(
                ric_request_id=request.ric_request_id,
                ran_function_id=request.ran_function_id,
                cause=error.cause.to_proto(),
            )
            self._send(Lane.FAST, "ric_subscription_failure", failure)
        else:
            self._send(Lane.FAST, "ric_subscription_response", response)

    def _on_delete_request(self, pdu: e2ap_pb2.E2apPdu) -> None:
        request = pdu.ric_subscription_delete_request
        ids: dict[str, Any] = {
            "ric_request_id": request.ric_request_id, "ran_function_id": request.ran_function_id
        }  # fmt: skip
        try:
            ended = self._subscriptions.delete(request)
        except WireError as error:
            self._counters.refused("e2", "ric_subscription_delete_request", error.cause)
            failure = e2ap_pb2.RicSubscriptionDeleteFailure(cause=error.cause.to_proto(), **ids)
            self._send(Lane.FAST, "ric_subscription_delete_failure", failure)
            return
        self._tell_ended(ended)
        # In the lane of the indications, so that none comes after it.
        lane = _LANES[request.ran_function_id]
        self._send(lane, "ric_subscription_delete_response", e2ap_pb2.RicSubscriptionDeleteResponse(**ids))

    def _check_offered(self, function: int) -> None:
        if function not in self._functions:
            text = f"RAN function {function}; this node offers {list(self._functions)}"
            raise WireError(Cause("ric_request", "ran-function-id-invalid", text))

    def _tell_ended(self, ended: Iterable[Subscription]) -> None:
        for subscription in ended:
            self._handler.on_subscription_ended(self, subscription)

    def _on_control_request(self, pdu: e2ap_pb2.E2apPdu) -> None:
        request = pdu.ric_control_request
        if request.ran_function_id == DAPP_FUNCTION_ID:
            self._on_relayed(request)
            return
        answer = self._controls.answer(request)
        if answer.cause is not None:
            self._counters.refused("e2", "ric_control_request", answer.cause)
        if answer.cause is not None or request.ric_control_ack_request != _NO_ACK:
            self._send(Lane.FAST, answer.kind, answer.message)

    def _control(self, request: e2ap_pb2.RicControlRequest) -> bytes:
        self._check_offered(request.ran_function_id)
        if request.ran_function_id != RC_FUNCTION_ID:
            text = f"RAN function {request.ran_function_id} takes no controls; 3 and 4 do"
            raise WireError(Cause("ric_request", "ran-function-id-invalid", text))
        header = decode(rc_pb2.RcControlHeader, request.ric_control_header, "RC control header")
        asked = (header.ric_style_type, header.ric_control_action_id)
        if asked != (RC_STYLE_RESOURCE_ALLOCATION, RC_ACTION_SLICE_PRB_QUOTA):
            text = f"RC style {asked[0]} action {asked[1]}; only style 2 action 6, slice-level PRB quota"
            raise WireError(Cause("ric_request", "action-not-supported", text))
        message = decode(rc_pb2.RcControlMessage, request.ric_control_message, "RC control message")
        return self._handler.on_control(self, message).SerializeToString()

    def _on_relayed(self, request: e2ap_pb2.RicControlRequest) -> None:
        key_of(request)
        message = decode(dapp_pb2.DappRelayControl, request.ric_control_message, "dApp relay message")
        kind = message.WhichOneof("message")
        if kind == "report_ack":
            self._handler.on_report_ack(self, message.report_ack)
        elif kind == "policy_chunk":
            self._handler.on_policy_chunk(self, message.policy_chunk)
        elif kind == "guard_order":
            self._handler.on_guard_order(self, message.guard_order)
        else:
            text = "the relayed control holds nothing"
            raise WireError(Cause("ric_request", "control-message-invalid", text))
