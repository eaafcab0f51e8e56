from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from cadran.ransim.frame_traces import FrameTraces
from cadran.ransim.ladder import Source
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from spans import Spans


def result(frame: int, *sources: Source) -> Any:
    return SimpleNamespace(
        frame=frame, applied=[SimpleNamespace(source=source, policy_version=4) for source in sources]
    )


def decision(spans: Spans, frame: int, traceparent: str) -> e3ap_pb2.DAppControlAction:
    """As a dApp that is traced sends it."""
    span = spans.tracer.within("decide", traceparent)
    assert span is not None
    span.end()
    return e3ap_pb2.DAppControlAction(frame=frame, traceparent=span.traceparent)


def test_one_frame_in_so_many_is_followed_to_what_was_applied() -> None:
    spans = Spans()
    traces = FrameTraces(spans.tracer, 5)
    for frame in range(10):
        told = [traces.indicated(du, frame) for du in (0, 1)]
        assert [bool(one) for one in told] == [frame % 5 == 0] * 2
        if told[0]:
            traces.decided(0, decision(spans, frame, told[0]))
        traces.ran(result(frame, Source.DAPP, Source.FALLBACK))
    assert [name for name, _ in spans.ended()] == ["decide", "apply", "frame", "frame"] * 2
    assert spans.lineage("apply") == ["apply", "decide", "frame"]
    applied = [attributes for name, attributes in spans.ended() if name == "apply"]
    assert applied[1] == {"du": 0, "frame": 5, "source": "dapp", "policy_version": 4}
    fallen_back = [attributes for _, attributes in spans.ended() if attributes.get("source") == "fallback"]
    assert [attributes["du"] for attributes in fallen_back] == [1, 1]


def test_late_and_foreign_decisions_say_nothing() -> None:
    spans = Spans()
    traces = FrameTraces(spans.tracer, 5)
    told = traces.indicated(0, 5)
    traces.decided(0, decision(spans, 4, told))
    traces.decided(0, e3ap_pb2.DAppControlAction(frame=5, traceparent="nonsense"))
    traces.decided(0, e3ap_pb2.DAppControlAction(frame=5))
    traces.ran(result(4, Source.DAPP))
    assert [name for name, _ in spans.ended()] == ["decide"]
    traces.ran(result(5, Source.LAST_VALID))
    assert spans.ended()[-1][1]["source"] == "last_valid"
    assert "apply" not in [name for name, _ in spans.ended()]


def test_a_repeated_decision_is_applied_once() -> None:
    spans = Spans()
    traces = FrameTraces(spans.tracer, 1)
    told = traces.indicated(0, 5)
    for _ in range(1000):
        traces.decided(0, e3ap_pb2.DAppControlAction(frame=5, traceparent=told))
    traces.ran(result(5, Source.DAPP))
    assert [name for name, _ in spans.ended()] == ["apply", "frame"]


def test_a_frame_that_was_never_run_ends() -> None:
    spans = Spans()
    traces = FrameTraces(spans.tracer, 5)
    traces.indicated(0, 5)
    traces.indicated(0, 10)
    assert spans.ended() == [("frame", {"du": 0, "frame": 5, "source": "not_run"})]
