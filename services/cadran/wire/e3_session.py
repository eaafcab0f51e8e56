"""The part of an E3 session that both ends share: PDU ids, dispatch, refusals, heartbeats, release."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import DecodeError, Message

from cadran.wire.causes import Cause, WireError, from_proto
from cadran.wire.gen.e2sm.v1 import common_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from cadran.wire.link import Lane, LinkCounters, LinkSettings
from cadran.wire.stream import ByteStream, Session

E3_SERVICE = e3ap_pb2.DESCRIPTOR.services_by_name["E3"].full_name
MISSED_HEARTBEATS = 3

Dispatch = Mapping[str, Callable[[e3ap_pb2.E3Pdu], None]]


def parse(data: bytes) -> e3ap_pb2.E3Pdu:
    """Parse one E3 PDU.

    Raises:
        WireError: malformed bytes, or a PDU with nothing in it.
    """
    try:
        pdu = e3ap_pb2.E3Pdu.FromString(data)
    except (DecodeError, UnicodeDecodeError) as error:  # the latter from protobuf's Python implementation
        raise WireError(Cause("protocol", "transfer-syntax-error", f"not an E3 PDU: {error}")) from error
    if pdu.WhichOneof("pdu") is None:
        name = "abstract-syntax-error-falsely-constructed-message"
        raise WireError(Cause("protocol", name, "the E3 PDU holds no message of this version"))
    return pdu


def serialise(pdu_id: int, kind: str, message: Message) -> bytes:
    """One E3 PDU as bytes, stamped with this host's monotonic clock."""
    fields: dict[str, Any] = {kind: message}
    return e3ap_pb2.E3Pdu(id=pdu_id, sent_monotonic_ns=time.monotonic_ns(), **fields).SerializeToString()


def refusal(pdu_id: int, cause: Cause) -> e3ap_pb2.MessageAck:
    """A negative acknowledgement of the peer's PDU `pdu_id` (0: unknown)."""
    return e3ap_pb2.MessageAck(
        message_id=pdu_id, response_code=common_pb2.RESPONSE_CODE_NEGATIVE, cause=cause.to_proto()
    )


class E3Association(Session):
    """An E3 session after its setup, seen from either end."""

    interface = "e3"

    def __init__(
        self, stream: ByteStream, settings: LinkSettings, counters: LinkCounters, heartbeat_period_s: float
    ) -> None:
        super().__init__(stream, settings, counters)
        self._heartbeat_period_s = heartbeat_period_s
        self._last_id = 0
        self._heard = True
        self._dispatch: Dispatch = {}

    def close(self, cause: Cause) -> None:
        """Tell the peer why, and end the session."""
        if self.open:
            self._send(Lane.FAST, "release", e3ap_pb2.Release(cause=cause.to_proto()))
            self.end(cause)

    def _send(self, lane: Lane, kind: str, message: Message) -> int:
        self._last_id = self._last_id % 0xFFFFFFFF + 1
        self._post(lane, kind, serialise(self._last_id, kind, message))
        return self._last_id

    def _receive(self, data: bytes) -> None:
        self._heard = True
        try:
            pdu = parse(data)
        except WireError as error:
            self._refuse(0, "malformed", error.cause)
            return
        kind = pdu.WhichOneof("pdu") or ""
        self._counters.received(self.interface, kind)
        try:
            self._handle(kind, pdu)
        except WireError as error:
            self._refuse(pdu.id, kind, error.cause)

    def _handle(self, kind: str, pdu: e3ap_pb2.E3Pdu) -> None:
        if (method := self._dispatch.get(kind)) is not None:
            method(pdu)
        elif kind == "release":
            self.end(from_proto(pdu.release.cause))
        elif kind != "heartbeat":
            name = "message-not-compatible-with-receiver-state"
            raise WireError(Cause("protocol", name, f"{kind} is not expected here"))

    def _refuse(self, pdu_id: int, kind: str, cause: Cause) -> None:
        self._counters.refused(self.interface, kind, cause)
        self._send(Lane.FAST, "message_ack", refusal(pdu_id, cause))

    async def _beat(self) -> Cause:
        # Periods without a word are counted, not seconds: a process that was itself held up for seconds
        # finds the peer's PDUs unread, and must not take its own delay for the peer's silence.
        silent = sequence = 0
        while silent < MISSED_HEARTBEATS:
            await asyncio.sleep(self._heartbeat_period_s)
            silent = 0 if self._heard else silent + 1
            self._heard = False
            sequence += 1
            self._send(Lane.FAST, "heartbeat", e3ap_pb2.Heartbeat(sequence=sequence))
        cause = Cause("dapp", "lease-expired", f"no PDU in {silent * self._heartbeat_period_s:g} s")
        self.close(cause)
        return cause
