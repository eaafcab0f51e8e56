from __future__ import annotations

import subprocess
import sys
import time

import pytest

from cadran.runtime import ConfigError
from cadran.runtime.tracing import ENDPOINTS, tracing, wanted
from spans import Spans


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*ENDPOINTS, "OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("environ", "on"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4317"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317", "OTEL_TRACES_EXPORTER": "otlp"}, True),
    ],
)
def test_the_standard_variables_switch_it(environ: dict[str, str], on: bool) -> None:
    assert wanted(environ) is on


def test_off_is_no_tracer_and_imports_nothing() -> None:
    code = (
        "import sys; from cadran.runtime.tracing import tracing\n"
        "with tracing('dapp', du=1) as tracer: assert tracer is None\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_collector_that_is_away_costs_nothing_but_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    with tracing("dapp", du=1) as tracer:
        assert tracer is not None
        for _ in range(10_000):  # more than the queue takes
            tracer.begin("frame").end()
        ending_s = time.monotonic()
    assert time.monotonic() - ending_s < 20.0  # and not the half minute of all its attempts


def test_another_protocol_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    with pytest.raises(ConfigError, match="OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf'"), tracing("dapp"):
        pass


def test_without_the_extra_the_line_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace.export", None)
    with pytest.raises(ConfigError, match=r"OTEL_EXPORTER_OTLP_ENDPOINT: .*cadran\[otel\]"), tracing("dapp"):
        pass


def test_what_follows_from_a_span_is_of_its_trace() -> None:
    spans = Spans()
    first = spans.tracer.begin("frame", frame=7)
    second = spans.tracer.within("decide", first.traceparent)
    assert second is not None
    assert second.traceparent[:35] == first.traceparent[:35]
    third = spans.tracer.within("apply", second.traceparent)
    assert third is not None
    for span in (third, second, first):
        span.end(done=True)
    assert spans.lineage("apply") == ["apply", "decide", "frame"]
    assert spans.ended()[-1] == ("frame", {"frame": 7, "done": True})


@pytest.mark.parametrize(
    "given",
    [
        "",
        "00",
        "x" * 55,
        "00-" + "0" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "1" * 32 + "-" + "0" * 16 + "-01",
        "ff-" + "1" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "1" * 32 + "-" + "1" * 16 + "-01-more",
        "\u0660" * 55,
        "x" * 1_000_000,
    ],
)
def test_a_peers_context_that_is_none_is_none(given: str) -> None:
    assert Spans().tracer.within("decide", given) is None


def test_what_the_first_did_not_sample_nobody_samples() -> None:
    spans = Spans()
    span = spans.tracer.within("decide", "00-" + "1" * 32 + "-" + "1" * 16 + "-00")
    assert span is not None
    span.end()
    assert spans.ended() == []
    assert span.traceparent.endswith("-00")
