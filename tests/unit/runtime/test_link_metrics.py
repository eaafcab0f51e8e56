from __future__ import annotations

from prometheus_client import CollectorRegistry

from cadran.runtime.link_metrics import LinkMetrics
from cadran.wire.causes import Cause


def test_totals_are_over_all_labels() -> None:
    counts = LinkMetrics(CollectorRegistry(), "e2")
    assert set(counts.totals().values()) == {0}
    counts.sent("e2", "ric_indication")
    counts.sent("e2", "ric_indication")
    counts.sent("e2", "dapp_report")
    counts.refused("e2", "malformed", Cause("protocol", "semantic-error"))
    counts.missed("e2", 4)
    totals = counts.totals()
    assert (totals["pdus_sent"], totals["pdus_refused"], totals["indications_missed"]) == (3, 1, 4)
