"""What one side of a recorded E2 or E3 conversation said, and what of its messages a replay compares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from cadran.wire.causes import from_proto
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from cadran.wire.gen.trace.v1 import trace_pb2
from cadran.wire.trace.file import Stored
from cadran.wire.trace.text import du_of, pdu_of

Service = Literal["xapp", "ransim", "dapp"]
Pdu = e2ap_pb2.E2apPdu | e3ap_pb2.E3Pdu


class ReplayError(ValueError):
    """The file cannot be played against this service."""


@dataclass(frozen=True)
class Step:
    """One message of a script.

    Attributes:
        at_s: since the script's first message.
        played: to the service under test; else it came from it.
        pdu: the message.
        data: its bytes as recorded.
    """

    at_s: float
    played: bool
    pdu: Pdu | None
    data: bytes


@dataclass(frozen=True)
class Script:
    """What one association said.

    Attributes:
        interface: of the association.
        du: its DU.
        steps: messages in order.
    """

    interface: trace_pb2.Interface
    du: int
    steps: tuple[Step, ...]


def scripts(records: Iterable[Stored], against: Service, interface: trace_pb2.Interface) -> list[Script]:
    """The associations of a recording as the service under test lived them.

    Args:
        records: of a file, made by the service itself or by its peer.
        against: the service under test.
        interface: which of its interfaces.

    Raises:
        ReplayError: nothing in the file was said to this service.
        DamageError: the file is damaged.
    """
    header, recorded = None, dict[int, list[trace_pb2.Record]]()
    for stored in records:
        record = stored.record
        if record.HasField("header"):
            header = record.header
        elif record.HasField("pdu") and record.pdu.interface == interface:
            recorded.setdefault(record.pdu.association, []).append(record)
    by_itself = header is not None and header.service == against
    played = trace_pb2.DIRECTION_RECEIVED if by_itself else trace_pb2.DIRECTION_SENT
    found = [_script(interface, played, one) for one in recorded.values()]
    made = [script for script in found if script is not None]
    if not made:
        raise ReplayError(f"no association of {against} in it: none begins with a setup that was answered")
    return made


def _script(
    interface: trace_pb2.Interface, played: trace_pb2.Direction, records: list[trace_pb2.Record]
) -> Script | None:
    began_ns = records[0].monotonic_ns
    steps = tuple(
        Step(
            (record.monotonic_ns - began_ns) / 1e9,
            record.pdu.direction == played,
            pdu_of(record.pdu),
            record.pdu.data,
        )
        for record in records
    )
    du = None if steps[0].pdu is None else du_of(steps[0].pdu)
    both = {step.played for step in steps}
    return None if du is None or len(both) < 2 else Script(interface, du, steps)


def kind_of(pdu: Pdu | None) -> str:
    """Name of the PDU in its oneof."""
    return "malformed" if pdu is None else str(pdu.WhichOneof("pdu") or "malformed")


def essence(pdu: Pdu | None, decisions: bool) -> str:
    """What of a message has to be the same again, as a text.

    Args:
        pdu: a message of the service under test.
        decisions: whether a dApp's decision has to be the same, because it acts without chance.
    """
    kind = kind_of(pdu)
    message = None if pdu is None else getattr(pdu, kind, None)
    if message is None:
        return kind
    parts = [kind]
    message = getattr(message, "status", message)
    names = set(message.DESCRIPTOR.fields_by_name)
    ids = ("frame", "delivery", "ran_function_id", "subscription_id")
    parts += [f"{name}={getattr(message, name)}" for name in ids if name in names]
    if "response_code" in names and message.response_code != common_pb2.RESPONSE_CODE_UNSPECIFIED:
        parts.append(common_pb2.ResponseCode.Name(message.response_code))
    if "cause" in names and message.HasField("cause"):
        parts.append(from_proto(message.cause).label)
    if decisions and isinstance(message, e3ap_pb2.DAppControlAction):
        decided = e3ap_pb2.DAppControlAction()
        decided.CopyFrom(message)
        decided.ClearField("traceparent")
        parts.append(decided.SerializeToString(deterministic=True).hex())
    return " ".join(parts)
