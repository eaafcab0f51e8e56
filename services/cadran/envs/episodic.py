"""What environments of many episodes at once share: how episodes begin and go on."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from cadran.envs.episodes import Episodes
from cadran.radio import Radio, World
from cadran.radio import State as RadioState

Float32 = NDArray[np.float32]


class EpisodicEnv(ABC):
    """Episodes of E independent networks of C DUs each, of which a subclass sees and decides.

    Args:
        world: The RAN.
        seeds: One seed per environment, uint64 ``[E]``.
        trace_bytes_per_tti: Measured packets that drive eMBB, int64 ``[n]``, or None; see `Radio`.
        load_profile: Measured load over time, float64 ``[n]``, for ``load.profile: measured``; see `Radio`.

    Raises:
        ValueError: What is measured is missing, not asked for, or unusable.

    Attributes:
        world: The RAN.
        dus: C.
    """

    def __init__(
        self,
        world: World,
        seeds: NDArray[np.uint64],
        trace_bytes_per_tti: NDArray[np.int64] | None,
        load_profile: NDArray[np.float64] | None,
    ) -> None:
        self.world = world
        self.dus = world.dus
        self._episodes = Episodes(world, seeds, trace_bytes_per_tti, load_profile)

    @property
    def envs(self) -> int:
        """E."""
        return len(self._episodes.state.kpis.ues)

    @property
    def radio(self) -> Radio:
        """The RAN's arithmetic."""
        return self._episodes.radio

    @property
    def radio_state(self) -> RadioState:
        """Its present state; what is not in an observation, only a clairvoyant may read."""
        return self._episodes.state

    @property
    def episode(self) -> int:
        """Number of the present episode."""
        return self._episodes.number

    @property
    def frames_left(self) -> int:
        """Frames until the episode ends."""
        return self._episodes.frames_left

    def reseed(self, seeds: NDArray[np.uint64]) -> Float32:
        """Start episode 0 of other networks.

        Args:
            seeds: One seed per environment, uint64 ``[E]``.

        Returns:
            What a policy sees first, float32 ``[E, C, ...]``.
        """
        self._episodes.reseed(seeds)
        return self._begin()

    def reset(self, episode: int) -> Float32:
        """Start an episode in every environment: a new drop of UEs, empty queues.

        Args:
            episode: Episode number, at least 0; the same number gives the same episode.

        Returns:
            What a policy sees first, float32 ``[E, C, ...]``.
        """
        self._episodes.reset(episode)
        return self._begin()

    @abstractmethod
    def _begin(self) -> Float32:
        """Forget the episode before; returns what a policy sees first, float32 ``[E, C, ...]``."""
