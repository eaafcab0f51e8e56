"""Counters of one interface's sessions, by the Prometheus conventions: `e2_pdus_sent_total` and so on."""

from __future__ import annotations

from typing import Protocol

from prometheus_client import CollectorRegistry, Counter


class Labelled(Protocol):
    """A cause with a label out of a bounded set."""

    @property
    def label(self) -> str:
        """Fit for a metric label."""


class LinkMetrics:
    """What the sessions of one interface count.

    Args:
        registry: where the metrics live.
        interface: `e2` or `e3`; the metrics' prefix.
    """

    def __init__(self, registry: CollectorRegistry, interface: str) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"{interface}_{name}_total", text, labels, registry=registry)

        self._sent = _ByKind(counter("pdus_sent", "PDUs put on a stream's queue.", "pdu"))
        self._received = _ByKind(counter("pdus_received", "Well-formed PDUs received.", "pdu"))
        self._dropped = _ByKind(
            counter("pdus_dropped", "PDUs dropped unsent because a newer one replaced them.", "pdu")
        )
        self._missed = counter("indications_missed", "Indications that gaps in the sequence numbers show.")
        self._refused = counter("pdus_refused", "PDUs of the peer that were refused.", "pdu", "cause")
        self._opened = counter("sessions_opened", "Sessions that passed their setup.")
        self._closed = counter("sessions_closed", "Sessions that ended and setups that failed.", "cause")

    def sent(self, interface: str, kind: str) -> None:
        """A PDU was put on the stream's queue."""
        self._sent.count(kind)

    def received(self, interface: str, kind: str) -> None:
        """A well-formed PDU arrived."""
        self._received.count(kind)

    def dropped(self, interface: str, kind: str) -> None:
        """A PDU was dropped unsent."""
        self._dropped.count(kind)

    def missed(self, interface: str, count: int) -> None:
        """Sequence numbers were skipped."""
        self._missed.inc(count)

    def refused(self, interface: str, kind: str, cause: Labelled) -> None:
        """A PDU of the peer was refused."""
        self._refused.labels(pdu=kind, cause=cause.label).inc()

    def opened(self, interface: str) -> None:
        """A session passed its setup."""
        self._opened.inc()

    def closed(self, interface: str, cause: Labelled) -> None:
        """A session ended, or a setup failed."""
        self._closed.labels(cause=cause.label).inc()


class _ByKind:
    """A counter whose labelled children are kept: looking one up costs more than counting."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._children: dict[str, Counter] = {}

    def count(self, kind: str) -> None:
        child = self._children.get(kind)
        if child is None:
            child = self._children[kind] = self._counter.labels(pdu=kind)
        child.inc()
