"""Every route of every REST API, asked what its description allows and what it forbids.

The services are whole, over HTTP, with a real Redis. No answer is a 5xx that was not forced, and each has a
status, a content type and a body that the description declares. `CADRAN_REST_EXAMPLES` sets how many requests
each operation gets.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Awaitable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from prometheus_client import CollectorRegistry
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cadran.rapp.assembly import Assembly as RappAssembly
from cadran.rapp.assembly import new_health as new_rapp_health
from cadran.rapp.settings import RappSettings
from cadran.runtime import Address
from cadran.runtime.addresses import parse_address
from cadran.runtime.http import PATHS, READY_PATH, Health, HttpServer
from cadran.runtime.metrics import new_registry
from cadran.xapp.assembly import Assembly as XappAssembly
from cadran.xapp.assembly import new_health as new_xapp_health
from cadran.xapp.scenario import load_scenario
from cadran.xapp.settings import XappSettings
from redis_server import RedisServer
from two_levels import OVERRIDES, SMOKE, scenario
from xapp_du import Du

EXAMPLES = int(os.environ.get("CADRAN_REST_EXAMPLES", "3"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PAGES = {"/", "/docs", "/openapi.json"}
"""Routes for people and tools, with no description of their own; each is asked as it is."""


@dataclass
class Api:
    """One REST API on a port.

    Attributes:
        app: its application.
        base: its URL.
    """

    app: FastAPI
    base: str


class InThread:
    """An event loop in a thread, for services that tests call from outside."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, work: Awaitable[Any]) -> Any:
        async def awaited() -> Any:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self._loop).result(120)

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _beat(health: Health) -> None:
    while True:  # as the lifecycle of a process does
        health.beat()
        await asyncio.sleep(0.5)


async def _started(stack: AsyncExitStack, service: Any, health: Health) -> None:
    tasks = [asyncio.create_task(service.run()), asyncio.create_task(_beat(health))]

    async def ended() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    stack.push_async_callback(ended)
    await asyncio.wait_for(service.started.wait(), 60)


async def _xapp(stack: AsyncExitStack, folder: Path, url: str, overrides: tuple[str, ...]) -> Api:
    settings = XappSettings.model_validate(
        {
            "scenario": SMOKE, "overrides": overrides, "state_dir": folder, "redis": url,
            "redis_region": folder.name, "e2_listen": "127.0.0.1:0", "rest": "127.0.0.1:0",
            "a1_test_control": True, "delivery_timeout_s": 0.1, "a1_notify_timeout_s": 0.2,
            "guard_controls_per_s": 1000, "guard_burst": 1000,
        }
    )  # fmt: skip
    made = load_scenario(SMOKE, overrides)
    health = new_xapp_health()
    xapp = XappAssembly(settings, made, new_registry("xapp"), health).xapp()
    await _started(stack, xapp, health)
    for index in range(2):
        du = Du(made.problem, index, xapp.e2_port, lockstep=made.clock.lockstep)
        stack.push_async_callback(du.stop)
        await du.until(lambda du=du: du.accepted)
    return Api(xapp._parts.rest, f"http://127.0.0.1:{xapp.rest_port}")


async def _rapp(stack: AsyncExitStack, folder: Path, url: str, xapp: Api) -> Api:
    settings = RappSettings(
        scenario=SMOKE,
        overrides=OVERRIDES,
        redis=url,
        redis_region=folder.name,
        state_dir=folder,
        rest=Address("127.0.0.1", 0),
        xapp=parse_address(xapp.base.removeprefix("http://")),
        a1_test_control=True,
        a1_sync_period_s=0.05,
        learn=False,
    )
    health = new_rapp_health()
    rapp = RappAssembly(settings, scenario(), CollectorRegistry(), health).rapp()
    await _started(stack, rapp, health)
    return Api(rapp._parts.rest, f"http://127.0.0.1:{rapp.rest_port}")


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer) -> Iterator[dict[str, Api]]:
    """A two-level xApp with two DUs, and a rApp that gives it A1 policies."""
    folder, thread, stack = tmp_path_factory.mktemp("rest"), InThread(), AsyncExitStack()

    async def start() -> dict[str, Api]:
        xapp = await _xapp(stack, folder / "x", redis_server.url, OVERRIDES)
        return {"xapp": xapp, "rapp": await _rapp(stack, folder / "r", redis_server.url, xapp)}

    (folder / "x").mkdir()
    (folder / "r").mkdir()
    try:
        yield thread.do(start())
    finally:
        thread.do(stack.aclose())
        thread.end()


def _routes(app: FastAPI) -> set[tuple[str, str]]:
    return {
        (method, str(route.path))
        for route in iter_route_contexts(app.routes)
        for method in (route.methods or set()) - {"HEAD"}
    }


@contextmanager
def _relenting(api: Api) -> Iterator[None]:
    """What the test-control API was told to force is gone afterwards."""
    try:
        yield
    finally:
        httpx.put(f"{api.base}/test-control/v1/forced-delay", json={"seconds": 0})
        httpx.delete(f"{api.base}/test-control/v1/forced-response")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["xapp", "rapp"])
def test_every_route_answers_as_it_is_described(apis: dict[str, Api], name: str) -> None:
    api = apis[name]
    loaded = schemathesis.openapi.from_dict(api.app.openapi())
    asked: set[tuple[str, str]] = set()
    wrong: list[str] = []
    for result in loaded.get_all_operations():
        operation = result.ok()
        asked.add((operation.method.upper(), operation.path))
        with _relenting(api):
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                wrong += _asked(api, operation, mode)
    others = _routes(api.app) - asked
    assert asked <= _routes(api.app)
    for method, path in others:
        assert path in PAGES or _static(path), f"a route that nothing asks: {method} {path}"
        answer = httpx.request(method, api.base + path.replace("{", "%7B"), timeout=30)
        assert answer.status_code in (200, 404), (method, path, answer.status_code)
    assert not wrong, "\n".join(wrong)


def _static(path: str) -> bool:
    return path.startswith(("/static", "/console"))


def _asked(api: Api, operation: Any, mode: GenerationMode) -> list[str]:
    """What was wrong with the answers of one operation."""
    wrong: list[str] = []

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        try:
            response = case.call(base_url=api.base, timeout=30)
            probe = operation.path == READY_PATH and response.status_code == 503
            case.validate_response(response, checks=CHECKS[1:] if probe else CHECKS)
        except FailureGroup as group:
            if not any(operation.label in one for one in wrong):
                text = "; ".join(str(one) for one in group.exceptions).replace("\n", " ")
                wrong.append(f"{operation.label} ({mode.value}): {text[:600]}")

    try:
        ask()
    except Unsatisfiable:  # nothing can be wrong about what an operation without input is asked
        assert mode is GenerationMode.NEGATIVE, operation.label
    return wrong


def _plain_service() -> tuple[HttpServer, CollectorRegistry]:
    registry = CollectorRegistry()
    return HttpServer(Address("127.0.0.1", 0), registry, Health([])), registry


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "BREW"])
def test_ran_and_dapp_serve_metrics_and_health_and_refuse_the_rest(method: str) -> None:
    server, _ = _plain_service()
    with server:
        base = f"http://{server.address}"
        for path in (*PATHS, "/", "/../etc/passwd", "/%00", "/metrics/", "/ric/v1/health/alive?x=%ff"):
            answer = httpx.request(method, base + path, content=b"x" * 100)
            known = path.partition("?")[0] in PATHS
            expected = {True: 200 if method in ("GET", "HEAD") else 405, False: 404}[known]
            assert answer.status_code == expected, (method, path)


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 50]
)
def test_bytes_that_are_no_http_end_their_connection_only(data: bytes) -> None:
    server, _ = _plain_service()
    with server:
        with socket.create_connection((server.address.host, server.address.port), timeout=10) as raw:
            raw.sendall(data)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(4096):
                pass
        assert httpx.get(f"http://{server.address}{PATHS[1]}").status_code == 200
