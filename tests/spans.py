"""Spans in memory: a tracer of the services' own kind whose spans a test can look at."""

from __future__ import annotations

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cadran.runtime.tracing import Tracer


class Spans:
    """What was traced.

    Attributes:
        tracer: To give to what is tested.
    """

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = Tracer(provider)

    def ended(self) -> list[tuple[str, dict[str, object]]]:
        """Names and attributes of the spans that have ended, in that order."""
        return [(span.name, _attributes(span)) for span in self._exporter.get_finished_spans()]

    def lineage(self, name: str) -> list[str]:
        """Names from the newest span of that name up to its trace's first."""
        spans = self._exporter.get_finished_spans()
        by_id = {span.get_span_context().span_id: span for span in spans}
        at: ReadableSpan | None = next(span for span in reversed(spans) if span.name == name)
        names = []
        while at is not None:
            names.append(at.name)
            at = by_id.get(at.parent.span_id) if at.parent else None
        return names


def _attributes(span: ReadableSpan) -> dict[str, object]:
    return {name.removeprefix("cadran."): value for name, value in (span.attributes or {}).items()}
