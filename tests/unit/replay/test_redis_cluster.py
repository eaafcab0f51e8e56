"""Keys as a Redis Cluster places them, and what a client of one server says of a cluster."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot
from redis.exceptions import MovedError

from cadran.rapp.redis_mirror import RedisMirror
from cadran.replay import ReplayError, TransitionSchema
from cadran.replay.consumer_group import ConsumerGroup
from cadran.replay.redis_protocol import REGION_PATTERN, Layout, about_key
from cadran.replay.redis_store import RedisReplay, connect

SCHEMA = TransitionSchema(2, 1, 1)
REGIONS = st.from_regex(REGION_PATTERN, fullmatch=True)


@given(REGIONS, st.integers(0, 61))
def test_keys_that_one_script_touches_are_in_one_slot(region: str, du: int) -> None:
    ring, head = Layout(region, SCHEMA, 62, 10).keys(du)
    assert key_slot(ring.encode()) == key_slot(head.encode())


@given(REGIONS)
def test_keys_of_a_region_that_one_transaction_touches_are_in_one_slot(region: str) -> None:
    client = connect("redis://127.0.0.1:1/0")
    mirror = vars(RedisMirror(client, region))
    group = vars(ConsumerGroup(client, Layout(region, SCHEMA, 1, 10), "rapp"))
    keys = [mirror["_about"], mirror["_artifacts"], group["_key"], about_key(region)]
    assert len({key_slot(key.encode()) for key in keys}) == 1


def test_a_cluster_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def moved(*_: Any, **__: Any) -> None:
        raise MovedError("6217 127.0.0.1:28475")

    client = connect("redis://127.0.0.1:1/0")
    monkeypatch.setattr(redis.Redis, "execute_command", moved)
    with pytest.raises(ReplayError, match=r"one of a Redis Cluster .* a Redis of its own$"):
        RedisReplay(client, Layout("north", SCHEMA, 1, 10)).append(0, SCHEMA.empty(1))
