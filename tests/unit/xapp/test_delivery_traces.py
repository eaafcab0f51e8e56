from __future__ import annotations

from cadran.wire.causes import Cause
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2
from cadran.xapp.courier import Order
from cadran.xapp.delivery_traces import DeliveryTraces
from spans import Spans

POSITIVE, NEGATIVE = common_pb2.RESPONSE_CODE_POSITIVE, common_pb2.RESPONSE_CODE_NEGATIVE


def order(delivery: int) -> Order:
    return Order(version=delivery + 3, delivery=delivery, artefact=b"x")


def status(delivery: int, traceparent: str = "", code: int = POSITIVE) -> dapp_pb2.PolicyStatus:
    cause = Cause("policy", "not-finite", "weight").to_proto() if code == NEGATIVE else None
    return dapp_pb2.PolicyStatus(
        delivery=delivery,
        response_code=code,
        cause=cause,
        running_version=delivery + 3,
        traceparent=traceparent,
    )


def test_the_first_delivery_and_then_one_in_so_many_are_followed() -> None:
    traces = DeliveryTraces(Spans().tracer, 3)
    assert [bool(traces.delivering(0, order(delivery))) for delivery in range(1, 8)] == [
        True, False, False, True, False, False, True,
    ]  # fmt: skip


def test_a_delivery_lasts_until_its_answer() -> None:
    spans = Spans()
    traces = DeliveryTraces(spans.tracer, 1)
    told = traces.delivering(0, order(1))
    traces.answered(0, status(0))
    traces.answered(1, status(1))
    assert spans.ended() == []
    traces.answered(0, status(1, told))
    assert spans.ended() == [
        ("policy answered", {"du": 0, "delivery": 1, "result": "accepted", "running_version": 4}),
        ("deliver policy", {"du": 0, "delivery": 1, "policy_version": 4, "result": "accepted"}),
    ]
    assert spans.lineage("policy answered") == ["policy answered", "deliver policy"]


def test_refusals_and_what_is_never_answered_end_too() -> None:
    spans = Spans()
    traces = DeliveryTraces(spans.tracer, 1)
    traces.delivering(0, order(1))
    traces.delivering(0, order(1))
    traces.answered(0, status(1, "nonsense", NEGATIVE))
    traces.delivering(0, order(2))
    traces.gone(0)
    traces.gone(0)
    assert [attributes["result"] for _, attributes in spans.ended()] == [
        "sent again", "policy/not-finite", "not answered",
    ]  # fmt: skip
