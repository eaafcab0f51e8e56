"""From frames to what each level learns from: (observation, action, reward, next observation).

A frame is a row of experience with a flat state and a flat action. The lower level's transitions are the
frames of a slice; the higher level's span the frames that a decision held, with the mean of their rewards: a
semi-Markov decision, whose discount is per decision of that level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cadran.problem.hierarchy.problem import HierarchicalProblem
from cadran.problem.measurements import Float32

Bool = NDArray[np.bool_]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Frames:
    """Frames of one DU, in their order; some may be missing between them.

    Attributes:
        state: Before each frame, float32 ``[n, state_dim]``.
        action: Flat, as executed, float32 ``[n, action_dim]``.
        kpis: Of each frame, float32 ``[n, kpi_dim]``.
        next_state: After each frame, float32 ``[n, state_dim]``.
        decided: Whether the higher level decided at the frame, bool ``[n]``.
        starts: Whether an episode starts with the frame, bool ``[n]``.
        ends: Whether an episode ends with the frame, bool ``[n]``; by its time limit, so that the value of
            the next state counts.
        follows: Whether the frame before it stands directly before it, bool ``[n]``; not so for the first.

    Raises:
        ValueError: The first frame follows another.
    """

    state: Float32
    action: Float32
    kpis: Float32
    next_state: Float32
    decided: Bool
    starts: Bool
    ends: Bool
    follows: Bool

    def __post_init__(self) -> None:
        if self.follows[:1].any():
            raise ValueError("follows: nothing stands before the first frame")


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


def higher_transitions(problem: HierarchicalProblem, frames: Frames) -> Transitions:
    """The decisions of the higher level that can be judged, in their order.

    A decision counts if the RBs that slices held before it are known, and all frames that it held are there:
    up to the next decision, or to the episode's end.
    """
    broken = frames.starts | ~frames.follows
    first = np.flatnonzero(frames.decided & (frames.starts | frames.follows))
    last, complete = _held_until(frames, broken, first)
    first, last = first[complete], last[complete]

    higher, _ = problem.levels(frames.action)
    neutral, _ = problem.levels(problem.neutral_action)
    before = np.where(frames.starts[first, np.newaxis], neutral, higher[first - 1])
    return Transitions(
        observation=problem.higher_observation(frames.state[first], problem.slice_rbs(before)),
        action=higher[first],
        reward=_means(problem.rewards(frames.kpis).reward, first, last),
        next_observation=problem.higher_observation(
            frames.next_state[last], problem.slice_rbs(higher[first])
        ),
    )


def lower_transitions(problem: HierarchicalProblem, frames: Frames) -> Transitions:
    """The frames of every slice that has a user, under goals that are known, frame by frame.

    A frame counts if the decision that it stands under is there, and the next frame's goal is known: that of
    the next row, or at the episode's end the one held.
    """
    goal, known = _goals(problem, frames)
    goes_on = _next(frames.follows & ~frames.starts)
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


def _goals(problem: HierarchicalProblem, frames: Frames) -> tuple[Float32, Bool]:
    """The goal that each frame stands under, ``[n, S, 2]``, and whether it is known."""
    places = np.arange(len(frames.decided))
    broken = frames.starts | ~frames.follows
    decision = np.maximum.accumulate(np.where(frames.decided, places, -1))
    known = decision >= np.maximum.accumulate(np.where(broken, places, 0))
    higher, _ = problem.levels(frames.action)
    goal = problem.goal(frames.state, problem.slice_rbs(higher))
    return goal[np.maximum(decision, 0)], known


def _held_until(frames: Frames, broken: Bool, first: Places) -> tuple[Places, Bool]:
    """For decisions at ``first``: the last frame each held, and whether that is known to be the last."""
    rows = len(frames.decided)
    events = np.append(np.flatnonzero(frames.decided | broken), rows)
    after = events[np.searchsorted(events, first, side="right")]
    last = after - 1
    replaced = np.append(frames.decided & ~broken, False)[after]
    return last, replaced | frames.ends[last]


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
