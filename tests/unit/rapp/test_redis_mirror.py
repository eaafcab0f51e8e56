from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from cadran.rapp.redis_mirror import RedisMirror
from cadran.rapp.registry import Registry
from cadran.replay import ReplayError, ReplayUnavailable
from cadran.replay.redis_store import connect
from redis_server import RedisServer

from .conftest import artifact

regions = (f"mirror-{number}" for number in itertools.count())


@pytest.fixture
def client(redis_server: RedisServer) -> Any:
    with connect(redis_server.url, timeout_s=5.0) as client:
        yield client


def registry(root: Path, versions: int = 0, kept: int = 10) -> Registry:
    made = Registry(root, kept, lambda: 5.0)
    for version in range(1, versions + 1):
        made.register(artifact(version))
    return made


def test_a_lost_state_directory_is_filled_again(tmp_path: Path, client: Any) -> None:
    mirror = RedisMirror(client, next(regions))
    before = registry(tmp_path / "a", 3)
    before.promote(1, "first", before.promoted_version)
    before.promote(3, "better", before.promoted_version)
    before.roll_back()
    mirror.push(before)
    after = registry(tmp_path / "b")
    assert mirror.restore(after) == 3
    assert after.state == before.state
    assert registry(tmp_path / "b").state == before.state
    assert [after.artifact(version) for version in (1, 2, 3)] == [artifact(version) for version in (1, 2, 3)]


def test_a_registry_that_holds_something_is_left_as_it_is(tmp_path: Path, client: Any) -> None:
    mirror = RedisMirror(client, next(regions))
    mirror.push(registry(tmp_path / "a", 3))
    own = registry(tmp_path / "b", 1)
    assert mirror.restore(own) == 0
    assert len(own.entries()) == 1
    assert RedisMirror(client, next(regions)).restore(registry(tmp_path / "c")) == 0


def test_a_registry_that_was_opened_while_the_server_was_away_takes_the_copy_over(
    tmp_path: Path, client: Any
) -> None:
    mirror = RedisMirror(client, next(regions))
    before = registry(tmp_path / "a", 2)
    before.promote(2, "first", None)
    mirror.push(before)
    late = registry(tmp_path / "b")
    mirror.push(late)
    assert late.state == before.state
    assert mirror.restore(registry(tmp_path / "c")) == 2


def test_the_copy_follows_what_is_pruned_and_promoted(tmp_path: Path, client: Any) -> None:
    region = next(regions)
    mirror = RedisMirror(client, region)
    made = registry(tmp_path, 2, kept=2)
    made.promote(1, "first", made.promoted_version)
    mirror.push(made)
    mirror.push(made)
    for version in (3, 4, 5):
        made.register(artifact(version))
    made.promote(5, "better", made.promoted_version)
    mirror.push(made)
    held = {int(version) for version in client.hkeys(f"cadran:{{{region}}}:rapp:initialisations")}
    assert held == {1, 4, 5}
    assert client.hget(f"cadran:{{{region}}}:rapp:registry", "promoted") == b"5"


def test_a_damaged_copy_is_told(tmp_path: Path, client: Any) -> None:
    region = next(regions)
    mirror = RedisMirror(client, region)
    mirror.push(registry(tmp_path / "a", 1))
    client.hset(f"cadran:{{{region}}}:rapp:initialisations", 1, artifact(1)[:-1])
    with pytest.raises(ReplayError, match="cannot be read"):
        mirror.restore(registry(tmp_path / "b"))


def test_no_server_is_unavailable(tmp_path: Path, unused_tcp_port: int) -> None:
    mirror = RedisMirror(connect(f"redis://127.0.0.1:{unused_tcp_port}/0", 0.2), "any")
    with pytest.raises(ReplayUnavailable, match="does not answer"):
        mirror.push(registry(tmp_path, 1))
    with pytest.raises(ReplayUnavailable, match="does not answer"):
        mirror.restore(registry(tmp_path / "b"))
