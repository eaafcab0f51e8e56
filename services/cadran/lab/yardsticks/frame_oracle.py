"""The best quotas of the coming frame, found by trying all of them."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from cadran.envs import BatchedEnv, Step, to_decisions
from cadran.lab.yardsticks.ahead import (
    Ahead,
    carried_bits,
    look_ahead,
    md1_latencies,
    repeated,
    require_one_tti,
)
from cadran.lab.yardsticks.blocks import Rules, Scene, Splits, play_blocks, splits
from cadran.problem import Measurements, Quota, quota_rbs
from cadran.problem.heuristics import equal
from cadran.problem.measurements import URLLC
from cadran.radio import State
from cadran.radio.kpis import TTI_S
from cadran.radio.tables import parameters, tables

Int32 = NDArray[np.int32]


class FrameOracle:
    """Enumerates every DU's quota against the very frame that follows, the neighbours' decisions fixed.

    It knows the frame's arrivals, fading and interference, which no deployed policy can. Every DU takes, of
    all splits of the band in steps of ``step_percent``, the one that earns it most in this frame if all
    others do as they did in the last one. The outcome of each split is computed by the radio's own scheduler
    and link, see ``blocks``, and is what a copy of the radio measures, bit for bit; nothing is climbed or
    approximated. It is myopic: a split that pays in this frame may cost more later, and DUs that answer each
    other at once may miss (a second round of answers, to what the others are about to do, was tried and
    earned less). So it is a reference that is hard to beat, not a bound on what a policy can earn over an
    episode.

    Quotas are what it decides whatever the problem's action: with ``rb_bits`` it still hands out contiguous
    blocks, so an RB-by-RB decision may do better.

    Args:
        step_percent: Of the grid; 1 is every decision that ``slice_quota`` can express.

    Raises:
        ValueError: ``step_percent`` does not divide 100.

    Attributes:
        percent: Quota decided last, int32 ``[E, C, S]``.
    """

    name = "frame oracle"

    def __init__(self, step_percent: int = 2) -> None:
        if step_percent < 1 or 100 % step_percent:
            raise ValueError(f"step_percent: {step_percent} must divide 100")
        self._grid = _percent_grid(step_percent)
        self.detail = f"sees the coming frame, all splits in steps of {step_percent} %; myopic, not a bound"

    def begin(self, env: BatchedEnv) -> None:
        """Start from an equal split.

        Raises:
            ValueError: The world has more to a frame than one TTI.
        """
        require_one_tti(env.world, self.name)
        self.percent: Int32 = equal(env.measurements, env.frame).min_percent
        # Two splits in percent may be the same in RBs.
        rbs, distinct = np.unique(quota_rbs(self._grid, env.frame.rbs), axis=0, return_index=True)
        self._splits, self._of_split = splits(rbs), self._grid[distinct]

    def act(self, env: BatchedEnv) -> Step:
        """Answer the neighbours' last decisions, then run the frame."""
        rewards = split_rewards(env, look_ahead(env), self._splits, self.percent)
        self.percent = self._of_split[rewards.argmax(axis=0)]
        return env.step_decision(Quota.hard(self.percent))


def _percent_grid(step: int) -> Int32:
    """All splits of 100 percent among three slices in steps, int32 ``[J, S]``."""
    shares = np.arange(0, 101, step, dtype=np.int32)
    embb, mmtc = (x.reshape(-1) for x in np.meshgrid(shares, shares, indexing="ij"))
    grid = np.stack([embb, mmtc, 100 - embb - mmtc], axis=1)
    return np.asarray(grid[grid[:, -1] >= 0], dtype=np.int32)


def split_rewards(env: BatchedEnv, ahead: Ahead, blocks: Splits, percent: Int32) -> NDArray[np.float32]:
    """Reward of each DU in the coming frame under each split, all others doing ``percent``.

    Args:
        env: About to play the frame.
        ahead: Of the frame.
        blocks: J splits.
        percent: Hard quotas of the neighbours, int32 ``[E, C, S]``.

    Returns:
        float32 ``[J, E, C]``.
    """
    played = env.radio.clone(env.radio_state)
    env.radio.step(played, to_decisions(Quota.hard(percent), env.frame.rbs))
    activity = _activity(env, played)
    bits = carried_bits(env, ahead, activity)
    latency = _md1(env, ahead, played, blocks)
    rewards = [_rewards_of(env, e, _scene(env, ahead, bits, e), blocks, latency[e]) for e in range(env.envs)]
    return np.stack(rewards, axis=1)


def _activity(env: BatchedEnv, played: State) -> NDArray[np.float32]:
    """Where each DU transmitted in the frame that ``played`` is one ahead by, float32 ``[E, C, K]``."""
    rows = env.radio_state.frame & (played.core.activity.shape[1] - 1)
    activity: NDArray[np.float32] = played.core.activity[np.arange(env.envs), rows]
    return activity


def _md1(env: BatchedEnv, ahead: Ahead, played: State, blocks: Splits) -> NDArray[np.float32]:
    """URLLC latency of each UE under each split by the ``md1`` model, ``[E, C, J, U]``."""
    usable = (blocks.last - blocks.first)[URLLC]
    table = md1_latencies(
        env.world,
        played.core.ues[:, :, URLLC],
        env.radio_state.queued[:, :, URLLC],
        ahead.offered_bytes[:, :, URLLC],
        played.ues.mean_se[:, :, URLLC],
        np.arange(env.frame.rbs + 1, dtype=np.float64),
    )
    return table[:, :, usable]


def _scene(env: BatchedEnv, ahead: Ahead, bits: NDArray[np.int32], e: int) -> Scene:
    before, ues = env.radio_state, ahead.waiting.ues
    means = before.ues.mean_bits if env.world.mac.pf_average == "served" else before.ues.mean_se
    return Scene(
        now=int(before.frame[e]),
        ues=before.core.ues[e],
        next_place=before.core.next_place[e],
        mean=means[e],
        queued=ues.queued[e],
        entry_bytes=ues.entry_bytes[e],
        entry_tti=ues.entry_tti[e],
        entry_head=ues.entry_head[e],
        entry_count=ues.entry_count[e],
        csi=ues.csi_bits[e],
        bits=bits[e],
    )


def _rewards_of(
    env: BatchedEnv, e: int, scene: Scene, blocks: Splits, md1_s: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Rewards of one environment's DUs, float32 ``[J, C]``; ``md1_s`` is its URLLC latency, ``[C, J, U]``."""
    numbers = parameters(env.world)
    rules = Rules(tables(env.world).schedulers, numbers.pad, numbers.rates, numbers.won_rbs, numbers.tti_s)
    shape = (blocks.order.shape[1], *scene.queued.shape)
    delay, rate = (np.full(shape, np.nan, dtype=np.float32) for _ in range(2))
    used, delivered = np.zeros(shape[:-1], dtype=np.int32), np.zeros(shape[:-1], dtype=np.int64)
    play_blocks(scene, rules, blocks, delay, rate, used, delivered)
    if numbers.literal:
        pending_bytes = env.radio_state.queued[e, :, URLLC] + tables(env.world).packet_bytes[URLLC]
        delay[:, :, URLLC] = _literal(pending_bytes, rate[:, :, URLLC], numbers.latency_cap_s)
    else:
        delay[:, :, URLLC] = md1_s.transpose(1, 0, 2)
    base = env.measurements.select(e)
    measured = {f.name: repeated(getattr(base, f.name), shape[0]) for f in fields(Measurements)}
    measured |= {"ue_delay_s": delay, "ue_rate_bps": rate, "rbs_used": used, "delivered_bytes": delivered}
    return env.problem.reward(env.problem.kpis(Measurements(**measured)))


def _literal(
    pending_bytes: NDArray[np.int64], rate_bps: NDArray[np.float32], cap_s: float
) -> NDArray[np.float64]:
    """URLLC latency by the ``literal`` model in s; see ``radio.kpis``. NaN rates stay NaN."""
    exact = rate_bps.astype(np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(np.minimum(cap_s, TTI_S + 8.0 * pending_bytes / exact), dtype=np.float64)
