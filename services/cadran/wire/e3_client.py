"""The dApp's end of E3: connects, sets up, reconnects."""

from __future__ import annotations

import asyncio
import time
from math import inf
from typing import Protocol

import numpy as np

from cadran.wire.causes import Cause, RefusedError, WireError, from_proto
from cadran.wire.connector import ChannelCredentials, Connector
from cadran.wire.e3_session import E3_SERVICE, E3Association, parse, serialise
from cadran.wire.e3_versions import LOWEST, SPOKEN, WITH_SUBSCRIPTIONS, negotiate, parse_version
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from cadran.wire.lateness import Lateness
from cadran.wire.link import Lane, LinkCounters, LinkSettings, NoCounters
from cadran.wire.stream import ByteStream, first_pdu

# An indication later than this has newer ones behind it. Reading the next takes far less than the wait.
_OUTDATED_FRAMES = 2
_CATCH_UP_S = 0.001


class E3ClientHandler(Protocol):
    """What the dApp does with what its DU sends. Called from the event loop; must not block.

    A method that raises `WireError` refuses the PDU: the DU gets a MessageAck with the cause.
    """

    def setup_request(self) -> e3ap_pb2.SetupRequest:
        """The request for the next attempt; the protocol versions are filled in by the client."""

    def on_connected(self, session: E3ClientSession, response: e3ap_pb2.SetupResponse) -> None:
        """The DU accepted."""

    def subscription(self) -> e3ap_pb2.SubscriptionRequest:
        """Which indications the dApp wants of a DU that has subscriptions; asked after `on_connected`."""

    def on_indication(self, session: E3ClientSession, indication: e3ap_pb2.IndicationMessage) -> None:
        """A frame is to be decided."""

    def on_outdated_indication(
        self, session: E3ClientSession, indication: e3ap_pb2.IndicationMessage
    ) -> None:
        """A frame was to be decided, but a newer one waits already: there is only its outcome to be noted."""

    def on_report_ack(self, session: E3ClientSession, ack: dapp_pb2.DappReportAck) -> None:
        """The xApp stored rows, or could not."""

    def on_policy_chunk(self, session: E3ClientSession, chunk: dapp_pb2.PolicyChunk) -> None:
        """A part of a policy."""

    def on_message_ack(self, session: E3ClientSession, ack: e3ap_pb2.MessageAck) -> None:
        """The DU refused a PDU; `ack.message_id` is what the send method returned."""

    def on_closed(self, cause: Cause) -> None:
        """The session ended, or an attempt to connect failed."""


class E3ClientSession(E3Association):
    """The DU, seen from its dApp.

    Attributes:
        subscribed: whether the DU has admitted the subscription; with E3AP 1.0, which has none, always.
        subscription_refused: whether the session ended because it has not.
    """

    def __init__(
        self,
        stream: ByteStream,
        handler: E3ClientHandler,
        response: e3ap_pb2.SetupResponse,
        settings: LinkSettings,
        counters: LinkCounters,
    ) -> None:
        super().__init__(stream, settings, counters, response.heartbeat_period_ms / 1000.0)
        self._handler = handler
        self._expiry: asyncio.TimerHandle | None = None
        self.subscribed = parse_version(response.e3ap_protocol_version) < WITH_SUBSCRIPTIONS
        self.subscription_refused = False
        # In lock-step the DU waits, so nothing is ever outdated.
        frame_ns = 1e9 * response.ran_facts.frame_s
        self._outdated_after_ns = inf if response.lockstep else _OUTDATED_FRAMES * frame_ns
        self._lateness = Lateness()
        self._late: e3ap_pb2.E3Pdu | None = None
        self._dispatch = {
            "indication_message": self._on_indication,
            "dapp_report_ack": lambda pdu: handler.on_report_ack(self, pdu.dapp_report_ack.ack),
            "xapp_control_action": self._on_xapp_control_action,
            "message_ack": lambda pdu: handler.on_message_ack(self, pdu.message_ack),
            "subscription_response": self._on_subscription_response,
            "subscription_delete_response": self._on_subscription_delete_response,
        }

    def send_control_action(self, action: e3ap_pb2.DAppControlAction) -> int:
        """Send the decision for one frame; returns the PDU's id."""
        return self._send(Lane.FAST, "dapp_control_action", action)

    def send_report(self, report: dapp_pb2.DappReport) -> int:
        """Send transitions; returns the PDU's id. Raises `QueueFullError`."""
        return self._send(Lane.ORDERED, "dapp_report", e3ap_pb2.DAppReport(report=report))

    def send_policy_status(self, status: dapp_pb2.PolicyStatus) -> int:
        """Say what runs, or why a policy was refused; returns the PDU's id. Raises `QueueFullError`."""
        return self._send(Lane.ORDERED, "policy_status", e3ap_pb2.PolicyStatus(status=status))

    def _on_indication(self, pdu: e3ap_pb2.E3Pdu) -> None:
        """Hand over an indication; a late one only when no newer one follows at once."""
        if self._late is not None:
            late, self._late = self._late, None
            self._handler.on_outdated_indication(self, late.indication_message)
        if self._lateness.ns(pdu.sent_monotonic_ns, time.monotonic_ns()) <= self._outdated_after_ns:
            self._handler.on_indication(self, pdu.indication_message)
        else:
            self._late = pdu
            asyncio.get_running_loop().call_later(_CATCH_UP_S, self._decide_late, pdu)

    def _decide_late(self, pdu: e3ap_pb2.E3Pdu) -> None:
        if self._late is pdu and self.open:
            self._late = None
            try:
                self._handler.on_indication(self, pdu.indication_message)
            except WireError as error:
                self._refuse(pdu.id, "indication_message", error.cause)

    def subscribe(self, request: e3ap_pb2.SubscriptionRequest) -> None:
        """Ask for indications, or for others than before; a refusal, or silence, ends the session."""
        self._await_answer()
        self._send(Lane.ORDERED, "subscription_request", request)

    def unsubscribe(self, subscription_id: int) -> None:
        """Ask for no more indications. No answer in time ends the session."""
        self._await_answer()
        message = e3ap_pb2.SubscriptionDelete(subscription_id=subscription_id)
        self._send(Lane.ORDERED, "subscription_delete", message)

    def end(self, cause: Cause) -> None:
        """End the session; nothing is waited for any more."""
        if self._expiry is not None:
            self._expiry.cancel()
        super().end(cause)

    def _await_answer(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        loop = asyncio.get_running_loop()
        self._expiry = loop.call_later(self._settings.control_timeout_s, self._expired)

    def _expired(self) -> None:
        text = f"no answer to a subscription in {self._settings.control_timeout_s:g} s"
        self.close(Cause("ric_request", "control-timer-expired", text))

    def _answered(self) -> None:
        if self._expiry is None:
            name = "message-not-compatible-with-receiver-state"
            raise WireError(Cause("protocol", name, "no subscription waits for an answer"))
        self._expiry.cancel()
        self._expiry = None

    def _on_subscription_response(self, pdu: e3ap_pb2.E3Pdu) -> None:
        self._answered()
        response = pdu.subscription_response
        self.subscribed = response.response_code == common_pb2.RESPONSE_CODE_POSITIVE
        if not self.subscribed:
            self.subscription_refused = True
            self.close(from_proto(response.cause))

    def _on_subscription_delete_response(self, pdu: e3ap_pb2.E3Pdu) -> None:
        self._answered()  # refused or not, there is no such subscription now
        self.subscribed = False

    def _on_xapp_control_action(self, pdu: e3ap_pb2.E3Pdu) -> None:
        action = pdu.xapp_control_action
        kind = action.WhichOneof("action")
        if kind == "policy_chunk":
            self._handler.on_policy_chunk(self, action.policy_chunk)
        else:
            name = "abstract-syntax-error-falsely-constructed-message"
            raise WireError(Cause("protocol", name, "the xApp control action holds nothing"))


class E3Client(Connector[E3ClientSession]):
    """Keeps a dApp connected to its DU.

    Args:
        target: host:port of the DU's E3 service.
        handler: the dApp.
        rng: jitter of the waits between attempts.
        settings: limits and times.
        counters: where to count.
        credentials: for TLS; None: clear text.
    """

    interface = "e3"
    service = E3_SERVICE

    def __init__(
        self,
        target: str,
        handler: E3ClientHandler,
        rng: np.random.Generator,
        settings: LinkSettings | None = None,
        counters: LinkCounters | None = None,
        credentials: ChannelCredentials | None = None,
    ) -> None:
        super().__init__(target, rng, settings or LinkSettings(), counters or NoCounters(), credentials)
        self._handler = handler

    async def _set_up(self, stream: ByteStream) -> E3ClientSession:
        request = self._handler.setup_request()
        request.e3ap_protocol_version = str(LOWEST)
        request.supported_versions[:] = map(str, SPOKEN)  # a handler may give the same request again
        await stream.write(serialise(1, "setup_request", request))
        response = _accepted(parse(await first_pdu(stream, self._settings.setup_timeout_s)))
        session = E3ClientSession(stream, self._handler, response, self._settings, self._counters)
        self._counters.opened("e3")
        self._session = session
        self._handler.on_connected(session, response)
        if not session.subscribed:
            session.subscribe(self._handler.subscription())
        return session

    async def _attempt(self) -> Cause:
        cause = await super()._attempt()
        if self._session is not None and self._session.subscription_refused:
            # The setup succeeded, so the backoff begins anew; but the same request has the same answer.
            self._time_to_wait_s = self._settings.backoff_max_s
        return cause

    def _release(self, session: E3ClientSession) -> None:
        session.close(Cause("dapp", "shutdown", "the dApp stops"))

    def _on_closed(self, cause: Cause) -> None:
        self._handler.on_closed(cause)

    def _final(self, cause: Cause) -> bool:
        # A newer dApp has the DU: coming back would only throw that one out in turn.
        return cause.label == "dapp/replaced"


def _accepted(pdu: e3ap_pb2.E3Pdu) -> e3ap_pb2.SetupResponse:
    """A DU's answer to the setup. Raises `WireError` for a refusal, or what cannot be worked with."""
    if pdu.HasField("message_ack"):
        raise RefusedError(from_proto(pdu.message_ack.cause))
    response = pdu.setup_response
    if response.response_code != common_pb2.RESPONSE_CODE_POSITIVE:
        raise RefusedError(from_proto(response.cause))
    if response.heartbeat_period_ms == 0:
        raise RefusedError(Cause("protocol", "semantic-error", "setup response without heartbeat period"))
    agreed = parse_version(response.e3ap_protocol_version)
    if negotiate([agreed]) != agreed:
        text = f"the DU chose E3AP {agreed}, which was not offered"
        raise RefusedError(Cause("dapp", "protocol-version-unsupported", text))
    return response
