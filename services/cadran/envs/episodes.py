"""Episodes of E networks of one world, which start and end together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cadran.radio import Decisions, Radio, State, World


class Episodes:
    """A radio, its state, and how long the present episode still lasts.

    Args:
        world: The RAN.
        seeds: One seed per environment, uint64 ``[E]``.
        trace_bytes_per_tti: Measured packets that drive eMBB, int64 ``[n]``, or None; see `Radio`.
        load_profile: Measured load over time, float64 ``[n]``, for ``load.profile: measured``; see `Radio`.

    Raises:
        ValueError: What is measured is missing, not asked for, or unusable.

    Attributes:
        radio: The RAN's arithmetic.
        state: Its present state.
        number: Number of the present episode.
        frames_left: Frames until it ends.
    """

    def __init__(
        self,
        world: World,
        seeds: NDArray[np.uint64],
        trace_bytes_per_tti: NDArray[np.int64] | None,
        load_profile: NDArray[np.float64] | None,
    ) -> None:
        self.radio = Radio(world, trace_bytes_per_tti, load_profile)
        self._length = world.episode_frames
        self.reseed(seeds)

    def reseed(self, seeds: NDArray[np.uint64]) -> None:
        """Start episode 0 of other networks, one per seed, uint64 ``[E]``."""
        self.state: State = self.radio.new_state(np.asarray(seeds, dtype=np.uint64))
        self._begin(0)

    def reset(self, number: int) -> None:
        """Start an episode in every environment: a new drop of UEs, empty queues."""
        self.radio.reset(self.state, np.ones(len(self.state.kpis.ues), dtype=np.bool_), number)
        self._begin(number)

    def play(self, decisions: Decisions) -> None:
        """Run one frame.

        Raises:
            ValueError: A decision is illegal, or the episode has ended.
        """
        if self.frames_left == 0:
            raise ValueError(f"the episode of {self._length} frames has ended: reset first")
        self.radio.step(self.state, decisions)
        self.frames_left -= 1

    def _begin(self, number: int) -> None:
        self.number = number
        self.frames_left = self._length
