"""The learner's local copy of a replay: it tails the store and samples without asking it.

Sampling from Redis costs a round trip and a copy per batch; the mirror costs each row one transfer, once, and
samples at the speed of memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cadran.replay.schema import Identity, ReplayError, RowFlag, Rows, adjacent, identities
from cadran.replay.store import Replay, check_sizes, read_between, slice_rows


@dataclass(frozen=True)
class Batch:
    """Transitions of all DUs: N DUs, B rows each, O = state_dim + action_dim, A = action_dim, K = kpi_dim.

    Attributes:
        observation: float32[N, B, O], state and previous action.
        action: float32[N, B, A], in (0, 1).
        reward: float32[N, B].
        kpis: float32[N, B, K], what the reward was made of.
        next_observation: float32[N, B, O], next state and this action.
        discount_mask: float32[N, B], 1 where the next state's value counts. Episodes end by their time limit
            only, which does not end the value, so it is 1 everywhere.
    """

    observation: NDArray[np.float32]
    action: NDArray[np.float32]
    reward: NDArray[np.float32]
    kpis: NDArray[np.float32]
    next_observation: NDArray[np.float32]
    discount_mask: NDArray[np.float32]


class Mirror:
    """The newest `capacity` rows of each DU, sampled uniformly.

    A row can be sampled if its previous action is known: it is flagged PREVIOUS_IS_NEUTRAL, or its
    predecessor (same epoch, frame and sequence number one lower) stands directly before it and is still held.

    What is sampled depends on the rows held and on the generator, not on how the rows arrived.
    """

    def __init__(self, replay: Replay, capacity: int, neutral_action: NDArray[np.float32]) -> None:
        """Start empty; the first `refresh` loads what the store holds.

        Args:
            replay: the store to tail.
            capacity: rows held per DU, at least 1.
            neutral_action: float32[A], previous action at an episode's start (`Problem.neutral_action`).

        Raises:
            ReplayError: sizes that do not fit the store's schema.
        """
        schema = replay.schema
        check_sizes(replay.dus, capacity)
        if neutral_action.shape != (schema.action_dim,):
            raise ReplayError(
                f"neutral action has shape {neutral_action.shape}, the schema needs ({schema.action_dim},)"
            )
        self._replay = replay
        self._capacity = capacity
        self._slice_rows = slice_rows(schema)
        self._neutral_action = neutral_action.astype(np.float32)
        self._held = [_Held(capacity) for _ in range(replay.dus)]

        # One matrix of floats for all DUs; a row is [next state | action | reward | kpis | state], so that
        # the next observation is a plain slice of it. The slot of row i of a DU is du * capacity + i %
        # capacity.
        state, action = schema.state_dim, schema.action_dim
        self._next_observation = slice(0, state + action)
        self._action = slice(state, state + action)
        self._reward = state + action
        self._kpis = slice(state + action + 1, state + action + 1 + schema.kpi_dim)
        self._state = slice(self._kpis.stop, self._kpis.stop + state)
        self._floats = np.zeros((replay.dus * capacity, self._state.stop), np.float32)
        self._starts_neutral = np.zeros(replay.dus * capacity, np.bool_)

    @property
    def counts(self) -> tuple[int, ...]:
        """Per DU, the absolute index up to which the store has been read: the mirror's cursor."""
        return tuple(held.count for held in self._held)

    @property
    def samplable(self) -> tuple[int, ...]:
        """Per DU, the number of rows that can be sampled."""
        return tuple(held.tail - held.head for held in self._held)

    @property
    def skipped(self) -> tuple[int, ...]:
        """Per DU, rows that the store overwrote before they were read."""
        return tuple(held.skipped for held in self._held)

    def refresh(self, upto: Sequence[int] | None = None) -> int:
        """Take over the rows that the store has and the mirror has not.

        Args:
            upto: per DU, the absolute index to stop before, so that a resumed run sees exactly what the first
                one saw; None = all there are.

        Returns:
            The number of rows taken over, all DUs together.

        Raises:
            ReplayUnavailable: the store does not answer; rows already taken over stay.
            ReplayError: the store holds less than was read before: it was emptied or replaced.
        """
        if upto is not None and len(upto) != len(self._held):
            raise ReplayError(f"{len(upto)} limits for {len(self._held)} DUs")
        taken = 0
        behind = True
        while behind:
            behind = False
            for du, part in enumerate(self._replay.tail(self.counts, self._slice_rows)):
                stop = part.count if upto is None else min(part.count, upto[du])
                rows = part.rows[: max(0, stop - part.start)]
                if len(rows):
                    self._add(du, part.start, rows)
                    taken += len(rows)
                    behind = behind or self._held[du].count < stop
        return taken

    def unread(self, start: Sequence[int], stop: Sequence[int]) -> list[list[Identity]]:
        """Identities of rows that the store holds; the mirror stays as it is.

        Args:
            start: per DU, the absolute index to begin at; rows overwritten since are left out.
            stop: per DU, the absolute index to stop before, at most the rows ever stored.

        Raises:
            ReplayUnavailable: the store does not answer.
        """
        return [identities(rows) for rows in read_between(self._replay, start, stop)]

    def _add(self, du: int, start: int, rows: Rows) -> None:
        self._held[du].admit(start, rows)
        kept = rows[-self._capacity :]
        first = start + len(rows) - len(kept)
        slots = du * self._capacity + (first + np.arange(len(kept))) % self._capacity
        self._floats[slots] = np.concatenate(
            (
                kept["next_state"],
                kept["action"],
                kept["reward"][:, None],
                kept["kpis"],
                kept["state"],
            ),
            axis=1,
        )
        self._starts_neutral[slots] = _is_neutral(kept)

    def sample(self, rng: np.random.Generator, batch: int) -> Batch:
        """Draw `batch` rows of every DU: uniformly, with replacement, independently between DUs.

        Args:
            rng: one draw of N x B integers is taken from it.
            batch: rows per DU, at least 1.

        Raises:
            ReplayError: a DU has no row that can be sampled.
        """
        samplable = np.array(self.samplable)
        if not samplable.all():
            raise ReplayError(f"DU {int(np.argmin(samplable))} has no row to sample yet")
        drawn = rng.integers(0, samplable[:, None], size=(len(samplable), batch))
        indices = np.stack([held.pick(row) for held, row in zip(self._held, drawn, strict=True)])
        base = (np.arange(len(samplable)) * self._capacity)[:, None]
        slots = base + indices % self._capacity
        before = base + (indices - 1) % self._capacity
        return self._gather(slots, before)

    def _gather(self, slots: NDArray[np.int64], before: NDArray[np.int64]) -> Batch:
        """Rows at `slots` [N, B]; their previous actions stand at `before` [N, B]."""
        rows = self._floats[slots]  # [N, B, next state | action | reward | kpis | state]
        previous = self._floats[before, self._action]  # [N, B, A]
        previous[self._starts_neutral[slots]] = self._neutral_action
        return Batch(
            observation=np.concatenate((rows[..., self._state], previous), axis=-1),
            action=rows[..., self._action],
            reward=rows[..., self._reward],
            kpis=rows[..., self._kpis],
            next_observation=rows[..., self._next_observation],
            discount_mask=np.ones(slots.shape, np.float32),
        )


class _Held:
    """Which rows of one DU are held, and which of them can be sampled.

    The samplable rows stand in a queue: they enter at its tail as they arrive and leave at its head when
    they, or the predecessors that they need, are overwritten. Sampling draws a place of the queue.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._index = np.zeros(capacity, np.int64)
        # The lowest absolute index that a queued row needs: its own, or its predecessor's. Never falls.
        self._needs = np.zeros(capacity, np.int64)
        self._newest: Rows | None = None
        self._oldest = 0
        self.head = 0
        self.tail = 0
        self.count = 0
        self.skipped = 0

    def admit(self, start: int, rows: Rows) -> None:
        """Rows `start`.. arrive; those that no longer fit leave."""
        self.skipped += start - self.count
        neutral = _is_neutral(rows)
        samplable = neutral | self._follows(rows)
        index = start + np.flatnonzero(samplable)
        needs = np.where(neutral[samplable], index, index - 1)
        self.count = start + len(rows)
        self._newest = rows[-1:].copy()

        self._overwrite(max(0, self.count - self._capacity))
        fits = needs >= self._oldest
        places = (self.tail + np.arange(np.count_nonzero(fits))) % self._capacity
        self._index[places] = index[fits]
        self._needs[places] = needs[fits]
        self.tail += len(places)

    def _overwrite(self, oldest: int) -> None:
        """Rows below `oldest` are gone. At most one queued row more than there are such rows has to leave."""
        span = min(self.tail - self.head, oldest - self._oldest + 1)
        needs = self._needs[(self.head + np.arange(span)) % self._capacity]
        self.head += int(np.searchsorted(needs, oldest))
        self._oldest = oldest

    def _follows(self, rows: Rows) -> NDArray[np.bool_]:
        """bool[n]: the row directly before is the predecessor. Skipped rows leave a gap of frames."""
        follows = np.zeros(len(rows), np.bool_)
        follows[1:] = adjacent(rows[:-1], rows[1:])
        if self._newest is not None:
            follows[:1] = adjacent(self._newest, rows[:1])
        return follows

    def pick(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Absolute indices at places 0..samplable-1 of the queue."""
        return self._index[(self.head + places) % self._capacity]


def _is_neutral(rows: Rows) -> NDArray[np.bool_]:
    neutral: NDArray[np.bool_] = (rows["flags"] & RowFlag.PREVIOUS_IS_NEUTRAL) != 0
    return neutral
