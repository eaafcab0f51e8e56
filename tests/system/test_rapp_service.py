"""The rApp with a real Redis, in the test's own event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from cadran.policy.initialisation import decode_initialisation
from cadran.rapp.assembly import Assembly, new_health
from cadran.rapp.service import Rapp
from cadran.rapp.settings import RappSettings
from cadran.replay import TransitionSchema
from cadran.replay.redis_protocol import Layout
from cadran.replay.redis_store import RedisReplay, connect
from cadran.runtime import Address, ConfigError
from cadran.xapp.assembly import Assembly as XappAssembly
from cadran.xapp.assembly import new_health as new_xapp_health
from cadran.xapp.scenario import load_scenario as load_xapp_scenario
from cadran.xapp.settings import XappSettings
from redis_server import RedisServer
from two_levels import DUS, OVERRIDES, SMOKE, rows, scenario

FRAMES = 600
QUICK: dict[str, Any] = {
    "rest": Address("127.0.0.1", 0),
    "rows_per_du": 500,
    "round_period_s": 0.02,
    "rows_per_iteration": 20.0,
    "iterations_per_round": 5,
    "least_transitions": 4,
    "candidate_every": 10,
    "evaluation_repetitions": 2,
    "evaluation_frames": 10,
    "evaluation_shots": 1,
    "margin": 1.0,
    "status_period_s": 0.05,
    "redis_retry_first_s": 0.01,
    "redis_retry_max_s": 0.05,
}


class Bench:
    """One rApp, and the means to look at it from outside."""

    def __init__(self, rapp: Rapp) -> None:
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{rapp.rest_port}", timeout=60)

    async def get(self, path: str) -> Any:
        return (await self.http.get(path)).json()

    async def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Training status once it is so."""
        while True:
            status: dict[str, Any] = await self.get("/v1/training")
            if holds(status):
                return status
            await asyncio.sleep(0.02)

    async def until_counted(self, line: str) -> None:
        """Once the metrics have this line: a round counts when it has ended."""
        while line not in (await self.http.get("/metrics")).text:
            await asyncio.sleep(0.02)


def rapp_for(state: Path, url: str, region: str, *, more: tuple[str, ...] = (), **changes: Any) -> Rapp:
    settings = RappSettings(
        scenario=SMOKE, overrides=OVERRIDES, redis=url, redis_region=region, state_dir=state,
        **{**QUICK, **changes},
    )  # fmt: skip
    return Assembly(settings, scenario(*more), CollectorRegistry(), new_health()).rapp()


@asynccontextmanager
async def running(state: Path, url: str, region: str, **changes: Any) -> AsyncIterator[Bench]:
    rapp = rapp_for(state, url, region, **changes)
    task = asyncio.create_task(rapp.run())
    started = asyncio.create_task(rapp.started.wait())
    await asyncio.wait({task, started}, return_when=asyncio.FIRST_COMPLETED)
    started.cancel()
    if task.done():
        await task
    bench = Bench(rapp)
    try:
        yield bench
    finally:
        await bench.http.aclose()
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled() and task.exception() is not None:
            raise task.exception()  # type: ignore[misc]


def store(url: str, region: str, schema: TransitionSchema | None = None) -> RedisReplay:
    """The region as the xApp opens it."""
    layout = Layout(region, schema or scenario().schema, DUS, 2000)
    return RedisReplay.open(connect(url, 60.0), layout)


def fill(replay: RedisReplay, start: int, stop: int) -> None:
    for du in range(DUS):
        replay.append(du, rows(FRAMES)[du][start:stop])


@pytest.fixture
def region(request: pytest.FixtureRequest) -> str:
    return f"rapp-{abs(hash(request.node.name))}"


async def test_experience_becomes_initialisations_that_anybody_can_fetch(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    url = redis_server.url
    async with running(tmp_path / "a", url, region) as bench:
        ready = await bench.http.get("/ric/v1/health/ready")
        assert (ready.status_code, "holds nothing yet" in ready.text) == (503, True)
        replay = store(url, region)
        fill(replay, 0, 150)
        status = await bench.until(lambda s: s["iterations"] == 15 and s["promoted"] is not None)
        assert (status["rows"], status["tasks"]) == ([150, 150], [0, 1])
        assert status["newest_verdict"]["reason"].startswith("the first one")
        assert (await bench.http.get("/ric/v1/health/ready")).status_code == 200
        artefact = await bench.http.get("/v1/initialisations/promoted/artifact")
        meta, _ = decode_initialisation(artefact.content)
        assert (meta.version, meta.lineage.iterations, meta.lineage.region) == (1, 10, region)
        tasks = await bench.get("/v1/tasks")
        for level in ("higher", "lower"):
            assert sum(task["levels"][level]["weight"] for task in tasks) == pytest.approx(1.0)
        await bench.until_counted("cadran_rapp_iterations_total 15.0")

        fill(replay, 150, 250)
        await bench.until(lambda s: s["iterations"] == 25)
        await bench.until(lambda s: s["newest_verdict"]["version"] == 2 and s["promoted"] == 2)
        second = await bench.get("/v1/initialisations/2")
        assert (second["evaluation"]["against"], second["lineage"]["parent"]) == (1, 1)
        back = await bench.http.post("/v1/initialisations/rollback", json={})
        assert back.json()["version"] == 1
        await bench.http.post("/v1/training/trigger", json={"iterations": 10})
        pinned = await bench.until(lambda s: s["newest_verdict"]["version"] == 3 and s["iterations"] == 35)
        assert (pinned["promoted"], pinned["pinned"]) == (1, True)
        assert "pin of a roll-back" in pinned["newest_verdict"]["reason"]
    told = json.loads((tmp_path / "a" / "status.json").read_text())
    assert told["iterations"] == 35

    async with running(tmp_path / "a", url, region) as bench:
        resumed = await bench.until(lambda s: s["rows"] == [250, 250])
        assert (resumed["resumed"], resumed["iterations"], resumed["promoted"]) == (True, 35, 1)
        assert (await bench.http.post("/v1/initialisations/2/promote")).json()["stage"] == "promoted"
    async with running(tmp_path / "elsewhere", url, region, learn=False) as bench:
        found = await bench.get("/v1/initialisations")
        assert [(entry["version"], entry["stage"]) for entry in found] == [
            (1, "retired"),
            (2, "promoted"),
            (3, "candidate"),
        ]
        again = await bench.http.get("/v1/initialisations/1/artifact")
        assert again.content == artefact.content
        assert (await bench.http.post("/v1/training/trigger", json={})).status_code == 409


async def test_a_bad_initialisation_is_not_promoted_and_the_api_says_why(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    replay = store(redis_server.url, region)
    fill(replay, 0, 200)
    async with running(tmp_path, redis_server.url, region, margin=0.0) as bench:
        await bench.until(lambda s: s["newest_verdict"] is not None and s["newest_verdict"]["version"] == 2)
        entries = await bench.get("/v1/initialisations")
        judged = {entry["version"]: entry for entry in entries}
        # Two repetitions can hardly show that nothing is lost, so what is sure is that a reason is given.
        assert judged[2]["stage"] in ("candidate", "promoted")
        assert "differs by" in judged[2]["reason"]
        if judged[2]["stage"] == "candidate":
            refused = await bench.http.post("/v1/initialisations/2/promote")
            assert refused.status_code == 409
            assert refused.json()["detail"] == judged[2]["reason"]


async def test_the_rapp_waits_for_a_redis_that_went_away(
    tmp_path: Path, own_redis_server: RedisServer, region: str
) -> None:
    replay = store(own_redis_server.url, region)
    fill(replay, 0, 100)
    async with running(tmp_path / "state", own_redis_server.url, region) as bench:
        await bench.until(lambda s: s["iterations"] == 10)
        own_redis_server.kill()
        while (await bench.http.get("/ric/v1/health/ready")).status_code == 200:
            await asyncio.sleep(0.02)
        assert (await bench.get("/v1/initialisations/promoted"))["version"] == 1
        own_redis_server.start()
        fill(replay, 100, 200)
        status = await bench.until(lambda s: s["iterations"] == 20)
        assert status["rows"] == [200, 200]
        assert (await bench.http.get("/ric/v1/health/ready")).status_code == 200


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_emptied_redis_costs_the_rapp_neither_registry_nor_learner(
    tmp_path: Path, own_redis_server: RedisServer, region: str, restarted: bool
) -> None:
    url, state = own_redis_server.url, tmp_path / "state"
    fill(store(url, region), 0, 100)
    if restarted:
        async with running(state, url, region) as bench:
            await bench.until(lambda s: s["promoted"] == 1)
        connect(url, 60.0).flushall()
    async with running(state, url, region) as bench:
        await bench.until(lambda s: s["promoted"] == 1)
        if not restarted:
            connect(url, 60.0).flushall()
        fill(store(url, region), 100, 200)
        status = await bench.until(lambda s: s["iterations"] == 20)
        assert status["rows"] == [200, 200]
        assert (await bench.get("/v1/initialisations/promoted"))["version"] in (1, 2)
        metrics = (await bench.http.get("/metrics")).text
        assert "cadran_rapp_store_emptied_total 1.0" in metrics
        while not connect(url, 60.0).exists(f"cadran:{{{region}}}:rapp:registry"):
            await asyncio.sleep(0.02)


async def test_experience_of_another_scenario_is_a_configuration_error(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    store(redis_server.url, region, TransitionSchema(3, 2, 1))
    with pytest.raises(ConfigError, match=r"--redis: .*choose another region"):
        await rapp_for(tmp_path, redis_server.url, region).run()


async def test_a_second_rapp_of_the_same_group_replaces_the_first(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    fill(store(redis_server.url, region), 0, 40)
    first = asyncio.create_task(rapp_for(tmp_path / "a", redis_server.url, region).run())
    while not (tmp_path / "a" / "experience" / "head.json").exists():
        await asyncio.sleep(0.02)
    async with running(tmp_path / "b", redis_server.url, region) as second:
        await second.until(lambda s: s["rows"] == [40, 40])
        with pytest.raises(ConfigError, match="another process reads for it now"):
            await first
        assert (await second.get("/v1/training"))["alert"] is None


async def test_a_registry_of_another_scenario_is_a_configuration_error(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    fill(store(redis_server.url, region), 0, 150)
    async with running(tmp_path, redis_server.url, region) as bench:
        await bench.until(lambda s: s["promoted"] is not None)
    for resume in (True, False):
        with pytest.raises(ConfigError, match="initialisation 1 is of other networks"):
            rapp_for(tmp_path, redis_server.url, region, more=("meta.lower.hidden=[9]",), resume=resume)


@asynccontextmanager
async def an_xapp(state: Path, url: str, region: str) -> AsyncIterator[Address]:
    settings = XappSettings(
        scenario=SMOKE, overrides=OVERRIDES, redis=url, redis_region=region, state_dir=state,
        e2_listen=Address("127.0.0.1", 0), rest=Address("127.0.0.1", 0),
    )  # fmt: skip
    scenario_of_xapp = load_xapp_scenario(SMOKE, OVERRIDES)
    xapp = XappAssembly(settings, scenario_of_xapp, CollectorRegistry(), new_xapp_health()).xapp()
    task = asyncio.create_task(xapp.run())
    await xapp.started.wait()
    try:
        yield Address("127.0.0.1", xapp.rest_port)
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_what_is_promoted_reaches_the_xapp_and_so_does_a_roll_back(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    url = redis_server.url
    async with an_xapp(tmp_path / "xapp", url, region) as address:
        while not RedisReplay.exists(connect(url, 60.0), region):
            await asyncio.sleep(0.02)
        fill(RedisReplay.read(connect(url, 60.0), region), 0, 250)
        async with running(tmp_path / "rapp", url, region, xapp=address, delivery_period_s=0.02) as bench:
            status = await bench.until(lambda s: s["promoted"] == 2 and s["delivery"] == "delivered")
            assert status["delivery_reason"] is None
            await bench.http.post("/v1/initialisations/rollback", json={})
            first = await bench.get("/v1/initialisations/1")
            while True:
                told = await bench.get("/v1/adaptation")
                if told["initialisation"] == {"version": 1, "sha256": first["sha256"]}:
                    break
                await asyncio.sleep(0.02)
            assert [du["du"] for du in told["dus"]] == list(range(DUS))
            assert 'cadran_rapp_deliveries_total{result="taken"}' in (await bench.http.get("/metrics")).text
    async with running(tmp_path / "rapp", url, region, xapp=address, delivery_period_s=0.02) as bench:
        alone = await bench.until(lambda s: s["delivery"] == "away")
        assert "does not answer" in alone["delivery_reason"]
