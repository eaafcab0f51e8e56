"""What a DU schedules by when its dApp is silent: the last valid decision, then its own scheduler."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from cadran.problem import Assignment, Quota
from cadran.problem.hierarchy import UserGrants

Decision = Quota | Assignment | UserGrants


class Source(enum.Enum):
    """Where the decision in force came from."""

    DAPP = "dapp"
    LAST_VALID = "last_valid"
    FALLBACK = "fallback"


@dataclass(frozen=True)
class Applied:
    """The decision in force during one frame.

    Attributes:
        source: where it came from.
        decision: what the MAC was told.
        decision_frame: frame that the decision was made for; None for the fallback.
        policy_version: version of the policy that made it; 0 for the fallback.
    """

    source: Source
    decision: Decision
    decision_frame: int | None
    policy_version: int


@dataclass(frozen=True)
class Submitted:
    """A valid decision of the dApp for one frame."""

    frame: int
    policy_version: int
    decision: Decision


class DecisionLadder:
    """Chooses the decision of each frame for one DU.

    The newest decision of the dApp is used again for at most `max_age_frames` frames after its own;
    then the fallback takes over until the dApp decides again.

    Args:
        fallback: quotas of the DU's own proportional-fair scheduler.
        max_age_frames: how long a decision may be re-used; 0 means never.
    """

    def __init__(self, fallback: Quota, max_age_frames: int) -> None:
        self.fallback = fallback
        self._max_age_frames = max_age_frames
        self._newest: Submitted | None = None
        self.missed_frames = 0
        self.fallback_frames = 0

    def submit(self, submitted: Submitted) -> None:
        """Takes a decision; an older one than the newest held is ignored."""
        if self._newest is None or submitted.frame >= self._newest.frame:
            self._newest = submitted

    def has(self, frame: int) -> bool:
        """Whether the dApp has decided this frame."""
        return self._newest is not None and self._newest.frame >= frame

    def dapp_decides(self, frame: int) -> bool:
        """Whether the dApp decided the frame before `frame`, or a decision of it may still be used in it."""
        return self._newest is not None and frame - self._newest.frame <= max(1, self._max_age_frames)

    def choose(self, frame: int) -> Applied:
        """The decision in force during `frame`; counts a frame that the dApp missed."""
        newest = self._newest
        if newest is not None and newest.frame == frame:
            return Applied(Source.DAPP, newest.decision, newest.frame, newest.policy_version)
        self.missed_frames += 1
        if newest is not None and frame - newest.frame <= self._max_age_frames:
            return Applied(Source.LAST_VALID, newest.decision, newest.frame, newest.policy_version)
        self.fallback_frames += 1
        return Applied(Source.FALLBACK, self.fallback, None, 0)
