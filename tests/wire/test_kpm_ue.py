"""KPM report styles 3 and 5: what a definition may ask for, and which measurements a UE's counters allow."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.wire.causes import RefusedError, WireError
from cadran.wire.codecs import SLICES
from cadran.wire.e2_reports import kpm_of, report_action
from cadran.wire.e2_session import KPM_FUNCTION_ID
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2, kpm_pb2
from cadran.wire.kpm_actions import (
    CONDITION_BASED,
    MAX_CONDITIONS,
    MAX_TESTS,
    MAX_UES,
    MULTIPLE_UES,
    Condition,
    KpmAction,
    UeTest,
    read_action,
    trigger,
)
from cadran.wire.kpm_registry import REGISTRY
from cadran.wire.kpm_samples import UeNaming, condition_message, function_definition, ue_samples, ues_message
from cadran.wire.kpm_ue import UE_COUNTERS, UE_MEASUREMENTS, UeAccumulator, together
from cadran.wire.kpm_window import COUNTERS, Window

from .parties import associated, until

PERIOD_MS = 100
VOLUME = "DRB.RlcSduTransmittedVolumeDL"
NAMING = UeNaming(SLICES, total_ues=10)
EMBB = UeTest(slice=SLICES[0])

tests = st.one_of(
    st.sampled_from(SLICES).map(lambda slice_: UeTest(slice=slice_)),
    st.builds(
        UeTest,
        meas_name=st.sampled_from(UE_MEASUREMENTS),
        expression=st.sampled_from(["==", "<", ">"]),
        value=st.floats(allow_nan=False),
    ),
)
conditions = st.builds(
    Condition,
    meas_name=st.sampled_from(UE_MEASUREMENTS),
    tests=st.lists(tests, min_size=1, max_size=4).map(tuple),
)
actions = st.one_of(
    st.builds(
        KpmAction,
        style=st.just(1),
        meas_names=st.lists(st.sampled_from(list(REGISTRY)), min_size=1, max_size=5).map(tuple),
    ),
    st.builds(
        KpmAction,
        style=st.just(CONDITION_BASED),
        conditions=st.lists(conditions, min_size=1, max_size=4).map(tuple),
    ),
    st.builds(
        KpmAction,
        style=st.just(MULTIPLE_UES),
        meas_names=st.lists(st.sampled_from(UE_MEASUREMENTS), min_size=1, max_size=6).map(tuple),
        ue_ids=st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=9, unique=True).map(tuple),
    ),
)


@given(actions)
def test_a_definition_says_what_was_asked(action: KpmAction) -> None:
    assert read_action(action.to_proto(PERIOD_MS).SerializeToString(), PERIOD_MS) == action


@given(st.binary(max_size=80) | actions.map(lambda a: a.to_proto(PERIOD_MS).SerializeToString()[1:]))
def test_no_definition_breaks_the_reader(data: bytes) -> None:
    try:
        action = read_action(data, PERIOD_MS)
    except WireError:
        return
    assert read_action(action.to_proto(PERIOD_MS).SerializeToString(), PERIOD_MS) == action


def definition(**fields: Any) -> bytes:
    return kpm_pb2.KpmActionDefinition(**{"granul_period_ms": PERIOD_MS, **fields}).SerializeToString()


def condition(*tests: kpm_pb2.KpmTestCondition, name: str = VOLUME) -> kpm_pb2.KpmMeasurementCondition:
    return kpm_pb2.KpmMeasurementCondition(meas_name=name, matching_cond=tests)


SLICE_TEST = kpm_pb2.KpmTestCondition(s_nssai=common_pb2.SNssai(sst=1), test_expr=1)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (definition(ric_style_type=2), r"style 2; \[1, 3, 5\]"),
        (definition(ric_style_type=1, meas_names=[VOLUME], granul_period_ms=50), "granularity period 50 ms"),
        (definition(ric_style_type=5, meas_names=["DRB.UEThpDl"], matching_ue_id_list=[1, 2]), "DRB.UEThpDl"),
        (definition(ric_style_type=5, meas_names=[VOLUME], matching_ue_id_list=[1]), "1 UEs"),
        (definition(ric_style_type=5, meas_names=[VOLUME], matching_ue_id_list=[4, 4]), "1 different"),
        (
            definition(ric_style_type=5, meas_names=[VOLUME], matching_ue_id_list=range(MAX_UES + 1)),
            "1025 UEs",
        ),
        (definition(ric_style_type=5, matching_ue_id_list=[1, 2]), "0 measurements"),
        (definition(ric_style_type=3), "0 conditions"),
        (
            definition(ric_style_type=3, meas_cond_list=[condition(SLICE_TEST)] * (MAX_CONDITIONS + 1)),
            "65 cond",
        ),
        (definition(ric_style_type=3, meas_cond_list=[condition()]), "0 matching conditions"),
        (
            definition(ric_style_type=3, meas_cond_list=[condition(*[SLICE_TEST] * (MAX_TESTS + 1))]),
            "17 match",
        ),
        (
            definition(ric_style_type=3, meas_cond_list=[condition(SLICE_TEST, name="RRC.ConnMean")]),
            "ConnMean",
        ),
        (
            definition(
                ric_style_type=3, meas_cond_list=[condition(kpm_pb2.KpmTestCondition(meas_name=VOLUME))]
            ),
            "test expression 0",
        ),
        (
            definition(ric_style_type=3, meas_cond_list=[condition(kpm_pb2.KpmTestCondition(test_expr=1))]),
            "neither a measurement nor",
        ),
        (
            definition(
                ric_style_type=3,
                meas_cond_list=[
                    condition(kpm_pb2.KpmTestCondition(s_nssai=common_pb2.SNssai(sst=1), test_expr=2))
                ],
            ),
            "neither a measurement nor",
        ),
    ],
)
def test_what_cannot_be_served_is_refused_with_what_can(data: bytes, text: str) -> None:
    with pytest.raises(WireError, match=text) as caught:
        read_action(data, PERIOD_MS)
    assert caught.value.cause.label == "ric_request/action-not-supported"


def ue_window(frames: int = 2, **counts: float) -> Window:
    values = {name: np.full(1, np.nan) for name in COUNTERS}
    values |= {name: np.ones(1) for name in (*UE_COUNTERS, "ues")}
    values |= {name: np.array([value]) for name, value in counts.items()}
    return Window(frames, 0.01, 1, 100, *(values[name] for name in COUNTERS))


def test_of_a_ue_exactly_what_its_counters_allow_is_measured() -> None:
    window = ue_window()
    measured = {name for name, m in REGISTRY.items() if m.per_slice and not np.isnan(m.compute(window)).any()}
    assert measured - {"RRC.ConnMean"} == set(UE_MEASUREMENTS)  # attached to itself: no news


@pytest.mark.parametrize("counter", UE_COUNTERS)
def test_every_counter_of_a_ue_changes_a_measurement(counter: str) -> None:
    def values(window: Window) -> list[float]:
        return [float(REGISTRY[name].compute(window)[0]) for name in UE_MEASUREMENTS]

    window = ue_window(**{name: 1e4 for name in UE_COUNTERS})
    assert values(dataclasses.replace(window, **{counter: np.array([2e4])})) != values(window)


def counted(numbers: list[int], delivered: list[int]) -> tuple[Any, Any]:
    """A frame of one DU with one slice's places in use."""
    shape = (1, 3, len(numbers))
    arrays = {name: np.zeros(shape) for name in UE_COUNTERS.values()}
    arrays["ue_delivered_bytes"][0, 1] = delivered
    ids = np.full(shape, -1)
    ids[0, 1] = numbers
    return SimpleNamespace(**arrays), ids


def test_a_ue_is_followed_through_places_and_away() -> None:
    accumulator = UeAccumulator(1, 3, NAMING.total_ues, 0.01, 1, 100)
    for numbers, delivered in (([4, 7], [10, 100]), ([7, -1], [200, 0]), ([-1, 4], [0, 20])):
        frame, ids = counted(numbers, delivered)
        accumulator.add([frame], [ids])
    (windows,) = accumulator.take()
    assert {ue_id: window.delivered_bytes[0] for ue_id, window in windows.items()} == {14: 30, 17: 300}
    assert {window.frames for window in windows.values()} == {2}
    assert NAMING.slice_of(14) == SLICES[1]
    assert accumulator.take() == [{}]


def test_of_a_ue_that_is_not_there_nothing_has_a_value() -> None:
    message = ues_message(UE_MEASUREMENTS, (3, 4), {3: ue_window()}, NAMING, PERIOD_MS)
    told = ue_samples(kpm_pb2.KpmIndicationMessage.FromString(message.SerializeToString()))
    assert {sample.measurement.name for sample in told[4]} == set(UE_MEASUREMENTS)
    assert {sample.value for sample in told[4]} == {None}
    assert None not in {sample.value for sample in told[3]}


@given(st.lists(st.integers(0, 10**6), max_size=8), st.integers(0, 10**6))
def test_a_condition_splits_ues_into_those_it_holds_for_and_the_rest(volumes: list[int], edge: int) -> None:
    windows = {n: ue_window(delivered_bytes=125.0 * volume) for n, volume in enumerate(volumes)}
    asked = [
        Condition(VOLUME, (EMBB, UeTest(meas_name=VOLUME, expression=sign, value=edge))) for sign in "<>"
    ] + [Condition(VOLUME, (EMBB, UeTest(meas_name=VOLUME, value=edge)))]
    message = condition_message(asked, windows, NAMING, 2, PERIOD_MS)
    below, above, equal = (list(entry.matching_ue_id_list) for entry in message.meas_cond_ue_id_list)
    assert below == [n for n, volume in enumerate(volumes) if volume < edge]
    assert above == [n for n, volume in enumerate(volumes) if volume > edge]
    assert equal == [n for n, volume in enumerate(volumes) if volume == edge]
    for record, matching in zip(message.meas_data, (below, above, equal), strict=True):
        if matching:
            assert record.integer == sum(volumes[n] for n in matching)
        else:
            assert record.HasField("no_value")


def test_no_ues_have_no_window() -> None:
    with pytest.raises(ValueError, match="no UE"):
        together([], 1)


def test_the_function_definition_names_the_styles() -> None:
    styles = function_definition().ric_report_style_list
    assert [(one.ric_report_style_type, len(one.meas_names)) for one in styles] == [
        (1, len(REGISTRY)), (3, len(UE_MEASUREMENTS)), (5, len(UE_MEASUREMENTS))
    ]  # fmt: skip


async def test_styles_go_over_the_wire_side_by_side() -> None:
    asked = (
        KpmAction(1, (VOLUME,)),
        KpmAction(CONDITION_BASED, conditions=(Condition(VOLUME, (EMBB,)),)),
        KpmAction(MULTIPLE_UES, (VOLUME,), ue_ids=(3, 14)),
    )
    taken: list[tuple[int, kpm_pb2.KpmIndicationMessage]] = []

    def take(indication: e2ap_pb2.RicIndication) -> None:
        taken.append((indication.ric_action_id, kpm_of(indication)[1]))

    async with associated() as (_, ric, node, session):
        reports = [
            report_action(style.style, style.to_proto(PERIOD_MS).SerializeToString()) for style in asked
        ]
        await ric.subscribe_actions(KPM_FUNCTION_ID, trigger(PERIOD_MS), reports, sink=take)
        assert [one.kpm for one in node.subscriptions] == list(asked)
        windows = {3: ue_window(delivered_bytes=1000.0)}
        for one in node.subscriptions:
            assert one.kpm is not None
            message = (
                condition_message(one.kpm.conditions, windows, NAMING, 2, PERIOD_MS)
                if one.kpm.conditions
                else ues_message(one.kpm.meas_names, one.kpm.ue_ids, windows, NAMING, PERIOD_MS)
            )
            session.send_kpm(one, kpm_pb2.KpmIndicationHeader(), message)
        await until(lambda: len(taken) == 3)
        (_, _), (_, of_condition), (_, of_ues) = taken
        assert list(of_condition.meas_cond_ue_id_list[0].matching_ue_id_list) == [3]
        assert {ue: [s.value for s in found] for ue, found in ue_samples(of_ues).items()} == {
            3: [8.0],
            14: [None],
        }
        with pytest.raises(RefusedError, match="action-not-supported"):
            await ric.subscribe(KPM_FUNCTION_ID, trigger(50), definition(ric_style_type=5))
