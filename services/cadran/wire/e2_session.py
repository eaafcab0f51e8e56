"""The part of an E2 association that both ends share: parsing, dispatch, error indications."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from google.protobuf.message import DecodeError, Message

from cadran.wire.causes import Cause, WireError
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.link import Lane
from cadran.wire.stream import Session

E2_SERVICE = e2ap_pb2.DESCRIPTOR.services_by_name["E2Termination"].full_name

KPM_FUNCTION_ID = 2
RC_FUNCTION_ID = 3
DAPP_FUNCTION_ID = 4
#: Object identifiers of E2SM-KPM and E2SM-RC; the relay is this project's own and has none.
FUNCTION_OIDS = {KPM_FUNCTION_ID: "1.3.6.1.4.1.53148.1.2.2.2", RC_FUNCTION_ID: "1.3.6.1.4.1.53148.1.1.2.3"}

RC_STYLE_RESOURCE_ALLOCATION = 2
RC_ACTION_SLICE_PRB_QUOTA = 6
KPM_STYLE_E2_NODE = 1
MAX_ACTIONS = 16
MAX_TO_BE_REMOVED = 1024
SN_MODULUS = 2**16

M = TypeVar("M", bound=Message)
RequestKey = tuple[int, int]
Dispatch = Mapping[str, Callable[[e2ap_pb2.E2apPdu], None]]


def parse(data: bytes) -> e2ap_pb2.E2apPdu:
    """Parse one E2AP PDU.

    Raises:
        WireError: malformed bytes, or a PDU with nothing in it.
    """
    pdu = decode(e2ap_pb2.E2apPdu, data, "E2AP PDU")
    if pdu.WhichOneof("pdu") is None:
        name = "abstract-syntax-error-falsely-constructed-message"
        raise WireError(Cause("protocol", name, "the E2AP PDU holds no message of this version"))
    return pdu


def decode(model: type[M], data: bytes, what: str) -> M:
    """Parse a message of a service model. Raises `WireError` protocol/transfer-syntax-error."""
    try:
        return model.FromString(data)
    except DecodeError as error:
        raise WireError(Cause("protocol", "transfer-syntax-error", f"not an {what}: {error}")) from error


def serialise(kind: str, message: Message) -> bytes:
    """One E2AP PDU as bytes, stamped with this host's monotonic clock."""
    fields: dict[str, Any] = {kind: message}
    return e2ap_pb2.E2apPdu(sent_monotonic_ns=time.monotonic_ns(), **fields).SerializeToString()


def key_of(message: Any) -> RequestKey:
    """The RIC request id of a message that has one, as (requestor, instance).

    Raises:
        WireError: either number is above 65535.
    """
    request = message.ric_request_id
    key = (request.ric_requestor_id, request.ric_instance_id)
    if max(key) > 65535:
        raise WireError(Cause("protocol", "semantic-error", f"RIC request id {key}; each is 0..65535"))
    return key


def request_id(key: RequestKey) -> e2ap_pb2.RicRequestId:
    """The protobuf form of a RIC request id."""
    return e2ap_pb2.RicRequestId(ric_requestor_id=key[0], ric_instance_id=key[1])


def error_indication(pdu: e2ap_pb2.E2apPdu | None, cause: Cause) -> e2ap_pb2.ErrorIndication:
    """The error indication for a PDU of the peer (None: it could not be parsed)."""
    message = e2ap_pb2.ErrorIndication(cause=cause.to_proto())
    if pdu is None or (kind := pdu.WhichOneof("pdu")) is None:
        return message
    inner = getattr(pdu, kind)
    if "ric_request_id" in inner.DESCRIPTOR.fields_by_name and inner.HasField("ric_request_id"):
        message.ric_request_id.CopyFrom(inner.ric_request_id)
    message.ran_function_id = getattr(inner, "ran_function_id", 0)
    return message


class E2Association(Session):
    """An E2 association after its setup, seen from either end."""

    interface = "e2"
    _dispatch: Dispatch

    def _send(self, lane: Lane, kind: str, message: Message) -> None:
        self._post(lane, kind, serialise(kind, message))

    def _receive(self, data: bytes) -> None:
        try:
            pdu = parse(data)
        except WireError as error:
            self._refuse(None, "malformed", error.cause)
            return
        kind = pdu.WhichOneof("pdu") or ""
        self._counters.received(self.interface, kind)
        try:
            method = self._dispatch.get(kind)
            if method is None:
                name = "message-not-compatible-with-receiver-state"
                raise WireError(Cause("protocol", name, f"{kind} is not expected here"))
            method(pdu)
        except WireError as error:
            self._refuse(pdu, kind, error.cause)

    def _refuse(self, pdu: e2ap_pb2.E2apPdu | None, kind: str, cause: Cause) -> None:
        self._counters.refused(self.interface, kind, cause)
        if kind != "error_indication":  # an error about an error would never end
            self._send(Lane.FAST, "error_indication", error_indication(pdu, cause))
