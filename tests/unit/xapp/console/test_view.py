from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

import kpm_counters
from cadran.policy.catalogue import Catalogue, CatalogueEntry
from cadran.problem import Frame, Problem, ProblemSpec
from cadran.replay import MemoryReplay, Rows, TransitionSchema
from cadran.runtime.http import Health
from cadran.wire.causes import Cause
from cadran.wire.codecs import SLICES
from cadran.wire.gen.e2sm.v1 import kpm_pb2
from cadran.wire.kpm_registry import REGISTRY
from cadran.wire.kpm_samples import indication_message
from cadran.xapp.a1.enforcement import Status, not_enforced
from cadran.xapp.a1.store import HeldPolicy
from cadran.xapp.adaptation_desk import AdaptationDesk, AdaptationModel, DuAdaptation
from cadran.xapp.console import ConsoleParts, History, Judge, Tap, add_console, targets_of
from cadran.xapp.console.history import CURVE_POINTS, PRB_WINDOWS, QUALITY_FRAMES
from cadran.xapp.console.registry import Sighting
from cadran.xapp.console.view import MOST_VERSIONS, console_state
from cadran.xapp.courier import Answer, Order
from cadran.xapp.guard.control import Event
from cadran.xapp.initialisation import Origin
from cadran.xapp.kpm_board import KpmBoard
from cadran.xapp.policy_desk import PolicyDesk
from cadran.xapp.policy_store import PolicyStore
from cadran.xapp.status import EXAMPLE, LearnerStatus

from ..conftest import Artefact
from ..guarding import GuardBench, guard_desk
from ..test_rest import Deaf

FRAME = Frame(rbs=20, slices=3, ues_per_slice=4, frame_s=0.01, rb_bandwidth_hz=180e3, total_ues=12, dus=2)
PROBLEM = Problem(ProblemSpec(), FRAME)
SCHEMA = TransitionSchema(PROBLEM.state_dim, PROBLEM.action_dim, PROBLEM.kpi_dim)
START_S = 1000.0


class Link:
    epoch = 1

    async def deliver(self, order: Order, effective_frame: int) -> None: ...


class Bench:
    """A console over parts that a test drives."""

    def __init__(self, folder: Path, artefact: Artefact) -> None:
        self.now_s = START_S
        self.alert: str | None = None
        self.nodes: dict[int, Any] = {}
        self.sighting = Sighting(absent=True)
        self.a1: list[tuple[HeldPolicy, Status]] = []
        self.health = Health(["replay store", "disk"])
        self.store = PolicyStore(folder, dus=2, kept=5)
        for version in (1, 2, 3):
            self.store.publish([artefact(0, version)])
        bench = GuardBench()
        self.guard = guard_desk(bench.guard, folder / "guard")
        self.desk = PolicyDesk(self.store, Deaf(), 1.0, bench.guard)
        targets = targets_of(PROBLEM.spec, FRAME)
        wanted = tuple(tuple(target.quality for target in slices) for slices in targets)
        self.history = History(2, Judge(PROBLEM, wanted), lambda: self.now_s)
        self.board = KpmBoard(self.history.measured)
        self.app = FastAPI()
        self.parts = ConsoleParts(
            scenario="trial <1>",
            frame=FRAME,
            lockstep=False,
            targets=lambda: targets,
            history=self.history,
            desk=self.desk,
            adaptation=None,
            registry=lambda: self.sighting,
            nodes=lambda: self.nodes,
            board=self.board,
            status=lambda: LearnerStatus(**{**EXAMPLE, "alert": self.alert}),
            a1=lambda: self.a1,
            guard=self.guard,
            e2_totals=lambda: {"pdus_sent": 7},
            health=self.health,
            unix_s=lambda: self.now_s,
        )
        add_console(self.app, self.parts)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://xapp")

    async def state(self) -> dict[str, Any]:
        answer = await self.http.get("/v1/console")
        assert answer.status_code == 200
        return dict(answer.json())

    def associate(self, du: int) -> None:
        identity = SimpleNamespace(plmn_identity="00101", gnb_id=1, gnb_du_id=du)
        self.nodes[du] = SimpleNamespace(request=SimpleNamespace(global_e2_node_id=identity))

    def measure(self, du: int, **counts: Any) -> None:
        header = kpm_pb2.KpmIndicationHeader(epoch=4, first_frame=10, last_frame=19)
        window = kpm_counters.window(frames=10, rbs=20, **counts)
        self.board.take(du, header, indication_message(REGISTRY, window, SLICES, 100))


@pytest.fixture
async def bench(tmp_path: Path, artefact: Artefact) -> AsyncIterator[Bench]:
    made = Bench(tmp_path, artefact)
    async with made.http:
        yield made


def rows(count: int, urllc_delay_s: float = 0.0, first: int = 0) -> Rows:
    """Frames with one UE per slice."""
    made = SCHEMA.empty(count)
    made["frame"] = np.arange(first, first + count)
    places = np.full((3, 4), -1.0, np.float32)
    places[:, 0] = (0.0, 0.0, urllc_delay_s)
    made["kpis"] = places.reshape(-1)
    return made


def texts(state: dict[str, Any]) -> list[tuple[str, int | None, str]]:
    return [(alert["level"], alert["du"], alert["text"]) for alert in state["alerts"]]


async def test_what_is_not_known_is_null_and_not_zero(bench: Bench) -> None:
    state = await bench.state()
    for du in state["dus"]:
        assert (du["node"], du["cell"], du["quality"], du["rows_age_s"]) == (None, None, None, None)
        assert du["rbs_before"] == []
    assert state["adaptation"] is None
    assert state["curves"]["critic_loss"] == {"seconds": [], "values": []}
    assert state["dus"][1]["policy"]["target"] is None


async def test_measurements_of_a_du_are_in_si_units_with_their_age(bench: Bench) -> None:
    bench.measure(0, ues=[2, 0, 1], delivered_bytes=[200, 0, 100], rb_ttis=[6, 0, 3], rbs_quota=[10, 4, 6])
    bench.now_s += 3.0
    cell = (await bench.state())["dus"][0]["cell"]
    assert cell["age_s"] == 3.0
    assert cell["ues"] == [2, 0, 1]
    assert cell["rbs_used"] == [6, 0, 3]
    assert cell["rbs_quota"] == [10, 4, 6]
    assert cell["throughput_bps"] == pytest.approx([160_000, 0, 80_000], rel=0.01)  # counted in whole kbit
    assert cell["spectral_efficiency"][1] is None
    assert (await bench.state())["dus"][1]["cell"] is None


async def test_a_du_that_went_away_has_no_measurements(bench: Bench) -> None:
    bench.measure(0, ues=[1, 1, 1])
    bench.board.forget(0)
    assert (await bench.state())["dus"][0]["cell"] is None


async def test_only_the_newest_windows_of_blocks_are_kept(bench: Bench) -> None:
    for used in range(PRB_WINDOWS + 5):
        bench.measure(0, rb_ttis=[used % 20, 0, 0])
    before = (await bench.state())["dus"][0]["rbs_before"]
    assert len(before) == PRB_WINDOWS
    assert before[-1] == [(PRB_WINDOWS + 4) % 20, 0, 0]


async def test_quality_is_that_of_rows_at_rest(bench: Bench) -> None:
    replay = MemoryReplay(SCHEMA, 2, 1000)

    class Store:
        async def append(self, du: int, rows: Rows) -> int:
            return replay.append(du, rows)

        async def last(self, du: int) -> tuple[int, int] | None:
            return replay.last(du)

        async def count(self, du: int) -> int:
            return replay.count(du)

    tap = Tap(Store(), bench.history.stored)
    await tap.append(0, rows(QUALITY_FRAMES - 1))
    assert (await bench.state())["dus"][0]["quality"] is None
    await tap.append(0, rows(QUALITY_FRAMES // 2 + 1, urllc_delay_s=1.0, first=QUALITY_FRAMES))
    assert await tap.count(0) == replay.count(0) == QUALITY_FRAMES - 1 + QUALITY_FRAMES // 2 + 1
    assert await tap.last(0) == replay.last(0)
    quality = (await bench.state())["dus"][0]["quality"]
    good = (QUALITY_FRAMES - 1) / quality["frames"]
    assert quality["slices"][:2] == pytest.approx([1.0, 1.0], abs=0.02)
    assert quality["slices"][2] == pytest.approx(good, abs=0.01)
    assert quality["met"][2] == pytest.approx(good, abs=1e-3)
    assert len((await bench.state())["curves"]["reward"][0]["values"]) == 1


async def test_rows_that_are_not_at_rest_are_not_told(bench: Bench) -> None:
    class Away:
        async def append(self, du: int, rows: Rows) -> int:
            raise ConnectionError("away")

        async def last(self, du: int) -> None: ...
        async def count(self, du: int) -> int:
            return 0

    with pytest.raises(ConnectionError):
        await Tap(Away(), bench.history.stored).append(0, rows(QUALITY_FRAMES))
    assert (await bench.state())["dus"][0]["rows_age_s"] is None


async def test_learning_is_a_curve_by_du_that_stays_short(bench: Bench) -> None:
    for second in range(1, 1001):
        line = {"time_s": START_S + second, "critic_loss": 0.5, "beta": 0.02, "sam_share": [0.0, 1.0]}
        bench.history.learned(line)
    curves = (await bench.state())["curves"]
    assert set(curves["critic_loss"]["values"]) == {0.5}
    assert set(curves["temperature"]["values"]) == {0.02}
    assert [set(line["values"]) for line in curves["sam_share"]] == [{0.0}, {1.0}]
    seconds = curves["sam_share"][0]["seconds"]
    assert CURVE_POINTS // 2 <= len(seconds) < CURVE_POINTS
    assert seconds == sorted(seconds)
    assert seconds[-1] <= 1000


async def test_policies_list_what_can_be_gone_back_to_newest_first(bench: Bench) -> None:
    await bench.desk.open()
    policy = (await bench.state())["dus"][0]["policy"]
    assert policy["target"] == {"version": 3, "delivery": 3, "pinned": False}
    assert [held["version"] for held in policy["held"]] == [3, 2, 1]
    await bench.desk.roll_back(0, 1)
    state = await bench.state()
    assert state["dus"][0]["policy"]["target"] == {"version": 1, "delivery": 4, "pinned": True}
    assert ("note", 0, "pinned to version 1 by a roll-back") in texts(state)


async def test_how_a_du_adapts_is_a_short_curve_by_shots(bench: Bench) -> None:
    rewards = [0.001 * shot for shot in range(500)]
    du = DuAdaptation(
        du=1,
        cold=False,
        start=Origin(version=8, sha256="9f"),
        policy_version=3,
        policy_sha256="51",
        acknowledged=True,
        shots=500,
        rewards=rewards,
        shots_to_95=40,
        diverged=None,
    )
    told = AdaptationModel(initialisation=Origin(version=9, sha256="a0"), shot_frames=100, dus=[du])
    parts = replace(bench.parts, adaptation=cast(AdaptationDesk, SimpleNamespace(status=lambda: told)))
    adaptation = console_state(parts).adaptation
    assert adaptation is not None
    assert (adaptation.shot_frames, adaptation.initialisation) == (100, told.initialisation)
    shown = adaptation.dus[0]
    assert (shown.start, shown.shots, shown.shots_to_95) == (8, 500, 40)
    assert len(shown.rewards.values) <= CURVE_POINTS
    assert shown.rewards.values == pytest.approx([rewards[int(shot)] for shot in shown.rewards.seconds])
    assert shown.joined == rewards[0]
    assert adaptation.registry.absent


def entry(version: int) -> CatalogueEntry:
    return CatalogueEntry(
        version=version,
        stage="promoted" if version == 3 else "candidate",
        judged=True,
        reason="worse",
        since_unix_s=START_S,
        created_unix_s=START_S,
        iterations=10,
        sha256=f"{version:02x}",
        score=0.5,
        comparison=None,
    )


async def test_of_the_registry_the_newest_are_told_and_those_that_dus_start_from(bench: Bench) -> None:
    entries = tuple(map(entry, range(1, 101)))
    catalogue = Catalogue(held=120, promoted=3, pinned=True, score="reward", entries=entries)
    bench.sighting = Sighting(catalogue, START_S - 4.0, "Redis does not answer")
    told = AdaptationModel(initialisation=Origin(version=2, sha256="02"), shot_frames=100, dus=[])
    parts = replace(bench.parts, adaptation=cast(AdaptationDesk, SimpleNamespace(status=lambda: told)))
    adaptation = console_state(parts).adaptation
    assert adaptation is not None
    registry = adaptation.registry
    assert (registry.held, registry.promoted, registry.pinned) == (120, 3, True)
    assert (registry.seen_age_s, registry.trouble) == (4.0, "Redis does not answer")
    assert [one.version for one in registry.versions] == [*range(100, 100 - MOST_VERSIONS, -1), 3, 2]
    assert [one.version for one in registry.versions if one.delivered] == [2]


async def test_alerts_name_what_is_wrong_the_worst_first(bench: Bench) -> None:
    bench.alert = "learning diverged and stopped: a loss of 1e9"
    bench.health.met("disk")
    bench.associate(0)
    bench.measure(0, ues=[1, 1, 1])
    bench.history.stored(0, rows(QUALITY_FRAMES, urllc_delay_s=1.0))
    await bench.desk.open()
    bench.desk.couriers[0].connected(Link())
    cause = Cause("policy", "shape-mismatch", "27 inputs, this dApp has 24")
    bench.desk.couriers[0].answer(Answer(3, accepted=False, cause=cause, running_version=2))
    below = ("warn", 0, "quality below target: URLLC 0.00 of 0.50")
    assert below in texts(await bench.state())
    bench.now_s += 60.0
    state = await bench.state()
    assert texts(state) == [
        ("bad", None, "learning diverged and stopped: a loss of 1e9"),
        ("bad", None, "replay store: not yet"),
        ("bad", 0, "policy 3 refused: policy/shape-mismatch: 27 inputs, this dApp has 24"),
        ("warn", 0, "no measurements for 60 s"),
        ("warn", 0, "no experience for 60 s"),
        ("warn", 1, "no E2 association"),
    ]
    assert state["conditions"] == [
        {"name": "disk", "reason": None},
        {"name": "replay store", "reason": "not yet"},
    ]
    assert state["dus"][0]["node"] == "00101-1-0"
    assert state["e2"] == {"pdus_sent": 7}


async def test_the_answer_stays_small(bench: Bench) -> None:
    for second in range(500):
        for du in range(2):
            bench.measure(du, rb_ttis=[7, 7, 6])
            bench.history.stored(du, rows(QUALITY_FRAMES))
        line = {"time_s": START_S + second, "critic_loss": 1 / 3, "beta": 1 / 7, "sam_share": [0.3, 2 / 3]}
        bench.history.learned(line)
    assert len((await bench.http.get("/v1/console")).content) < 24_000


async def test_the_page_loads_only_its_own_files(bench: Bench) -> None:
    answer = await bench.http.get("/")
    assert answer.headers["content-type"].startswith("text/html")
    rules = answer.headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in rules
    assert "script-src 'self'" in rules
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "trial &lt;1&gt;" in answer.text
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    script = await bench.http.get("/console/main.js")
    assert script.headers["content-type"].startswith("text/javascript")
    again = await bench.http.get("/console/main.js", headers={"if-none-match": script.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await bench.http.get("/console/none.js")).status_code == 404


async def test_a1_policies_are_shown_with_status_and_why(bench: Bench) -> None:
    assert (await bench.state())["a1"] == []
    held = HeldPolicy(
        type_id="ORAN_SliceSLATarget_1.0.0",
        policy_id="p1",
        policy={
            "scope": {"sliceId": {"sst": 1, "plmnId": {"mcc": "001", "mnc": "01"}}},
            "sliceSlaObjectives": {"guaDlThptPerSlice": 5000},
            "sliceSlaResources": {"cellIdList": [{"plmnId": {"mcc": "001", "mnc": "01"}, "cId": {"ncI": 1}}]},
        },
        destination=None,
        created_unix_s=1.0,
        changed_unix_s=2.0,
    )
    bench.a1 = [(held, not_enforced("OTHER_REASON", "DU 1: too little"))]
    assert (await bench.state())["a1"] == [
        {
            "type_id": "ORAN_SliceSLATarget_1.0.0",
            "policy_id": "p1",
            "asks": "SST 1 at cell 1: guaDlThptPerSlice 5000",
            "status": "NOT_ENFORCED",
            "reason": "OTHER_REASON",
            "details": "DU 1: too little",
            "changed_unix_s": 2.0,
        }
    ]


async def test_the_guard_shows_breakers_verdicts_and_its_newest_lines(bench: Bench) -> None:
    audit = bench.guard.audit
    for number in range(20):
        verdict = "refused" if number == 19 else "allowed"
        audit.append(Event(float(number), 1, "a1", "p1", "slice_quota", verdict, "none", "why", {}))
    await bench.guard.breakers.open(1, "")
    state = await bench.state()
    alert = {"level": "bad", "du": 1, "text": "circuit breaker open: by an operator"}
    assert state["alerts"][0] == alert
    shown = state["guard"]
    assert shown["mode"] == "act"
    assert [(one["state"], one["baseline"], one["answered"]) for one in shown["breakers"]] == [
        ("closed", False, False),
        ("open", True, False),
    ]
    assert shown["verdicts"] == {"allowed": 19, "refused": 1}
    assert [line["number"] for line in shown["lines"]] == list(range(19, 11, -1))
    assert shown["lines"][0]["verdict"] == "refused"
