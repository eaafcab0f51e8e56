"""RIC controls as the E2 node answers them: one that comes again is answered again, and applied once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from cadran.wire.causes import Cause, WireError
from cadran.wire.e2_session import RequestKey, key_of
from cadran.wire.gen.e2ap.v1 import e2ap_pb2

#: Controls whose answers are remembered; request ids come back after 65535 others.
REMEMBERED = 256


@dataclass(frozen=True)
class Answer:
    """What became of a control.

    Attributes:
        kind: ric_control_acknowledge or ric_control_failure.
        message: the PDU of that kind.
        cause: of a failure.
    """

    kind: str
    message: e2ap_pb2.RicControlAcknowledge | e2ap_pb2.RicControlFailure
    cause: Cause | None


class Controls:
    """Answers of one association to its newest controls.

    Args:
        apply: applies a control and returns its outcome as bytes, or raises `WireError` and applies nothing.
    """

    def __init__(self, apply: Callable[[e2ap_pb2.RicControlRequest], bytes]) -> None:
        self._apply = apply
        self._answers: OrderedDict[RequestKey, tuple[tuple[int, bytes, bytes], Answer]] = OrderedDict()

    def answer(self, request: e2ap_pb2.RicControlRequest) -> Answer:
        """Apply a control that is new, and say what became of it.

        The same RIC request id with the same content again has the same answer, and nothing is applied again;
        with other content it fails with ric_request/duplicate-ric-request-id.

        Raises:
            WireError: the RIC request id is out of range.
        """
        key = key_of(request)
        content = (request.ran_function_id, request.ric_control_header, request.ric_control_message)
        if (before := self._answers.get(key)) is not None:
            if before[0] == content:
                return before[1]
            text = f"RIC request id {key} was another control's"
            return _failed(request, Cause("ric_request", "duplicate-ric-request-id", text))
        answer = self._first(request)
        self._answers[key] = (content, answer)
        if len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
        return answer

    def forget(self) -> None:
        """The association was reset: request ids may come again."""
        self._answers.clear()

    def _first(self, request: e2ap_pb2.RicControlRequest) -> Answer:
        try:
            outcome = self._apply(request)
        except WireError as error:
            return _failed(request, error.cause)
        acknowledge = e2ap_pb2.RicControlAcknowledge(
            ric_request_id=request.ric_request_id,
            ran_function_id=request.ran_function_id,
            ric_control_outcome=outcome,
        )
        return Answer("ric_control_acknowledge", acknowledge, None)


def _failed(request: e2ap_pb2.RicControlRequest, cause: Cause) -> Answer:
    failure = e2ap_pb2.RicControlFailure(
        ric_request_id=request.ric_request_id,
        ran_function_id=request.ran_function_id,
        cause=cause.to_proto(),
    )
    return Answer("ric_control_failure", failure, cause)
