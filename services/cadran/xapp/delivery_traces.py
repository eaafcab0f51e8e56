"""Follows one delivery of a policy in so many: sent, relayed by the DU, installed by the dApp, answered."""

from __future__ import annotations

from cadran.runtime.tracing import Span, Tracer
from cadran.wire.causes import from_proto
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2
from cadran.xapp.courier import Order


class DeliveryTraces:
    """One trace per delivery: ``deliver policy`` lasts from here until the dApp's answer is here.

    Args:
        tracer: Begins spans.
        every: Deliveries to a DU from one traced to the next; the first one is.
    """

    def __init__(self, tracer: Tracer, every: int) -> None:
        self._tracer = tracer
        self._every = every
        self._open: dict[int, tuple[int, Span]] = {}

    def delivering(self, du: int, order: Order) -> str:
        """A DU is about to be sent an order; returns the context to send, empty: none."""
        if (order.delivery - 1) % self._every:
            return ""
        self._end(du, result="sent again")
        span = self._tracer.begin(
            "deliver policy", du=du, delivery=order.delivery, policy_version=order.version
        )
        self._open[du] = (order.delivery, span)
        return span.traceparent

    def answered(self, du: int, status: dapp_pb2.PolicyStatus) -> None:
        """A dApp answered; other answers than to what is traced say nothing."""
        if du not in self._open or self._open[du][0] != status.delivery:
            return
        accepted = status.response_code == common_pb2.RESPONSE_CODE_POSITIVE
        result = "accepted" if accepted else from_proto(status.cause).label
        answer = self._tracer.within("policy answered", status.traceparent, du=du, delivery=status.delivery)
        if answer is not None:
            answer.end(result=result, running_version=status.running_version)
        self._end(du, result=result)

    def gone(self, du: int) -> None:
        """A DU's association ended; nothing will be answered over it."""
        self._end(du, result="not answered")

    def _end(self, du: int, result: str) -> None:
        _, span = self._open.pop(du, (0, None))
        if span is not None:
            span.end(result=result)
