"""Counters of one interface's sessions, by the Prometheus conventions: `e2_pdus_sent_total` and so on.

Sessions count every PDU, so counting is a dictionary's increment; metrics are made of it when they are read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

_TEXTS = {
    "pdus_sent": "PDUs put on a stream's queue.",
    "pdus_received": "Well-formed PDUs received.",
    "pdus_dropped": "PDUs dropped unsent because a newer one replaced them.",
    "pdus_refused": "PDUs of the peer that were refused.",
    "indications_missed": "Indications that gaps in the sequence numbers show.",
    "sessions_opened": "Sessions that passed their setup.",
    "sessions_closed": "Sessions that ended and setups that failed.",
    "tls_handshakes": "TLS handshakes begun by peers; one without a session after it failed.",
}
_LABELS = {
    "pdus_sent": ("pdu",),
    "pdus_received": ("pdu",),
    "pdus_dropped": ("pdu",),
    "pdus_refused": ("pdu", "cause"),
    "sessions_closed": ("cause",),
}


class Labelled(Protocol):
    """A cause with a label out of a bounded set."""

    @property
    def label(self) -> str:
        """Fit for a metric label."""


class LinkMetrics(Collector):
    """What the sessions of one interface count.

    Args:
        registry: where the metrics live.
        interface: `e2` or `e3`; the metrics' prefix.
    """

    def __init__(self, registry: CollectorRegistry, interface: str) -> None:
        self._interface = interface
        self._counts: dict[str, Counter[tuple[str, ...]]] = {name: Counter() for name in _TEXTS}
        for name in _TEXTS.keys() - _LABELS.keys():
            self._counts[name][()] = 0
        registry.register(self)

    def collect(self) -> Iterable[CounterMetricFamily]:
        """The counters as they stand."""
        for name, text in _TEXTS.items():
            family = CounterMetricFamily(f"{self._interface}_{name}", text, labels=_LABELS.get(name, ()))
            # A copy in one step: the scraper's thread reads while the event loop counts.
            for labels, count in self._counts[name].copy().items():
                family.add_metric(labels, count)
            yield family

    def totals(self) -> dict[str, int]:
        """Each counter by name, all its labels together."""
        return {name: sum(self._counts[name].copy().values()) for name in _TEXTS}

    def sent(self, interface: str, kind: str) -> None:
        """A PDU was put on the stream's queue."""
        self._counts["pdus_sent"][(kind,)] += 1

    def received(self, interface: str, kind: str) -> None:
        """A well-formed PDU arrived."""
        self._counts["pdus_received"][(kind,)] += 1

    def dropped(self, interface: str, kind: str) -> None:
        """A PDU was dropped unsent."""
        self._counts["pdus_dropped"][(kind,)] += 1

    def refused(self, interface: str, kind: str, cause: Labelled) -> None:
        """A PDU of the peer was refused."""
        self._counts["pdus_refused"][kind, cause.label] += 1

    def missed(self, interface: str, count: int) -> None:
        """Sequence numbers were skipped."""
        self._counts["indications_missed"][()] += count

    def opened(self, interface: str) -> None:
        """A session passed its setup."""
        self._counts["sessions_opened"][()] += 1

    def handshake(self) -> None:
        """A peer began a TLS handshake; may be told from another thread."""
        self._counts["tls_handshakes"][()] += 1

    def closed(self, interface: str, cause: Labelled) -> None:
        """A session ended, or a setup failed."""
        self._counts["sessions_closed"][(cause.label,)] += 1
