"""From rows of experience to the batches of a two-level learner, in the laboratory and in services alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cadran.learn.ddpg import DdpgBatch
from cadran.problem.hierarchy import Frames, Transitions
from cadran.replay import RowFlag, Rows


def frames_of(rows: Rows) -> Frames:
    """Rows of one DU, in their order, as the frames that transitions are made of.

    Args:
        rows: Of a schema with a two-level problem's sizes, ``[n]``.
    """
    flags = rows["flags"]
    after = np.zeros(len(rows), np.int64)
    same_run = (rows["epoch"][1:] == rows["epoch"][:-1]) & (rows["sequence"][1:] - rows["sequence"][:-1] == 1)
    after[1:] = np.where(same_run, rows["frame"][1:].astype(np.int64) - rows["frame"][:-1], 0)
    return Frames(
        state=rows["state"],
        action=rows["action"],
        kpis=rows["kpis"],
        next_state=rows["next_state"],
        decided=(flags & RowFlag.GOAL) != 0,
        starts=(flags & RowFlag.PREVIOUS_IS_NEUTRAL) != 0,
        ends=(flags & RowFlag.EPISODE_END) != 0,
        after=after,
    )


def draw_batches(
    rng: np.random.Generator, tasks: Sequence[Transitions], rows: int, batches: int = 1
) -> list[DdpgBatch]:
    """Batches of T tasks that have no transition in common, drawn uniformly and without replacement.

    A task that has too few transitions for them all gives each batch an equal share of what it has; the rest
    of its rows weigh nothing.

    Args:
        rng: One draw per task is taken from it.
        tasks: Of one level, T of them.
        rows: B, rows per task and batch.
        batches: How many.
    """
    parts = [_Rows.empty(tasks, rows) for _ in range(batches)]
    for task, held in enumerate(tasks):
        each = min(rows, len(held) // batches)
        drawn = rng.choice(len(held), each * batches, replace=False) if each else np.zeros(0, np.intp)
        for number, part in enumerate(parts):
            part.fill(task, held, drawn[number * each : (number + 1) * each])
    return [part.batch() for part in parts]


class _Rows:
    """A batch in the making: zeros until filled."""

    def __init__(self, tasks: int, rows: int, observation: int, action: int) -> None:
        self.observation = np.zeros((tasks, rows, observation), np.float32)
        self.action = np.zeros((tasks, rows, action), np.float32)
        self.reward = np.zeros((tasks, rows), np.float32)
        self.next_observation = np.zeros((tasks, rows, observation), np.float32)
        self.weight = np.zeros((tasks, rows), np.float32)

    @classmethod
    def empty(cls, tasks: Sequence[Transitions], rows: int) -> _Rows:
        return cls(len(tasks), rows, tasks[0].observation.shape[1], tasks[0].action.shape[1])

    def fill(self, task: int, held: Transitions, places: np.ndarray[tuple[int], np.dtype[np.intp]]) -> None:
        at = (task, slice(0, len(places)))
        for name in ("observation", "action", "reward", "next_observation"):
            getattr(self, name)[at] = getattr(held, name)[places]
        self.weight[at] = 1.0

    def batch(self) -> DdpgBatch:
        return DdpgBatch(
            observation=self.observation,
            action=self.action,
            reward=self.reward,
            next_observation=self.next_observation,
            discount=np.ones_like(self.reward),
            weight=self.weight,
        )
