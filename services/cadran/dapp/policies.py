"""The policies that a dApp holds: one in force, and those that take effect at a later frame."""

from __future__ import annotations

from dataclasses import dataclass

from cadran.policy import (
    Actor,
    PolicyCause,
    PolicyError,
    PolicyMeta,
    TwoLevelMeta,
    TwoLevelPolicy,
    decode,
    require_compatible,
    require_compatible_levels,
)
from cadran.problem import Problem
from cadran.problem.hierarchy import HierarchicalProblem

Policy = Actor | TwoLevelPolicy
"""Of one level, or of two where the problem has two."""


@dataclass(frozen=True)
class _Held:
    delivery: int
    effective_frame: int
    meta: PolicyMeta | TwoLevelMeta
    policy: Policy


class PolicySlot:
    """Verifies delivered artefacts and swaps them in between two frames, never within one.

    A delivery is newer than another if its delivery number is: a roll-back is an older version
    under a newer delivery number, so that it is not taken for a stale policy.

    Args:
        du: index of the DU that the policies must be made for.
        problem: the decision problem that they must have been trained for.
    """

    def __init__(self, du: int, problem: Problem | HierarchicalProblem) -> None:
        self._du = du
        self._problem = problem
        self._active: _Held | None = None
        self._scheduled: list[_Held] = []
        self._frame = -1

    @property
    def version(self) -> int:
        """Version in force; 0 while there is none."""
        return self._active.meta.version if self._active else 0

    @property
    def newest_version(self) -> int:
        """Version accepted last, in force or scheduled; 0 before the first."""
        newest = self._newest()
        return newest.meta.version if newest else 0

    @property
    def delivery(self) -> int:
        """Number of the newest delivery accepted; 0 before the first."""
        newest = self._newest()
        return newest.delivery if newest else 0

    @property
    def delivery_in_force(self) -> int:
        """Number of the delivery that brought the policy in force; 0 while there is none."""
        return self._active.delivery if self._active else 0

    @property
    def sha256(self) -> str:
        """Hash of the policy in force; empty while there is none."""
        return self._active.meta.sha256 if self._active else ""

    def _newest(self) -> _Held | None:
        return self._scheduled[-1] if self._scheduled else self._active

    def install(self, artefact: bytes, delivery: int, effective_frame: int) -> PolicyMeta | TwoLevelMeta:
        """Verifies an artefact and schedules it; what is held stays untouched if it is refused.

        The newest delivery once more, with the same content, is accepted and changes nothing. The first
        policy is in force at once: a DU without any gains nothing by waiting.

        Args:
            artefact: the bytes of `policy.encode`, or of `policy.encode_two_level`.
            delivery: number of this delivery.
            effective_frame: first frame that the policy decides; one in the past means the next frame.

        Returns:
            The metadata of the accepted policy.

        Raises:
            PolicyError: with the cause; the old policy stays in force.
        """
        meta, policy = decode(artefact)
        _require_fit(meta, self._du, self._problem)
        newest = self._newest()
        if newest is not None and (delivery, meta.sha256) == (newest.delivery, newest.meta.sha256):
            return meta
        if delivery <= self.delivery:
            raise PolicyError(
                PolicyCause.STALE_VERSION,
                f"delivery {delivery} is not newer than {self.delivery}, which is held already",
            )
        self._scheduled.append(_Held(delivery, effective_frame, meta, policy))
        self._take_effect(self._frame + 1)
        return meta

    def release(self) -> None:
        """Lets every scheduled policy act at once: the frames that they waited for will not come."""
        self._scheduled = [_Held(held.delivery, 0, held.meta, held.policy) for held in self._scheduled]

    def at(self, frame: int) -> tuple[Policy | None, int]:
        """The policy that decides `frame` and its version; (None, 0) while there is none."""
        self._frame = frame
        self._take_effect(frame)
        if self._active is None:
            return None, 0
        return self._active.policy, self._active.meta.version

    def _take_effect(self, frame: int) -> None:
        """Brings what is due by `frame` into force."""
        while self._scheduled and (self._active is None or self._scheduled[0].effective_frame <= frame):
            self._active = self._scheduled.pop(0)


def _require_fit(meta: PolicyMeta | TwoLevelMeta, du: int, problem: Problem | HierarchicalProblem) -> None:
    """Refuse a policy for another DU or problem."""
    if isinstance(problem, HierarchicalProblem):
        _require_two_levels(meta, du, problem)
        return
    if isinstance(meta, TwoLevelMeta):
        raise PolicyError(PolicyCause.INCOMPATIBLE, "decides on two levels, the DU on one")
    require_compatible(
        meta,
        du=du,
        observation_dim=problem.observation_dim,
        action_dim=problem.action_dim,
        problem=problem.names,
        current_version=None,
    )


def _require_two_levels(meta: PolicyMeta | TwoLevelMeta, du: int, problem: HierarchicalProblem) -> None:
    if isinstance(meta, PolicyMeta):
        raise PolicyError(PolicyCause.INCOMPATIBLE, "decides on one level, the DU on two")
    require_compatible_levels(
        meta,
        du=du,
        levels={
            "higher": (problem.higher_observation_dim, problem.higher_action_dim),
            "lower": (problem.lower_observation_dim, problem.lower_action_dim),
        },
        decision_frames=problem.spec.decision_frames,
        problem=problem.names,
        current_version=None,
    )
