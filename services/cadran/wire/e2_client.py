"""The DU's end of E2: an E2 node that connects to the xApp, answers subscriptions and controls, reports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np

from cadran.wire.causes import Cause, RefusedError, WireError, from_proto
from cadran.wire.connector import Connector
from cadran.wire.e2_session import (
    DAPP_FUNCTION_ID,
    E2_SERVICE,
    KPM_FUNCTION_ID,
    MAX_TO_BE_REMOVED,
    RC_ACTION_SLICE_PRB_QUOTA,
    RC_FUNCTION_ID,
    RC_STYLE_RESOURCE_ALLOCATION,
    E2Association,
    decode,
    key_of,
    parse,
    request_id,
    serialise,
)
from cadran.wire.e2_subscriptions import Subscription, SubscriptionTable
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import dapp_pb2, kpm_pb2, rc_pb2
from cadran.wire.kpm_samples import function_definition
from cadran.wire.link import Lane, LinkCounters, LinkSettings, NoCounters
from cadran.wire.stream import ByteStream, first_pdu

# Transitions must not be lost; of measurements the newest matter.
_LANES = {KPM_FUNCTION_ID: Lane.FAST, DAPP_FUNCTION_ID: Lane.ORDERED}

_TIME_TO_WAIT_S = {
    e2ap_pb2.TIME_TO_WAIT_V1S: 1.0,
    e2ap_pb2.TIME_TO_WAIT_V2S: 2.0,
    e2ap_pb2.TIME_TO_WAIT_V5S: 5.0,
    e2ap_pb2.TIME_TO_WAIT_V10S: 10.0,
    e2ap_pb2.TIME_TO_WAIT_V20S: 20.0,
    e2ap_pb2.TIME_TO_WAIT_V60S: 60.0,
}


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

    def on_error_indication(self, session: E2Session, cause: Cause) -> None:
        """The xApp refused a PDU."""

    def on_closed(self, cause: Cause) -> None:
        """The association ended, or an attempt to connect failed. All subscriptions are gone."""


class E2Session(E2Association):
    """The xApp, seen from one DU."""

    def __init__(
        self, stream: ByteStream, handler: E2ClientHandler, settings: LinkSettings, counters: LinkCounters
    ) -> None:
        super().__init__(stream, settings, counters)
        self._handler = handler
        self._subscriptions = SubscriptionTable()
        self._dispatch = {
            "ric_subscription_request": self._on_subscription_request,
            "ric_subscription_delete_request": self._on_delete_request,
            "ric_control_request": self._on_control_request,
            "error_indication": self._on_error_indication,
        }

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

    def _on_error_indication(self, pdu: e2ap_pb2.E2apPdu) -> None:
        error = pdu.error_indication
        cause = from_proto(error.cause)
        if error.HasField("ric_request_id") and cause.label == "ric_request/request-id-unknown":
            # The RIC gave the subscription up before it was answered, or has lost it.
            self._tell_ended(self._subscriptions.drop(key_of(error)))
        self._handler.on_error_indication(self, cause)

    def _on_subscription_request(self, pdu: e2ap_pb2.E2apPdu) -> None:
        request = pdu.ric_subscription_request
        try:
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

    def _tell_ended(self, ended: Iterable[Subscription]) -> None:
        for subscription in ended:
            self._handler.on_subscription_ended(self, subscription)

    def _on_control_request(self, pdu: e2ap_pb2.E2apPdu) -> None:
        request = pdu.ric_control_request
        key_of(request)
        if request.ran_function_id == DAPP_FUNCTION_ID:
            self._on_relayed(request)
            return
        try:
            outcome = self._control(request)
        except WireError as error:
            self._counters.refused("e2", "ric_control_request", error.cause)
            failure = e2ap_pb2.RicControlFailure(
                ric_request_id=request.ric_request_id,
                ran_function_id=request.ran_function_id,
                cause=error.cause.to_proto(),
            )
            self._send(Lane.FAST, "ric_control_failure", failure)
            return
        if request.ric_control_ack_request != e2ap_pb2.RIC_CONTROL_ACK_REQUEST_NO_ACK:
            acknowledge = e2ap_pb2.RicControlAcknowledge(
                ric_request_id=request.ric_request_id,
                ran_function_id=request.ran_function_id,
                ric_control_outcome=outcome.SerializeToString(),
            )
            self._send(Lane.FAST, "ric_control_acknowledge", acknowledge)

    def _control(self, request: e2ap_pb2.RicControlRequest) -> rc_pb2.RicControlOutcome:
        if request.ran_function_id != RC_FUNCTION_ID:
            text = f"RAN function {request.ran_function_id} takes no controls; 3 and 4 do"
            raise WireError(Cause("ric_request", "ran-function-id-invalid", text))
        header = decode(rc_pb2.RcControlHeader, request.ric_control_header, "RC control header")
        asked = (header.ric_style_type, header.ric_control_action_id)
        if asked != (RC_STYLE_RESOURCE_ALLOCATION, RC_ACTION_SLICE_PRB_QUOTA):
            text = f"RC style {asked[0]} action {asked[1]}; only style 2 action 6, slice-level PRB quota"
            raise WireError(Cause("ric_request", "action-not-supported", text))
        message = decode(rc_pb2.RcControlMessage, request.ric_control_message, "RC control message")
        return self._handler.on_control(self, message)

    def _on_relayed(self, request: e2ap_pb2.RicControlRequest) -> None:
        message = decode(dapp_pb2.DappRelayControl, request.ric_control_message, "dApp relay message")
        kind = message.WhichOneof("message")
        if kind == "report_ack":
            self._handler.on_report_ack(self, message.report_ack)
        elif kind == "policy_chunk":
            self._handler.on_policy_chunk(self, message.policy_chunk)
        else:
            text = "the relayed control holds nothing"
            raise WireError(Cause("ric_request", "control-message-invalid", text))


def _describe(request: e2ap_pb2.E2SetupRequest) -> None:
    """Say what RAN function 2 measures, unless the node has said it."""
    for function in request.ran_functions_added:
        if function.ran_function_id == KPM_FUNCTION_ID and not function.ran_function_definition:
            function.ran_function_definition = function_definition().SerializeToString()


class E2Client(Connector[E2Session]):
    """Keeps one DU associated with the xApp.

    Args:
        target: host:port of the xApp's E2 termination.
        handler: the DU.
        rng: jitter of the waits between attempts.
        settings: limits and times.
        counters: where to count.
    """

    interface = "e2"
    service = E2_SERVICE

    def __init__(
        self,
        target: str,
        handler: E2ClientHandler,
        rng: np.random.Generator,
        settings: LinkSettings | None = None,
        counters: LinkCounters | None = None,
    ) -> None:
        super().__init__(target, rng, settings or LinkSettings(), counters or NoCounters())
        self._handler = handler

    async def _set_up(self, stream: ByteStream) -> E2Session:
        request = self._handler.setup_request()
        _describe(request)
        await stream.write(serialise("e2_setup_request", request))
        pdu = parse(await first_pdu(stream, self._settings.setup_timeout_s))
        if pdu.HasField("e2_setup_failure"):
            self._time_to_wait_s = _TIME_TO_WAIT_S.get(pdu.e2_setup_failure.time_to_wait, 0.0)
            raise RefusedError(from_proto(pdu.e2_setup_failure.cause))
        if pdu.HasField("error_indication"):
            raise RefusedError(from_proto(pdu.error_indication.cause))
        response = pdu.e2_setup_response
        if not pdu.HasField("e2_setup_response") or response.transaction_id != request.transaction_id:
            name = "message-not-compatible-with-receiver-state"
            text = f"{pdu.WhichOneof('pdu')} instead of the answer to setup {request.transaction_id}"
            raise WireError(Cause("protocol", name, text))
        session = E2Session(stream, self._handler, self._settings, self._counters)
        self._counters.opened("e2")
        self._session = session
        self._handler.on_connected(session, response)
        return session

    def _release(self, session: E2Session) -> None:
        session.end(Cause("misc", "om-intervention", "the DU stops"))

    def _on_closed(self, cause: Cause) -> None:
        self._handler.on_closed(cause)
