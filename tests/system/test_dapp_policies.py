"""A real dApp over real E3 refuses what it must not run, says why, and goes on with what it has."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
import structlog
from dapp_du import Du, policy
from prometheus_client import CollectorRegistry

from cadran.dapp.metrics import DappMetrics
from cadran.dapp.service import DappService
from cadran.dapp.settings import DappSettings
from cadran.problem import Problem, ProblemSpec
from cadran.runtime.http import Health
from cadran.runtime.link_metrics import LinkMetrics
from cadran.wire.causes import from_proto
from cadran.wire.gen.e2sm.v1 import common_pb2


def flipped(problem: Problem) -> bytes:
    data = bytearray(policy(problem, version=2))
    data[-3] ^= 0x10
    return bytes(data)


def not_finite(problem: Problem) -> bytes:
    """A policy that `encode` would refuse to write: its first weight is not a number."""
    data = bytearray(policy(problem, version=2))
    length = int.from_bytes(data[:8], "little")
    start = 8 + length + json.loads(data[8 : 8 + length])["layers.0.weight"]["data_offsets"][0]
    data[start : start + 4] = np.array([np.nan], dtype="<f4").tobytes()
    return bytes(data)


def wrong_shape(problem: Problem) -> bytes:
    return policy(problem, version=2, inputs=problem.observation_dim + 1)


def wrong_du(problem: Problem) -> bytes:
    return policy(problem, version=2, du=1)


@pytest.fixture
async def served() -> AsyncIterator[Du]:
    du = Du()
    port = await du.start()
    registry = CollectorRegistry()
    service = DappService(
        settings=DappSettings(scenario=Path("unused.yaml"), du=0, e3_connect=f"127.0.0.1:{port}"),
        spec=ProblemSpec(),
        hierarchy=None,
        rng=np.random.default_rng(0),
        metrics=DappMetrics(registry),
        link_metrics=LinkMetrics(registry, "e3"),
        health=Health(["e3", "policy"]),
        log=structlog.get_logger(),
    )
    running = asyncio.create_task(service.run())
    await du.until(lambda: du.session is not None and du.statuses)
    yield du
    service.stop()
    await asyncio.wait_for(running, 60)
    await du.stop()


async def accepted(du: Du) -> None:
    answer = await du.deliver(policy(du.problem, version=1), version=1, delivery=5)
    assert answer.response_code == common_pb2.RESPONSE_CODE_POSITIVE
    assert answer.running_version == 1
    assert (await du.decide()).policy_version == 1


@pytest.mark.parametrize(
    ("make", "delivery", "cause"),
    [
        (flipped, 6, "policy/hash-mismatch"),
        (not_finite, 6, "policy/not-finite"),
        (wrong_shape, 6, "policy/shape-mismatch"),
        (wrong_du, 6, "policy/incompatible"),
        (lambda problem: policy(problem, version=2), 4, "policy/stale-version"),
    ],
)
async def test_a_bad_policy_is_refused_and_the_old_one_goes_on(
    served: Du, make: Callable[[Problem], bytes], delivery: int, cause: str
) -> None:
    await accepted(served)
    answer = await served.deliver(make(served.problem), version=2, delivery=delivery)
    assert answer.response_code == common_pb2.RESPONSE_CODE_NEGATIVE
    assert from_proto(answer.cause).label == cause
    assert (answer.delivery, answer.running_version) == (delivery, 1)
    for _ in range(3):
        assert (await served.decide()).policy_version == 1


async def test_a_good_policy_follows_a_refused_one(served: Du) -> None:
    await accepted(served)
    await served.deliver(flipped(served.problem), version=2, delivery=6)
    answer = await served.deliver(policy(served.problem, version=3), version=3, delivery=7)
    assert answer.response_code == common_pb2.RESPONSE_CODE_POSITIVE
    assert answer.running_version == 3
    assert (await served.decide()).policy_version == 3
