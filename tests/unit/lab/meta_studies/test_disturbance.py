"""Preemption moves RBs and makes none; errors stay where they are said to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.lab.meta.disturbance import ChannelError, DisturbanceSpec, preempted
from cadran.problem import Frame
from cadran.problem.hierarchy import UserMeasurements
from cadran.problem.hierarchy.grants import granted

FRAME = Frame(rbs=100, slices=3, ues_per_slice=4, frame_s=0.01, rb_bandwidth_hz=180e3, total_ues=12, dus=2)
SHAPE = (2, 3, 4)


def users(rng: np.random.Generator, backlog: int) -> UserMeasurements:
    def volumes() -> np.ndarray:
        return rng.integers(0, backlog + 1, SHAPE)

    efficiency = rng.uniform(0.0, 4.0, SHAPE).astype(np.float32)
    power = np.ones(SHAPE[:-1], dtype=np.float32)
    return UserMeasurements(volumes(), volumes(), volumes(), efficiency, volumes(), power)


@given(st.integers(0, 1000), st.integers(0, 50_000))
def test_what_urllc_takes_embb_loses_and_nobody_else(seed: int, backlog: int) -> None:
    rng = np.random.default_rng(seed)
    before = granted(rng.integers(0, 8, SHAPE).astype(np.int32), rng.uniform(0.1, 1.0, SHAPE))
    after = preempted(before, users(rng, backlog), FRAME)
    assert (after.ue_rbs >= 0).all()
    assert (after.ue_rbs.sum(axis=(-2, -1)) == before.ue_rbs.sum(axis=(-2, -1))).all()
    assert (after.ue_rbs[:, 1] == before.ue_rbs[:, 1]).all()
    assert (after.ue_rbs[:, 0] <= before.ue_rbs[:, 0]).all()
    assert (after.ue_rbs[:, 2] >= before.ue_rbs[:, 2]).all()
    assert ((after.ue_power > 0) == (after.ue_rbs > 0)).all()
    if backlog == 0:
        assert (after.ue_rbs == before.ue_rbs).all()


def test_urllc_takes_no_more_than_its_backlog_needs() -> None:
    rng = np.random.default_rng(0)
    before = granted(np.full(SHAPE, 5, dtype=np.int32), np.ones(SHAPE))
    small = replace(users(rng, 0), queued_bytes=np.full(SHAPE, 300), mean_se=np.ones(SHAPE, dtype=np.float32))
    # 300 bytes at 1 bit/s/Hz need 1.33 RBs of 1,800 bits, fewer than the five that every user has.
    assert (preempted(before, small, FRAME).ue_rbs == before.ue_rbs).all()


def test_only_marked_dus_err_the_same_in_the_same_episode() -> None:
    spec = DisturbanceSpec(channel_error=1.0, erring_share=0.5)
    seeds = np.array([3, 4], dtype=np.uint64)
    shape = (2, 4, 3, 5)
    true = np.full(shape, 2.0, dtype=np.float32)
    whole = np.zeros(shape, dtype=np.int64)
    exact = UserMeasurements(whole, whole, whole, true, whole, np.ones(shape[:-1], dtype=np.float32))
    first = ChannelError(spec, 4, seeds, 0).of(exact).mean_se
    marked = spec.erring(4)
    assert marked.sum() == 2
    assert (first[:, ~marked] == true[:, ~marked]).all()
    assert (first[:, marked] != true[:, marked]).all()
    assert (first[0] != first[1]).any()
    assert (ChannelError(spec, 4, seeds, 0).of(exact).mean_se == first).all()
    assert (ChannelError(spec, 4, seeds, 1).of(exact).mean_se != first).any()
    assert (ChannelError(spec, 4, seeds[1:], 0).of(exact.select(slice(1, 2))).mean_se[0] == first[1]).all()


@pytest.mark.parametrize(("spec", "count"), [(DisturbanceSpec(), 0), (DisturbanceSpec(channel_error=1), 7)])
def test_without_errors_nobody_errs(spec: DisturbanceSpec, count: int) -> None:
    assert spec.erring(7).sum() == count


@given(share=st.floats(0.01, 1.0), dus=st.integers(1, 40))
def test_erring_dus_stand_evenly_among_the_others(share: float, dus: int) -> None:
    marks = DisturbanceSpec(channel_error=1.0, erring_share=share).erring(dus)
    assert marks.sum() == max(1, round(share * dus))
    gaps = np.diff(np.flatnonzero(marks))
    assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1
