"""The DU's end of E3: one stream per dApp, one dApp per DU."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import grpc

from cadran.wire.causes import Cause, WireError
from cadran.wire.e3_session import E3_SERVICE, E3Association, parse, refusal, serialise
from cadran.wire.e3_subscriptions import EVERYTHING, Subscription, admitted, require_present
from cadran.wire.e3_versions import SPOKEN, WITH_SUBSCRIPTIONS, negotiate, offered, parse_version
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from cadran.wire.link import Lane, LinkCounters, LinkSettings, NoCounters
from cadran.wire.peers import dapp_name, require_name
from cadran.wire.stream import ByteStream, PeerStream, SetupRefusedError, first_pdu, start_server

Answer = e3ap_pb2.SubscriptionResponse | e3ap_pb2.SubscriptionDeleteResponse


class E3ServerHandler(Protocol):
    """What the RAN does with what dApps send. Called from the event loop; must not block.

    A method that raises `WireError` refuses the PDU: the dApp gets a MessageAck with the cause, the session
    goes on. Any other exception ends that session and is logged.
    """

    def on_setup(self, request: e3ap_pb2.SetupRequest) -> e3ap_pb2.SetupResponse:
        """Answer a dApp that wants to serve `request.du_id`, or raise `WireError` to refuse it.

        The answer's response code and protocol versions are filled in by the server.
        """

    def on_connected(self, session: E3Session) -> None:
        """The setup is answered; the session may send from now on."""

    def on_subscribed(self, session: E3Session) -> None:
        """What the dApp is subscribed to has changed: `session.subscription`."""

    def on_control_action(self, session: E3Session, action: e3ap_pb2.DAppControlAction) -> None:
        """The dApp's decision for `action.frame`."""

    def on_report(self, session: E3Session, report: dapp_pb2.DappReport) -> None:
        """Transitions, to be relayed to the xApp."""

    def on_policy_status(self, session: E3Session, status: dapp_pb2.PolicyStatus) -> None:
        """What the dApp runs, or why it refused a policy; to be relayed to the xApp."""

    def on_message_ack(self, session: E3Session, ack: e3ap_pb2.MessageAck) -> None:
        """The dApp refused a PDU."""

    def on_closed(self, session: E3Session, cause: Cause) -> None:
        """The session ended. When a newer dApp replaced it, this comes before its `on_connected`."""


class E3Session(E3Association):
    """One dApp, seen from its DU.

    Attributes:
        du_id: index of the DU.
        request: the dApp's setup request.
        subscription: what the dApp wants indicated; None: nothing.
    """

    def __init__(
        self,
        stream: ByteStream,
        handler: E3ServerHandler,
        request: e3ap_pb2.SetupRequest,
        response: e3ap_pb2.SetupResponse,
        settings: LinkSettings,
        counters: LinkCounters,
    ) -> None:
        super().__init__(stream, settings, counters, response.heartbeat_period_ms / 1000.0)
        self.du_id = request.du_id
        self.request = request
        self.subscription: Subscription | None = None
        self._handler = handler
        self._functions = response.ran_functions
        # In lock-step a frame must find the policies that were sent before it, so nothing may overtake.
        self._indication_lane = Lane.ORDERED if response.lockstep else Lane.FAST
        self._dispatch = {
            "dapp_control_action": lambda pdu: handler.on_control_action(self, pdu.dapp_control_action),
            "dapp_report": lambda pdu: handler.on_report(self, pdu.dapp_report.report),
            "policy_status": lambda pdu: handler.on_policy_status(self, pdu.policy_status.status),
            "message_ack": lambda pdu: handler.on_message_ack(self, pdu.message_ack),
        }
        if parse_version(response.e3ap_protocol_version) < WITH_SUBSCRIPTIONS:
            self.subscription = EVERYTHING
        else:
            self._dispatch["subscription_request"] = self._on_subscription_request
            self._dispatch["subscription_delete"] = self._on_subscription_delete

    def accept(self, response: e3ap_pb2.SetupResponse) -> None:
        """Answer the setup. The server does this once, before anything else is sent."""
        self._send(self._indication_lane, "setup_response", response)

    def send_indication(self, indication: e3ap_pb2.IndicationMessage) -> None:
        """Send the indication of one frame. A full queue drops its oldest; in lock-step `QueueFullError`."""
        self._send(self._indication_lane, "indication_message", indication)

    def send_report_ack(self, ack: dapp_pb2.DappReportAck) -> None:
        """Relay an acknowledgement, after all chunks sent before it. Raises `QueueFullError`."""
        self._send(Lane.ORDERED, "dapp_report_ack", e3ap_pb2.DAppReportAck(ack=ack))

    def send_policy_chunk(self, chunk: dapp_pb2.PolicyChunk) -> None:
        """Relay one chunk of a policy. Raises `QueueFullError`."""
        self._send(Lane.ORDERED, "xapp_control_action", e3ap_pb2.XAppControlAction(policy_chunk=chunk))

    # Answers go in the ordered lane, because the fast one may drop them.

    def _on_subscription_request(self, pdu: e3ap_pb2.E3Pdu) -> None:
        request = pdu.subscription_request
        answer = e3ap_pb2.SubscriptionResponse(
            subscription_id=request.subscription_id, response_code=common_pb2.RESPONSE_CODE_POSITIVE
        )
        try:
            self._subscribe(admitted(request, self._functions, self.subscription))
        except WireError as error:
            self._note_refusal("subscription_request", error.cause, answer)
        self._send(Lane.ORDERED, "subscription_response", answer)

    def _on_subscription_delete(self, pdu: e3ap_pb2.E3Pdu) -> None:
        number = pdu.subscription_delete.subscription_id
        answer = e3ap_pb2.SubscriptionDeleteResponse(
            subscription_id=number, response_code=common_pb2.RESPONSE_CODE_POSITIVE
        )
        try:
            require_present(number, self.subscription)
            self._subscribe(None)
        except WireError as error:
            self._note_refusal("subscription_delete", error.cause, answer)
        self._send(Lane.ORDERED, "subscription_delete_response", answer)

    def _subscribe(self, wanted: Subscription | None) -> None:
        if wanted != self.subscription:
            self.subscription = wanted
            self._handler.on_subscribed(self)

    def _note_refusal(self, kind: str, cause: Cause, answer: Answer) -> None:
        self._counters.refused(self.interface, kind, cause)
        answer.response_code = common_pb2.RESPONSE_CODE_NEGATIVE
        answer.cause.CopyFrom(cause.to_proto())


class E3Server:
    """Hosts the `E3` service.

    Args:
        listen: host:port; port 0 takes a free one.
        handler: the RAN.
        settings: limits and times.
        counters: where to count.
        credentials: for TLS, where a peer's certificate must name its DU; None: clear text, any peer.
    """

    def __init__(
        self,
        listen: str,
        handler: E3ServerHandler,
        settings: LinkSettings | None = None,
        counters: LinkCounters | None = None,
        credentials: grpc.ServerCredentials | None = None,
    ) -> None:
        self._listen = listen
        self._handler = handler
        self._settings = settings or LinkSettings()
        self._counters = counters or NoCounters()
        self._credentials = credentials
        self._sessions: dict[int, E3Session] = {}
        self._server: grpc.aio.Server | None = None

    @property
    def sessions(self) -> Mapping[int, E3Session]:
        """The open sessions by index of the DU (a live view)."""
        return MappingProxyType(self._sessions)

    async def start(self) -> int:
        """Listen, and return the port. Raises OSError when the address cannot be bound."""
        self._server, port = await start_server(
            self._listen, E3_SERVICE, self._connect, self._credentials, self._settings.tap
        )
        return port

    async def stop(self) -> None:
        """Release every dApp and stop listening."""
        for session in list(self._sessions.values()):
            session.close(Cause("dapp", "shutdown", "the RAN stops"))
        if self._server is not None:
            await self._server.stop(self._settings.close_timeout_s)

    async def _connect(self, stream: PeerStream) -> None:
        try:
            session = await self._set_up(stream)
        except SetupRefusedError as error:
            # Counted before it is told: a peer that has gone ends this task there.
            self._counters.closed("e3", error.cause)
            await stream.write(error.answer)
            return
        cause = Cause("transport", "unspecified", "the stream was cut")
        try:
            self._handler.on_connected(session)
            cause = await session.serve()
        finally:
            self._forget(session, cause)

    async def _set_up(self, stream: PeerStream) -> E3Session:
        """Read the setup request, answer it, and register the session, or raise `SetupRefusedError`."""
        pdu_id = 0
        try:
            pdu = parse(await first_pdu(stream, self._settings.setup_timeout_s))
            pdu_id = pdu.id
            if not pdu.HasField("setup_request"):
                name = "message-not-compatible-with-receiver-state"
                raise WireError(Cause("protocol", name, f"{pdu.WhichOneof('pdu')} before the setup"))
        except WireError as error:
            answer = serialise(1, "message_ack", refusal(pdu_id, error.cause))
            raise SetupRefusedError(error.cause, answer) from error
        request = pdu.setup_request
        try:
            if self._credentials is not None:
                require_name(stream, dapp_name(request.du_id))
            response = self._answer(request)
        except WireError as error:
            refused = e3ap_pb2.SetupResponse(
                response_code=common_pb2.RESPONSE_CODE_NEGATIVE,
                cause=error.cause.to_proto(),
                e3ap_protocol_version=str(max(SPOKEN)),
                supported_versions=map(str, SPOKEN),
            )
            raise SetupRefusedError(error.cause, serialise(1, "setup_response", refused)) from error
        return self._register(stream, request, response)

    def _answer(self, request: e3ap_pb2.SetupRequest) -> e3ap_pb2.SetupResponse:
        version = negotiate(offered(request.supported_versions, request.e3ap_protocol_version))
        if not 1 <= request.dapp_id <= 100:
            raise WireError(Cause("protocol", "semantic-error", f"dapp_id {request.dapp_id} not in 1..100"))
        response = self._handler.on_setup(request)
        if response.heartbeat_period_ms == 0:
            raise ValueError("on_setup must set heartbeat_period_ms")
        response.response_code = common_pb2.RESPONSE_CODE_POSITIVE
        response.e3ap_protocol_version = str(version)
        response.supported_versions[:] = map(str, SPOKEN)
        return response

    def _register(
        self, stream: ByteStream, request: e3ap_pb2.SetupRequest, response: e3ap_pb2.SetupResponse
    ) -> E3Session:
        if (older := self._sessions.get(request.du_id)) is not None:
            cause = Cause("dapp", "replaced", f"another dApp serves DU {request.du_id} now")
            older.close(cause)
            self._forget(older, cause)
        session = E3Session(stream, self._handler, request, response, self._settings, self._counters)
        self._sessions[request.du_id] = session
        session.accept(response)
        self._counters.opened("e3")
        return session

    def _forget(self, session: E3Session, cause: Cause) -> None:
        if self._sessions.get(session.du_id) is session:
            del self._sessions[session.du_id]
            self._counters.closed("e3", cause)
            self._handler.on_closed(session, cause)
