"""What a registry of initialisations tells readers elsewhere of itself: each version, without tensors.

A hash in Redis holds it as JSON in the field ``catalogue``; ``seen_unix_s`` beside it says when its keeper
was last at work. The key is `catalogue_key`.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

CATALOGUE_FIELD: Final = "catalogue"
SEEN_FIELD: Final = "seen_unix_s"
MOST_ENTRIES: Final = 256
"""Most versions told of; the newest ones are, and those that are promoted."""
MOST_BYTES: Final = 1 << 20
"""More than so many entries with the longest reasons take."""
_REASON = 1000

Count = Annotated[int, Field(ge=0, lt=2**53)]


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Comparison(_Told):
    """Paired difference of a version's scores from those of the best one promoted when it was judged.

    Bounds are those of Student's 95 % interval.
    """

    against: Count = Field(description="version that it was compared with")
    mean: FiniteFloat
    low: FiniteFloat | None = Field(description="null: one pair has no interval")
    high: FiniteFloat | None = Field(description="null: one pair has no interval")
    pairs: Count


class CatalogueEntry(_Told):
    """One version."""

    version: Count
    stage: Literal["candidate", "promoted", "retired"]
    judged: bool = Field(description="whether anybody has decided on it")
    reason: str = Field(max_length=_REASON, description="why it stands there")
    since_unix_s: FiniteFloat
    created_unix_s: FiniteFloat
    iterations: Count = Field(description="meta-iterations that it had")
    sha256: str = Field(max_length=64)
    score: FiniteFloat | None = Field(description="mean of its scores; null: not evaluated")
    comparison: Comparison | None = Field(description="null: there was nothing to compare with")


class Catalogue(_Told):
    """A registry as a whole."""

    held: Count = Field(description="versions held, also those not told of here")
    promoted: Count | None
    pinned: bool = Field(description="whether a roll-back holds later versions back")
    score: str = Field(max_length=100, description="what scores measure; empty: nothing was evaluated")
    entries: tuple[CatalogueEntry, ...] = Field(max_length=MOST_ENTRIES, description="oldest first")


def catalogue_key(region: str) -> str:
    """Key of the hash, for a region's name that was checked."""
    return f"cadran:{{{region}}}:rapp:registry"


def shortened(reason: str) -> str:
    """A reason as an entry holds it."""
    return reason if len(reason) <= _REASON else reason[: _REASON - 1] + "…"
