"""What the DU's own scheduler would have come to, had it ruled: a fluid model beside the real frames.

Two copies of each slice's queue are fed with the bytes that really arrived and drained at the bytes per RB
that were really seen: one by the RBs of the decision in force (`modelled`), one by those that the DU's own
scheduler would have given (`baseline`). Delays are read off the copies, and quality off the delays by the
scenario's own reward. The copy of the decision in force has a measured counterpart, so its error is known;
in frames of the DU's own scheduler both copies are driven alike, and that error is the baseline's own.

Nothing of a radio's inside is used: only what a DU measures (`problem.Measurements`) and its own quotas.

What the model leaves out, and so its bias: UEs of a slice are alike, RBs are divisible, bytes older than
`HORIZON_FRAMES` are dropped and none else, and other DUs interfere as they did. So the estimate is of this
DU alone under its own scheduler: a policy that spares its neighbours is not credited for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cadran.problem import Measurements, Problem, Quota
from cadran.problem.measurements import URLLC, Float32

Float64 = NDArray[np.float64]

HORIZON_FRAMES = 64
"""Longest age of a byte in the copies; older ones are dropped."""
_TTI_S = 1e-3
_AVERAGE = 0.05
_LEAST_BYTES_PER_RB = 1.0
_GAIN = (0.3, 3.0)


@dataclass(frozen=True)
class Compared:
    """Qualities of consecutive frames, float32 ``[N, C, S]`` each, in [0, 1].

    Attributes:
        measured: As the frames went.
        modelled: As the model has it for the decisions in force.
        baseline: As the model has it for the DU's own scheduler.
    """

    measured: Float32
    modelled: Float32
    baseline: Float32


@dataclass(frozen=True)
class ShadowFrame:
    """What the model needs of one frame.

    Attributes:
        outcome: Measurements with leading axis DU.
        own: Per DU, whether its own scheduler was in force.
        start: Whether an episode ended with it, so that the next frame begins with empty queues.
    """

    outcome: Measurements
    own: NDArray[np.bool_]
    start: bool


class Shadow:
    """Follows the frames of all DUs.

    Args:
        problem: Judges delays; of the slices where decisions have two levels.
        baseline: Quotas of each DU's own scheduler, percent, leading axis DU.
    """

    def __init__(self, problem: Problem, baseline: Quota) -> None:
        self._problem = problem
        shape = (problem.frame.dus, problem.frame.slices)
        self._queue = np.zeros((2, *shape))
        self._total = np.zeros(shape)
        self._totals = np.zeros((HORIZON_FRAMES, *shape))  # a ring: total at the ends of the newest frames
        self._place = 0
        self._gain = np.ones(shape)
        self.rule_by(baseline)

    def rule_by(self, baseline: Quota) -> None:
        """The DUs' own schedulers have these quotas from now on, percent, leading axis DU."""
        _, least, most = baseline.rbs(self._problem.frame.rbs)
        self._least, self._most = least.astype(np.float64), most.astype(np.float64)

    def frames(self, frames: Sequence[ShadowFrame]) -> Compared:
        """Follow and judge consecutive frames, at least one."""
        return self.judge([frame.outcome for frame in frames], [self.follow(frame) for frame in frames])

    def judge(self, outcomes: Sequence[Measurements], delays: Sequence[Float64]) -> Compared:
        """Qualities of frames that were followed, at least one: many at a time cost little more than one."""
        m, delay_s = Measurements.stack(outcomes), np.stack(delays, axis=1)
        measured = self._problem.qos(self._problem.kpis(m))
        return Compared(measured, self._judged(m, delay_s[0]), self._judged(m, delay_s[1]))

    def _judged(self, outcomes: Measurements, delay_s: Float64) -> Float32:
        """Quality if every UE of a slice had the delay ``[N, C, S]`` in place of its own."""
        present = ~np.isnan(outcomes.ue_delay_s)
        filled = np.where(present, delay_s[..., np.newaxis], np.nan).astype(np.float32)
        return self._problem.qos(self._problem.kpis(replace(outcomes, ue_delay_s=filled)))

    def follow(self, frame: ShadowFrame) -> Float64:
        """One frame of both copies; returns their delays in seconds, ``[2, C, S]``."""
        m = frame.outcome
        bytes_per_rb = self._bytes_per_rb(m)
        carried, arrived = self._queue, np.asarray(m.arrived_bytes, dtype=np.float64)
        waiting = carried + arrived
        need = waiting / bytes_per_rb
        given, usable = self._schedule(need, np.asarray(m.ues, dtype=np.float64))
        own, quota = frame.own[:, np.newaxis], np.asarray(m.rbs_quota, dtype=np.float64)
        given[0] = np.where(own, given[0], self._within(np.minimum(need[0], quota)))
        usable[0] = np.where(own, usable[0], quota)
        left = np.where(m.ues > 0, np.maximum(waiting - given * bytes_per_rb, 0.0), 0.0)
        delays = self._frame_s * self._ages(arrived, left)
        delays[..., URLLC] = self._latency(
            carried[..., URLLC] / bytes_per_rb[..., URLLC],
            need[..., URLLC],
            usable[..., URLLC],
            delays[..., URLLC],
        )
        if frame.start:
            self.begin()
        return delays

    def begin(self) -> None:
        """Empty queues: an episode begins, or frames went by that were not followed."""
        for array in (self._queue, self._total, self._totals):
            array.fill(0.0)

    @property
    def _frame_s(self) -> float:
        return self._problem.frame.frame_s

    def _bytes_per_rb(self, m: Measurements) -> Float64:
        """Bytes that an RB carries, ``[C, S]``: from the UEs' channels, times what service has shown.

        It shows that in frames that left something waiting; in others the last RBs of each UE were not full.
        """
        hertz_s = self._problem.frame.rb_bandwidth_hz * self._frame_s
        expected = np.where(
            m.arrival_rbs > 0,
            m.arrival_ewma_bytes / np.maximum(m.arrival_rbs, 1e-9),
            m.mean_se * hertz_s / 8.0,
        )
        expected = np.maximum(expected, _LEAST_BYTES_PER_RB)
        seen = m.delivered_bytes / (np.maximum(m.rbs_used, 1) * expected)
        full = (m.rbs_used > 0) & (np.asarray(m.queued_bytes) > 0)
        self._gain += np.where(full, _AVERAGE * (np.clip(seen, *_GAIN) - self._gain), 0.0)
        return np.asarray(expected * self._gain, dtype=np.float64)

    def _schedule(self, need: Float64, ues: Float64) -> tuple[Float64, Float64]:
        """RBs given to and usable by each slice under the baseline, ``[2, C, S]``.

        First each slice's minimum as far as it needs it; the rest goes to UEs of equal right, so to slices
        in proportion to their UEs, until need or maximum is met. Usable as in `radio.mac.usable_rbs`.
        """
        rbs = float(self._problem.frame.rbs)
        wanted = np.minimum(need, self._most)
        given = np.minimum(wanted, self._least)
        for _ in range(need.shape[-1]):
            free = rbs - given.sum(axis=-1, keepdims=True)
            weight = np.where(wanted > given, ues, 0.0)
            share = free * weight / np.maximum(weight.sum(axis=-1, keepdims=True), 1.0)
            given = np.minimum(wanted, given + share)
        pool = rbs - self._least.sum(axis=-1, keepdims=True)
        rivals = np.where(need > self._least, ues, np.minimum(ues, 1.0))
        fair = self._least + pool * rivals / np.maximum(rivals.sum(axis=-1, keepdims=True), 1.0)
        idle = rbs - given.sum(axis=-1, keepdims=True)
        return given, np.minimum(self._most, np.maximum(fair, given + idle))

    def _within(self, given: Float64) -> Float64:
        """RBs ``[C, S]`` no more than there are: what quotas that overlap allow, all cannot have at once."""
        total = given.sum(axis=-1, keepdims=True)
        return np.asarray(given * np.minimum(1.0, self._problem.frame.rbs / np.maximum(total, 1.0)))

    def _ages(self, arrived: Float64, left: Float64) -> Float64:
        """Age in frames of the oldest byte of queues ``left[2, C, S]``, first in, first out; keeps them."""
        self._total += arrived
        self._place = (self._place + 1) % HORIZON_FRAMES
        oldest = self._totals[self._place].copy()
        self._totals[self._place] = self._total
        self._queue = np.minimum(left, self._total - oldest)
        newer = self._total - self._totals  # bytes that came after each of the newest frames
        return np.asarray((newer[:, np.newaxis] < self._queue - 1e-3).sum(axis=0), dtype=np.float64)

    def _latency(self, carried: Float64, need: Float64, usable: Float64, age_s: Float64) -> Float64:
        """Latency of a URLLC packet in seconds, ``[2, C]``: an M/D/1 queue inside the frame.

        As `radio.kpis.md1_latency_s`, for a UE of the slice's mean channel; the age of what is left over
        where the RBs do not suffice.
        """
        load = np.where(usable > 0, need / np.maximum(usable, 1e-9), np.inf)
        below = np.minimum(load, 0.999)
        wait_s = self._frame_s * carried / np.maximum(usable, 1e-9) + 0.5 * _TTI_S * below / (1.0 - below)
        return np.where(load < 1.0, _TTI_S + wait_s, np.maximum(age_s, self._frame_s))
