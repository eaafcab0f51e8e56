"""Traces of single frames and policies by OpenTelemetry, for whoever collects them; off by default.

The standard environment variables switch it on: ``OTEL_EXPORTER_OTLP_ENDPOINT``, or
``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT``, names a collector that takes OTLP over gRPC. ``OTEL_SDK_DISABLED`` and
``OTEL_TRACES_EXPORTER=none`` switch it off all the same; the others mean what the standard says. Spans wait
in a bounded queue and leave from a thread of their own: a collector that is away costs spans, never frames.

A service that is not traced holds None in place of a `Tracer`, and imports nothing of OpenTelemetry. Context
travels between services as a W3C traceparent; one that comes from a peer and is none is no context.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from cadran.runtime.settings import ConfigError

if TYPE_CHECKING:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

Attribute = str | int | float | bool
ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_FLUSH_S: Final = 2.0
"""For what waits when a service ends."""
_TRACEPARENT_CHARACTERS: Final = 55


class Span:
    """A piece of work that has begun.

    Attributes:
        traceparent: Its context, for the work that follows from it.
    """

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self.traceparent = _traceparent(span.get_span_context())

    def end(self, **attributes: Attribute) -> None:
        """It is done; attributes say what came of it."""
        self._span.set_attributes(_named(attributes))
        self._span.end()


class Tracer:
    """Begins spans.

    Args:
        provider: Of OpenTelemetry's SDK.
    """

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._tracer = provider.get_tracer("cadran")
        self._propagator = TraceContextTextMapPropagator()
        self._nothing = trace.set_span_in_context(trace.INVALID_SPAN)
        self._current = trace.get_current_span

    def begin(self, name: str, **attributes: Attribute) -> Span:
        """The first span of a trace."""
        return Span(self._tracer.start_span(name, self._nothing, attributes=_named(attributes)))

    def within(self, name: str, traceparent: str, **attributes: Attribute) -> Span | None:
        """A span that follows from a peer's; None where the peer gave no context."""
        if len(traceparent) != _TRACEPARENT_CHARACTERS:
            return None
        context = self._propagator.extract({"traceparent": traceparent})
        if not self._current(context).get_span_context().is_valid:
            return None
        return Span(self._tracer.start_span(name, context, attributes=_named(attributes)))


def wanted(environ: Mapping[str, str]) -> bool:
    """Whether the environment asks for traces."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() == "none":
        return False
    return any(environ.get(name, "").strip() for name in ENDPOINTS)


@contextmanager
def tracing(service: str, **resource: Attribute) -> Iterator[Tracer | None]:
    """The process's tracer inside this context, None unless `wanted`; what waits is sent on the way out.

    Args:
        service: Name of the service, unless ``OTEL_SERVICE_NAME`` gives another.
        resource: What else is the same for all its spans.

    Raises:
        ConfigError: Traces are wanted, and cannot be made.
    """
    if not wanted(os.environ):
        yield None
        return
    provider, exporter = _provider(f"cadran-{service}", _named(resource))
    try:
        yield Tracer(provider)
    finally:
        _shut_down(provider, exporter)


def _shut_down(provider: TracerProvider, exporter: SpanExporter) -> None:
    """Send what waits, for a bounded time: the SDK's own time-outs do not bound its retries."""
    sending = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
    sending.start()
    sending.join(_FLUSH_S)
    if sending.is_alive():
        exporter.shutdown()


def _provider(service: str, resource: Mapping[str, Attribute]) -> tuple[TracerProvider, SpanExporter]:
    _check_protocol()
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        endpoint = next(name for name in ENDPOINTS if os.environ.get(name))
        raise ConfigError(
            f"{endpoint}: traces need the extra 'otel' (pip install 'cadran[otel]'): {error}"
        ) from error
    name = os.environ.get("OTEL_SERVICE_NAME") or service
    provider = TracerProvider(
        resource=Resource.create({"service.name": name, **resource}), shutdown_on_exit=False
    )
    exporter = OTLPSpanExporter()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider, exporter


def _check_protocol() -> None:
    for name in _PROTOCOLS:
        given = os.environ.get(name, "grpc").strip()
        if given != "grpc":
            raise ConfigError(f"{name}: '{given}'; traces leave over 'grpc'")


def _named(attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    return {f"cadran.{name}": value for name, value in attributes.items()}


def _traceparent(context: Any) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"
