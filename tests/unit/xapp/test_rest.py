from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from cadran.policy import decode
from cadran.problem import Frame, Problem, ProblemSpec
from cadran.runtime.http import Health
from cadran.wire.causes import Cause
from cadran.wire.codecs import Ratios
from cadran.xapp.courier import Answer, Order
from cadran.xapp.guard.audit import AuditLog
from cadran.xapp.guard.control import Source, SourceKind
from cadran.xapp.guard.rate import RateSpec
from cadran.xapp.inference import Inference
from cadran.xapp.kpm_board import KpmBoard
from cadran.xapp.policy_desk import PolicyDesk
from cadran.xapp.policy_store import PolicyStore, Target
from cadran.xapp.rest import RestParts, create_app
from cadran.xapp.status import EXAMPLE, LearnerStatus

from .conftest import Artefact
from .guarding import GuardBench, guard_desk

FRAME = Frame(rbs=20, slices=3, ues_per_slice=4, frame_s=0.01, rb_bandwidth_hz=180e3, total_ues=12, dus=2)


class Deaf:
    """Nobody listens to deliveries here."""

    def targeted(self, du: int, target: Target) -> None: ...
    def delivered(self, du: int, order: Order, seconds: float) -> None: ...
    def refused(self, du: int, order: Order, cause: Cause) -> None: ...
    def repeated(self, du: int, order: Order) -> None: ...
    def outnumbered(self, du: int, order: Order) -> None: ...
    def disk_refused(self, file: str, error: OSError) -> None: ...
    def disk_written(self, file: str) -> None: ...


@dataclass
class Api:
    http: httpx.AsyncClient
    store: PolicyStore
    app: FastAPI
    health: Health
    desk: PolicyDesk
    guarding: GuardBench
    audit: AuditLog
    halted: bool = False

    def resume(self) -> bool:
        halted, self.halted = self.halted, False
        return halted


@pytest.fixture
async def api(tmp_path: Path, artefact: Artefact) -> AsyncIterator[Api]:
    store = PolicyStore(tmp_path, dus=2, kept=5)
    for version in (1, 2, 3):
        store.publish([artefact(0, version)])
    health = Health(["replay store"])
    made: list[Api] = []
    bench = GuardBench(rate=RateSpec(1.0, 3))
    guarding = guard_desk(bench.guard, tmp_path / "guard")
    desk = PolicyDesk(store, Deaf(), 1.0, bench.guard)
    parts = RestParts(
        desk=desk,
        inference=Inference(store, Problem(ProblemSpec(), FRAME)),
        adaptation=None,
        nodes=dict,
        board=KpmBoard(),
        status=lambda: LearnerStatus(**EXAMPLE),
        resume=lambda: made[0].resume(),
        registry=CollectorRegistry(),
        health=health,
        guard=guarding,
    )
    app = create_app(parts)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://xapp") as http:
        made.append(Api(http, store, app, health, desk, bench, guarding.audit))
        yield made[0]


def is_problem(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["instance"] == answer.request.url.path
    return str(body["detail"])


async def test_policies_are_listed_and_described(api: Api) -> None:
    listed = (await api.http.get("/v1/policies")).json()
    assert listed[0] == {
        "du": 0,
        "target": {"version": 3, "delivery": 3, "pinned": False},
        "running_version": None,
        "running_sha256": "",
        "delivery": "no_policy",
        "refusal": None,
        "versions_held": 3,
    }
    assert listed[1]["target"] is None
    detail = (await api.http.get("/v1/policies/0")).json()
    assert detail["version"]["version"] == 3
    assert detail["network"]["observation_dim"] == 27
    assert (await api.http.get("/v1/policies/1")).json()["network"] is None
    versions = (await api.http.get("/v1/policies/0/versions")).json()
    assert [entry["version"] for entry in versions] == [1, 2, 3]


async def test_a_refused_policy_shows_its_cause_beside_what_runs_and_what_should(api: Api) -> None:
    class Link:
        epoch = 1

        async def deliver(self, order: Order, effective_frame: int) -> None: ...

    await api.desk.open()
    courier = api.desk.couriers[0]
    courier.connected(Link())
    assert (await api.http.get("/v1/policies/0")).json()["delivery"] == "awaited"
    cause = Cause("policy", "shape-mismatch", "27 inputs, this dApp has 24")
    courier.answer(Answer(3, accepted=False, cause=cause, running_version=2))
    told = (await api.http.get("/v1/policies/0")).json()
    assert (told["running_version"], told["target"]["version"], told["delivery"]) == (2, 3, "refused")
    assert told["refusal"] == {
        "version": 3,
        "delivery": 3,
        "cause": "policy/shape-mismatch",
        "text": "27 inputs, this dApp has 24",
        "final": True,
    }


async def test_an_artefact_downloads_as_it_is(api: Api, artefact: Artefact) -> None:
    answer = await api.http.get("/v1/policies/0/versions/2/artifact")
    assert answer.content == artefact(0, 2)
    assert answer.headers["etag"] == f'"{decode(artefact(0, 2))[0].sha256}"'
    assert "du0-v00000002.safetensors" in answer.headers["content-disposition"]


async def test_an_action_is_what_the_actor_decides(api: Api, artefact: Artefact) -> None:
    observation = np.linspace(-1, 1, 27)
    body = {"observation": observation.tolist(), "version": 1}
    answer = (await api.http.post("/v1/policies/0/action", json=body)).json()
    _, actor = decode(artefact(0, 1))
    np.testing.assert_array_equal(np.float32(answer["action"]), actor.mean(observation))
    assert answer["version"] == 1
    assert answer["decision"]["kind"] == "slice_quota"
    assert [entry["slice"] for entry in answer["decision"]["slices"]] == ["eMBB", "mMTC", "URLLC"]
    assert sum(entry["dedicated_percent"] for entry in answer["decision"]["slices"]) == 100


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"observation": [0.5] * 26}, 422, "observation has 26 numbers, the policy of DU 0 takes 27"),
        ({"observation": []}, 422, "observation"),
        ({"observation": [1e39] * 27}, 422, "finite in single precision"),
        ({"observation": ["a"] * 27}, 422, "observation.0"),
        ({"observation": [0.5] * 27, "version": 9}, 404, "DU 0 holds no version 9: it holds 1..3"),
        ({"observation": [0.5] * 27, "versoin": 1}, 422, "versoin"),
    ],
)
async def test_a_wrong_observation_is_told_in_clear_words(
    api: Api, body: dict[str, object], status: int, text: str
) -> None:
    assert text in is_problem(await api.http.post("/v1/policies/0/action", json=body), status)


async def test_bytes_that_are_not_json_are_a_bad_request(api: Api) -> None:
    answer = await api.http.post(
        "/v1/policies/0/action", content=b"{", headers={"content-type": "application/json"}
    )
    is_problem(answer, 400)


async def test_unknown_things_are_404_with_what_there_is(api: Api) -> None:
    assert "DUs 0..1" in is_problem(await api.http.get("/v1/policies/9"), 404)
    assert "no policy yet" in is_problem(
        await api.http.post("/v1/policies/1/action", json={"observation": [0.5] * 27}), 404
    )
    assert "associated are none" in is_problem(await api.http.get("/v1/e2-nodes/x/kpis"), 404)
    ratios = {"sst": 1, "dedicated_percent": 0, "min_percent": 10, "max_percent": 20}
    put = await api.http.put("/v1/e2-nodes/x/slice-quota", json={"slices": [ratios]})
    assert "associated are none" in is_problem(put, 404)
    is_problem(await api.http.get("/v1/nothing"), 404)
    is_problem(await api.http.get("/v1/policies/zero"), 422)
    is_problem(await api.http.put("/v1/policies"), 405)


async def test_a_roll_back_pins_and_a_release_ends_it(api: Api) -> None:
    answer = await api.http.post("/v1/policies/0/rollback", json={})
    assert answer.json() == {"version": 2, "delivery": 4, "pinned": True}
    assert (await api.http.delete("/v1/policies/0/pin")).json() == {
        "version": 3,
        "delivery": 5,
        "pinned": False,
    }
    assert "no version 8" in is_problem(
        await api.http.post("/v1/policies/0/rollback", json={"version": 8}), 404
    )
    is_problem(await api.http.delete("/v1/policies/1/pin"), 404)


async def test_a_guard_that_refuses_says_why_and_when_to_come_back(api: Api) -> None:
    for _ in range(3):
        assert (await api.http.post("/v1/policies/0/rollback", json={"version": 1})).status_code == 200
    refused = await api.http.post("/v1/policies/0/rollback", json={"version": 1})
    assert is_problem(refused, 429).startswith("guard/rate: operator controls DU 0 too often")
    assert refused.headers["retry-after"] == "1"


async def test_the_guard_tells_who_holds_what_and_its_log_in_pages(api: Api) -> None:
    await api.http.post("/v1/policies/0/rollback", json={"version": 1})
    api.guarding.guard.quotas(Source(SourceKind.A1, "p1"), 1, {2: Ratios(0, 10, 20)}, 60.0)
    held = (await api.http.get("/v1/guard")).json()["reservations"]
    assert [(one["du"], one["parameter"], one["sst"], one["holder"], one["left_s"]) for one in held] == [
        (0, "policy", None, "operator", None),
        (1, "slice_quota", 2, "a1", 60.0),
    ]
    for event in api.guarding.events:
        api.audit.append(event)
    await asyncio.to_thread(api.audit.close)
    page = (await api.http.get("/v1/guard/audit", params={"limit": 1})).json()
    assert (page["lines"][0]["source"], page["next"]) == ("a1", 1)
    page = (await api.http.get("/v1/guard/audit", params={"limit": 1, "before": 1})).json()
    assert (page["lines"][0]["control"], page["lines"][0]["values"]) == ("policy", {"version": 1})
    page = (await api.http.get("/v1/guard/audit", params={"du": 1, "verdict": "refused"})).json()
    assert page == {"lines": [], "next": None}
    is_problem(await api.http.get("/v1/guard/audit", params={"limit": 501}), 422)


async def test_a_breaker_is_opened_and_reset_and_told(api: Api) -> None:
    opened = (await api.http.put("/v1/guard/breakers/1", json={"state": "open"})).json()
    assert (opened["state"], opened["baseline"], opened["manual"], opened["answered"]) == (
        "open", True, True, False,
    )  # fmt: skip
    state = (await api.http.get("/v1/guard")).json()
    assert (state["mode"], [one["state"] for one in state["breakers"]]) == ("act", ["closed", "open"])
    closed = (await api.http.put("/v1/guard/breakers/1", json={"state": "closed"})).json()
    assert (closed["state"], closed["baseline"], closed["manual"]) == ("closed", False, False)
    unknown = await api.http.put("/v1/guard/breakers/2", json={"state": "open"})
    assert "there are DUs 0..1" in is_problem(unknown, 404)
    is_problem(await api.http.put("/v1/guard/breakers/0", json={"state": "ajar"}), 422)


async def test_learning_is_told_and_resumed_only_when_halted(api: Api) -> None:
    assert (await api.http.get("/v1/learner")).json() == EXAMPLE
    assert "not stopped" in is_problem(await api.http.post("/v1/learner/resume"), 409)
    api.halted = True
    assert (await api.http.post("/v1/learner/resume")).status_code == 200


async def test_health_and_metrics_are_on_the_same_port(api: Api) -> None:
    assert (await api.http.get("/ric/v1/health/alive")).status_code == 200
    assert (await api.http.get("/ric/v1/health/ready")).status_code == 503
    api.health.met("replay store")
    assert (await api.http.get("/ric/v1/health/ready")).status_code == 200
    assert (await api.http.get("/metrics")).headers["content-type"].startswith("text/plain")


async def test_every_operation_under_v1_is_described_with_examples(api: Api) -> None:
    document = (await api.http.get("/openapi.json")).json()
    paths = {path for path in document["paths"] if path.startswith("/v1")}
    assert paths == {
        "/v1/policies",
        "/v1/policies/{du}",
        "/v1/policies/{du}/versions",
        "/v1/policies/{du}/versions/{version}/artifact",
        "/v1/policies/{du}/action",
        "/v1/policies/{du}/rollback",
        "/v1/policies/{du}/pin",
        "/v1/e2-nodes",
        "/v1/e2-nodes/{node_id}/kpis",
        "/v1/e2-nodes/{node_id}/slice-quota",
        "/v1/e2-nodes/{node_id}/reset",
        "/v1/learner",
        "/v1/learner/resume",
        "/v1/initialisation",
        "/v1/adaptation",
        "/v1/adaptation/{du}/restart",
        "/v1/guard",
        "/v1/guard/audit",
        "/v1/guard/breakers/{du}",
    }
    for path in paths:
        assert all(operation["summary"] for operation in document["paths"][path].values())
    schemas = document["components"]["schemas"]
    for name in (
        "ActionRequest",
        "ActionResponse",
        "LearnerStatus",
        "NodeModel",
        "KpiModel",
        "TargetModel",
        "SliceQuotaRequest",
    ):
        assert schemas[name]["examples"]


async def test_every_operation_is_on_the_page_of_rest(api: Api) -> None:
    shown = (await api.http.get("/docs")).text
    paths = (await api.http.get("/openapi.json")).json()["paths"]
    assert len(paths) > 5
    assert [path for path in paths if f"<code>{path}</code>" not in shown] == []
    assert "://" not in shown
