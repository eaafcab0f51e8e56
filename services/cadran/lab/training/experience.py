"""What runs have seen and may learn from: one ring of transitions per run and agent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cadran.learn import Batch

Float32 = NDArray[np.float32]


class Experience:
    """The newest transitions of every agent of R runs, sampled uniformly.

    A row is ``[observation | next observation | reward]``. An observation ends with the previous action, so
    the action is the end of the next observation and needs no place of its own. While nothing is lost, equal
    places of all agents hold the same frame; ``aligned`` keeps it so where reports are lost, by keeping only
    frames that arrived from all. Memory is taken as it is written to.

    Args:
        runs: R.
        agents: N.
        capacity: transitions kept per agent.
        observation_dim: O, the last A of which are the previous action.
        action_dim: A.
        aligned: whether a batch has the same frames of all agents, as a joint critic needs.
    """

    def __init__(
        self, runs: int, agents: int, capacity: int, observation_dim: int, action_dim: int, *, aligned: bool
    ) -> None:
        self._rows: Float32 = np.empty((runs, agents, capacity, 2 * observation_dim + 1), dtype=np.float32)
        self._counts = np.zeros((runs, agents), dtype=np.int64)
        self._capacity = capacity
        self._observation = slice(0, observation_dim)
        self._next_observation = slice(observation_dim, 2 * observation_dim)
        self._action = slice(2 * observation_dim - action_dim, 2 * observation_dim)
        self._aligned = aligned

    @property
    def counts(self) -> NDArray[np.int64]:
        """Transitions held, ``[R, N]``."""
        return np.minimum(self._counts, self._capacity)

    def add(self, observation: Float32, next_observation: Float32, reward: Float32) -> None:
        """Keep one transition of every network of every run and agent; none may ever have been lost.

        Args:
            observation: ``[R, N, E, O]``, E <= capacity.
            next_observation: ``[R, N, E, O]``.
            reward: ``[R, N, E]``.
        """
        for part, place in self._places(int(self._counts[0, 0]), reward.shape[-1]):
            self._rows[:, :, place, self._observation] = observation[:, :, part]
            self._rows[:, :, place, self._next_observation] = next_observation[:, :, part]
            self._rows[:, :, place, -1] = reward[:, :, part]
        self._counts += reward.shape[-1]

    def add_arrived(self, run: int, rows: Float32, arrived: NDArray[np.bool_]) -> None:
        """Keep those transitions of one run that arrived.

        Args:
            run: which one.
            rows: ``[N, E, 2 O + 1]``, E <= capacity.
            arrived: ``[N, E]``.
        """
        if self._aligned:
            arrived = np.broadcast_to(arrived.all(axis=0), arrived.shape)
        for agent, (own, there) in enumerate(zip(rows, arrived, strict=True)):
            kept = own[there]
            for part, place in self._places(int(self._counts[run, agent]), len(kept)):
                self._rows[run, agent, place] = kept[part]
            self._counts[run, agent] += len(kept)

    def sample(self, generators: Sequence[np.random.Generator], size: int) -> Batch:
        """Draw rows of every agent, uniformly with replacement: of each its own, or of all the same frames.

        Args:
            generators: one per run; N x B, or B, integers are drawn from each.
            size: B.

        Returns:
            Arrays ``[R, N, B, ...]``; every discount is 1, because only time limits end episodes.

        Raises:
            ValueError: an agent holds nothing yet.
        """
        held = self.counts
        if not held.all():
            raise ValueError("experience: nothing has arrived of some agent yet, lower link.report_loss")
        agents = held.shape[1]
        limits = held[:, : 1 if self._aligned else agents, np.newaxis]
        drawn = [
            np.broadcast_to(generator.integers(0, own, size=(len(own), size)), (agents, size))
            for generator, own in zip(generators, limits, strict=True)
        ]
        run, agent = np.ogrid[: len(held), :agents]
        rows = self._rows[run[..., np.newaxis], agent[..., np.newaxis], np.stack(drawn)]
        return Batch(
            observation=rows[..., self._observation],
            action=rows[..., self._action],
            reward=rows[..., -1],
            next_observation=rows[..., self._next_observation],
            discount=np.ones(rows.shape[:-1], dtype=np.float32),
        )

    def _places(self, count: int, rows: int) -> list[tuple[slice, slice]]:
        """Where rows go in a ring that already took ``count``: parts of the rows, and their places."""
        first = count % self._capacity
        fitting = min(rows, self._capacity - first)
        parts = [(slice(0, fitting), slice(first, first + fitting))]
        if fitting < rows:
            parts.append((slice(fitting, rows), slice(0, rows - fitting)))
        return parts
