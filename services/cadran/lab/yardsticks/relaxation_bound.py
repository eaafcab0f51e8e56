"""What no policy can earn more than."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from cadran.envs import BatchedEnv
from cadran.lab.yardsticks.ahead import (
    Ahead,
    carried_bits,
    look_ahead,
    md1_latencies,
    repeated,
    require_one_tti,
)
from cadran.problem import SLICES, Eq8Spec, Measurements, ProblemSpec, Quota
from cadran.problem.arithmetic import sigmoid
from cadran.problem.measurements import URLLC
from cadran.radio import World
from cadran.radio.kpis import TTI_S
from cadran.radio.mac import SE_FLOOR
from cadran.radio.tables import parameters, tables

Float64 = NDArray[np.float64]
Float32 = NDArray[np.float32]

_ROUNDING = 1e-6
"""Rewards are float32; the bound stays above them by more than their rounding."""
_CELLS = 32


def relaxation_bound(
    world: World,
    spec: ProblemSpec,
    seeds: NDArray[np.uint64],
    trace_bytes_per_tti: NDArray[np.int64] | None = None,
    load_profile: NDArray[np.float64] | None = None,
) -> Float64:
    """Upper bound on the mean reward of an episode, over frames and DUs, for any policy whatsoever.

    It holds for every decision that the problem's action can express (hard quotas, or a slice per RB), taken
    with any knowledge. Soft quotas, such as PF over all users, are outside: the latency model credits a slice
    with shared RBs that it does not hold.

    Why it holds. (1) Arrivals, fading and which DU serves a UE do not depend on decisions, so each frame is
    seen as it will be. (2) A DU's reward falls with interference and with what earlier frames left over;
    other DUs are taken to be silent and queues to be empty when the frame begins. (Where idle RBs transmit
    and quotas hand out all RBs, every RB of every DU is on the air whatever is decided: then the true
    interference is used.) (3) With k RBs a slice's sum rate is at most that on its k best RBs, and a UE's at
    most that on the k RBs that are best for it; a UE's queue can end empty only if it was given as many RBs
    as, at their best, carry what arrived, and of UEs that need n_1 <= n_2 <= ... RBs at most the first m with
    n_1 + ... + n_m <= k can end so; all others wait at least one frame. URLLC latency falls with k. (4) So
    each slice's KPIs are no better than those computed here for k, in which the reward is monotone, and the
    k's of the slices add up to no more than the band: the best split of these optimistic KPIs bounds the
    frame, hence the episode. (Delivered bytes are at most those that the k best RBs carry.) With ``alpha:
    weighted_norm`` the utility is not monotone; it is replaced by its maximum over all qualities that the
    slices could have, bounded cell by cell.

    Args:
        world: The RAN.
        spec: The decision problem.
        seeds: Episodes, uint64 ``[E]``; see `lab.policies.base.episode_seeds`.
        trace_bytes_per_tti: Measured packets that drive eMBB; see `BatchedEnv`.
        load_profile: Measured load over time; see `BatchedEnv`.

    Returns:
        float64 ``[E]``.

    Raises:
        ValueError: The world has more to a frame than one TTI.
    """
    require_one_tti(world, "relaxation bound")
    env = BatchedEnv(world, spec, seeds, trace_bytes_per_tti, load_profile)
    env.reset(0)
    crowded = _always_on_the_air(env)
    third = np.array([34, 33, 33], dtype=np.int32)
    percent = np.broadcast_to(np.where(crowded[:, None, None], third, 0), (env.envs, env.dus, SLICES))
    bounds = []
    while env.frames_left:
        ahead = look_ahead(env)
        activity = np.zeros((env.envs, env.dus, env.frame.rbs), dtype=np.float32)
        activity[crowded] = 1.0
        bits = carried_bits(env, ahead, activity)
        env.step_decision(Quota.hard(percent))
        bounds.append(_bound_frame(env, ahead, bits, crowded).mean(axis=1))
    return np.asarray(np.mean(bounds, axis=0) + _ROUNDING, dtype=np.float64)


def _always_on_the_air(env: BatchedEnv) -> NDArray[np.bool_]:
    """Environments in which every RB of every DU transmits whatever is decided, bool ``[E]``."""
    forced = env.world.mac.idle_rbs == "active" and env.problem.spec.action == "slice_quota"
    everybody = (env.radio_state.core.ues > 0).all(axis=(1, 2))
    return np.asarray(everybody & forced, dtype=np.bool_)


def _bound_frame(
    env: BatchedEnv, ahead: Ahead, bits: NDArray[np.int32], crowded: NDArray[np.bool_]
) -> Float64:
    """Bound on the reward of each DU in the frame just played, float64 ``[E, C]``."""
    best = _best_sums(bits)
    delay, rate = _delays(env, ahead, best, crowded), _rates(env, bits, best)
    received = np.moveaxis(_best_sums(bits.max(axis=3)) >> 3, -1, 0)
    kpis = env.problem.kpis(_one_slice_varied(env, delay, rate, received))
    value = env.problem.reward(kpis).astype(np.float64)
    spec = env.problem.spec
    if spec.reward == "eq8" and spec.eq8.alpha == "weighted_norm":
        quality = env.problem.qos(kpis).astype(np.float64)
        penalty = value - _weighted_utility(spec.eq8, quality)
        utility = _greatest_utility(spec.eq8, quality[0, -1])
        return utility + _best_split(penalty)
    return _best_split(value)


def _best_sums(bits: NDArray[np.int32]) -> NDArray[np.int64]:
    """Bits on the best k RBs of ``[..., K]``, for k = 0 ... K; int64 ``[..., K + 1]``."""
    sums = np.zeros((*bits.shape[:-1], bits.shape[-1] + 1), dtype=np.int64)
    np.cumsum(-np.sort(-bits, axis=-1), axis=-1, out=sums[..., 1:])
    return sums


def _delays(env: BatchedEnv, ahead: Ahead, best: NDArray[np.int64], crowded: NDArray[np.bool_]) -> Float32:
    """Least delays of each slice's UEs with k RBs, float32 ``[K + 1, E, C, S, U]``."""
    ues, tti_s = env.radio_state.core.ues, parameters(env.world).tti_s
    places = np.arange(best.shape[3])
    taken_bytes = np.minimum(ahead.offered_bytes, ahead.waiting.ues.queue_limit)
    enough = (best >> 3) >= taken_bytes[..., np.newaxis]
    needed_rbs = np.where(enough.any(axis=-1), enough.argmax(axis=-1), env.frame.rbs + 1)
    needed_rbs[places >= ues[..., np.newaxis]] = env.frame.rbs + 1
    together = np.cumsum(np.sort(needed_rbs, axis=-1), axis=-1)
    budget = np.arange(env.frame.rbs + 1).reshape(-1, 1, 1, 1, 1)
    emptied = (together <= budget).sum(axis=-1, keepdims=True)
    delay = np.where(places < emptied, 0.0, tti_s).astype(np.float32)
    delay[:, :, :, URLLC] = _latencies(env, ahead, best[:, :, URLLC], crowded)
    return np.where(places < ues[..., np.newaxis], delay, np.float32(np.nan))


def _latencies(env: BatchedEnv, ahead: Ahead, best: NDArray[np.int64], crowded: NDArray[np.bool_]) -> Float64:
    """Least URLLC latencies with k RBs in s, ``[K + 1, E, C, U]``."""
    numbers = parameters(env.world)
    members, fresh = env.radio_state.core.ues[:, :, URLLC], ahead.offered_bytes[:, :, URLLC]
    usable = np.arange(env.frame.rbs + 1, dtype=np.float64)
    if numbers.literal:
        sharers = 1 if numbers.won_rbs else np.maximum(members, 1)[..., np.newaxis, np.newaxis]
        with np.errstate(divide="ignore"):
            sending = 8.0 * tables(env.world).packet_bytes[URLLC] * sharers * numbers.tti_s / best
        return np.moveaxis(np.minimum(numbers.latency_cap_s, TTI_S + sending), -1, 0)
    mean_se = env.radio_state.ues.mean_se[:, :, URLLC]
    exact = md1_latencies(env.world, members, np.zeros_like(fresh), fresh, mean_se, usable)
    # Averages of the channel without interference: the need is at least this, the wait at least nothing.
    each = 8.0 * fresh / (np.maximum(mean_se, SE_FLOOR) * numbers.bits_per_se)
    need = each.sum(axis=-1)[..., np.newaxis] * (1.0 - _ROUNDING)
    least = np.where((need >= usable) | (usable == 0), numbers.latency_cap_s, TTI_S)[..., np.newaxis]
    return np.moveaxis(np.where(crowded[:, None, None, None], exact, least), 2, 0)


def _rates(env: BatchedEnv, bits: NDArray[np.int32], best: NDArray[np.int64]) -> Float32:
    """Greatest rates with k RBs, in sum and in satisfied UEs, float32 ``[K + 1, E, C, S, U]``."""
    numbers, members = parameters(env.world), env.radio_state.core.ues[..., np.newaxis]
    if not numbers.rates:
        return np.full((env.frame.rbs + 1, *bits.shape[:-1]), np.nan, dtype=np.float32)
    sharers = np.where(numbers.won_rbs, 1, np.maximum(members, 1)) * numbers.tti_s
    of_slice = bits.max(axis=3) if numbers.won_rbs else bits.sum(axis=3)
    total = _best_sums(of_slice) / sharers
    wanted = np.reshape(env.problem.spec.eq8.ue_rate_bps, (SLICES, 1)) * (1.0 - _ROUNDING)
    able = ((best / sharers[..., np.newaxis]) >= wanted[..., np.newaxis]).sum(axis=3)
    satisfied = np.minimum(able, np.floor(total / wanted))
    return _spread(total, satisfied, members, wanted, bits.shape[3])


def _spread(
    total: Float64, satisfied: Float64, members: NDArray[np.int32], wanted: Float64, places: int
) -> Float32:
    """Rates of a slice's UEs with a given sum and number of satisfied UEs.

    One UE has all that the others do not need; without satisfied UEs all have the same.

    Args:
        total: bit/s, float64 ``[E, C, S, K + 1]``.
        satisfied: UEs, float64 ``[E, C, S, K + 1]``; that many times ``wanted`` is at most ``total``.
        members: UEs, int32 ``[E, C, S, 1]``.
        wanted: bit/s that satisfy a UE, less rounding, float64 ``[S, 1]``.
        places: U.

    Returns:
        float32 ``[K + 1, E, C, S, U]``, not below the exact values, NaN where no UE is.
    """
    place = np.arange(places)
    enough = (wanted * (1.0 + 2 * _ROUNDING))[..., np.newaxis]
    sums, happy, count = total[..., np.newaxis], satisfied[..., np.newaxis], members[..., np.newaxis]
    first = np.maximum(sums - (happy - 1) * wanted[..., np.newaxis], enough)
    shared = np.where(place == 0, first, np.where(place < happy, enough, 0.0))
    rates = np.where(happy > 0, shared, sums / np.maximum(count, 1)) * (1.0 + _ROUNDING)
    return np.moveaxis(np.where(place < count, rates, np.nan), 3, 0).astype(np.float32)


def _one_slice_varied(
    env: BatchedEnv, delay: Float32, rate: Float32, received: NDArray[np.int64]
) -> Measurements:
    """Measurements ``[S, K + 1, E, C, ...]`` with k RBs for slice s and all RBs for each other one."""
    own = np.eye(SLICES, dtype=np.bool_).reshape(SLICES, 1, 1, 1, SLICES, 1)
    measured = {
        field.name: repeated(repeated(getattr(env.measurements, field.name), len(delay)), SLICES)
        for field in fields(Measurements)
    }
    measured["ue_delay_s"] = np.where(own, delay, delay[-1])
    measured["ue_rate_bps"] = np.where(own, rate, rate[-1])
    measured["delivered_bytes"] = np.where(own[..., 0], received, received[-1])
    measured["rbs_used"] = np.zeros_like(measured["rbs_used"])
    return Measurements(**measured)


def _best_split(value: Float64) -> Float64:
    """Greatest sum over the slices' shares of the band.

    Args:
        value: What the frame is worth if one slice has k RBs and each other one all of them, a sum over
            slices, float64 ``[S, K + 1, E, C]``.

    Returns:
        float64 ``[E, C]``.
    """
    gain = value - value[:, -1:]
    best = gain[0]
    for of_slice in gain[1:]:
        joined = np.full_like(best, -np.inf)
        for k in range(len(best)):
            joined[k:] = np.maximum(joined[k:], of_slice[k] + best[: len(best) - k])
        best = joined
    return np.asarray(value[0, -1] + best[-1], dtype=np.float64)


def _weighted_utility(spec: Eq8Spec, quality: Float64) -> Float64:
    """Sum of sigmoids of Eq (8) under ``weighted_norm`` of qualities ``[..., S]``."""
    weighted = np.asarray(spec.weights) * quality
    alpha = SLICES * weighted / (weighted.sum(axis=-1, keepdims=True) + 1e-8)
    return np.asarray(sigmoid(alpha * quality).sum(axis=-1), dtype=np.float64)


def _greatest_utility(spec: Eq8Spec, quality: Float64) -> Float64:
    """Bound on ``_weighted_utility`` over all qualities up to ``quality[..., S]``.

    The qualities lie in cells. alpha_l Q_l = S w_l Q_l^2 / sum_j w_j Q_j grows with Q_l and falls with all
    others, so in a cell it is at most its value at the cell's highest Q_l and lowest others.
    """
    cells = np.stack(np.meshgrid(*[np.arange(_CELLS)] * SLICES, indexing="ij"), axis=-1)
    weights = np.asarray(spec.weights)
    low, high = weights * cells / _CELLS, (cells + 1) / _CELLS
    others = low.sum(axis=-1, keepdims=True) - low
    total = np.asarray(sigmoid(SLICES * weights * high**2 / (weights * high + others + 1e-8)).sum(axis=-1))
    for axis in range(SLICES):
        total = np.maximum.accumulate(total, axis=axis)
    index = np.minimum((quality * _CELLS).astype(np.int64), _CELLS - 1)
    return np.asarray(total[tuple(np.moveaxis(index, -1, 0))], dtype=np.float64)
