"""What the tasks of one level have seen and may learn from: one ring of transitions per task."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cadran.learn.ddpg import DdpgBatch

Float32 = NDArray[np.float32]


class LevelExperience:
    """The newest transitions of T tasks at one level of decision, sampled uniformly.

    Tasks may have seen different numbers of transitions: a DU without users of a slice learns nothing of it.
    Memory is taken as it is written to.

    Args:
        tasks: T.
        capacity: transitions kept per task.
        observation_dim: O.
        action_dim: A.
    """

    def __init__(self, tasks: int, capacity: int, observation_dim: int, action_dim: int) -> None:
        width = 2 * observation_dim + action_dim + 1
        self._rows: Float32 = np.empty((tasks, capacity, width), dtype=np.float32)
        self._seen = np.zeros(tasks, dtype=np.int64)
        self._cuts = np.cumsum([observation_dim, action_dim, observation_dim]).tolist()

    @property
    def counts(self) -> NDArray[np.int64]:
        """Transitions held, ``[T]``."""
        return np.minimum(self._seen, self._rows.shape[1])

    def add(
        self,
        observation: Float32,
        action: Float32,
        next_observation: Float32,
        reward: Float32,
        kept: NDArray[np.bool_] | None = None,
    ) -> None:
        """Keep transitions of every task.

        Args:
            observation: ``[T, n, O]``, n at most the capacity.
            action: ``[T, n, A]``.
            next_observation: ``[T, n, O]``.
            reward: ``[T, n]``.
            kept: which of them count, ``[T, n]``; None keeps all.
        """
        rows = np.concatenate([observation, action, next_observation, reward[..., np.newaxis]], axis=-1)
        capacity = self._rows.shape[1]
        for task, own in enumerate(rows):
            new = own if kept is None else own[kept[task]]
            places = (self._seen[task] + np.arange(len(new))) % capacity
            self._rows[task, places] = new
            self._seen[task] += len(new)

    def sample(self, generator: np.random.Generator, size: int) -> DdpgBatch:
        """Draw ``size`` rows of each task, uniformly with replacement.

        Returns:
            Arrays ``[T, size, ...]``; discounts are 1, because only time limits end episodes, and so are
            weights.

        Raises:
            ValueError: a task holds nothing yet.
        """
        self._require(least=1)
        held = self.counts
        return self._rows_at(generator.integers(0, held[:, np.newaxis], size=(len(held), size)))

    def sample_apart(self, generator: np.random.Generator, size: int) -> tuple[DdpgBatch, DdpgBatch]:
        """Draw two batches of ``size`` rows of each task that have no row in common.

        One batch is of rows at even places, the other of rows at odd ones, each uniform with replacement;
        which one is first is a draw as well.

        Raises:
            ValueError: a task holds less than two transitions.
        """
        self._require(least=2)
        parity = int(generator.integers(2))
        first, second = (self._rows_of(odd, generator, size) for odd in (parity, 1 - parity))
        return first, second

    def _require(self, least: int) -> None:
        held = self.counts
        if held.min() < least:
            task = int(np.argmin(held))
            raise ValueError(f"experience: task {task} holds {held[task]} transitions, needed are {least}")

    def _rows_of(self, odd: int, generator: np.random.Generator, size: int) -> DdpgBatch:
        """Rows at even or odd places."""
        places = (self.counts + 1 - odd) // 2
        return self._rows_at(2 * generator.integers(0, places[:, np.newaxis], size=(len(places), size)) + odd)

    def _rows_at(self, drawn: NDArray[np.int64]) -> DdpgBatch:
        rows = self._rows[np.arange(len(drawn))[:, np.newaxis], drawn]
        observation, action, next_observation, reward = np.split(rows, self._cuts, axis=-1)
        ones = np.ones(rows.shape[:-1], dtype=np.float32)
        return DdpgBatch(observation, action, reward[..., 0], next_observation, discount=ones, weight=ones)


def pooled(batch: DdpgBatch) -> DdpgBatch:
    """The rows of all tasks as those of one: ``[T, B, ...]`` to ``[1, T B, ...]``."""

    def merged(array: NDArray[np.floating]) -> NDArray[np.floating]:
        return array.reshape(1, -1, *array.shape[2:])

    return DdpgBatch(
        merged(batch.observation),
        merged(batch.action),
        merged(batch.reward),
        merged(batch.next_observation),
        discount=merged(batch.discount),
        weight=merged(batch.weight),
    )
