from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry

from cadran.rest import Limits, add_errors, add_limits, add_operation, rest_app
from cadran.rest.limits import KNOWN_CALLERS, _Allowance
from cadran.runtime.http import Health

LIMITS = Limits(calls_per_s=2.0, burst_calls=5, body_bytes=100, longer_bodies={"/v1/long": 1000})


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def app(clock: Clock, registry: CollectorRegistry) -> FastAPI:
    made = rest_app("Trial", "1", "What it is.", None)

    @made.post("/v1/things")
    async def change(body: list[int]) -> int:
        return len(body)

    @made.put("/v1/long")
    async def long(request: Request) -> int:
        return len(await request.body())

    add_errors(made, {})
    add_operation(made, registry, Health([]))
    add_limits(made, LIMITS, registry, clock)
    return made


def client(app: FastAPI, address: str = "10.0.0.1") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, client=(address, 1)), base_url="http://x")


def limited(registry: CollectorRegistry, reason: str) -> float | None:
    return registry.get_sample_value("cadran_rest_limited_total", {"reason": reason})


async def test_one_address_may_not_call_too_often_and_others_may(
    app: FastAPI, clock: Clock, registry: CollectorRegistry
) -> None:
    async with client(app) as http, client(app, "10.0.0.2") as other:
        answers = [(await http.post("/v1/things", json=[])).status_code for _ in range(7)]
        assert answers == [200] * 5 + [429] * 2
        refused = await http.post("/v1/things", json=[])
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["retry-after"] == "1"
        assert (await other.post("/v1/things", json=[])).status_code == 200
        assert (await http.get("/metrics")).status_code == 200  # probes and scrapers always
        clock.now_s += 0.5
        assert (await http.post("/v1/things", json=[])).status_code == 200
        assert (await http.post("/v1/things", json=[])).status_code == 429
    assert limited(registry, "too many calls") == 4


async def test_a_long_body_is_refused_whether_it_says_so_or_not(
    app: FastAPI, registry: CollectorRegistry
) -> None:
    async def dripping() -> AsyncIterator[bytes]:
        for _ in range(60):
            yield b"[1],"

    async with client(app) as http:
        told = await http.post("/v1/things", content=b"[" + b"1," * 60)
        silent = await http.post(
            "/v1/things", content=dripping(), headers={"content-type": "application/json"}
        )
        for answer in (told, silent):
            assert answer.status_code == 413
            assert answer.json()["detail"] == "the body has at most 100 bytes"
            assert answer.headers["connection"] == "close"
        assert (await http.put("/v1/long", content=b"x" * 1000)).json() == 1000
        assert (await http.put("/v1/long", content=b"x" * 1001)).status_code == 413
    assert limited(registry, "body too long") == 3


def test_no_more_addresses_are_remembered_than_a_bound() -> None:
    allowance = _Allowance(LIMITS, Clock())
    for number in range(3 * KNOWN_CALLERS):
        assert allowance.wait_s(str(number)) == 0.0
    assert len(allowance._left) == KNOWN_CALLERS
