"""From frames to what each level learns from: (observation, action, reward, next observation).

A frame is a row of experience with a flat state and a flat action. The lower level's transitions are the
frames of a slice; the higher level's span the frames that a decision held, with the mean of their rewards: a
semi-Markov decision, whose discount is per decision of that level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.problem.hierarchy.problem import HierarchicalProblem
from cadran.problem.measurements import Float32

Bool = NDArray[np.bool_]
Places = NDArray[np.intp]

LEAST_SHARE = 0.8
"""ASSUMED: a decision of the higher level is judged by at least this share of the frames that it held; where
more than one frame in five is missed, the decision is not what made the rewards."""


@dataclass(frozen=True)
class Frames:
    """Frames of one DU that it decided, in their order.

    A frame that was not decided, because the decision came late, is no row; the DU then repeats its last
    decision for a few frames, so the split among slices that was decided last still holds.

    Attributes:
        state: Before each frame, float32 ``[n, state_dim]``.
        action: Flat, as executed, float32 ``[n, action_dim]``.
        kpis: Of each frame, float32 ``[n, kpi_dim]``.
        next_state: After each frame, float32 ``[n, state_dim]``.
        decided: Whether the higher level decided at the frame, bool ``[n]``.
        starts: Whether an episode starts with the frame, bool ``[n]``.
        ends: Whether an episode ends with the frame, bool ``[n]``; by its time limit, so that the value of
            the next state counts.
        after: How many frames it comes after the row before it, int ``[n]``: 1 directly after, more where
            frames between were not decided, 0 where rows between are lost or there is none before.

    Raises:
        ValueError: The first frame comes after another.
    """

    state: Float32
    action: Float32
    kpis: Float32
    next_state: Float32
    decided: Bool
    starts: Bool
    ends: Bool
    after: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.after[:1].any():
            raise ValueError("after: nothing stands before the first frame")


@dataclass(frozen=True)
class Transitions:
    """What one level learns from: m transitions.

    Attributes:
        observation: float32 ``[m, o]``.
        action: float32 ``[m, a]`` in [0, 1], as executed.
        reward: float32 ``[m]``.
        next_observation: float32 ``[m, o]``.
    """

    observation: Float32
    action: Float32
    reward: Float32
    next_observation: Float32

    def __len__(self) -> int:
        return len(self.reward)


def higher_transitions(
    problem: HierarchicalProblem, frames: Frames, least_share: float = LEAST_SHARE
) -> Transitions:
    """The decisions of the higher level that can be judged, in their order.

    A decision counts if the RBs that slices held before it are known, and enough of the frames that it held
    are there: up to the next decision, or to the episode's end. Its reward is the mean over those that are.

    Args:
        problem: The decision problem of the DU.
        frames: What it decided.
        least_share: Share of the frames that must be there, in (0, 1].
    """
    higher, _ = problem.levels(frames.action)
    broken = _broken(frames, higher)
    # Within fewer frames than a decision holds, no other one can have come and gone unseen.
    turns = frames.decided & ~broken & (frames.after <= problem.spec.decision_frames)
    first = np.flatnonzero(frames.decided & (frames.starts | turns))
    span = _held_until(frames, broken, turns, first, least_share)
    first, last, after = first[span.counts], span.last[span.counts], span.after[span.counts]

    neutral, _ = problem.levels(problem.neutral_action)
    before = np.where(frames.starts[first, np.newaxis], neutral, higher[first - 1])
    # The next decision's own state: frames that were not decided may lie before it.
    arrived = np.where((after == last)[:, np.newaxis], frames.next_state[last], frames.state[after])
    return Transitions(
        observation=problem.higher_observation(frames.state[first], problem.slice_rbs(before)),
        action=higher[first],
        reward=_means(problem.rewards(frames.kpis).reward, first, last),
        next_observation=problem.higher_observation(arrived, problem.slice_rbs(higher[first])),
    )


def lower_transitions(problem: HierarchicalProblem, frames: Frames) -> Transitions:
    """The frames of every slice that has a user, under goals that are known, frame by frame.

    A frame counts if the decision that it stands under is there, and the next frame's goal is known: that of
    the row that comes directly after, the same one as long as no other is set, or at the episode's end the
    one held.
    """
    higher, _ = problem.levels(frames.action)
    broken = _broken(frames, higher)
    goal, known = _goals(problem, frames, higher, broken)
    goes_on = _next(~broken & ((frames.after == 1) | ~frames.decided))
    counts = np.flatnonzero(known & (goes_on | frames.ends))
    after = np.where(goes_on[counts], counts + 1, counts)

    judged = problem.rewards(frames.kpis[counts])
    present = judged.present
    _, users = problem.levels(frames.action[counts])
    return Transitions(
        observation=problem.lower_observation(frames.state[counts], goal[counts])[present],
        action=users[present],
        reward=judged.lower_reward[present],
        next_observation=problem.lower_observation(frames.next_state[counts], goal[after])[present],
    )


class _Span(NamedTuple):
    """What decisions held.

    Attributes:
        last: The last row of each.
        after: The row of the decision that replaced it; the last row itself where the episode ended.
        counts: Whether both are known, and enough frames are there.
    """

    last: Places
    after: Places
    counts: Bool


def _broken(frames: Frames, higher: Float32) -> Bool:
    """Whether nothing is known of the decision that a frame stands under from the row before it.

    That is so where an episode starts, where rows are lost, and where the higher level decided at a frame
    that is no row, which its numbers tell.
    """
    broken: Bool = frames.starts | (frames.after == 0)
    broken[1:] |= frames.ends[:-1] | ((higher[1:] != higher[:-1]).any(axis=-1) & ~frames.decided[1:])
    return broken


def _goals(
    problem: HierarchicalProblem, frames: Frames, higher: Float32, broken: Bool
) -> tuple[Float32, Bool]:
    """The goal that each frame stands under, ``[n, S, 2]``, and whether it is known."""
    places = np.arange(len(frames.decided))
    decision = np.maximum.accumulate(np.where(frames.decided, places, -1))
    known = decision >= np.maximum.accumulate(np.where(broken, places, 0))
    goal = problem.goal(frames.state, problem.slice_rbs(higher))
    return goal[np.maximum(decision, 0)], known


def _held_until(frames: Frames, broken: Bool, turns: Bool, first: Places, least_share: float) -> _Span:
    """What decisions at the rows ``first`` held; at ``turns`` one is known to replace another."""
    rows = len(frames.decided)
    events = np.append(np.flatnonzero(frames.decided | broken), rows)
    event = events[np.searchsorted(events, first, side="right")]
    last = event - 1
    replaced = np.append(turns, False)[event]
    after = np.where(replaced, event, last)
    passed = np.cumsum(frames.after)
    held = passed[after] - passed[first] + ~replaced
    counts = (replaced | frames.ends[last]) & (event - first >= least_share * held)
    return _Span(last, after, counts)


def _means(values: Float32, first: Places, last: Places) -> Float32:
    """Means of ``values[first..last]``, the same bits wherever in the array they stand."""
    if len(first) == 0:
        return np.zeros(0, np.float32)
    bounds = np.stack([first, last + 1], axis=1).ravel()
    sums = np.add.reduceat(np.append(values.astype(np.float64), 0.0), bounds)[::2]
    return np.asarray(sums / (last + 1 - first), dtype=np.float32)


def _next(flags: Bool) -> Bool:
    """Each place's flag of the place after it; False at the end."""
    return np.append(flags[1:], False)
