"""A measurement window holds exactly its frames, however they come in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from rans import EPOCH, WORLD, problem, ran

from cadran.envs import problem_of
from cadran.problem import ProblemSpec
from cadran.radio import World
from cadran.ransim.kpm import KpmReporting
from cadran.ransim.ran import FrameResult
from cadran.wire.causes import WireError
from cadran.wire.codecs import SLICES
from cadran.wire.e2_session import KPM_FUNCTION_ID
from cadran.wire.e2_subscriptions import Subscription
from cadran.wire.kpm_actions import Condition, KpmAction, UeTest
from cadran.wire.kpm_samples import ue_samples
from cadran.wire.kpm_ue import UE_MEASUREMENTS

VOLUME = "DRB.RlcSduTransmittedVolumeDL"
PERIOD_FRAMES = 4


class Session:
    def __init__(self) -> None:
        self.windows: list[tuple[int, int, Any]] = []

    def send_kpm(self, subscription: Subscription, header: Any, message: Any) -> None:
        self.windows.append((header.first_frame, header.last_frame, message))


def asked(instance: int, period_ms: int, kpm: KpmAction | None = None) -> Subscription:
    kpm = kpm or KpmAction(1, (VOLUME,))
    return Subscription((1, instance), KPM_FUNCTION_ID, 1, "", kpm, period_ms)


def book(reporting: KpmReporting, results: list[FrameResult]) -> None:
    kpis, numbers = [one.kpis for one in results], [one.ue_numbers for one in results]
    reporting.measured(results[0].frame, kpis, numbers)


def windows(batches: list[int]) -> list[tuple[int, int, Any]]:
    made, reporting, session = ran(), KpmReporting(problem().frame, WORLD.ttis_per_frame, EPOCH), Session()
    period_ms = round(1e3 * PERIOD_FRAMES * WORLD.frame_s)
    reporting.subscribe(1, session, asked(1, period_ms))
    for count in batches:
        book(reporting, [made.run_frame() for _ in range(count)])
    return session.windows


def test_windows_do_not_depend_on_how_frames_are_booked() -> None:
    singly, batched = windows([1] * 13), windows([3, 10])
    assert [(first, last) for first, last, _ in singly] == [(0, 3), (4, 7), (8, 11)]
    assert singly == batched


def test_nothing_is_sent_to_a_node_that_left() -> None:
    made, reporting, session = ran(), KpmReporting(problem().frame, WORLD.ttis_per_frame, EPOCH), Session()
    period_ms = round(1e3 * WORLD.frame_s)
    reporting.subscribe(1, session, asked(1, period_ms))
    reporting.forget(1)
    book(reporting, [made.run_frame()])
    assert session.windows == []


def test_an_ended_subscription_ends_alone() -> None:
    made, reporting, session = ran(), KpmReporting(problem().frame, WORLD.ttis_per_frame, EPOCH), Session()
    period_ms = round(1e3 * WORLD.frame_s)
    first, second = (asked(n, period_ms) for n in (1, 2))
    for one in (first, second):
        reporting.subscribe(1, session, one)
    reporting.unsubscribe(1, first)
    book(reporting, [made.run_frame()])
    assert len(session.windows) == 1
    reporting.unsubscribe(1, second)
    book(reporting, [made.run_frame()])
    assert len(session.windows) == 1


# ------------------------------------------------------------------------------------ reports of UEs

SLOTS = World.model_validate(
    {**WORLD.model_dump(), "preset": "3gpp", "load": {"scale": 1.0}, "episode_frames": 40}
)


def of_ues(world: World, kpm: KpmAction, frames: int, du: int = 0) -> tuple[list[FrameResult], Any]:
    """What was run, and the one report of a DU over all of it."""
    made, session = ran(world=world), Session()
    facts = problem_of(world, ProblemSpec()).frame
    reporting = KpmReporting(facts, world.ttis_per_frame, EPOCH)
    reporting.subscribe(du, session, asked(1, round(1e3 * frames * world.frame_s), kpm))
    results = [made.run_frame() for _ in range(frames)]
    book(reporting, results)
    ((_, _, message),) = session.windows
    return results, message


def named(result: FrameResult, du: int, world: World) -> dict[int, tuple[int, int]]:
    """RAN UE ID -> slice and place of the UEs of a DU at a frame's end."""
    slices, places = np.nonzero(result.ue_numbers[du] >= 0)
    return {
        int(s * world.ues + result.ue_numbers[du, s, p]): (int(s), int(p))
        for s, p in zip(slices, places, strict=True)
    }


@pytest.mark.parametrize("world", [WORLD, SLOTS])
def test_the_reports_of_all_ues_add_up_to_what_the_radio_counted_of_each(world: World) -> None:
    every = tuple(range(3 * world.ues))
    results, message = of_ues(world, KpmAction(5, UE_MEASUREMENTS, ue_ids=every), frames=5)
    told = ue_samples(message)
    assert list(told) == list(every)
    here = [named(result, 0, world) for result in results]
    for ue_id, of_one in told.items():
        values = {sample.measurement.name: sample.value for sample in of_one}
        at = [
            (one.kpis, *places[ue_id]) for one, places in zip(results, here, strict=True) if ue_id in places
        ]
        if not at:
            assert set(values.values()) == {None}
            continue
        delivered = sum(int(kpis.ue_delivered_bytes[0, s, p]) for kpis, s, p in at)
        queued = np.mean([int(kpis.ue_queued_bytes[0, s, p]) for kpis, s, p in at])
        delay = np.mean([float(kpis.ue_delay_s[0, s, p]) for kpis, s, p in at])
        assert values[VOLUME] == round(8e-3 * delivered)
        assert values["VS.DRB.BufferedVolumeDl"] == pytest.approx(8e-3 * queued, abs=0.51)
        assert values["VS.DRB.UeDelayDl"] == pytest.approx(1e4 * delay, rel=1e-5)
        assert {sample.slice for sample in of_one} == {SLICES[ue_id // world.ues]}


def test_conditions_choose_the_ues_that_meet_them_and_measure_those_alone() -> None:
    embb, name = UeTest(slice=SLICES[0]), "VS.DRB.BufferedVolumeDl"
    conditions = (
        Condition(VOLUME, (embb,)),
        Condition(VOLUME, (embb, UeTest(meas_name=name, expression=">", value=0.0))),
        Condition(VOLUME, (embb, UeTest(meas_name=name, value=0.0))),
        Condition("VS.CARR.MeanSeDl", (UeTest(meas_name="VS.CARR.MeanSeDl", expression="<", value=-1.0),)),
    )
    every = tuple(range(3 * SLOTS.ues))
    results, of_each = of_ues(SLOTS, KpmAction(5, (VOLUME, name), ue_ids=every), frames=5)
    _, message = of_ues(SLOTS, KpmAction(3, conditions=conditions), frames=5)
    single = {
        ue_id: {sample.measurement.name: sample.value for sample in of_one}
        for ue_id, of_one in ue_samples(of_each).items()
    }
    attached = {ue_id for result in results for ue_id in named(result, 0, SLOTS) if ue_id < SLOTS.ues}
    who = [list(entry.matching_ue_id_list) for entry in message.meas_cond_ue_id_list]
    assert set(who[0]) == attached
    assert sorted(who[1] + who[2]) == sorted(who[0])
    assert all((single[ue_id][name] or 0) > 0 for ue_id in who[1])
    assert all(single[ue_id][name] == 0 for ue_id in who[2])
    assert who[3] == []
    assert message.meas_data[3].HasField("no_value")
    for place in (0, 1, 2):
        total = sum(single[ue_id][VOLUME] or 0 for ue_id in who[place])
        if who[place]:
            assert abs(message.meas_data[place].integer - total) <= 0.5 * len(who[place]) + 0.5
        else:
            assert message.meas_data[place].HasField("no_value")


def test_each_ue_is_at_one_du_and_keeps_its_name() -> None:
    made = ran(world=SLOTS)
    names: set[int] = set()
    for _ in range(20):
        result = made.run_frame()
        of_dus = [set(named(result, du, SLOTS)) for du in range(SLOTS.dus)]
        assert not of_dus[0] & of_dus[1]  # each UE is at one DU
        assert sum(map(len, of_dus)) == SLOTS.ues
        names = names or of_dus[0] | of_dus[1]
        assert of_dus[0] | of_dus[1] == names


def test_a_ue_that_cannot_be_is_refused() -> None:
    reporting = KpmReporting(problem().frame, WORLD.ttis_per_frame, EPOCH)
    foreign = KpmAction(5, (VOLUME,), ue_ids=(0, 3 * WORLD.ues))
    with pytest.raises(WireError, match=r"RAN UE IDs \[36\]; 0..35"):
        reporting.subscribe(0, Session(), asked(1, 100, foreign))
