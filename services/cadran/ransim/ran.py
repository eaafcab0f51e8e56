"""The RAN itself: one radio world, one decision ladder per DU, frame by frame, without network or clock."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cadran.envs import to_decisions, to_measurements
from cadran.envs.convert import mean_power, to_user_measurements
from cadran.problem import Assignment, Measurements, Quota
from cadran.problem.hierarchy import UserGrants, UserMeasurements
from cadran.radio import EMBB, Decisions, Kpis, Radio, World, beside, validate_grants
from cadran.ransim.ladder import Applied, Decision, DecisionLadder, Source, Submitted


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
        ue_numbers: int32[C, S, U], the UE's number within its slice at the frame's end, -1 in empty places.
        start: measurements of the fresh drop if this frame ended its episode, else None.
        users: of its UEs in the frame, with leading axis DU; None where no decisions are made for users.
        start_users: as `start`, of UEs.
    """

    frame: int
    episode: int
    deterministic: bool
    applied: tuple[Applied, ...]
    outcome: Measurements
    kpis: Kpis
    ue_numbers: NDArray[np.int32]
    start: Measurements | None
    users: UserMeasurements | None
    start_users: UserMeasurements | None


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
        for_users: whether decisions may be made for users, who are then measured too; needs a world with
            ``mac.allocation: per_rb`` and ``link.adaptation: shannon``.

    Attributes:
        for_users: as given.
        ladders: as given.
        frame: the frame to be run next.
        episode: that it belongs to.

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
        for_users: bool = False,
    ) -> None:
        self._radio = Radio(world, trace_bytes_per_tti, load_profile)
        self._world = world
        self._seed = seed
        self._state = self._radio.new_state(np.array([seed], dtype=np.uint64))
        self._deterministic_every = deterministic_every
        self.for_users = for_users
        self.ladders = ladders
        self.frame = 0
        self.episode = 0
        self.start, self.start_users = self._measure(), self._measure_users(None)
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

    def refusal(self, du: int, decision: Decision) -> str | None:
        """Why a DU cannot apply a decision now, or None if it can; its numbers are in range already."""
        if isinstance(decision, Assignment) and self._world.mac.allocation != "per_rb":
            return "a slice for each RB: this RAN gives out groups of RBs"
        if not isinstance(decision, UserGrants):
            return None
        if not self.for_users:
            return "RBs for users: this RAN takes decisions for slices"
        ues = self._state.core.ues[0, du]
        return validate_grants(self._world.rbs, ues, decision.ue_rbs, decision.ue_power)

    def submit(self, du: int, submitted: Submitted) -> None:
        """Takes a decision of a dApp for which there is no `refusal`."""
        self.ladders[du].submit(submitted)

    def run_frame(self) -> FrameResult:
        """Runs the next frame with the decisions at hand."""
        frame, episode, deterministic = self.frame, self.episode, self.deterministic
        applied = tuple(self._in_force(du, ladder.choose(frame)) for du, ladder in enumerate(self.ladders))
        decisions = [choice.decision for choice in applied]
        self._radio.step(self._state, self._decisions(decisions))
        outcome, users, kpis = self._measure(), self._measure_users(decisions), self._counted()
        ue_numbers = self._state.ues.id[0].copy()
        self.frame += 1
        start, start_users = None, None
        if self.frame % self._world.episode_frames == 0:
            start, start_users = self._next_episode(), self._measure_users(None)
        return FrameResult(
            frame, episode, deterministic, applied, outcome, kpis, ue_numbers, start, users, start_users
        )

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
        fallbacks: list[Decision] = [ladder.fallback for ladder in self.ladders]
        self._radio.step(self._radio.clone(self._state), self._decisions(fallbacks))

    def _next_episode(self) -> Measurements:
        self.episode += 1
        self._radio.reset(self._state, np.array([True]), self.episode)
        return self._measure()

    def _measure(self) -> Measurements:
        return to_measurements(self._state.kpis).select(0)

    def _measure_users(self, decisions: list[Decision] | None) -> UserMeasurements | None:
        """What was measured of UEs under the decisions of all DUs; None: an episode has just begun."""
        if not self.for_users:
            return None
        kpis = self._state.kpis
        fresh = to_user_measurements(kpis, None).select(0)
        if decisions is None:
            return fresh
        power = [mean_power(kpis.rbs_quota[0, du], decision) for du, decision in enumerate(decisions)]
        return replace(fresh, power=np.stack(power))

    def _counted(self) -> Kpis:
        """The last frame's KPIs, copied: the radio overwrites its arrays."""
        return Kpis(*(array[0].copy() for array in self._state.kpis))

    def _in_force(self, du: int, chosen: Applied) -> Applied:
        """The choice as it can be applied: users whom an older decision names may be gone."""
        decision = chosen.decision
        if not isinstance(decision, UserGrants) or chosen.source is Source.DAPP:
            return chosen
        return replace(chosen, decision=decision.kept_for(self._state.core.ues[0, du]))

    def _decisions(self, decisions: list[Decision]) -> Decisions:
        """The decisions of all DUs as one batch of one environment; DUs may decide in different forms."""
        quotas = [decision for decision in decisions if isinstance(decision, Quota)]
        if len(quotas) == len(decisions):
            return to_decisions(Quota.stack([Quota.stack(quotas)]), self._world.rbs)
        grants = [decision for decision in decisions if isinstance(decision, UserGrants)]
        if len(grants) == len(decisions):
            return to_decisions(UserGrants.stack([UserGrants.stack(grants)]), self._world.rbs)
        parts = [to_decisions(_alone(decision), self._world.rbs) for decision in decisions]
        return beside(parts)


def _alone(decision: Decision) -> Decision:
    """One DU's decision as that of one environment with one DU."""
    match decision:
        case Quota():
            return Quota.stack([Quota.stack([decision])])
        case Assignment():
            return Assignment.stack([Assignment.stack([decision])])
        case UserGrants():
            return UserGrants.stack([UserGrants.stack([decision])])
