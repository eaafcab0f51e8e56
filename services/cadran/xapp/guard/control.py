"""What the guard is asked and what it answers."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cadran.wire.codecs import Ratios


class SourceKind(enum.Enum):
    """Who wants to control a DU, by rank: a greater one takes a parameter from a lesser one."""

    LEARNER = "learner"
    A1 = "a1"
    OPERATOR = "operator"

    @property
    def rank(self) -> int:
        """Larger wins."""
        return list(SourceKind).index(self)


@dataclass(frozen=True)
class Source:
    """One source of controls.

    Attributes:
        kind: Its rank.
        name: Which of its kind, such as the id of an A1 policy or a caller's name; may be empty.
    """

    kind: SourceKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value} '{self.name}'" if self.name else self.kind.value

    def same(self, other: Source) -> bool:
        """Whether both may move what either holds: people share one desk, A1 policies do not."""
        return self.kind is other.kind and (self.kind is SourceKind.OPERATOR or self.name == other.name)


Verdict = Literal["allowed", "clipped", "refused"]
GuardCause = Literal["none", "taken_over", "limit", "sanity", "rate", "reserved"]
Control = Literal["slice_quota", "policy", "baseline"]


@dataclass(frozen=True)
class Decision:
    """What the guard says of one control.

    Attributes:
        verdict: Whether it may go out, as asked for or lowered to the limits.
        cause: Why it is not simply allowed: ``taken_over`` (allowed, from a lesser source that held it),
            ``limit`` (clipped or refused), ``sanity``, ``rate``, ``reserved`` (refused).
        text: One line for people; empty for a plain yes.
        quotas: Quotas to send, by SST; empty unless it was about quotas and they may go out.
        retry_after_s: Seconds after which asking again may help; 0 if time does not.
    """

    verdict: Verdict
    cause: GuardCause = "none"
    text: str = ""
    quotas: Mapping[int, Ratios] = field(default_factory=dict)
    retry_after_s: float = 0.0

    @property
    def refused(self) -> bool:
        """Whether nothing may go out."""
        return self.verdict == "refused"


class GuardRefusedError(Exception):
    """The guard let a control not pass.

    Attributes:
        decision: Why.
    """

    def __init__(self, decision: Decision) -> None:
        super().__init__(f"guard/{decision.cause}: {decision.text}")
        self.decision = decision


@dataclass(frozen=True)
class Event:
    """One line of the audit log, before it has a number.

    Attributes:
        unix_s: When.
        du: The DU.
        source: Kind of the source, or ``breaker``.
        name: Which of its kind.
        control: What was to be controlled.
        verdict: The guard's verdict; for what came of an allowed control ``applied`` or ``failed``; of the
            breaker its new state.
        cause: The guard's cause; ``none`` where it has none.
        text: For people.
        values: What was asked for and what was sent.
    """

    unix_s: float
    du: int
    source: str
    name: str
    control: Control
    verdict: str
    cause: str
    text: str
    values: Mapping[str, Any]
