"""The two rewards, as pure functions of KPIs and thresholds.

A reward sees nothing but its KPI vector, which travels with each transition: whoever changes a threshold can
compute the reward of old transitions anew. Arithmetic is float64 inside, float32 outside. Equation and
section numbers are those of arXiv 2511.15002.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from cadran.problem.arithmetic import Float64, mean_where, ordered_sum, sigmoid
from cadran.problem.measurements import EMBB, MMTC, SLICES, URLLC, Float32, Frame, Measurements
from cadran.problem.spec import DeliveredSpec, Eq8Spec

ABSENT = np.float32(-1.0)
"""KPI entry of a UE place that nobody holds; real rates and delays are never negative."""


class Judgement(NamedTuple):
    """What a frame's KPIs are worth.

    Attributes:
        qos: Quality of each slice in [0, 1], float32 ``[..., S]``.
        reward: float32 ``[...]``.
    """

    qos: Float32
    reward: Float32


class Reward(Protocol):
    """A reward form: how its KPIs are taken, and what they are worth."""

    kpi_dim: int

    def kpis(self, m: Measurements) -> Float32:
        """Everything the reward is made of, NaN-free, float32 ``[..., kpi_dim]``."""

    def judge(self, kpis: Float32) -> Judgement:
        """Quality of each slice and the reward; a slice without UEs counts as quality 1."""


class Delivered:
    """Weighted quality of delivered traffic in [0, 1]: sum_l w_l q_l / sum_l w_l.

    q_eMBB = mean 1/(1 + delay/d), q_mMTC = mean sigmoid((deadline - delay)/softness),
    q_URLLC = mean sigmoid((budget - latency)/softness), means over the slice's UEs at a DU.
    KPIs: delay of each UE place, ``[S, U]`` flattened; then, where budgets differ, the DU's rung in [-1, 1],
    which stands for a budget of ``(1 + budget_spread)^rung`` times the common one.

    Args:
        spec: Numbers of the reward.
        frame: Facts of the RAN.
        du: DU whose measurements these are; None: of all DUs, as the last axis before the slices.
    """

    def __init__(self, spec: DeliveredSpec, frame: Frame, du: int | None) -> None:
        self._spec = spec
        self._shape = (SLICES, frame.ues_per_slice)
        self._places = SLICES * frame.ues_per_slice
        rungs = budget_rungs(frame.dus)
        self._rung = rungs if du is None else rungs[du]
        self.kpi_dim = self._places + (1 if spec.budget_spread > 0 else 0)
        self._weights = np.asarray(spec.weights, dtype=np.float64) / sum(spec.weights)
        self._common_limits_s = np.array([[spec.mmtc_deadline_s], [spec.urllc_budget_s]])
        self._softness_s = np.array([[spec.mmtc_softness_s], [spec.urllc_softness_s]])

    def kpis(self, m: Measurements) -> Float32:
        """Delays in seconds, float32 ``[..., S U]``, -1 where no UE is; the rung, where budgets differ.

        Raises:
            ValueError: Budgets differ between DUs, and these measurements are not of all DUs.
        """
        delays = _filled(m.ue_delay_s)
        if self._spec.budget_spread == 0:
            return delays
        if self._rung.shape not in ((), delays.shape[-2:-1]):
            raise ValueError(
                f"measurements {delays.shape[:-1]}: with budget_spread the last axis must be the "
                f"{len(self._rung)} DUs; use of_du for one of them"
            )
        rung = np.broadcast_to(self._rung, delays.shape[:-1])[..., np.newaxis]
        return np.concatenate([delays, rung], axis=-1)

    def judge(self, kpis: Float32) -> Judgement:
        """Quality of each slice, and their weighted sum in [0, 1]."""
        qos = self._qos(kpis)
        reward = np.asarray(ordered_sum(qos * self._weights), dtype=np.float32)
        return Judgement(qos.astype(np.float32), reward)

    def _qos(self, kpis: Float32) -> Float64:
        spec = self._spec
        delay = kpis[..., : self._places].reshape(*kpis.shape[:-1], *self._shape).astype(np.float64)
        present = delay >= 0
        delay = np.where(present, delay, 0.0)
        worth = np.empty_like(delay)
        worth[..., EMBB, :] = 1.0 / (1.0 + delay[..., EMBB, :] / spec.embb_delay_s)
        worth[..., MMTC:, :] = sigmoid((self._limits_s(kpis) - delay[..., MMTC:, :]) / self._softness_s)
        return mean_where(worth, present, empty=1.0)

    def _limits_s(self, kpis: Float32) -> Float64:
        """Deadline of mMTC and budget of URLLC in seconds, ``[..., 2, 1]``."""
        if self._spec.budget_spread == 0:
            return self._common_limits_s
        rung = np.ascontiguousarray(kpis[..., self._places :], dtype=np.float64)
        limits_s = np.empty((*rung.shape[:-1], 2, 1))
        limits_s[..., 0, :] = self._spec.mmtc_deadline_s
        limits_s[..., 1, :] = self._spec.urllc_budget_s * np.exp(rung * np.log1p(self._spec.budget_spread))
        return limits_s


class Eq8:
    """Eq (8): r = sum_l sigmoid(alpha_l Qbar^l) + P_res + P_minQ.

    Without penalties r lies in [1.5, 2.234] with static alpha. KPIs: rates ``[S, U]`` in bit/s, delays
    ``[S, U]`` in seconds, RBs used ``[S]`` and the RBs that exist.

    A slice without UEs counts as fully served (Qbar = 1, no shortfall): nobody can be served better.
    """

    def __init__(self, spec: Eq8Spec, frame: Frame) -> None:
        self._spec = spec
        self._rbs = frame.rbs
        self._frame_s = frame.frame_s
        self._places = SLICES * frame.ues_per_slice
        self._shape = (SLICES, frame.ues_per_slice)
        self.kpi_dim = 2 * self._places + SLICES
        self._weights = np.asarray(spec.weights, dtype=np.float64)
        self._omega = np.stack(
            [spec.eq6_latency, spec.eq6_rate, spec.eq6_availability, spec.eq6_density], axis=-1
        )

    def kpis(self, m: Measurements) -> Float32:
        """Rates, delays and RBs used, float32 ``[..., 2 S U + S]``; -1 where no UE is."""
        used = np.asarray(m.rbs_used, dtype=np.float32)
        rate = m.ue_rate_bps if self._spec.rate == "achievable" else self._delivered_rate(m)
        return np.concatenate([_filled(rate), _filled(m.ue_delay_s), used], axis=-1)

    def judge(self, kpis: Float32) -> Judgement:
        """Qbar^l of each slice, and Eq (8)."""
        rate, delay = self._split(kpis)
        quality = self._scaled_quality(rate, delay)
        utility = ordered_sum(sigmoid(self._alpha(quality) * quality))
        penalty = self._overuse(kpis) + ordered_sum(self._shortfall(rate, delay))
        reward = np.asarray(utility - self._spec.zeta * penalty, dtype=np.float32)
        return Judgement(quality.astype(np.float32), reward)

    def _delivered_rate(self, m: Measurements) -> Float32:
        """Bits per second delivered to a UE on average over its slice, ``[..., S, U]``; NaN where none is."""
        mean = 8.0 * np.asarray(m.delivered_bytes, dtype=np.float64) / (np.maximum(m.ues, 1) * self._frame_s)
        absent = np.isnan(m.ue_delay_s)
        return np.where(absent, np.float32(np.nan), mean.astype(np.float32)[..., np.newaxis])

    def _split(self, kpis: Float32) -> tuple[Float64, Float64]:
        shape = (*kpis.shape[:-1], *self._shape)
        rate = kpis[..., : self._places].reshape(shape).astype(np.float64)
        delay = kpis[..., self._places : 2 * self._places].reshape(shape).astype(np.float64)
        return rate, delay

    def _alpha(self, quality: Float64) -> Float64:
        """Sensitivities alpha_l, `static` or the literal weighted normalisation over Qbar."""
        if self._spec.alpha == "static":
            return self._weights
        weighted = self._weights * quality
        total: Float64 = ordered_sum(weighted)[..., np.newaxis]
        return SLICES * weighted / (total + 1e-8)

    def _scaled_quality(self, rate: Float64, delay: Float64) -> Float64:
        """Qbar^l in [0, 1]: Eq (6) or Section VI.E, min-max scaled with fixed bounds."""
        if self._spec.quality == "eq6":
            return self._eq6(rate, delay)
        full = np.asarray(self._spec.rate_full_bps)
        scaled = self._section_vi_rate(rate) / full
        scaled[..., URLLC] = 1.0 - _worst(delay)[..., URLLC] / self._spec.latency_full_s
        return np.where(_empty(rate), 1.0, np.clip(scaled, 0.0, 1.0))

    def _eq6(self, rate: Float64, delay: Float64) -> Float64:
        """Eq (6) over the KPIs of Eqs (2)-(5), each as a goodness in [0, 1].

        Over one decision frame the availability of Eq (4), a mean over time, is the satisfied fraction of
        Eq (5).
        """
        count = np.maximum(np.count_nonzero(rate >= 0, axis=-1), 1)
        mean_rate = _total(rate) / count
        fair_rate: Float64 = np.asarray(self._spec.rate_full_bps, dtype=np.float64) / count
        satisfied = self._satisfied(rate)
        kpis = np.stack(
            [1.0 - _worst(delay) / self._spec.latency_full_s, mean_rate / fair_rate, satisfied, satisfied],
            axis=-1,
        )
        return np.where(_empty(rate), 1.0, ordered_sum(self._omega * np.clip(kpis, 0.0, 1.0)))

    def _satisfied(self, rate: Float64) -> Float64:
        """Fraction of a slice's UEs with C_i >= lambda_i, Eq (5)."""
        enough = rate >= np.asarray(self._spec.ue_rate_bps)[:, np.newaxis]
        return mean_where(enough.astype(np.float64), rate >= 0, empty=1.0)

    def _section_vi_rate(self, rate: Float64) -> Float64:
        """Q of the rate slices in bit/s (Section VI.E): the mMTC sum counts by its satisfied fraction."""
        total = _total(rate)
        total[..., MMTC] *= self._satisfied(rate)[..., MMTC]
        return total

    def _shortfall(self, rate: Float64, delay: Float64) -> Float64:
        """How far each slice misses its Q_min (URLLC: exceeds its bound), ``[..., S]``, P_minQ of Eq (8)."""
        spec = self._spec
        miss = np.zeros(rate.shape[:-1], dtype=np.float64)
        miss[..., :URLLC] = np.asarray(spec.rate_target_bps) - self._section_vi_rate(rate)[..., :URLLC]
        miss[..., URLLC] = _worst(delay)[..., URLLC] - spec.latency_target_s
        miss = np.where(_empty(rate), 0.0, np.maximum(miss, 0.0))
        if spec.shortfall == "raw":
            return np.asarray(miss * [1e-6, 1e-6, 1e3], dtype=np.float64)
        return np.minimum(miss / [*spec.rate_target_bps, spec.latency_target_s], 1.0, dtype=np.float64)

    def _overuse(self, kpis: Float32) -> Float64:
        """RBs used beyond those that exist, P_res of Eq (8); 0 behind a MAC that cannot grant them."""
        used = ordered_sum(kpis[..., 2 * self._places :].astype(np.float64))
        excess = np.maximum(used - self._rbs, 0.0)
        return excess if self._spec.shortfall == "raw" else excess / self._rbs


def _filled(x: Float32) -> Float32:
    """``[..., S, U]`` with NaN places -> ``[..., S U]`` with -1 there."""
    filled = np.where(np.isnan(x), ABSENT, x).astype(np.float32)
    return filled.reshape(*x.shape[:-2], x.shape[-2] * x.shape[-1])


def budget_rungs(dus: int) -> Float32:
    """Place of each DU on a ladder from -1 to 1 in even steps, float32 ``[C]``; 0 for a single DU."""
    return np.linspace(-1.0, 1.0, dus, dtype=np.float32) if dus > 1 else np.zeros(1, dtype=np.float32)


def _total(x: Float64) -> Float64:
    return np.asarray(ordered_sum(np.maximum(x, 0.0)), dtype=np.float64)


def _worst(x: Float64) -> Float64:
    return np.asarray(np.maximum(x, 0.0).max(axis=-1), dtype=np.float64)


def _empty(x: Float64) -> NDArray[np.bool_]:
    return np.asarray((x < 0).all(axis=-1))
