"""The part of an E2 association that both ends share: parsing, dispatch, error indications."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.message import DecodeError, Message

from cadran.wire.causes import Cause, ClosedError, RefusedError, WireError, from_proto
from cadran.wire.e2_pending import Pending
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.link import Lane, LinkCounters, LinkSettings
from cadran.wire.stream import ByteStream, Session

E2_SERVICE = e2ap_pb2.DESCRIPTOR.services_by_name["E2Termination"].full_name

KPM_FUNCTION_ID = 2
RC_FUNCTION_ID = 3
DAPP_FUNCTION_ID = 4
#: Object identifiers of E2SM-KPM and E2SM-RC; the relay is this project's own and has none.
FUNCTION_OIDS = {KPM_FUNCTION_ID: "1.3.6.1.4.1.53148.1.2.2.2", RC_FUNCTION_ID: "1.3.6.1.4.1.53148.1.1.2.3"}

RC_STYLE_RESOURCE_ALLOCATION = 2
RC_ACTION_SLICE_PRB_QUOTA = 6
MAX_ACTIONS = 16
MAX_TO_BE_REMOVED = 1024
MAX_TRANSACTION = 255
SN_MODULUS = 2**16

#: What a TimeToWait means, in s.
TIME_TO_WAIT_S = {
    e2ap_pb2.TIME_TO_WAIT_V1S: 1.0,
    e2ap_pb2.TIME_TO_WAIT_V2S: 2.0,
    e2ap_pb2.TIME_TO_WAIT_V5S: 5.0,
    e2ap_pb2.TIME_TO_WAIT_V10S: 10.0,
    e2ap_pb2.TIME_TO_WAIT_V20S: 20.0,
    e2ap_pb2.TIME_TO_WAIT_V60S: 60.0,
}

_RESET_KINDS = ("reset_request", "reset_response", "error_indication")
_ANSWERS = ("_response", "_acknowledge", "_failure")

M = TypeVar("M", bound=Message)
RequestKey = tuple[int, int]

_DISCARDED = Cause("protocol", "message-not-compatible-with-receiver-state", "a reset is going on")


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
    except (DecodeError, UnicodeDecodeError) as error:  # the latter from protobuf's Python implementation
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
    if "transaction_id" in inner.DESCRIPTOR.fields_by_name and not kind.endswith(_ANSWERS):
        message.transaction_id = inner.transaction_id
    return message


def transaction_of(message: Any) -> int:
    """The transaction id of a message that has one. Raises `WireError` when it is above 255."""
    number: int = message.transaction_id
    if number > MAX_TRANSACTION:
        text = f"transaction id {number}; 0..{MAX_TRANSACTION}"
        raise WireError(Cause("protocol", "semantic-error", text))
    return number


class E2Association(Session):
    """An E2 association after its setup, seen from either end.

    A subclass puts its own procedures beside the shared ones in `_dispatch`.
    """

    interface = "e2"
    _transaction_lane: Lane  # of procedures with a transaction id, and of a reset's answer

    def __init__(self, stream: ByteStream, settings: LinkSettings, counters: LinkCounters) -> None:
        super().__init__(stream, settings, counters)
        self._transactions: Pending[int] = Pending(self._ended, settings.control_timeout_s)
        self._transaction = 0
        self._resetting = False
        self._dispatch: dict[str, Callable[[e2ap_pb2.E2apPdu], None]] = {
            "reset_request": self._on_reset_request,
            "reset_response": self._on_transaction_answer,
            "error_indication": self._on_error_indication,
        }

    async def reset(self, cause: Cause) -> None:
        """Drop every procedure at both ends: subscriptions, and requests that wait for an answer.

        The association, the accepted RAN functions and what controls have set stay. PDUs of dropped
        procedures that are on their way are discarded and counted.

        Raises:
            ExpiredError: no answer in time; the association ends, because its ends may no longer agree.
            ClosedError: the association ended first, or a reset is going on already.
            RefusedError: the peer answered with an error indication; the association ends.
        """
        self._check_ready()
        self._drop(cause)
        self._transactions.fail_all(cause)
        self._resetting = True
        try:
            await self._transact(
                "reset_request", lambda t: e2ap_pb2.ResetRequest(transaction_id=t, cause=cause.to_proto())
            )
        except WireError as error:
            self.end(error.cause)
            raise
        finally:
            self._resetting = False
        self._after_reset(cause)

    def _check_ready(self) -> None:
        """Raise `ClosedError` during a reset: what is sent now might overtake it."""
        if self._resetting:
            raise ClosedError(_DISCARDED)

    @abstractmethod
    def _drop(self, cause: Cause) -> None:
        """Forget every procedure of the service models."""

    @abstractmethod
    def _after_reset(self, cause: Cause) -> None:
        """Tell the handler that the association is as after its setup."""

    @abstractmethod
    def _on_error(self, error: e2ap_pb2.ErrorIndication, cause: Cause) -> None:
        """The peer refused a PDU that began no transaction."""

    def _on_reset_request(self, pdu: e2ap_pb2.E2apPdu) -> None:
        transaction = transaction_of(pdu.reset_request)
        cause = from_proto(pdu.reset_request.cause)
        if not self._resetting:
            self._drop(cause)
            self._transactions.fail_all(cause)
        self._send(
            self._transaction_lane, "reset_response", e2ap_pb2.ResetResponse(transaction_id=transaction)
        )
        if not self._resetting:
            self._after_reset(cause)

    def _on_transaction_answer(self, pdu: e2ap_pb2.E2apPdu) -> None:
        self._transactions.answer(transaction_of(getattr(pdu, pdu.WhichOneof("pdu") or "")), pdu)

    def _on_error_indication(self, pdu: e2ap_pb2.E2apPdu) -> None:
        error = pdu.error_indication
        cause = from_proto(error.cause)
        if error.HasField("transaction_id"):
            refused = RefusedError(cause)
            if self._transactions.fail(transaction_of(error), refused):
                return
        self._on_error(error, cause)

    def _next_transaction(self) -> int:
        """A transaction id that no procedure uses now."""
        for _ in range(MAX_TRANSACTION + 1):
            self._transaction = (self._transaction + 1) % (MAX_TRANSACTION + 1)
            if self._transaction not in self._transactions:
                return self._transaction
        text = f"{MAX_TRANSACTION + 1} procedures wait for their answers"
        raise WireError(Cause("misc", "control-processing-overload", text))

    async def _transact(self, kind: str, request: Callable[[int], Message]) -> e2ap_pb2.E2apPdu:
        """Begin a procedure with a transaction id, and wait for the PDU that answers it.

        Raises as `Pending.ask`, and `QueueFullError`.
        """
        transaction = self._next_transaction()
        message = request(transaction)
        return await self._transactions.ask(
            transaction, f"{kind} {transaction}", lambda: self._send(self._transaction_lane, kind, message)
        )

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
        if self._resetting and kind not in _RESET_KINDS:
            self._counters.refused(self.interface, kind, _DISCARDED)
            return
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
