"""Traces of a running testbed, as a collector receives them from its processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

from running import Run


@dataclass(frozen=True)
class Received:
    """One span: ids in hex, times in ns, attributes without their prefix."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    start_ns: int
    end_ns: int
    attributes: dict[str, str | int | bool]


class Collector(TraceServiceServicer):
    """Takes OTLP over gRPC and keeps the spans."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: list[Received] = []

    def Export(
        self, request: trace_service_pb2.ExportTraceServiceRequest, context: grpc.ServicerContext
    ) -> trace_service_pb2.ExportTraceServiceResponse:
        with self._lock:
            self._spans += [
                Received(
                    next(
                        one.value.string_value for one in of.resource.attributes if one.key == "service.name"
                    ),
                    span.name,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                    {
                        one.key.removeprefix("cadran."): getattr(one.value, one.value.WhichOneof("value"))
                        for one in span.attributes
                    },
                )
                for of in request.resource_spans
                for scope in of.scope_spans
                for span in scope.spans
            ]
        return trace_service_pb2.ExportTraceServiceResponse()

    def chains(self, last: str) -> list[list[Received]]:
        """For each span of that name, the spans from its trace's first down to it."""
        with self._lock:
            spans = list(self._spans)
        by_id = {span.id: span for span in spans}
        found = []
        for span in spans:
            if span.name == last:
                chain = [span]
                while chain[0].parent in by_id:
                    chain.insert(0, by_id[chain[0].parent])
                found.append(chain)
        return found


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that the environment names."""
    made = Collector()
    server = grpc.server(futures.ThreadPoolExecutor(2))
    add_TraceServiceServicer_to_server(made, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
    monkeypatch.setenv("CADRAN_RANSIM_TRACE_EVERY_FRAMES", "10")
    monkeypatch.setenv("CADRAN_XAPP_TRACE_EVERY_DELIVERIES", "1")
    yield made
    server.stop(0)


FRAME = [("cadran-ransim", "frame"), ("cadran-dapp", "decide"), ("cadran-ransim", "apply")]
POLICY = [
    ("cadran-xapp", "deliver policy"),
    ("cadran-ransim", "relay policy"),
    ("cadran-dapp", "install policy"),
    ("cadran-ransim", "relay policy status"),
    ("cadran-xapp", "policy answered"),
]


def whole(chain: list[Received], wanted: list[tuple[str, str]]) -> bool:
    return [(span.service, span.name) for span in chain] == wanted


@pytest.mark.timeout(300)
def test_a_frame_and_a_policy_are_followed_through_every_process(
    tmp_path: Path, collector: Collector
) -> None:
    run = Run(tmp_path / "run", "--pace", "realtime", "--seed", "3")
    try:
        run.until(lambda: any(whole(chain, FRAME) for chain in collector.chains("apply")), "a frame is whole")
        run.until(
            lambda: any(whole(chain, POLICY) for chain in collector.chains("policy answered")),
            "a policy is whole",
        )
    finally:
        if run.process.poll() is None:
            run.end()
    frames = [chain for chain in collector.chains("apply") if whole(chain, FRAME)]
    policies = [chain for chain in collector.chains("policy answered") if whole(chain, POLICY)]
    for chain in (*frames, *policies):
        assert len({span.trace for span in chain}) == 1
        starts = [span.start_ns for span in chain]
        assert starts == sorted(starts)
    for first, decided, applied in frames:
        assert int(first.attributes["frame"]) % 10 == 0
        assert decided.attributes["frame"] == first.attributes["frame"] == applied.attributes["frame"]
        assert decided.attributes["du"] == first.attributes["du"] == applied.attributes["du"]
        assert first.end_ns >= applied.end_ns - 1_000_000
    assert {"dapp"} <= {str(chain[-1].attributes["source"]) for chain in frames}
    for chain in policies:
        assert len({span.attributes["du"] for span in chain}) == 1
        assert chain[0].attributes["result"] == chain[-1].attributes["result"] == "accepted"
