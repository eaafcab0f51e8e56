"""One E2 node as the xApp sees it: subscriptions, controls with their outcome, the relay to its dApp."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from cadran.wire.causes import Cause, ClosedError, ExpiredError, RefusedError, WireError, from_proto
from cadran.wire.chunks import Artefact, split
from cadran.wire.e2_session import (
    DAPP_FUNCTION_ID,
    KPM_FUNCTION_ID,
    KPM_STYLE_E2_NODE,
    RC_ACTION_SLICE_PRB_QUOTA,
    RC_FUNCTION_ID,
    RC_STYLE_RESOURCE_ALLOCATION,
    SN_MODULUS,
    E2Association,
    RequestKey,
    decode,
    key_of,
    request_id,
    serialise,
)
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import dapp_pb2, kpm_pb2, rc_pb2
from cadran.wire.link import Lane, LinkCounters, LinkSettings
from cadran.wire.stream import ByteStream

REQUESTOR_ID = 1
_TRIGGER_FREE = b""


class E2ServerHandler(Protocol):
    """What the xApp does with what E2 nodes send. Called from the event loop; must not block.

    A method that raises `WireError` refuses the PDU: the node gets an error indication with the cause, the
    association goes on. Any other exception ends that association and is logged.
    """

    def on_setup(self, request: e2ap_pb2.E2SetupRequest) -> e2ap_pb2.E2SetupResponse:
        """Answer a node, or raise `WireError` to refuse it (E2 setup failure, time to wait 1 s).

        The transaction id is filled in by the server.
        """

    def on_connected(self, node: E2Node) -> None:
        """The setup is answered; subscribe and control from now on (in a task of your own)."""

    def on_report(self, node: E2Node, report: dapp_pb2.DappReport) -> None:
        """Transitions of the node's dApp. Acknowledge with `node.send_report_ack` once they are stored."""

    def on_policy_status(self, node: E2Node, status: dapp_pb2.PolicyStatus) -> None:
        """What the node's dApp runs, or why it refused a policy."""

    def on_kpm(
        self, node: E2Node, header: kpm_pb2.KpmIndicationHeader, message: kpm_pb2.KpmIndicationMessage
    ) -> None:
        """Measurements of the node."""

    def on_error_indication(self, node: E2Node, cause: Cause) -> None:
        """The node refused a PDU that no one waits for, for example a chunk with no dApp to take it."""

    def on_closed(self, node: E2Node, cause: Cause) -> None:
        """The association ended. When the node came back, this comes before its new `on_connected`."""


class E2Node(E2Association):
    """One E2 node, seen from the xApp.

    Attributes:
        du_id: index of the DU.
        request: the node's setup request: RAN facts, epoch, next frame, RAN functions.
    """

    def __init__(
        self,
        stream: ByteStream,
        handler: E2ServerHandler,
        request: e2ap_pb2.E2SetupRequest,
        settings: LinkSettings,
        counters: LinkCounters,
    ) -> None:
        super().__init__(stream, settings, counters)
        self.du_id = request.global_e2_node_id.gnb_du_id
        self.request = request
        self._handler = handler
        self._instance = 0
        self._pending: dict[RequestKey, asyncio.Future[e2ap_pb2.E2apPdu]] = {}
        self._next_sn: dict[RequestKey, int] = {}
        self._relay_key: RequestKey = (REQUESTOR_ID, 0)  # relayed controls are not acknowledged
        self._dispatch = {
            "ric_indication": self._on_indication,
            "ric_subscription_response": self._on_answer,
            "ric_subscription_failure": self._on_answer,
            "ric_control_acknowledge": self._on_answer,
            "ric_control_failure": self._on_answer,
            "error_indication": self._on_error_indication,
        }

    async def subscribe_reports(self, schema_fingerprint: str) -> e2ap_pb2.RicSubscriptionResponse:
        """Subscribe to the reports and policy status of the node's dApp. Raises as `subscribe`."""
        definition = dapp_pb2.DappRelayActionDefinition(schema_fingerprint=schema_fingerprint)
        return await self.subscribe(DAPP_FUNCTION_ID, _TRIGGER_FREE, definition.SerializeToString())

    async def subscribe_kpm(
        self, meas_names: Sequence[str], reporting_period_ms: int
    ) -> e2ap_pb2.RicSubscriptionResponse:
        """Subscribe to measurements by their KPM names. Raises as `subscribe`."""
        trigger = kpm_pb2.KpmEventTriggerDefinition(reporting_period_ms=reporting_period_ms)
        definition = kpm_pb2.KpmActionDefinition(
            ric_style_type=KPM_STYLE_E2_NODE, meas_names=meas_names, granul_period_ms=reporting_period_ms
        )
        return await self.subscribe(
            KPM_FUNCTION_ID, trigger.SerializeToString(), definition.SerializeToString()
        )

    async def subscribe(
        self, ran_function_id: int, event_trigger: bytes, action_definition: bytes
    ) -> e2ap_pb2.RicSubscriptionResponse:
        """Subscribe to one report action of a RAN function.

        Raises:
            RefusedError: the node answered with a failure, or did not admit the action.
            ExpiredError: no answer within the control timeout.
            ClosedError: the association ended first.
        """
        key = self._new_key()
        action = e2ap_pb2.RicActionToBeSetup(
            ric_action_id=1,
            ric_action_type=e2ap_pb2.RIC_ACTION_TYPE_REPORT,
            ric_action_definition=action_definition,
        )
        request = e2ap_pb2.RicSubscriptionRequest(
            ric_request_id=request_id(key),
            ran_function_id=ran_function_id,
            ric_event_trigger_definition=event_trigger,
            ric_actions_to_be_setup=[action],
        )
        self._next_sn[key] = 0
        try:
            answer = await self._ask(key, "ric_subscription_request", request)
            response = answer.ric_subscription_response
            if not answer.HasField("ric_subscription_response"):
                raise RefusedError(from_proto(answer.ric_subscription_failure.cause))
            if list(response.ric_actions_admitted) != [action.ric_action_id]:
                raise RefusedError(_why_not_admitted(response))
        except WireError:
            self._next_sn.pop(key, None)
            raise
        return response

    async def control_slice_quota(
        self, policies: Iterable[rc_pb2.RrmPolicyRatio]
    ) -> rc_pb2.RicControlOutcome:
        """Set slice-level PRB quotas (E2SM-RC style 2, action 6), and learn what was applied.

        Raises:
            RefusedError: RIC control failure; nothing was applied.
            ExpiredError: ric_request/control-timer-expired.
            ClosedError: the association ended first.
        """
        key = self._new_key()
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
        answer = await self._ask(key, "ric_control_request", request)
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

    def _new_key(self) -> RequestKey:
        """An instance id that no open subscription or request uses; 0 is the relay's."""
        while True:
            self._instance = self._instance % 65535 + 1
            key = (REQUESTOR_ID, self._instance)
            if key not in self._pending and key not in self._next_sn:
                return key

    async def _ask(
        self,
        key: RequestKey,
        kind: str,
        request: e2ap_pb2.RicSubscriptionRequest | e2ap_pb2.RicControlRequest,
    ) -> e2ap_pb2.E2apPdu:
        """Send a request and wait for the PDU that answers it by its RIC request id."""
        if not self.open:
            raise ClosedError(self._ended.result())
        answer: asyncio.Future[e2ap_pb2.E2apPdu] = asyncio.get_running_loop().create_future()
        self._pending[key] = answer
        try:
            self._send(Lane.FAST, kind, request)
            timeout_s = self._settings.control_timeout_s
            either: list[asyncio.Future[Any]] = [answer, self._ended]
            await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
            if self._ended.done():
                raise ClosedError(self._ended.result())
            text = f"DU {self.du_id} did not answer {kind} in {timeout_s:g} s"
            raise ExpiredError(Cause("ric_request", "control-timer-expired", text))
        finally:
            del self._pending[key]

    def _on_answer(self, pdu: e2ap_pb2.E2apPdu) -> None:
        key = key_of(getattr(pdu, pdu.WhichOneof("pdu") or ""))
        answer = self._pending.get(key)
        if answer is None or answer.done():
            raise WireError(Cause("ric_request", "request-id-unknown", f"no one waits for RIC request {key}"))
        answer.set_result(pdu)

    def _on_error_indication(self, pdu: e2ap_pb2.E2apPdu) -> None:
        error = pdu.error_indication
        cause = from_proto(error.cause)
        answer = self._pending.get(key_of(error)) if error.HasField("ric_request_id") else None
        if answer is not None and not answer.done():
            answer.set_exception(RefusedError(cause))
        else:
            self._handler.on_error_indication(self, cause)

    def _on_indication(self, pdu: e2ap_pb2.E2apPdu) -> None:
        indication = pdu.ric_indication
        self._count_gap(indication)
        if indication.ran_function_id == DAPP_FUNCTION_ID:
            self._on_relayed(indication)
        elif indication.ran_function_id == KPM_FUNCTION_ID:
            header = decode(kpm_pb2.KpmIndicationHeader, indication.ric_indication_header, "KPM header")
            message = decode(kpm_pb2.KpmIndicationMessage, indication.ric_indication_message, "KPM message")
            self._handler.on_kpm(self, header, message)
        else:
            text = f"RAN function {indication.ran_function_id} sends no indications here"
            raise WireError(Cause("ric_request", "ran-function-id-invalid", text))

    def _on_relayed(self, indication: e2ap_pb2.RicIndication) -> None:
        message = decode(
            dapp_pb2.DappRelayIndication, indication.ric_indication_message, "dApp relay message"
        )
        kind = message.WhichOneof("message")
        if kind == "report":
            self._handler.on_report(self, message.report)
        elif kind == "policy_status":
            self._handler.on_policy_status(self, message.policy_status)
        else:
            name = "abstract-syntax-error-falsely-constructed-message"
            raise WireError(Cause("protocol", name, "the relayed indication holds nothing"))

    def _count_gap(self, indication: e2ap_pb2.RicIndication) -> None:
        key = key_of(indication)
        expected = self._next_sn.get(key)
        if expected is None:
            raise WireError(Cause("ric_request", "request-id-unknown", f"no subscription {key}"))
        missing = (indication.ric_indication_sn - expected) % SN_MODULUS
        self._next_sn[key] = (indication.ric_indication_sn + 1) % SN_MODULUS
        if missing:
            self._counters.missed("e2", missing)


def _why_not_admitted(response: e2ap_pb2.RicSubscriptionResponse) -> Cause:
    if response.ric_actions_not_admitted:
        return from_proto(response.ric_actions_not_admitted[0].cause)
    return Cause("ric_request", "action-not-supported", "the action was not admitted")
