"""Recorded messages for people: decoded to the messages of the service models inside, a line each."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from cadran.wire.e2_session import DAPP_FUNCTION_ID, KPM_FUNCTION_ID, RC_FUNCTION_ID
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import dapp_pb2, kpm_pb2, rc_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from cadran.wire.gen.trace.v1 import trace_pb2
from cadran.wire.trace.file import Stored

INTERFACES = {trace_pb2.INTERFACE_E2: "e2", trace_pb2.INTERFACE_E3: "e3"}
DIRECTIONS = {trace_pb2.DIRECTION_SENT: "sent", trace_pb2.DIRECTION_RECEIVED: "received"}
MALFORMED = "malformed"
_MOST_TEXT = 400

_INNER: Mapping[tuple[str, int], type[Message]] = {
    ("ric_indication_header", DAPP_FUNCTION_ID): dapp_pb2.DappRelayHeader,
    ("ric_indication_message", DAPP_FUNCTION_ID): dapp_pb2.DappRelayIndication,
    ("ric_indication_header", KPM_FUNCTION_ID): kpm_pb2.KpmIndicationHeader,
    ("ric_indication_message", KPM_FUNCTION_ID): kpm_pb2.KpmIndicationMessage,
    ("ric_control_header", DAPP_FUNCTION_ID): dapp_pb2.DappRelayHeader,
    ("ric_control_message", DAPP_FUNCTION_ID): dapp_pb2.DappRelayControl,
    ("ric_control_header", RC_FUNCTION_ID): rc_pb2.RcControlHeader,
    ("ric_control_message", RC_FUNCTION_ID): rc_pb2.RcControlMessage,
    ("ric_control_outcome", RC_FUNCTION_ID): rc_pb2.RicControlOutcome,
    ("ric_event_trigger_definition", KPM_FUNCTION_ID): kpm_pb2.KpmEventTriggerDefinition,
    ("ric_action_definition", KPM_FUNCTION_ID): kpm_pb2.KpmActionDefinition,
    ("ric_action_definition", DAPP_FUNCTION_ID): dapp_pb2.DappRelayActionDefinition,
    ("ran_function_definition", KPM_FUNCTION_ID): kpm_pb2.KpmRanFunctionDefinition,
}
"""What the bytes of a field are, by the RAN function that the message names."""


@dataclass(frozen=True)
class Line:
    """One record of a file, decoded.

    Attributes:
        offset: of its entry in the file.
        time_s: since the file's first record.
        wall_s: since 1970.
        direction: "sent" or "received" by the service that recorded; empty for what is no message.
        interface: e2, e3 or a1; empty for what belongs to none.
        peer: at the other end, by its address.
        du: of the association, where a setup has told it.
        kind: name of the PDU in its oneof, or of the record.
        content: the message's fields that are set.
    """

    offset: int
    time_s: float
    wall_s: float
    direction: str
    interface: str
    peer: str
    du: int | None
    kind: str
    content: dict[str, Any]

    def text(self) -> str:
        """For a terminal."""
        du = "" if self.du is None else f"du {self.du}"
        content = _short(self.content)
        return (
            f"{self.time_s:12.6f} {self.direction:8} {self.interface:2} {du:5} {self.kind} {content}".rstrip()
        )

    def json(self) -> str:
        """For programs: one object; numbers that are not finite are texts."""
        return json.dumps({**vars(self)}, allow_nan=False)


@dataclass(frozen=True)
class Wanted:
    """Which lines are shown; None: any.

    Attributes:
        interface: e2, e3 or a1.
        du: of its association.
        kind: a PDU's or record's name.
        from_s, to_s: bounds of the time since the file's first record [s].
    """

    interface: str | None = None
    du: int | None = None
    kind: str | None = None
    from_s: float = -math.inf
    to_s: float = math.inf

    def holds(self, line: Line) -> bool:
        """Whether the line is wanted. A gap is never left out: it says what cannot be shown."""
        if not self.from_s <= line.time_s <= self.to_s:
            return False
        if line.kind in ("gap", "full"):
            return True
        wanted = (self.interface, self.du, self.kind)
        found = (line.interface, line.du, line.kind)
        return all(one is None or one == other for one, other in zip(wanted, found, strict=True))


@dataclass
class _Known:
    peers: dict[int, str] = field(default_factory=dict)
    interfaces: dict[int, str] = field(default_factory=dict)
    dus: dict[int, int] = field(default_factory=dict)


def lines(records: Iterable[Stored]) -> Iterator[Line]:
    """Records decoded, in order; raises what `records` raises."""
    known, began_ns = _Known(), None
    for stored in records:
        record = stored.record
        if began_ns is None:
            began_ns = record.monotonic_ns
        direction, interface, peer, du, kind, content = _decoded(record, known)
        yield Line(
            stored.offset,
            (record.monotonic_ns - began_ns) / 1e9,
            record.wall_ns / 1e9,
            direction,
            interface,
            peer,
            du,
            kind,
            content,
        )


def pdu_of(pdu: trace_pb2.Pdu) -> e2ap_pb2.E2apPdu | e3ap_pb2.E3Pdu | None:
    """The recorded PDU; None when it is malformed."""
    model = e2ap_pb2.E2apPdu if pdu.interface == trace_pb2.INTERFACE_E2 else e3ap_pb2.E3Pdu
    try:
        return model.FromString(pdu.data)
    except (DecodeError, UnicodeDecodeError):
        return None


def du_of(pdu: e2ap_pb2.E2apPdu | e3ap_pb2.E3Pdu) -> int | None:
    """The DU that a setup request names; None in every other PDU."""
    if isinstance(pdu, e2ap_pb2.E2apPdu):
        return pdu.e2_setup_request.global_e2_node_id.gnb_du_id if pdu.HasField("e2_setup_request") else None
    return pdu.setup_request.du_id if pdu.HasField("setup_request") else None


_Decoded = tuple[str, str, str, int | None, str, dict[str, Any]]


def _decoded(record: trace_pb2.Record, known: _Known) -> _Decoded:
    kind = record.WhichOneof("record") or ""
    if kind == "pdu":
        return _decoded_pdu(record.pdu, known)
    if kind == "exchange":
        return _decoded_exchange(record.exchange)
    content = plain(getattr(record, kind))
    if kind == "opened":
        number = record.opened.association
        known.peers[number] = record.opened.peer
        known.interfaces[number] = INTERFACES.get(record.opened.interface, "")
    if kind in ("opened", "closed"):
        number = getattr(record, kind).association
        interface, peer = known.interfaces.get(number, ""), known.peers.get(number, "")
        return "", interface, peer, known.dus.get(number), kind, content
    return "", "", "", None, kind, content


def _decoded_pdu(recorded: trace_pb2.Pdu, known: _Known) -> _Decoded:
    number = recorded.association
    pdu = pdu_of(recorded)
    kind, content = MALFORMED, {"bytes": len(recorded.data)}
    if pdu is not None:
        kind = pdu.WhichOneof("pdu") or MALFORMED
        if (du := du_of(pdu)) is not None:
            known.dus[number] = du
        if kind != MALFORMED:
            content = plain(getattr(pdu, kind))
    direction, interface = DIRECTIONS.get(recorded.direction, ""), INTERFACES.get(recorded.interface, "")
    return direction, interface, known.peers.get(number, ""), known.dus.get(number), kind, content


def _decoded_exchange(exchange: trace_pb2.Exchange) -> _Decoded:
    content = {
        "path": exchange.path,
        "status": exchange.status,
        "duration_ms": exchange.duration_ns / 1e6,
        "request": exchange.request_body.decode(errors="replace"),
        "response": exchange.response_body.decode(errors="replace"),
    }
    return DIRECTIONS.get(exchange.direction, ""), "a1", exchange.peer, None, exchange.method, content


def plain(message: Message, function: int = 0) -> dict[str, Any]:
    """The fields that are set, with the service models' messages in place of their bytes.

    Args:
        message: of any kind.
        function: RAN function of the message around it.
    """
    function = getattr(message, "ran_function_id", function)
    return {one.name: _plain(one, value, function) for one, value in message.ListFields()}


def _plain(one: FieldDescriptor, value: Any, function: int) -> Any:
    if isinstance(value, (str, bytes, Message)) or not hasattr(value, "__len__"):
        return _plain_one(one, value, function)
    return [_plain_one(one, part, function) for part in value]


def _plain_one(one: FieldDescriptor, value: Any, function: int) -> Any:
    if isinstance(value, Message):
        return plain(value, function)
    if isinstance(value, bytes):
        return _plain_bytes(one.name, value, function)
    if one.enum_type is not None:
        known = one.enum_type.values_by_number.get(value)
        return value if known is None else known.name
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _plain_bytes(name: str, data: bytes, function: int) -> Any:
    model = _INNER.get((name, function))
    if model is not None:
        try:
            return plain(model.FromString(data), function)
        except (DecodeError, UnicodeDecodeError):
            return f"malformed, {len(data)} bytes"
    return data.hex() if len(data) <= 32 else f"{len(data)} bytes"


def _short(content: dict[str, Any]) -> str:
    text = " ".join(f"{name}={_worded(value)}" for name, value in content.items())
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 3]}..."


def _worded(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + " ".join(f"{name}={_worded(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_worded, value)) + "]"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
