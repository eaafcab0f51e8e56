import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cadran.problem import Assignment, Problem, ProblemSpec, Quota, quota_rbs
from cadran.problem.action import (
    decode_rb_bits,
    decode_slice_quota,
    decode_slice_quota_mute,
    shares_to_percent,
)
from cadran.problem.arithmetic import largest_remainder, whole_parts

from .worlds import FRAME

unit = st.floats(0, 1, width=32)
actions = hnp.arrays(np.float32, st.tuples(st.integers(1, 5), st.just(3)), elements=unit)


@given(hnp.arrays(np.int64, (4, 3), elements=st.integers(1, 2**30)), st.integers(0, 1000))
def test_largest_remainder_sums_exactly_and_stays_within_one_of_the_exact_part(weights, total):
    parts = largest_remainder(weights, total)
    exact = weights * total / weights.sum(axis=-1, keepdims=True)
    assert (parts.sum(axis=-1) == total).all()
    assert (np.abs(parts - exact) < 1).all()


shares = st.one_of(st.just(0.0), st.floats(1e-6, 1e6))


@given(
    hnp.arrays(np.float64, st.tuples(st.just(1), st.integers(1, 30)), elements=shares), st.integers(0, 2**24)
)
def test_shares_without_a_batch_are_split_as_in_one(batch, total):
    assert (whole_parts(batch[0], total) == whole_parts(batch, np.array([total]))[0]).all()


@given(actions)
def test_a_slice_quota_is_a_hard_quota_of_all_hundred_percent(action):
    quota = decode_slice_quota(action, gain=4.0)
    assert (quota.min_percent.sum(axis=-1) == 100).all()
    assert (quota.min_percent >= 0).all()
    assert (quota.dedicated_percent == quota.min_percent).all()
    assert (quota.max_percent == quota.min_percent).all()


@given(actions, st.integers(0, 2), unit)
def test_raising_one_number_never_lowers_its_slice_share(action, which, other):
    raised = action.copy()
    raised[..., which] = np.maximum(raised[..., which], np.float32(other))
    before = decode_slice_quota(action, gain=4.0).min_percent[..., which]
    # One percent of slack: largest remainder may hand a spare percent to another slice.
    assert (decode_slice_quota(raised, gain=4.0).min_percent[..., which] >= before - 1).all()


def test_a_larger_number_never_gets_less_than_a_smaller_one():
    action = np.random.default_rng(0).random((2000, 3)).astype(np.float32)
    percent = decode_slice_quota(action, gain=4.0).min_percent
    order = np.argsort(action, axis=-1)
    assert (np.diff(np.take_along_axis(percent, order, axis=-1), axis=-1) >= 0).all()


def test_the_extremes_and_the_centre_of_a_slice_quota():
    percent = decode_slice_quota(np.float32([[1, 0, 0], [0.5, 0.5, 0.5], [0, 0, 1]]), gain=4.0).min_percent
    assert percent.tolist() == [[100, 0, 0], [34, 33, 33], [0, 0, 100]]


@given(actions, unit, st.floats(0.01, 1), st.integers(1, 275))
def test_a_muting_quota_is_hard_and_leaves_its_part_of_the_band_unused(action, mute, most, rbs):
    with_mute = np.concatenate([action, np.full((len(action), 1), mute, np.float32)], axis=-1)
    quota = decode_slice_quota_mute(with_mute, gain=4.0, mute_most=most)
    muted = most * max(2 * mute - 1, 0)
    used = quota.min_percent.sum(axis=-1)
    assert ((quota.min_percent >= 0) & (used <= 100)[..., np.newaxis]).all()
    assert (np.abs(100 * (1 - muted) - used) <= 0.5 + 1e-9).all()
    assert (quota.dedicated_percent == quota.min_percent).all()
    assert (quota.max_percent == quota.min_percent).all()
    assert (quota.rbs(rbs)[2].sum(axis=-1) == used * rbs // 100).all()


@given(actions, st.floats(0, 0.5, width=32))
def test_up_to_one_half_nothing_is_muted(action, mute):
    with_mute = np.concatenate([action, np.full((len(action), 1), mute, np.float32)], axis=-1)
    plain = decode_slice_quota(action, gain=4.0)
    assert (decode_slice_quota_mute(with_mute, 4.0, 0.5).min_percent == plain.min_percent).all()


@given(actions, unit, unit)
def test_muting_more_takes_from_every_slice(action, one, other):
    low, high = sorted((one, other))
    less, more = (
        decode_slice_quota_mute(
            np.concatenate([action, np.full((len(action), 1), mute, np.float32)], axis=-1), 4.0, 1.0
        ).min_percent
        for mute in (low, high)
    )
    # One percent of slack: largest remainder may hand a spare percent to another slice.
    assert (more <= less + 1).all()


@given(hnp.arrays(np.int32, (3, 3), elements=st.integers(0, 100)), st.integers(1, 273))
def test_percent_to_rbs_gives_no_more_than_exist(percent, rbs):
    given_rbs = quota_rbs(percent, rbs)
    assert (given_rbs.sum(axis=-1) == percent.sum(axis=-1) * rbs // 100).all()
    assert (given_rbs <= rbs).all()
    assert (given_rbs[percent == 0] == 0).all()


@given(st.lists(st.integers(0, 100), min_size=9, max_size=9), st.integers(1, 273))
def test_rbs_of_a_legal_quota_are_a_legal_quota(values, rbs):
    low, mid, high = np.sort(np.asarray(values, dtype=np.int32).reshape(3, 3), axis=0)
    scale = max(100, int(mid.sum()))
    quota = Quota(low * 100 // scale, mid * 100 // scale, high)
    dedicated, minimum, maximum = quota.rbs(rbs)
    assert (dedicated >= 0).all()
    assert (dedicated <= minimum).all()
    assert (minimum <= maximum).all()
    assert (maximum <= rbs).all()
    assert minimum.sum() <= rbs


def test_no_shares_at_all_mean_equal_shares():
    assert shares_to_percent(np.zeros(3)).tolist() == [34, 33, 33]


@given(hnp.arrays(np.float32, (2, 24), elements=unit), st.sampled_from(["dither", "plain"]))
def test_an_rb_belongs_to_at_most_one_slice(action, decode):
    slice_of_rb = decode_rb_bits(action, decode).slice_of_rb
    assert slice_of_rb.shape == (2, 12)
    assert ((slice_of_rb >= -1) & (slice_of_rb <= 2)).all()


def test_plain_bits_are_thirds_and_a_threshold():
    x = np.float32([0.0, 0.33, 0.34, 0.66, 0.67, 1.0, 0.9])
    y = np.float32([0.5, 0.9, 0.6, 1.0, 0.5, 0.5, 0.49])
    assert decode_rb_bits(np.concatenate([x, y]), "plain").slice_of_rb.tolist() == [0, 0, 1, 1, 2, 2, -1]


@pytest.mark.parametrize(("decode", "rbs"), [("dither", [33, 33, 33]), ("plain", [0, 99, 0])])
def test_an_undecided_actor_splits_equally_when_dithered_and_feeds_mmtc_alone_when_plain(decode, rbs):
    slice_of_rb = decode_rb_bits(np.full(198, 0.5, np.float32), decode).slice_of_rb
    assert [int((slice_of_rb == s).sum()) for s in range(3)] == rbs


@given(hnp.arrays(np.float64, 30, elements=st.floats(0, 0.999999)))
def test_dither_rotates_the_thirds_with_the_rb(x):
    action = np.concatenate([x, np.ones(30)]).astype(np.float32)
    expected = (np.minimum(np.floor(action[:30] * np.float32(3)), 2) + np.arange(30) % 3) % 3
    assert (decode_rb_bits(action, "dither").slice_of_rb == expected).all()


@pytest.mark.parametrize(
    "spec",
    [
        ProblemSpec(),
        ProblemSpec(action="slice_quota_mute"),
        ProblemSpec(action="rb_bits"),
        ProblemSpec(action="rb_bits", decode="plain"),
    ],
)
def test_decoding_one_du_equals_decoding_the_batch(spec):
    problem = Problem(spec, FRAME)
    action = np.random.default_rng(1).random((7, 6, problem.action_dim)).astype(np.float32)
    batch = problem.decode(action)
    for env in range(7):
        for du in range(6):
            one = problem.decode(action[env, du])
            if isinstance(batch, Assignment):
                assert isinstance(one, Assignment)
                assert (one.slice_of_rb == batch.slice_of_rb[env, du]).all()
            else:
                assert isinstance(one, Quota)
                assert (one.min_percent == batch.min_percent[env, du]).all()


@pytest.mark.parametrize(
    "bad", [np.float32([0.1, 0.2]), np.float32([0.1, np.nan, 0.2]), np.float32([0, 1.1, 0])]
)
def test_an_action_that_means_nothing_is_refused(bad):
    with pytest.raises(ValueError, match="action:"):
        Problem(ProblemSpec(), FRAME).decode(bad)


def test_stacked_decisions_are_each_decision_in_its_place():
    actions = np.random.default_rng(0).random((4, 3)).astype(np.float32)
    stacked, batched = (
        Quota.stack([decode_slice_quota(a, 4.0) for a in actions]),
        decode_slice_quota(actions, 4.0),
    )
    np.testing.assert_array_equal(stacked.min_percent, batched.min_percent)
    np.testing.assert_array_equal(stacked.dedicated_percent, batched.dedicated_percent)
    np.testing.assert_array_equal(stacked.max_percent, batched.max_percent)
    bits = np.random.default_rng(1).random((4, 20)).astype(np.float32)
    assigned = Assignment.stack([decode_rb_bits(a, "dither") for a in bits])
    np.testing.assert_array_equal(assigned.slice_of_rb, decode_rb_bits(bits, "dither").slice_of_rb)
