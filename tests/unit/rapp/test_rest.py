from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry

from cadran.policy.initialisation import Evaluation, decode_initialisation
from cadran.rapp.registry import Entry, RefusedError, Registry
from cadran.rapp.rest import RestParts, create_app
from cadran.rapp.status import EXAMPLE, TaskStatus, TrainingStatus
from cadran.rapp.xapp_client import Adaptation
from cadran.runtime.http import Health

from .conftest import artifact

SCORED = Evaluation(against=1, score="reward per frame", scores=(0.5, 0.6), scores_against=(0.4, 0.5))
TASK = TaskStatus(du=0, active=True, rows=9, skipped=1, transitions={"higher": 2, "lower": 8}, levels=None)


@dataclass
class Host:
    """Does as told, on the registry alone; refuses to promote what the gate would."""

    registry: Registry
    triggered: list[int] = field(default_factory=list)
    halted: bool = False
    learning: bool = True
    told: Adaptation | None = None

    async def promote(self, version: int) -> Entry:
        self.registry.entry(version)
        if version == 3:
            raise RefusedError("worse: reward per frame differs by -0.2 from initialisation 1")
        return self.registry.promote(version, "asked for", self.registry.promoted_version)

    async def roll_back(self, version: int | None) -> Entry:
        return self.registry.roll_back(version)

    async def release(self) -> None:
        self.registry.release()

    def trigger(self, iterations: int) -> None:
        self.triggered.append(iterations)

    def resume(self) -> bool:
        halted, self.halted = self.halted, False
        return halted

    def status(self) -> TrainingStatus:
        return TrainingStatus(**{**EXAMPLE, "learning": self.learning and not self.halted})


@dataclass
class Api:
    http: httpx.AsyncClient
    host: Host
    registry: Registry


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    registry = Registry(tmp_path, 10, lambda: 7.0)
    for version in (1, 2, 3):
        registry.register(artifact(version, SCORED if version > 1 else None))
    registry.refuse(3, "worse: reward per frame differs by -0.2 from initialisation 1")
    host = Host(registry)
    parts = RestParts(
        registry=registry,
        commands=host,
        status=host.status,
        tasks=lambda: [TASK],
        adaptation=lambda: host.told,
        metrics=CollectorRegistry(),
        health=Health(["replay store"]),
    )
    transport = httpx.ASGITransport(app=create_app(parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://rapp") as http:
        yield Api(http, host, registry)


def is_problem(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["instance"] == answer.request.url.path
    return str(answer.json()["detail"])


async def test_versions_are_listed_with_their_stage_and_why(api: Api) -> None:
    listed = (await api.http.get("/v1/initialisations")).json()
    assert [(entry["version"], entry["stage"]) for entry in listed] == [
        (1, "candidate"),
        (2, "candidate"),
        (3, "candidate"),
    ]
    assert listed[2]["reason"].startswith("worse")
    detail = (await api.http.get("/v1/initialisations/2")).json()
    assert detail["evaluation"]["scores"] == [0.5, 0.6]
    assert detail["lineage"]["streams"] == [{"du": 0, "rows": 100}, {"du": 1, "rows": 50}]
    assert detail["levels"]["higher"]["hidden"] == [3]
    assert detail["iterations"] == 20


async def test_an_artefact_downloads_as_it_is_and_only_when_it_is_new(api: Api) -> None:
    answer = await api.http.get("/v1/initialisations/2/artifact")
    assert answer.content == artifact(2, SCORED)
    etag = answer.headers["etag"]
    assert etag == f'"{decode_initialisation(artifact(2, SCORED))[0].sha256}"'
    await api.http.post("/v1/initialisations/2/promote")
    promoted = await api.http.get("/v1/initialisations/promoted/artifact")
    assert (promoted.content, promoted.headers["x-initialisation-version"]) == (answer.content, "2")
    held = await api.http.get("/v1/initialisations/promoted/artifact", headers={"If-None-Match": etag})
    assert (held.status_code, held.content) == (304, b"")
    other = await api.http.get("/v1/initialisations/1/artifact", headers={"If-None-Match": etag})
    assert other.status_code == 200


async def test_nothing_promoted_and_unknown_versions_are_404_with_what_there_is(api: Api) -> None:
    for path in ("promoted", "promoted/artifact"):
        answer = await api.http.get(f"/v1/initialisations/{path}")
        assert is_problem(answer, 404) == "no initialisation is promoted yet"
    for answer in (
        await api.http.get("/v1/initialisations/9"),
        await api.http.get("/v1/initialisations/9/artifact"),
        await api.http.post("/v1/initialisations/9/promote"),
        await api.http.post("/v1/initialisations/rollback", json={"version": 9}),
    ):
        assert is_problem(answer, 404) == "no initialisation 9: held are 1, 2, 3"
    is_problem(await api.http.get("/v1/initialisations/zero"), 422)
    is_problem(await api.http.post("/v1/initialisations/rollback", json={"versoin": 1}), 422)


async def test_a_refusal_says_why_and_changes_nothing(api: Api) -> None:
    await api.http.post("/v1/initialisations/1/promote")
    refused = await api.http.post("/v1/initialisations/3/promote")
    assert is_problem(refused, 409).startswith("worse: reward per frame differs by -0.2")
    assert (await api.http.get("/v1/initialisations/promoted")).json()["version"] == 1
    again = await api.http.post("/v1/initialisations/rollback", json={})
    assert "nothing to go back to" in is_problem(again, 409)


async def test_a_file_that_was_damaged_is_a_problem_with_its_cause(api: Api) -> None:
    path = api.registry.entry(2).path
    path.write_bytes(path.read_bytes()[:-1])
    for answer in (
        await api.http.post("/v1/initialisations/2/promote"),
        await api.http.get("/v1/initialisations/2/artifact"),
    ):
        assert is_problem(answer, 500).startswith(f"initialisation 2 cannot be read: {path}: policy refused")
    assert api.registry.promoted_version is None


async def test_a_roll_back_pins_and_a_release_ends_it(api: Api) -> None:
    for version in (1, 2):
        assert (await api.http.post(f"/v1/initialisations/{version}/promote")).json()["stage"] == "promoted"
    back = (await api.http.post("/v1/initialisations/rollback", json={})).json()
    assert (back["version"], back["reason"]) == (1, "rolled back from 2")
    assert api.registry.pinned
    assert (await api.http.delete("/v1/initialisations/pin")).status_code == 204
    assert not api.registry.pinned


async def test_training_is_told_and_triggered(api: Api) -> None:
    assert (await api.http.get("/v1/training")).json()["iterations"] == 512
    assert (await api.http.get("/v1/tasks")).json() == [TASK.model_dump()]
    assert (await api.http.post("/v1/training/trigger", json={"iterations": 5})).status_code == 202
    assert (await api.http.post("/v1/training/trigger", json={})).status_code == 202
    assert api.host.triggered == [5, 1]
    is_problem(await api.http.post("/v1/training/trigger", json={"iterations": 0}), 422)
    api.host.learning = False
    is_problem(await api.http.post("/v1/training/trigger", json={}), 409)


async def test_what_the_xapp_told_is_passed_on(api: Api) -> None:
    assert "no xApp has told" in is_problem(await api.http.get("/v1/adaptation"), 404)
    api.host.told = Adaptation(initialisation=None, shot_frames=100, dus=[])
    assert (await api.http.get("/v1/adaptation")).json()["shot_frames"] == 100


async def test_iterations_go_on_after_a_divergence_only_once(api: Api) -> None:
    api.host.halted = True
    assert (await api.http.post("/v1/training/resume")).json()["learning"] is True
    assert "not stopped" in is_problem(await api.http.post("/v1/training/resume"), 409)


async def test_health_and_metrics_stand_beside(api: Api) -> None:
    assert (await api.http.get("/ric/v1/health/ready")).status_code == 503
    assert (await api.http.get("/metrics")).status_code == 200
    assert (await api.http.get("/openapi.json")).json()["info"]["title"] == "Cadran rApp"


async def test_every_operation_is_on_the_page_of_rest(api: Api) -> None:
    shown = (await api.http.get("/docs")).text
    paths = (await api.http.get("/openapi.json")).json()["paths"]
    assert len(paths) > 5
    assert [path for path in paths if f"<code>{path}</code>" not in shown] == []
    assert "://" not in shown
