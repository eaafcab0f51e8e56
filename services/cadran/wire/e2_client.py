"""The DU's end of E2: an E2 node that connects to the xApp and keeps the association."""

from __future__ import annotations

import numpy as np

from cadran.wire.causes import Cause, RefusedError, WireError, from_proto
from cadran.wire.connector import ChannelCredentials, Connector
from cadran.wire.e2_du import E2ClientHandler, E2Session
from cadran.wire.e2_session import (
    E2_SERVICE,
    KPM_FUNCTION_ID,
    TIME_TO_WAIT_S,
    parse,
    serialise,
)
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.kpm_samples import function_definition
from cadran.wire.link import LinkCounters, LinkSettings, NoCounters
from cadran.wire.stream import ByteStream, first_pdu

__all__ = ["E2Client", "E2ClientHandler", "E2Session"]


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
        credentials: for TLS; None: clear text.
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
        credentials: ChannelCredentials | None = None,
    ) -> None:
        super().__init__(target, rng, settings or LinkSettings(), counters or NoCounters(), credentials)
        self._handler = handler

    async def _set_up(self, stream: ByteStream) -> E2Session:
        request = self._handler.setup_request()
        _describe(request)
        await stream.write(serialise("e2_setup_request", request))
        pdu = parse(await first_pdu(stream, self._settings.setup_timeout_s))
        if pdu.HasField("e2_setup_failure"):
            self._time_to_wait_s = TIME_TO_WAIT_S.get(pdu.e2_setup_failure.time_to_wait, 0.0)
            raise RefusedError(from_proto(pdu.e2_setup_failure.cause))
        if pdu.HasField("error_indication"):
            raise RefusedError(from_proto(pdu.error_indication.cause))
        response = pdu.e2_setup_response
        if not pdu.HasField("e2_setup_response") or response.transaction_id != request.transaction_id:
            name = "message-not-compatible-with-receiver-state"
            text = f"{pdu.WhichOneof('pdu')} instead of the answer to setup {request.transaction_id}"
            raise WireError(Cause("protocol", name, text))
        session = E2Session(stream, self._handler, request, self._settings, self._counters)
        self._counters.opened("e2")
        self._session = session
        self._handler.on_connected(session, response)
        return session

    def _release(self, session: E2Session) -> None:
        session.end(Cause("misc", "om-intervention", "the DU stops"))

    def _on_closed(self, cause: Cause) -> None:
        self._handler.on_closed(cause)
