from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families

from cadran import __version__
from cadran.runtime import Address
from cadran.runtime.http import ALIVE_PATH, METRICS_PATH, PATHS, READY_PATH, Health, HttpServer, answer
from cadran.runtime.metrics import new_registry


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(["e3", "policy"], stale_after_s=10.0, clock=clock)


@pytest.fixture
def registry() -> CollectorRegistry:
    return new_registry("dapp")


@pytest.fixture
def http(registry: CollectorRegistry, health: Health) -> Iterator[httpx.Client]:
    with (
        HttpServer(Address("127.0.0.1", 0), registry, health) as server,
        httpx.Client(base_url=f"http://{server.address}", trust_env=False) as client,
    ):
        yield client


def test_a_service_is_ready_when_every_condition_is_met(http: httpx.Client, health: Health) -> None:
    health.unmet("e3", "no association with 127.0.0.1:5")
    reply = http.get(READY_PATH)
    assert reply.status_code == 503
    assert reply.json() == {
        "status": "not ready",
        "reasons": {"e3": "no association with 127.0.0.1:5", "policy": "not yet"},
    }
    health.met("e3")
    health.met("policy")
    assert (http.get(READY_PATH).status_code, http.get(READY_PATH).json()) == (200, {"status": "ready"})
    health.unmet("policy", "refused: hash mismatch")
    assert http.get(READY_PATH).json()["reasons"] == {"policy": "refused: hash mismatch"}


def test_a_service_is_alive_while_its_loop_beats(http: httpx.Client, health: Health, clock: Clock) -> None:
    clock.now_s += 9.9
    assert http.get(ALIVE_PATH).json() == {"status": "alive"}
    clock.now_s += 0.2
    reply = http.get(ALIVE_PATH)
    assert reply.status_code == 503
    assert reply.json() == {"status": "stuck", "reasons": {"event loop": "has not turned for 10.1 s"}}
    health.beat()
    assert http.get(ALIVE_PATH).status_code == 200


def test_metrics_are_those_of_the_services_own_registry(
    http: httpx.Client, registry: CollectorRegistry
) -> None:
    Counter("e2_control_requests", "Requests", registry=registry).inc(3)
    reply = http.get(METRICS_PATH)
    assert reply.headers["content-type"].startswith("text/plain")
    samples = {
        sample.name: sample
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }
    assert samples["e2_control_requests_total"].value == 3
    assert samples["cadran_build_info"].labels["service"] == "dapp"
    assert samples["cadran_build_info"].labels["version"] == __version__
    assert samples["process_resident_memory_bytes"].value > 1e6


def test_a_scraper_may_ask_for_openmetrics(http: httpx.Client) -> None:
    reply = http.get(METRICS_PATH, headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert reply.headers["content-type"].startswith("application/openmetrics-text")
    assert reply.text.endswith("# EOF\n")


@pytest.mark.parametrize("path", PATHS)
def test_head_is_get_without_a_body(http: httpx.Client, path: str) -> None:
    head, get = http.head(path), http.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


def test_other_paths_and_methods_are_refused(http: httpx.Client) -> None:
    reply = http.get("/other")
    assert reply.status_code == 404
    assert reply.json()["paths"] == list(PATHS)
    reply = http.post(METRICS_PATH, content=b"x")
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, HEAD")


def test_a_framework_gets_the_same_answers(registry: CollectorRegistry, health: Health) -> None:
    ready = answer(READY_PATH, "", registry, health)
    assert ready is not None
    assert ready.status == 503
    assert json.loads(ready.body)["reasons"] == {"e3": "not yet", "policy": "not yet"}
    assert answer("/v1/policies", "", registry, health) is None


def test_conditions_are_told_with_the_reason_of_those_that_do_not_hold(health: Health) -> None:
    health.met("e3")
    health.unmet("policy", "none came yet")
    assert health.conditions == {"e3": None, "policy": "none came yet"}


def test_an_unknown_condition_is_a_mistake_of_the_program(health: Health) -> None:
    for tell in (health.met, lambda name: health.unmet(name, "why")):
        with pytest.raises(ValueError, match="condition 'e4': known are e3, policy"):
            tell("e4")


def test_an_address_in_use_is_told_at_once(registry: CollectorRegistry, health: Health) -> None:
    with (
        HttpServer(Address("127.0.0.1", 0), registry, health) as server,
        pytest.raises(OSError, match="in use"),
    ):
        HttpServer(server.address, registry, health)


def test_a_client_that_says_nothing_keeps_nobody_else_waiting(http: httpx.Client, health: Health) -> None:
    host, port = http.base_url.host, http.base_url.port
    with socket.create_connection((host, port or 0)):
        assert http.get(ALIVE_PATH).status_code == 200
