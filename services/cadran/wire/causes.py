"""Causes: why something failed, by the names of E2AP (ETSI TS 104 039 9.2.1).

On the wire a cause is a number in one of the enums of `cause.proto`, shifted by one against ASN.1 because
zero is "nothing was set". In Python it is a group and a name, both spelt as the standard spells them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cadran.wire.gen.e2ap.v1 import cause_pb2

# ASN.1 spells this one value in camel case.
_IRREGULAR = {"EVENT_TRIGGER_NOT_SUPPORTED": "eventTriggerNotSupported", "UNSPECIFIED_CAUSE": "unspecified"}


def _names_of(enum: Any) -> dict[int, str]:
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    short = {value.number: value.name.removeprefix(prefix) for value in enum.values if value.number != 0}
    return {number: _IRREGULAR.get(name, name.lower().replace("_", "-")) for number, name in short.items()}


#: group -> {wire number -> name}. The ASN.1 index of a name is its wire number minus one.
CAUSES: dict[str, dict[int, str]] = {
    field.name: _names_of(field.enum_type)
    for field in cause_pb2.Cause.DESCRIPTOR.oneofs_by_name["cause"].fields
    if field.enum_type is not None
}
_NUMBERS = {group: {name: number for number, name in names.items()} for group, names in CAUSES.items()}


@dataclass(frozen=True)
class Cause:
    """Why something failed.

    Attributes:
        group: one of `CAUSES`: ric_request, ric_service, e2_node, transport, protocol, misc, dapp, policy.
        name: a name of that group, for example ``control-timer-expired``.
        text: one line for people.

    Raises:
        ValueError: the group or the name is not one of the table.
    """

    group: str
    name: str
    text: str = ""

    def __post_init__(self) -> None:
        if self.name not in _NUMBERS.get(self.group, {}):
            allowed = sorted(_NUMBERS.get(self.group, _NUMBERS))
            raise ValueError(f"no cause {self.group}/{self.name}; allowed here: {', '.join(allowed)}")

    def __str__(self) -> str:
        return f"{self.group}/{self.name}: {self.text}" if self.text else f"{self.group}/{self.name}"

    @property
    def label(self) -> str:
        """Group and name without the text: a bounded set, fit for a metric label."""
        return f"{self.group}/{self.name}"

    def to_proto(self) -> cause_pb2.Cause:
        """The protobuf form."""
        message = cause_pb2.Cause(text=self.text)
        setattr(message, self.group, _NUMBERS[self.group][self.name])
        return message


def from_proto(message: cause_pb2.Cause) -> Cause:
    """The cause that a peer sent; one missing or unknown here becomes misc/unspecified, and says so."""
    group = message.WhichOneof("cause")
    if group is None:
        return Cause("misc", "unspecified", message.text or "the peer gave no cause")
    number = getattr(message, group)
    name = CAUSES[group].get(number)
    if name is None:
        return Cause("misc", "unspecified", message.text or f"the peer gave unknown {group} cause {number}")
    return Cause(group, name, message.text)


class WireError(Exception):
    """Something on the wire failed, with a cause. Handlers raise it to refuse a PDU."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(str(cause))
        self.cause = cause


class RefusedError(WireError):
    """The peer answered with a failure."""


class ExpiredError(WireError):
    """The peer did not answer in time."""


class ClosedError(WireError):
    """There is no session, or it ended before the answer."""


class QueueFullError(WireError):
    """The peer reads too slowly: the bounded queue of PDUs that must not be lost is full."""


class RangeError(WireError):
    """A field of a decoded message lies outside its range."""
