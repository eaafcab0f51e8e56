"""The xApp's end of E2: one association per DU, each DU an E2 node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import grpc

from cadran.wire.causes import Cause, WireError
from cadran.wire.e2_functions import check_functions
from cadran.wire.e2_handler import E2ServerHandler
from cadran.wire.e2_node import TIME_TO_WAIT, E2Node
from cadran.wire.e2_session import (
    E2_SERVICE,
    error_indication,
    parse,
    serialise,
    transaction_of,
)
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.link import LinkCounters, LinkSettings, NoCounters
from cadran.wire.peers import e2_node_name, require_name
from cadran.wire.stream import ByteStream, PeerStream, SetupRefusedError, first_pdu, start_server

__all__ = ["E2Node", "E2Server", "E2ServerHandler"]


class E2Server:
    """Hosts the `E2Termination` service.

    Args:
        listen: host:port; port 0 takes a free one.
        handler: the xApp.
        settings: limits and times.
        counters: where to count.
        credentials: for TLS, where a peer's certificate must name its DU; None: clear text, any peer.
    """

    def __init__(
        self,
        listen: str,
        handler: E2ServerHandler,
        settings: LinkSettings | None = None,
        counters: LinkCounters | None = None,
        credentials: grpc.ServerCredentials | None = None,
    ) -> None:
        self._listen = listen
        self._handler = handler
        self._settings = settings or LinkSettings()
        self._counters = counters or NoCounters()
        self._credentials = credentials
        self._nodes: dict[int, E2Node] = {}
        self._server: grpc.aio.Server | None = None

    @property
    def nodes(self) -> Mapping[int, E2Node]:
        """The associated nodes by index of the DU (a live view)."""
        return MappingProxyType(self._nodes)

    async def start(self) -> int:
        """Listen, and return the port. Raises OSError when the address cannot be bound."""
        self._server, port = await start_server(
            self._listen, E2_SERVICE, self._connect, self._credentials, self._settings.tap
        )
        return port

    async def stop(self) -> None:
        """End every association and stop listening."""
        for node in list(self._nodes.values()):
            node.end(Cause("misc", "om-intervention", "the xApp stops"))
        if self._server is not None:
            await self._server.stop(self._settings.close_timeout_s)

    async def _connect(self, stream: PeerStream) -> None:
        try:
            node = await self._set_up(stream)
        except SetupRefusedError as error:
            # Counted before it is told: a peer that has gone ends this task there.
            self._counters.closed("e2", error.cause)
            await stream.write(error.answer)
            return
        cause = Cause("transport", "unspecified", "the stream was cut")
        try:
            self._handler.on_connected(node)
            cause = await node.serve()
        finally:
            self._forget(node, cause)

    async def _set_up(self, stream: PeerStream) -> E2Node:
        """Read the setup request, answer it, and register the node, or raise `SetupRefusedError`."""
        pdu = None
        try:
            pdu = parse(await first_pdu(stream, self._settings.setup_timeout_s))
            if not pdu.HasField("e2_setup_request"):
                name = "message-not-compatible-with-receiver-state"
                raise WireError(Cause("protocol", name, f"{pdu.WhichOneof('pdu')} before the setup"))
        except WireError as error:
            answer = serialise("error_indication", error_indication(pdu, error.cause))
            raise SetupRefusedError(error.cause, answer) from error
        request = pdu.e2_setup_request
        try:
            transaction_of(request)
            check_functions(request.ran_functions_added)
            if self._credentials is not None:
                require_name(stream, e2_node_name(request.global_e2_node_id.gnb_du_id))
            response = self._handler.on_setup(request)
        except WireError as error:
            failure = e2ap_pb2.E2SetupFailure(
                transaction_id=request.transaction_id,
                cause=error.cause.to_proto(),
                time_to_wait=TIME_TO_WAIT,
            )
            raise SetupRefusedError(error.cause, serialise("e2_setup_failure", failure)) from error
        response.transaction_id = request.transaction_id
        await stream.write(serialise("e2_setup_response", response))
        return self._register(stream, request, response.ran_functions_accepted)

    def _register(
        self,
        stream: ByteStream,
        request: e2ap_pb2.E2SetupRequest,
        accepted: Iterable[e2ap_pb2.RanFunctionId],
    ) -> E2Node:
        node = E2Node(stream, self._handler, request, accepted, self._settings, self._counters)
        if (older := self._nodes.get(node.du_id)) is not None:
            cause = Cause("transport", "unspecified", f"DU {node.du_id} set up a new association")
            older.end(cause)
            self._forget(older, cause)
        self._nodes[node.du_id] = node
        self._counters.opened("e2")
        return node

    def _forget(self, node: E2Node, cause: Cause) -> None:
        if self._nodes.get(node.du_id) is node:
            del self._nodes[node.du_id]
            self._counters.closed("e2", cause)
            self._handler.on_closed(node, cause)
