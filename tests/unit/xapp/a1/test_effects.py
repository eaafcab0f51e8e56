"""What policies change: thresholds, limits, and the status that measurements give them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft7Validator

from cadran.problem import DeliveredSpec, Problem, ProblemSpec
from cadran.problem.reward import budget_rungs
from cadran.xapp.a1.thresholds import RewardBook
from cadran.xapp.guard.limits import SliceLimit
from cadran.xapp.kpm_board import KpmReport

from .scene import FRAME, PLMN, QOS, SLA, Scene, path, qos, report, sla

EQ8 = ProblemSpec(reward="eq8")


async def put(scene: Scene, policy: dict[str, Any], name: str = "p", type_id: str = SLA) -> None:
    async with scene.http() as http:
        assert (await http.put(path(name, type_id), json=policy)).status_code in (200, 201)


async def status(scene: Scene, name: str = "p", type_id: str = SLA) -> tuple[str, str | None]:
    async with scene.http() as http:
        told = (await http.get(path(name, type_id) + "/status")).json()
        Draft7Validator(scene.desk.policy_type(type_id).status_schema).validate(told)
        return told["enforceStatus"], told.get("enforceReason")


def scoped(slice_id: dict[str, Any]) -> dict[str, Any]:
    return {**sla(guaDlThptPerSlice=1), "scope": {"sliceId": slice_id}}


NOT = "NOT_ENFORCED"


@pytest.mark.parametrize(
    ("sst", "field"), [(1, "embb_delay_s"), (3, "mmtc_deadline_s"), (2, "urllc_budget_s")]
)
async def test_a_delay_moves_the_threshold_of_delivered_until_it_is_deleted(
    tmp_path: Path, sst: int, field: str
) -> None:
    scene = Scene(tmp_path)
    await put(scene, sla(sst=sst, cells=[1], maxDlPacketDelayPerUe=12))
    before = getattr(ProblemSpec().delivered, field)
    found = [getattr(spec.delivered, field) for spec in scene.specs]
    assert found == [before, pytest.approx(0.012)]
    async with scene.http() as http:
        await http.delete(path("p"))
    assert list(scene.specs) == [ProblemSpec()] * 2


async def test_a_delay_budget_is_the_dus_own_where_budgets_differ(tmp_path: Path) -> None:
    numbers = DeliveredSpec(budget_spread=3.0)
    spec = ProblemSpec(delivered=numbers)
    scene = Scene(tmp_path, spec=spec)
    await put(scene, sla(sst=2, maxDlPacketDelayPerUe=4))
    for du in range(FRAME.dus):
        common = scene.specs[du].delivered.urllc_budget_s
        own = common * np.exp(budget_rungs(FRAME.dus)[du] * np.log1p(3.0))
        assert own == pytest.approx(0.004, rel=1e-6)


async def test_throughputs_and_delays_move_the_targets_of_eq8(tmp_path: Path) -> None:
    scene = Scene(tmp_path, spec=EQ8)
    await put(scene, sla(guaDlThptPerSlice=7000), "a")
    await put(scene, sla(sst=2, maxDlPacketDelayPerUe=3), "b")
    await put(scene, qos(sst=3, gfbr=200), "c", QOS)
    numbers = scene.specs[0].eq8
    assert numbers.rate_target_bps == (7e6, EQ8.eq8.rate_target_bps[1])
    assert numbers.latency_target_s == pytest.approx(0.003)
    assert numbers.ue_rate_bps == (EQ8.eq8.ue_rate_bps[0], 200e3, EQ8.eq8.ue_rate_bps[2])


def test_old_rows_are_judged_by_new_thresholds() -> None:
    problem = Problem(ProblemSpec(), FRAME)
    book = RewardBook(problem)
    kpis = np.full((2, 5, problem.kpi_dim), 0.05, np.float32)
    np.testing.assert_array_equal(book.reward(kpis), problem.reward(kpis))
    strict = ProblemSpec(delivered=DeliveredSpec(embb_delay_s=0.01))
    book.set([ProblemSpec(), strict])
    found = book.reward(kpis)
    np.testing.assert_array_equal(found[0], problem.reward(kpis)[0])
    np.testing.assert_array_equal(found[1], Problem(strict, FRAME).reward(kpis)[1])
    assert (found[1] < found[0]).all()
    book.set([ProblemSpec()] * 2)
    np.testing.assert_array_equal(book.reward(kpis), problem.reward(kpis))


@pytest.mark.parametrize(
    ("spec", "policy", "type_id"),
    [
        (ProblemSpec(), sla(maxNumberOfUes=5), SLA),
        (ProblemSpec(), sla(maxDlPacketDelayPerUe=9, maxDlJitterPerUe=1), SLA),
        (ProblemSpec(), sla(guaUlThptPerSlice=9), SLA),
        (ProblemSpec(), qos(mfbr=9), QOS),
        (ProblemSpec(), qos(pdb=9, priorityLevel=1), QOS),
        (EQ8, sla(maxDlPacketDelayPerUe=9), SLA),
    ],
)
async def test_a_statement_without_effect_is_told_and_nothing_of_its_policy_is_acted_on(
    tmp_path: Path, spec: ProblemSpec, policy: dict[str, Any], type_id: str
) -> None:
    scene = Scene(tmp_path, spec=spec)
    await put(scene, policy, "p", type_id)
    scene.measure(ues=2, offered_kbit=10, delivered_kbit=10, delay_ms=1, se=4)
    assert await status(scene, "p", type_id) == (NOT, "STATEMENT_NOT_APPLICABLE")
    assert list(scene.specs) == [spec] * 2


@pytest.mark.parametrize(
    "policy",
    [
        sla(sst=4, guaDlThptPerSlice=1),
        sla(cells=[0, 7], guaDlThptPerSlice=1),
        {**qos(pdb=9), "scope": {"ueId": "ue-1"}},
        {**qos(pdb=9), "scope": {**qos()["scope"], "qosId": {"5qI": 7}}},
        scoped({"sst": 1, "sd": "0000A1", "plmnId": PLMN}),
        scoped({"sst": 1, "plmnId": {"mcc": "999", "mnc": "99"}}),
    ],
)  # fmt: skip
async def test_a_scope_that_is_not_here_is_told(tmp_path: Path, policy: dict[str, Any]) -> None:
    scene = Scene(tmp_path)
    type_id = QOS if "qosObjectives" in policy else SLA
    await put(scene, policy, "p", type_id)
    scene.measure(ues=2, offered_kbit=10, delivered_kbit=10, delay_ms=1, se=4)
    assert await status(scene, "p", type_id) == (NOT, "SCOPE_NOT_APPLICABLE")


async def test_a_policy_is_enforced_while_every_du_with_users_measures_so(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    await put(scene, sla(guaDlThptPerSlice=1000, maxDlPacketDelayPerUe=20))
    assert await status(scene) == (NOT, "OTHER_REASON")
    good = {"ues": 2.0, "offered_kbit": 1500.0, "delivered_kbit": 1100.0, "delay_ms": 10.0, "se": 4.0}
    scene.measure([0], **good)
    assert await status(scene) == (NOT, "OTHER_REASON")
    scene.measure([1], **good)
    assert await status(scene) == ("ENFORCED", None)
    scene.measure([1], 100, **{**good, "delay_ms": 21.0})
    assert await status(scene) == (NOT, "OTHER_REASON")
    scene.measure([1], 200, **{**good, "delivered_kbit": 900.0})
    assert await status(scene) == (NOT, "OTHER_REASON")
    scene.measure([1], 300, **{**good, "offered_kbit": 300.0, "delivered_kbit": 299.0})
    assert await status(scene) == ("ENFORCED", None)
    scene.measure([0, 1], 400, ues=0.0, offered_kbit=0.0, delivered_kbit=0.0)
    assert await status(scene) == (NOT, "SCOPE_NOT_APPLICABLE")
    scene.measure([0, 1], 500, **good)
    assert await status(scene) == ("ENFORCED", None)
    del scene.plmns[1]
    scene.desk.look()
    assert await status(scene) == (NOT, "OTHER_REASON")


async def test_half_a_window_and_one_with_a_gap_say_nothing(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    await put(scene, sla(cells=[0], maxDlThptPerSlice=1000))
    values = {"ues": 1.0, "offered_kbit": 1.0, "delivered_kbit": 1.0, "se": 4.0}
    scene.desk.measured(0, report(0, 50, **values))
    assert await status(scene) == (NOT, "OTHER_REASON")
    scene.desk.measured(0, report(60, 50, **values))
    assert await status(scene) == (NOT, "OTHER_REASON")
    scene.desk.measured(0, report(110, 50, **values))
    assert await status(scene) == ("ENFORCED", None)


async def test_throughputs_bound_ratios_by_the_efficiency_measured(tmp_path: Path) -> None:
    """20 RBs of 180 kHz at 4 bit/s/Hz carry 14.4 Mbit/s: 5 Mbit/s are 35 %, 10 are 70 %."""
    scene = Scene(tmp_path)
    await put(scene, sla(cells=[1], guaDlThptPerSlice=5000, maxDlThptPerSlice=10000))
    assert (scene.limits.of(1, 1).floor_percent, scene.limits.of(1, 1).ceiling_percent) == (0, 100)
    values = {"ues": 2.0, "offered_kbit": 9e3, "delivered_kbit": 9e3}
    scene.measure(se=4.0, **values)
    assert (scene.limits.of(1, 1).floor_percent, scene.limits.of(1, 1).ceiling_percent) == (35, 70)
    assert (scene.limits.of(0, 1).floor_percent, scene.limits.of(0, 1).ceiling_percent) == (0, 100)
    scene.measure((0, 1), 100, se=2.0, **values)
    assert (scene.limits.of(1, 1).floor_percent, scene.limits.of(1, 1).ceiling_percent) == (70, 100)
    async with scene.http() as http:
        await http.delete(path("p"))
    assert scene.limits.of(1, 1).floor_percent == 0


async def test_floors_that_cannot_all_be_kept_are_told(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    await put(scene, sla(guaDlThptPerSlice=12000), "a")
    await put(scene, qos(sst=1, pdb=5), "b", QOS)
    scene.measure(ues=2.0, offered_kbit=12e3, delivered_kbit=12e3, se=4.0)
    scene.limits.clear(f"a1:{SLA}/a")
    scene.limits.set(None, SliceLimit(3, 90, 100, "somebody"))
    await put(scene, sla(guaDlThptPerSlice=12001), "a")
    async with scene.http() as http:
        told = (await http.get(path("a") + "/status")).json()
    assert (told["enforceStatus"], told["enforceReason"]) == (NOT, "OTHER_REASON")
    assert "sum" in told["details"]


async def test_a_guarantee_per_ue_grows_with_the_ues(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    await put(scene, qos(gfbr=1440), "p", QOS)
    scene.measure(ues=2.0, offered_kbit=4e3, delivered_kbit=4e3, se=4.0)
    assert scene.limits.of(0, 1).floor_percent == 20
    assert await status(scene, "p", QOS) == ("ENFORCED", None)
    scene.measure((0, 1), 100, ues=3.0, offered_kbit=5e3, delivered_kbit=4e3, se=4.0)
    assert scene.limits.of(0, 1).floor_percent == 30
    assert await status(scene, "p", QOS) == (NOT, "OTHER_REASON")


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf, -1.0, 1e308, 5e-324])
async def test_measurements_that_cannot_be_harm_nothing(tmp_path: Path, odd: float) -> None:
    scene = Scene(tmp_path)
    await put(scene, sla(guaDlThptPerSlice=1000, maxDlThptPerSlice=9000, maxDlPacketDelayPerUe=20))
    await put(scene, qos(sst=3, gfbr=10), "q", QOS)
    names = ("ues", "offered_kbit", "delivered_kbit", "delay_ms", "se")
    good = {"ues": 2.0, "offered_kbit": 1500.0, "delivered_kbit": 1100.0, "delay_ms": 10.0, "se": 4.0}
    for number, name in enumerate(names):
        scene.measure((0, 1), 100 * number, **{**good, name: odd})
        await status(scene)
    scene.measure((0, 1), 1000, **dict.fromkeys(names, odd))
    scene.desk.measured(0, KpmReport(0.0, 1, 2**63, -(2**63), ()))
    await status(scene)
    scene.measure((0, 1), 2000, **good)
    assert await status(scene) == ("ENFORCED", None)
