"""Arrays and decisions survive the wire; what is out of range is refused with a cause."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cadran.wire.causes import RangeError
from cadran.wire.codecs import (
    SLICES,
    MeasurementArrays,
    QuotaArrays,
    Ratios,
    SNssai,
    control_outcome,
    measurements_from_proto,
    measurements_to_proto,
    quota_from_proto,
    quota_to_proto,
    ratios_from_proto,
    ratios_to_proto,
    s_nssai_from_proto,
    s_nssai_to_proto,
    slices_of,
)
from cadran.wire.decision_codecs import AssignmentArrays, decision_from_proto, set_assignment, set_quota
from cadran.wire.gen.e2sm.v1 import common_pb2, rc_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2, measurements_pb2

S, U = 3, 5


def _arrays(dtype: type, shape: tuple[int, ...]) -> st.SearchStrategy[np.ndarray]:
    return hnp.arrays(dtype, shape)


measurements = st.builds(
    MeasurementArrays,
    **{name: _arrays(np.int32, (S,)) for name in ("ues", "rbs_quota", "rbs_used")},
    **{f"{name}_bytes": _arrays(np.int64, (S,)) for name in ("arrived", "delivered", "dropped", "queued")},
    **{
        name: _arrays(np.float32, (S,))
        for name in ("backlog_rbs", "arrival_rbs", "arrival_ewma_bytes", "mean_se")
    },
    **{name: _arrays(np.float32, (S, U)) for name in ("ue_rate_bps", "ue_delay_s")},
)


@st.composite
def quotas(draw: st.DrawFn) -> QuotaArrays:
    minimum, left = [], 100
    for _ in range(S):
        minimum.append(draw(st.integers(0, left)))
        left -= minimum[-1]
    dedicated = [draw(st.integers(0, m)) for m in minimum]
    maximum = [draw(st.integers(m, 100)) for m in minimum]
    return QuotaArrays(*(np.array(column, np.int32) for column in (dedicated, minimum, maximum)))


def _same(a: object, b: object) -> None:
    for field in fields(a):  # type: ignore[arg-type]
        left, right = getattr(a, field.name), getattr(b, field.name)
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)


@given(measurements)
def test_measurements_survive_bit_for_bit(m: MeasurementArrays) -> None:
    data = measurements_to_proto(m).SerializeToString()
    _same(measurements_from_proto(measurements_pb2.Measurements.FromString(data), S, U), m)


@given(measurements, st.sampled_from([field.name for field in fields(MeasurementArrays)]))
def test_a_field_of_wrong_length_is_refused(m: MeasurementArrays, name: str) -> None:
    message = measurements_to_proto(m)
    getattr(message, name).pop()
    with pytest.raises(RangeError, match=name):
        measurements_from_proto(message, S, U)


@given(quotas())
def test_quotas_survive(quota: QuotaArrays) -> None:
    _same(quota_from_proto(quota_to_proto(quota)), quota)
    for message in (e3ap_pb2.DAppControlAction(), e3ap_pb2.AppliedDecision()):
        set_quota(message, quota)
        again = type(message).FromString(message.SerializeToString())
        _same(decision_from_proto(again, rbs=100, ues_per_slice=U), quota)


@given(quotas(), st.permutations(range(S)))
def test_policies_may_come_in_any_order(quota: QuotaArrays, order: list[int]) -> None:
    policies = quota_to_proto(quota)
    _same(quota_from_proto([policies[index] for index in order]), quota)


@given(st.integers(0, 2), st.tuples(*[st.integers(0, 120)] * 3))
def test_ratios_pass_only_in_order_and_range(index: int, values: tuple[int, int, int]) -> None:
    ratios = Ratios(*values)
    policy = ratios_to_proto(ratios, SLICES[index])
    if ratios.dedicated <= ratios.minimum <= ratios.maximum <= 100:
        assert ratios_from_proto([policy]) == {index: ratios}
    else:
        with pytest.raises(RangeError):
            ratios_from_proto([policy])


def test_impossible_policies_are_refused() -> None:
    half = Ratios(0, 51, 100)
    policies = [ratios_to_proto(half, slice_) for slice_ in SLICES]
    with pytest.raises(RangeError, match="sum to 153"):
        ratios_from_proto(policies)
    with pytest.raises(RangeError, match="two RRM policies"):
        ratios_from_proto([policies[0], policies[0]])
    with pytest.raises(RangeError, match="unknown S-NSSAI"):
        ratios_from_proto([ratios_to_proto(half, SNssai(9))])
    with pytest.raises(RangeError, match="1 of 3"):
        quota_from_proto(policies[:1])
    with pytest.raises(RangeError, match="resource type"):
        ratios_from_proto([rc_pb2.RrmPolicyRatio()])
    with pytest.raises(RangeError, match="0 members"):
        ratios_from_proto([rc_pb2.RrmPolicyRatio(resource_type=rc_pb2.RESOURCE_TYPE_PRB_DL)])


@given(hnp.arrays(np.int8, st.integers(1, 200), elements=st.integers(-1, 2)))
def test_assignments_survive(slice_of_rb: np.ndarray) -> None:
    action = e3ap_pb2.DAppControlAction()
    set_assignment(action, slice_of_rb)
    decision = decision_from_proto(action, rbs=slice_of_rb.size, ues_per_slice=U)
    assert isinstance(decision, AssignmentArrays)
    np.testing.assert_array_equal(decision.slice_of_rb, slice_of_rb)
    with pytest.raises(RangeError, match="RBs"):
        decision_from_proto(action, rbs=slice_of_rb.size + 1, ues_per_slice=U)


@pytest.mark.parametrize("value", [-2, 3, 127, -128])
def test_assignment_to_no_slice_is_refused(value: int) -> None:
    action = e3ap_pb2.DAppControlAction()
    set_assignment(action, np.array([0, value], np.int8))
    with pytest.raises(RangeError, match=r"0\.\.2"):
        decision_from_proto(action, rbs=2, ues_per_slice=U)


def test_a_decision_must_be_set() -> None:
    with pytest.raises(RangeError, match="neither"):
        decision_from_proto(e3ap_pb2.DAppControlAction(frame=1), rbs=100, ues_per_slice=U)


@given(st.integers(0, 255), st.none() | st.integers(0, 2**24 - 1))
def test_s_nssai_survives(sst: int, sd: int | None) -> None:
    message = s_nssai_to_proto(SNssai(sst, sd))
    assert s_nssai_from_proto(common_pb2.SNssai.FromString(message.SerializeToString())) == SNssai(sst, sd)


@pytest.mark.parametrize(("sst", "sd"), [(256, None), (1, 2**24)])
def test_s_nssai_out_of_range_is_refused(sst: int, sd: int | None) -> None:
    with pytest.raises(RangeError, match="sst is 0"):
        s_nssai_from_proto(common_pb2.SNssai(sst=sst, sd=sd))


def test_slices_are_each_named_once() -> None:
    facts = common_pb2.RanFacts(slices=[s_nssai_to_proto(slice_) for slice_ in SLICES])
    assert slices_of(facts) == SLICES
    facts.slices.add(sst=1)
    with pytest.raises(RangeError, match="each once"):
        slices_of(facts)
    with pytest.raises(RangeError, match="at least one"):
        slices_of(common_pb2.RanFacts())


def test_outcome_says_what_was_applied_and_why() -> None:
    applied = QuotaArrays(*(np.array(column, np.int32) for column in ([0, 1, 2], [10, 20, 30], [40, 50, 60])))
    requested = {0: Ratios(0, 10, 40), 2: Ratios(2, 30, 90)}
    outcome = control_outcome(requested, applied, SLICES, epoch=3, frame=8)
    reasons = [entry.reason for entry in outcome.applied_ratios]
    assert reasons == [
        rc_pb2.APPLIED_REASON_AS_REQUESTED,
        rc_pb2.APPLIED_REASON_NOT_REQUESTED,
        rc_pb2.APPLIED_REASON_CLIPPED,
    ]
    assert [entry.applied.max_prb_policy_ratio for entry in outcome.applied_ratios] == [40, 50, 60]
    assert (outcome.epoch, outcome.effective_frame) == (3, 8)
