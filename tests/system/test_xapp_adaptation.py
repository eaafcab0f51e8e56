"""The xApp of a scenario with a hierarchy: a real Redis, DUs over real gRPC, initialisations over REST."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest

from cadran.learn import MetaLearner
from cadran.learn.meta import LEVELS
from cadran.policy.initialisation import InitialisationMeta, LevelShape, Lineage, encode_initialisation
from cadran.problem.hierarchy import HierarchicalProblem
from cadran.replay import Rows
from cadran.runtime import ConfigError
from cadran.runtime.metrics import new_registry
from cadran.xapp.assembly import Assembly, new_health
from cadran.xapp.scenario import load_scenario
from cadran.xapp.settings import XappSettings
from redis_server import RedisServer
from xapp_du import Du, rows_of

TEXT = """
world: {dus: 2, ues: 6, max_ues_per_slice: 3, rbs: 20}
hierarchy: {decision_frames: 5}
meta: {higher: {hidden: [8], batch_size: 8}, lower: {hidden: [8], batch_size: 8}, shot_frames: 10, shots: 4}
learner: {replay_capacity: 400}
"""


class Bench:
    """One xApp in this process, and the means to look at it from outside."""

    def __init__(
        self, e2_port: int, rest_port: int, problem: HierarchicalProblem, learner: MetaLearner
    ) -> None:
        self.e2_port = e2_port
        self.problem = problem
        self.learner = learner
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{rest_port}", timeout=60)

    def du(self, du: int) -> Du:
        return Du(self.problem, du, self.e2_port)

    def rows(self, du: int, start: int, stop: int, policy_version: int) -> Rows:
        made = rows_of(self.problem, du, start, stop)
        made["policy_version"] = policy_version
        made["flags"] |= np.where(made["frame"] % 5 == 0, 8, 0).astype(np.uint16)
        # The higher level's part holds until its next decision.
        made["action"][:, :3] = np.random.default_rng(du).random((100, 3))[made["frame"] // 5]
        return made

    def initialisation(self, version: int) -> bytes:
        levels = self.learner.levels
        shapes = {
            level: LevelShape(
                **{name: getattr(levels[level].shape, name) for name in LevelShape.model_fields}
            )
            for level in LEVELS
        }
        meta = InitialisationMeta(
            version=version, created_unix_s=1.0, problem=self.problem.names, decision_frames=5, levels=shapes,
            lineage=Lineage(parent=None, iterations=1, region="cadran", streams=()), metrics={},
            evaluation=None,
        )  # fmt: skip
        arrays = {
            f"{level}/{name}": array.astype(np.float32)
            for level, networks in self.learner.initialisation().items()
            for name, array in networks.arrays().items()
        }
        return encode_initialisation(meta, arrays)

    async def adaptation(self) -> list[dict[str, object]]:
        return (await self.http.get("/v1/adaptation")).json()["dus"]  # type: ignore[no-any-return]

    async def until_shots(self, du: int, shots: int) -> None:
        async with asyncio.timeout(60):
            while (await self.adaptation())[du]["shots"] != shots:
                await asyncio.sleep(0.02)


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "levels.yaml"
    path.write_text(TEXT)
    return path


def settings_for(scenario: Path, redis_url: str, region: str, **choices: object) -> XappSettings:
    fixed: dict[str, object] = {
        "scenario": scenario, "state_dir": scenario.parent / "xapp", "redis": redis_url,
        "redis_region": region, "e2_listen": "127.0.0.1:0", "rest": "127.0.0.1:0", "status_period_s": 0.1,
    }  # fmt: skip
    return XappSettings.model_validate(fixed | choices)


@asynccontextmanager
async def running(scenario: Path, redis_url: str, region: str, **choices: object) -> AsyncIterator[Bench]:
    loaded = load_scenario(scenario, ())
    problem = loaded.problem
    assert isinstance(problem, HierarchicalProblem)
    settings = settings_for(scenario, redis_url, region, **choices)
    xapp = Assembly(settings, loaded, new_registry("xapp"), new_health()).xapp()
    task = asyncio.create_task(xapp.run())
    await asyncio.wait_for(xapp.started.wait(), 60)
    learner = MetaLearner(
        loaded.meta,
        1,
        (problem.higher_observation_dim, problem.higher_action_dim),
        (problem.lower_observation_dim, problem.lower_action_dim),
        seed=77,
    )
    bench = Bench(xapp.e2_port, xapp.rest_port, problem, learner)
    try:
        yield bench
    finally:
        await bench.http.aclose()
        task.cancel()
        ended = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(ended[0], asyncio.CancelledError), ended


async def test_a_du_that_joins_starts_from_the_initialisation_acknowledges_it_and_adapts(
    scenario: Path, redis_server: RedisServer
) -> None:
    region = f"xapp.{uuid.uuid4().hex}"
    async with running(scenario, redis_server.url, region, cold_dus=(0,)) as bench:
        early = bench.du(0)
        await early.until(lambda: early.accepted == [(1, 1)])
        await early.store(bench.rows(0, 0, 10, policy_version=1))
        await bench.until_shots(0, 1)

        artefact = bench.initialisation(4)
        taken = (await bench.http.put("/v1/initialisation", content=artefact)).json()
        assert (taken["version"], taken["dus"]) == (4, [1])
        late = bench.du(1)
        await late.until(lambda: late.accepted)
        told = (await bench.adaptation())[1]
        assert told["start"] == {"version": 4, "sha256": taken["sha256"]}
        assert late.accepted[-1][1] == told["policy_version"]
        assert late.slot.sha256 == told["policy_sha256"]
        async with asyncio.timeout(60):
            while not (await bench.adaptation())[1]["acknowledged"]:
                await asyncio.sleep(0.02)

        await late.store(bench.rows(1, 0, 35, policy_version=int(str(told["policy_version"]))))
        await bench.until_shots(1, 3)
        await late.until(lambda: len(late.accepted) >= 2)
        assert (tmp := (await bench.adaptation())[1])["start"] == told["start"], tmp
        status = (await bench.http.get("/v1/learner")).json()
        assert status["shots"] == [1, 3]
        assert 'cadran_xapp_adaptation_shots{du="1"} 3.0' in (await bench.http.get("/metrics")).text
        before = await bench.adaptation()
        for du in (early, late):
            await du.stop()

    assert len((scenario.parent / "xapp" / "adaptation.jsonl").read_text().splitlines()) == 4
    async with running(scenario, redis_server.url, region, cold_dus=(0,)) as bench:
        assert await bench.adaptation() == before
        late = bench.du(1)
        await late.until(lambda: late.accepted)
        await late.store(bench.rows(1, 35, 40, policy_version=20))
        await bench.until_shots(1, 4)
        await late.stop()


@pytest.mark.parametrize(
    ("choices", "text"),
    [
        ({"cold_dus": (2,)}, "there are DUs 0..1"),
        ({"policy": Path("policies")}, "start from an initialisation"),
    ],
)
async def test_settings_that_the_scenario_has_no_use_for_are_refused(
    scenario: Path, redis_server: RedisServer, choices: dict[str, object], text: str
) -> None:
    settings = settings_for(scenario, redis_server.url, "xapp.refused", **choices)
    with pytest.raises(ConfigError, match=text):
        Assembly(settings, load_scenario(scenario, ()), new_registry("xapp"), new_health())
