"""What a DU schedules by: its dApp's decision, the last valid one, or its own scheduler.

The rungs, from the top; the first that applies rules the frame:

1. `ORDERED`: the near-RT RIC has put the DU under its own scheduler.
2. `RIC_ABSENT`: a DU with a RIC has had no association with it for longer than a stated age, so that nobody
   could correct or replace the policy: its own scheduler.
3. `DAPP`: the dApp's decision for this very frame.
4. `LAST_VALID`: its newest decision, while that is no older than a stated age.
5. `FALLBACK`: its own scheduler.
"""

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
    ORDERED = "ordered"
    RIC_ABSENT = "ric_absent"

    @property
    def learned(self) -> bool:
        """Whether a policy decided, not the DU's own scheduler."""
        return self in (Source.DAPP, Source.LAST_VALID)


@dataclass(frozen=True)
class Applied:
    """The decision in force during one frame.

    Attributes:
        source: where it came from.
        decision: what the MAC was told.
        decision_frame: frame that the decision was made for; None for the DU's own scheduler.
        policy_version: version of the policy that made it; 0 for the DU's own scheduler.
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

    Args:
        fallback: quotas of the DU's own proportional-fair scheduler: shares that slices are sure of.
        max_age_frames: how long a decision may be re-used after its own frame; 0 means never.
        max_absence_frames: how long the dApp's decisions count after the association with the RIC was lost;
            None: for ever.

    Attributes:
        fallback: as above; a control may replace it.
        ordered: whether the RIC has put the DU under its own scheduler; lasts until it says otherwise.
        missed_frames: frames that the dApp might have decided and did not.
        fallback_frames: frames of the DU's own scheduler, for whatever reason.
    """

    def __init__(self, fallback: Quota, max_age_frames: int, max_absence_frames: int | None = None) -> None:
        self.fallback = fallback
        self.ordered = False
        self._max_age_frames = max_age_frames
        self._max_absence_frames = max_absence_frames
        self._newest: Submitted | None = None
        self._absent_since: int | None = None
        self.period_frames = 1
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
        if self.ordered or self._ric_absent_too_long(frame):
            return False
        return self._newest is not None and frame - self._newest.frame <= max(1, self._max_age_frames)

    def ric_absent(self, since_frame: int) -> None:
        """There is no association with the RIC from this frame on; told again, the first frame counts."""
        if self._absent_since is None:
            self._absent_since = since_frame

    def ric_present(self) -> None:
        """There is one again."""
        self._absent_since = None

    def choose(self, frame: int) -> Applied:
        """The decision in force during `frame`; counts a frame that the dApp missed."""
        if self.ordered:
            return self._own(Source.ORDERED)
        if self._ric_absent_too_long(frame):
            return self._own(Source.RIC_ABSENT)
        newest = self._newest
        if newest is not None and newest.frame == frame:
            return Applied(Source.DAPP, newest.decision, newest.frame, newest.policy_version)
        self.missed_frames += frame % self.period_frames == 0
        if newest is not None and frame - newest.frame <= self._max_age_frames:
            return Applied(Source.LAST_VALID, newest.decision, newest.frame, newest.policy_version)
        return self._own(Source.FALLBACK)

    def _ric_absent_too_long(self, frame: int) -> bool:
        since, most = self._absent_since, self._max_absence_frames
        return since is not None and most is not None and frame - since > most

    def _own(self, source: Source) -> Applied:
        self.fallback_frames += 1
        return Applied(source, self.fallback, None, 0)
