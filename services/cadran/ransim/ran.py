"""The RAN itself: one radio world, one decision ladder per DU, frame by frame, without network or clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cadran.envs import to_decisions, to_measurements
from cadran.problem import Assignment, Measurements, Quota
from cadran.radio import EMBB, Decisions, Kpis, Radio, World, beside
from cadran.ransim.ladder import Applied, DecisionLadder, Submitted


@dataclass(frozen=True)
class FrameResult:
    """What one frame came to.

    Attributes:
        frame: the frame that was run.
        episode: the episode that it belonged to.
        deterministic: whether the dApps were asked to act by the mean in it.
        applied: the decision in force, per DU.
        outcome: measurements with leading axis DU.
        kpis: everything that the radio counted in it, leading axis DU.
        start: measurements of the fresh drop if this frame ended its episode, else None.
    """

    frame: int
    episode: int
    deterministic: bool
    applied: tuple[Applied, ...]
    outcome: Measurements
    kpis: Kpis
    start: Measurements | None


@dataclass(frozen=True)
class ByteLedger:
    """Bytes since the start; offered = delivered + dropped + discarded + queued."""

    offered: int
    delivered: int
    dropped: int
    discarded: int
    queued: int


class Ran:
    """Runs frames of one world.

    Args:
        world: the world.
        seed: seed of layout, channel and traffic.
        ladders: one decision ladder per DU.
        deterministic_every: every n-th episode is marked deterministic; 0 = none.
        trace_bytes_per_tti: measured bytes per TTI that drive the eMBB slice, or None.
        load_profile: measured load over time, where the world plays one.

    Raises:
        ValueError: the world, or what is measured for it, is nothing that the radio can play.
    """

    def __init__(
        self,
        world: World,
        seed: int,
        ladders: tuple[DecisionLadder, ...],
        deterministic_every: int,
        trace_bytes_per_tti: NDArray[np.int64] | None = None,
        load_profile: NDArray[np.float64] | None = None,
    ) -> None:
        self._radio = Radio(world, trace_bytes_per_tti, load_profile)
        self._world = world
        self._seed = seed
        self._state = self._radio.new_state(np.array([seed], dtype=np.uint64))
        self._deterministic_every = deterministic_every
        self.ladders = ladders
        self.frame = 0
        self.episode = 0
        self.start = self._measure()
        self._compile()

    @property
    def ttis_per_frame(self) -> int:
        """TTIs of a frame."""
        return self._world.ttis_per_frame

    @property
    def deterministic(self) -> bool:
        """Whether the dApps should act by the mean in this episode."""
        every = self._deterministic_every
        return every > 0 and self.episode % every == every - 1

    def submit(self, du: int, submitted: Submitted) -> None:
        """Takes a valid decision of a dApp."""
        self.ladders[du].submit(submitted)

    def run_frame(self) -> FrameResult:
        """Runs the next frame with the decisions at hand."""
        frame, episode, deterministic = self.frame, self.episode, self.deterministic
        applied = tuple(ladder.choose(frame) for ladder in self.ladders)
        self._radio.step(self._state, self._decisions([choice.decision for choice in applied]))
        outcome, kpis = self._measure(), self._counted()
        self.frame += 1
        start = self._next_episode() if self.frame % self._world.episode_frames == 0 else None
        return FrameResult(frame, episode, deterministic, applied, outcome, kpis, start)

    def ledger(self) -> ByteLedger:
        """The books of all bytes so far."""
        books = self._state.ledger
        return ByteLedger(
            offered=int(books.arrived_bytes.sum()),
            delivered=int(books.delivered_bytes.sum()),
            dropped=int(books.dropped_bytes.sum()),
            discarded=int(books.discarded_bytes.sum()),
            queued=int(self._state.queued.sum()),
        )

    def trace_bytes(self) -> tuple[int, int]:
        """Bytes of the trace portions played so far, and bytes that the radio counted as offered to eMBB."""
        played = self._radio.trace_bytes(self._seed, 0, self.frame * self.ttis_per_frame)
        return played, int(self._state.ledger.arrived_bytes[..., EMBB].sum())

    def _compile(self) -> None:
        """Runs a frame that nobody sees, so that the first real one does not wait for the compiler."""
        fallbacks: list[Quota | Assignment] = [ladder.fallback for ladder in self.ladders]
        self._radio.step(self._radio.clone(self._state), self._decisions(fallbacks))

    def _next_episode(self) -> Measurements:
        self.episode += 1
        self._radio.reset(self._state, np.array([True]), self.episode)
        return self._measure()

    def _measure(self) -> Measurements:
        return to_measurements(self._state.kpis).select(0)

    def _counted(self) -> Kpis:
        """The last frame's KPIs, copied: the radio overwrites its arrays."""
        return Kpis(*(array[0].copy() for array in self._state.kpis))

    def _decisions(self, decisions: list[Quota | Assignment]) -> Decisions:
        """The decisions of all DUs as one batch of one environment; DUs may decide in different forms."""
        quotas = [decision for decision in decisions if isinstance(decision, Quota)]
        if len(quotas) == len(decisions):
            return to_decisions(Quota.stack([Quota.stack(quotas)]), self._world.rbs)
        parts = [to_decisions(_alone(decision), self._world.rbs) for decision in decisions]
        return beside(parts)


def _alone(decision: Quota | Assignment) -> Quota | Assignment:
    """One DU's decision as that of one environment with one DU."""
    if isinstance(decision, Quota):
        return Quota.stack([Quota.stack([decision])])
    return Assignment.stack([Assignment.stack([decision])])
