from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis.asyncio

from cadran.policy.catalogue import MOST_BYTES, catalogue_key
from cadran.replay.redis_store import connect_async
from cadran.xapp.console.registry import RegistryWatch
from redis_server import RedisServer

regions = (f"watch-{number}" for number in itertools.count())
ENTRY: dict[str, Any] = {
    "version": 4,
    "stage": "candidate",
    "judged": True,
    "reason": "worse",
    "since_unix_s": 2.0,
    "created_unix_s": 1.0,
    "iterations": 200,
    "sha256": "9f" * 32,
    "score": 0.5,
    "comparison": {"against": 3, "mean": -0.1, "low": -0.2, "high": -0.05, "pairs": 16},
}
WHOLE: dict[str, Any] = {"held": 1, "promoted": None, "pinned": False, "score": "reward", "entries": [ENTRY]}


class Bench:
    def __init__(self, client: redis.asyncio.Redis) -> None:
        self.client: Any = client
        region = next(regions)
        self.key = catalogue_key(region)
        self.watch = RegistryWatch(client, region)

    async def put(self, catalogue: str | bytes, seen: str = "12.5") -> None:
        await self.client.hset(self.key, mapping={"catalogue": catalogue, "seen_unix_s": seen})
        await self.watch.look()


@pytest.fixture
async def bench(redis_server: RedisServer) -> AsyncIterator[Bench]:
    async with connect_async(redis_server.url) as client:
        yield Bench(client)


async def test_without_an_rapp_the_registry_is_absent(bench: Bench) -> None:
    await bench.watch.look()
    sighting = bench.watch.sighting
    assert (sighting.catalogue, sighting.trouble, sighting.absent) == (None, None, True)


async def test_what_the_rapp_tells_is_read_as_it_is(bench: Bench) -> None:
    await bench.put(json.dumps(WHOLE | {"added later": 1}))
    sighting = bench.watch.sighting
    assert sighting.catalogue is not None
    assert sighting.catalogue.model_dump(mode="json") == WHOLE
    assert (sighting.seen_unix_s, sighting.trouble, sighting.absent) == (12.5, None, False)


@pytest.mark.parametrize(
    "catalogue",
    [
        "",
        "{",
        b"\xff\xfe\x00",
        "[]",
        "null",
        "[" * 100_000,
        json.dumps({key: value for key, value in WHOLE.items() if key != "entries"}),
        json.dumps(WHOLE | {"held": -1}),
        json.dumps(WHOLE | {"held": 2**70}),
        json.dumps(WHOLE | {"entries": [ENTRY] * 1000}),
        json.dumps(WHOLE | {"entries": [ENTRY | {"score": float("nan")}]}),
        json.dumps(WHOLE | {"entries": [ENTRY | {"reason": "x" * 2000}]}),
        json.dumps(WHOLE | {"entries": [ENTRY | {"stage": "<script>"}]}),
        " " * (MOST_BYTES + 1),
    ],
)
async def test_damage_is_told_and_shows_nothing(bench: Bench, catalogue: str | bytes) -> None:
    await bench.put(catalogue)
    sighting = bench.watch.sighting
    assert sighting.catalogue is None
    assert sighting.trouble is not None
    assert sighting.trouble.startswith("damaged: ")
    assert len(sighting.trouble) < 300
    await bench.put(json.dumps(WHOLE))
    assert bench.watch.sighting.trouble is None


async def test_a_key_of_another_kind_is_damage(bench: Bench) -> None:
    await bench.client.set(bench.key, "x")
    await bench.watch.look()
    assert bench.watch.sighting.trouble == f"damaged: {bench.key} in Redis is no hash"


@pytest.mark.parametrize("seen", ["", "soon", "nan", "inf", "1e999"])
async def test_a_time_that_is_none_is_not_known(bench: Bench, seen: str) -> None:
    await bench.put(json.dumps(WHOLE), seen)
    assert bench.watch.sighting.catalogue is not None
    assert bench.watch.sighting.seen_unix_s is None


async def test_while_redis_is_away_the_last_sighting_stays_and_says_so(
    own_redis_server: RedisServer,
) -> None:
    async with connect_async(own_redis_server.url, timeout_s=1.0) as client:
        bench = Bench(client)
        await bench.put(json.dumps(WHOLE))
        own_redis_server.kill()
        await bench.watch.look()
        assert bench.watch.sighting.catalogue is not None
        assert "does not answer" in str(bench.watch.sighting.trouble)
        own_redis_server.start()
        await bench.watch.look()
        assert bench.watch.sighting.trouble is None
