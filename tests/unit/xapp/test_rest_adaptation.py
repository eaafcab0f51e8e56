from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from cadran.policy import TwoLevelMeta, TwoLevelPolicy, decode
from cadran.policy.initialisation import decode_initialisation
from cadran.replay import MemoryReplay
from cadran.rest import listen, serving
from cadran.runtime import Address
from cadran.runtime.http import Health
from cadran.runtime.retry import RetrySpec
from cadran.xapp.adaptation import AdaptingTrainer
from cadran.xapp.adaptation_desk import AdaptationDesk
from cadran.xapp.checkpoints import CheckpointStore
from cadran.xapp.inference import Inference
from cadran.xapp.kpm_board import KpmBoard
from cadran.xapp.learner_host import HostSpec, LearnerHost
from cadran.xapp.policy_desk import PolicyDesk
from cadran.xapp.policy_store import PolicyStore
from cadran.xapp.rest import RestParts, create_app
from cadran.xapp.status import EXAMPLE, LearnerStatus

from .adapting import DUS, PROBLEM, SCHEMA, SPEC, initialisation, rows
from .guarding import free_guard, guard_desk
from .test_learner_host import Events
from .test_rest import Deaf, is_problem


@dataclass
class Api:
    """REST over a trainer that runs, as the xApp puts them together."""

    http: httpx.AsyncClient
    app: FastAPI
    host: LearnerHost
    trainer: AdaptingTrainer
    replay: MemoryReplay
    store: PolicyStore
    checkpoints: CheckpointStore

    async def adaptation(self, du: int) -> dict[str, object]:
        return (await self.http.get("/v1/adaptation")).json()["dus"][du]  # type: ignore[no-any-return]

    async def shots(self, du: int, count: int) -> dict[str, object]:
        async with asyncio.timeout(60):
            while (now := await self.adaptation(du))["shots"] != count:
                await asyncio.sleep(0.005)
        return now


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[Api]:
    replay = MemoryReplay(SCHEMA, DUS, 1000)
    trainer = AdaptingTrainer(PROBLEM, SPEC, replay, frozenset([1]), seed=5, observe=lambda shot: None)
    store, checkpoints = PolicyStore(path / "policies", DUS, kept=5), CheckpointStore(path / "checkpoints", 3)
    guard = free_guard()
    desk = PolicyDesk(store, Deaf(), 1.0, guard)
    spec = HostSpec(
        problem=PROBLEM.names, checkpoint_period_s=1e9, nice=0, thread_switch_s=0.0005, push_delay_frames=0,
        retry=RetrySpec(0.0005, 0.001),
    )  # fmt: skip
    clock = itertools.count(1).__next__
    host = LearnerHost(trainer, checkpoints, desk.publish, spec, Events(), 0, lambda: float(clock()))
    parts = RestParts(
        desk=desk,
        inference=Inference(store, PROBLEM),
        adaptation=AdaptationDesk(trainer, host, SPEC.shot_frames),
        nodes=dict,
        board=KpmBoard(),
        status=lambda: LearnerStatus(**EXAMPLE),
        resume=host.resume,
        registry=CollectorRegistry(),
        health=Health([]),
        guard=guard_desk(guard, path / "guard"),
    )
    app = create_app(parts)
    transport = httpx.ASGITransport(app=app)
    await host.publish()
    async with httpx.AsyncClient(transport=transport, base_url="http://xapp") as http:
        learning = asyncio.create_task(host.run_free())
        yield Api(http, app, host, trainer, replay, store, checkpoints)
        learning.cancel()
        await asyncio.gather(learning, return_exceptions=True)
        await host.close()


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with running(tmp_path) as made:
        yield made


async def test_a_delivered_initialisation_is_the_policy_of_dus_that_have_not_begun(api: Api) -> None:
    artefact = initialisation(8)
    meta, _ = decode_initialisation(artefact)
    answer = await api.http.put("/v1/initialisation", content=artefact)
    taken = {"version": 8, "sha256": meta.sha256, "dus": [0, 2]}
    assert (answer.status_code, answer.json()) == (200, taken)

    told = (await api.http.get("/v1/adaptation")).json()
    assert told["initialisation"] == {"version": 8, "sha256": meta.sha256}
    assert [(du["cold"], du["start"] and du["start"]["version"]) for du in told["dus"]] == [
        (False, 8),
        (True, None),
        (False, 8),
    ]
    target = api.store.target(2)
    assert target is not None
    out, policy = decode(api.store.artifact(2, target.version))
    assert isinstance(out, TwoLevelMeta)
    assert isinstance(policy, TwoLevelPolicy)
    assert (told["dus"][2]["policy_version"], told["dus"][2]["policy_sha256"]) == (2, out.sha256)
    assert api.store.target(1).version == 1  # type: ignore[union-attr]
    newest, _ = api.checkpoints.newest()
    assert newest is not None
    assert newest.policy_version == 2

    again = await api.http.put("/v1/initialisation", content=artefact)
    assert again.json() == taken
    assert api.host.policy_version == 2


async def test_shots_are_made_published_and_told_and_a_du_can_start_over(api: Api) -> None:
    await api.http.put("/v1/initialisation", content=initialisation(8))
    api.replay.append(2, rows(2, 0, 30, policy_version=2))
    now = await api.shots(2, 3)
    assert len(now["rewards"]) == 3  # type: ignore[arg-type]
    assert now["shots_to_95"] is None
    while api.store.target(2).version < 3:  # type: ignore[union-attr]
        await asyncio.sleep(0.005)
    assert not now["acknowledged"]
    api.trainer.heard(2, str(now["policy_sha256"]))
    assert (await api.adaptation(2))["acknowledged"]

    await api.http.put("/v1/initialisation", content=initialisation(9))
    assert (await api.adaptation(2))["start"]["version"] == 8  # type: ignore[index]
    over = (await api.http.post("/v1/adaptation/2/restart")).json()
    assert (over["start"]["version"], over["shots"], over["rewards"]) == (9, 0, [])
    assert api.store.target(2).version == over["policy_version"]  # type: ignore[union-attr]


async def test_a_du_that_diverged_is_told_and_goes_on_when_it_is_restarted(api: Api) -> None:
    bad = rows(0, 0, 10)
    bad["next_state"] = 3e38
    api.replay.append(0, bad)
    api.replay.append(2, rows(2, 0, 10))
    await api.shots(2, 1)
    told = await api.adaptation(0)
    assert (told["shots"], len(told["rewards"])) == (0, 1)  # type: ignore[arg-type]
    assert "is not finite" in str(told["diverged"])
    assert not api.host.halted
    assert (await api.http.post("/v1/adaptation/0/restart")).json()["diverged"] is None


async def test_what_is_refused_is_refused_with_its_cause(api: Api) -> None:
    artefact = initialisation(8)
    for body, text in (
        (b"nonsense", "policy refused (corrupt)"),
        (artefact[:-4] + b"\0\0\xc0\x7f", "policy refused (not_finite)"),
        (artefact[:-4] + b"\0\0\0\0", "policy refused (hash_mismatch)"),
        (initialisation(8, decision_frames=5), "policy refused (incompatible)"),
    ):
        assert text in is_problem(await api.http.put("/v1/initialisation", content=body), 422)
    assert (await api.http.get("/v1/adaptation")).json()["initialisation"] is None
    assert api.host.policy_version == 1
    assert "DUs 0..2" in is_problem(await api.http.post("/v1/adaptation/3/restart"), 404)


async def test_a_body_without_end_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cadran.xapp.rest_adaptation.MOST_BYTES", 10)
    is_problem(await api.http.put("/v1/initialisation", content=b"0" * 11), 413)


async def test_a_body_that_does_not_end_in_time_is_refused_and_its_connection_ended(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cadran.xapp.rest_adaptation._BODY_S", 0.1)
    with listen(Address("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        async with serving(api.app, listening), asyncio.timeout(60):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = b"PUT /v1/initialisation HTTP/1.1\r\nHost: xapp\r\nContent-Length: 1000\r\n\r\n"
            writer.write(head + b"the beginning")
            answer = await reader.read()  # to the end of the connection
            writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"did not come as a whole within 0.1 s" in answer
    assert (await api.http.get("/v1/adaptation")).json()["initialisation"] is None


async def test_an_action_of_two_levels_is_what_both_decide_on_a_state(api: Api) -> None:
    row = rows(0, 3, 4)[0]
    answer = (
        await api.http.post("/v1/policies/0/action", json={"observation": row["state"].tolist()})
    ).json()
    decision = PROBLEM.decode(np.float32(answer["action"]), PROBLEM.ues(row["state"]))
    assert answer["decision"]["kind"] == "user_grants"
    assert [slice_["rbs"] for slice_ in answer["decision"]["slices"]] == decision.ue_rbs.tolist()
    detail = (await api.http.get("/v1/policies/0")).json()
    assert (detail["network"]["kind"], detail["network"]["decision_frames"]) == ("two-level", 3)
    short = await api.http.post("/v1/policies/0/action", json={"observation": [0.0]})
    assert f"takes {PROBLEM.state_dim}" in is_problem(short, 422)


async def test_a_restarted_host_goes_on_from_what_was_delivered(tmp_path: Path) -> None:
    async with running(tmp_path) as first:
        await first.http.put("/v1/initialisation", content=initialisation(8))
        checkpoint, _ = first.checkpoints.newest()
    assert checkpoint is not None
    resumed = AdaptingTrainer(
        PROBLEM, SPEC, MemoryReplay(SCHEMA, DUS, 1000), frozenset([1]), seed=5, observe=lambda shot: None
    )
    resumed.restore(checkpoint)
    assert resumed.initialisation is not None
    assert resumed.initialisation.version == 8
