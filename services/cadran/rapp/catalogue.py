"""The registry as readers elsewhere are told of it."""

from __future__ import annotations

import math

from cadran.policy.catalogue import MOST_ENTRIES, Catalogue, CatalogueEntry, Comparison, shortened
from cadran.policy.initialisation import Evaluation
from cadran.rapp.gate import difference
from cadran.rapp.registry import NOT_JUDGED, Entry, Registry


def catalogue_of(registry: Registry) -> Catalogue:
    """Everything as of now, in bounded size."""
    state, entries = registry.state, registry.entries()
    kept = set(state.promotions[-2:])
    room = MOST_ENTRIES - len(kept)
    told = [
        entry for at, entry in enumerate(entries, -len(entries)) if at >= -room or entry.meta.version in kept
    ]
    scores = [entry.meta.evaluation.score for entry in entries if entry.meta.evaluation is not None]
    return Catalogue(
        held=len(entries),
        promoted=state.promotions[-1] if state.promotions else None,
        pinned=state.pinned,
        score=scores[-1][:100] if scores else "",
        entries=tuple(map(_entry, told)),
    )


def _entry(entry: Entry) -> CatalogueEntry:
    meta, _, _, standing = entry
    evaluation = meta.evaluation
    return CatalogueEntry(
        version=meta.version,
        stage=standing.stage.value,
        judged=standing.reason != NOT_JUDGED,
        reason=shortened(standing.reason),
        since_unix_s=standing.since_unix_s,
        created_unix_s=meta.created_unix_s,
        iterations=meta.lineage.iterations,
        sha256=meta.sha256,
        score=None if evaluation is None else math.fsum(evaluation.scores) / len(evaluation.scores),
        comparison=_comparison(evaluation),
    )


def _comparison(evaluation: Evaluation | None) -> Comparison | None:
    if evaluation is None or evaluation.against is None:
        return None
    found = difference(evaluation)
    bounded = math.isfinite(found.low)
    return Comparison(
        against=evaluation.against,
        mean=found.mean,
        low=found.low if bounded else None,
        high=found.high if bounded else None,
        pairs=found.pairs,
    )
