"""What concerns single UEs survives the wire; whatever is out of range is refused with a cause."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cadran.wire.causes import RangeError
from cadran.wire.codecs import SLICES, s_nssai_to_proto
from cadran.wire.decision_codecs import GrantArrays, decision_from_proto, set_grants
from cadran.wire.gen.e3ap.v1 import e3ap_pb2, measurements_pb2
from cadran.wire.user_codecs import (
    UserMeasurementArrays,
    user_measurements_from_proto,
    user_measurements_to_proto,
)

S, U, RBS = 3, 5, 20

user_measurements = st.builds(
    UserMeasurementArrays,
    **{f"{name}_bytes": hnp.arrays(np.int64, (S, U)) for name in ("arrived", "delivered", "queued")},
    mean_se=hnp.arrays(np.float32, (S, U)),
    rbs=hnp.arrays(np.int32, (S, U)),
    power=hnp.arrays(np.float32, (S,)),
)
grants = st.builds(
    GrantArrays,
    hnp.arrays(np.int16, (S, U), elements=st.integers(0, RBS)),
    hnp.arrays(np.float32, (S, U)),
)


def same(a: object, b: object) -> None:
    for field in fields(a):  # type: ignore[arg-type]
        left, right = getattr(a, field.name), getattr(b, field.name)
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)


def measured(m: UserMeasurementArrays) -> measurements_pb2.Measurements:
    return measurements_pb2.Measurements(users=user_measurements_to_proto(m))


def granting(given: GrantArrays) -> e3ap_pb2.DAppControlAction:
    action = e3ap_pb2.DAppControlAction(frame=3)
    set_grants(action, given)
    return action


@given(user_measurements)
def test_measurements_of_ues_survive_bit_for_bit(m: UserMeasurementArrays) -> None:
    data = measured(m).SerializeToString()
    same(user_measurements_from_proto(measurements_pb2.Measurements.FromString(data), S, U), m)


@given(user_measurements, st.sampled_from([field.name for field in fields(UserMeasurementArrays)]))
def test_a_field_of_wrong_length_is_refused(m: UserMeasurementArrays, name: str) -> None:
    message = measured(m)
    getattr(message.users, name).pop()
    with pytest.raises(RangeError, match=rf"UserMeasurements\.{name}"):
        user_measurements_from_proto(message, S, U)


def test_who_decides_for_users_must_be_told_of_them() -> None:
    with pytest.raises(RangeError, match="users is absent"):
        user_measurements_from_proto(measurements_pb2.Measurements(), S, U)


@given(grants, st.permutations(range(S)))
def test_grants_survive_in_any_order_of_slices(given: GrantArrays, order: list[int]) -> None:
    for message in (e3ap_pb2.DAppControlAction(), e3ap_pb2.AppliedDecision()):
        set_grants(message, given)
        again = type(message).FromString(message.SerializeToString())
        own = list(again.user_grants.slice_grants_list)
        again.user_grants.ClearField("slice_grants_list")
        again.user_grants.slice_grants_list.extend(own[index] for index in order)
        same(decision_from_proto(again, RBS, U), given)


@given(grants)
def test_grants_that_do_not_fit_the_du_are_refused(given: GrantArrays) -> None:
    for places in (U - 1, U + 1, 0):
        with pytest.raises(RangeError, match="entries"):
            decision_from_proto(granting(given), RBS, places)
    for rbs in (RBS + 1, 2**15, 2**31, 2**32 - 1):
        action = granting(given)
        action.user_grants.slice_grants_list[1].rbs[2] = rbs
        with pytest.raises(RangeError, match=str(rbs)):
            decision_from_proto(action, RBS, U)


def test_grants_name_each_slice_once() -> None:
    given = GrantArrays(np.zeros((S, U), np.int16), np.zeros((S, U), np.float32))
    missing, twice, unknown = granting(given), granting(given), granting(given)
    del missing.user_grants.slice_grants_list[1]
    twice.user_grants.slice_grants_list[1].s_nssai.CopyFrom(s_nssai_to_proto(SLICES[0]))
    unknown.user_grants.slice_grants_list[1].s_nssai.sst = 77
    for action in (missing, twice, unknown):
        with pytest.raises(RangeError, match="once"):
            decision_from_proto(action, RBS, U)


VALID = (
    granting(GrantArrays(np.ones((S, U), np.int16), np.full((S, U), 0.5, np.float32))).SerializeToString(),
    measured(
        UserMeasurementArrays(
            *(np.full((S, U), 300, np.int64) for _ in range(3)),
            np.ones((S, U), np.float32),
            np.ones((S, U), np.int32),
            np.ones(S, np.float32),
        )
    ).SerializeToString(),
)


@given(st.sampled_from(VALID), st.data())
def test_no_bytes_end_in_anything_but_a_refusal(valid: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(valid)))
    replaced = data.draw(st.binary(max_size=6))
    damaged = valid[:start] + replaced + valid[start + data.draw(st.integers(0, 4)) :]
    with suppress(DecodeError, RangeError):
        decision_from_proto(e3ap_pb2.DAppControlAction.FromString(damaged), RBS, U)
    with suppress(DecodeError, RangeError):
        user_measurements_from_proto(measurements_pb2.Measurements.FromString(damaged), S, U)
