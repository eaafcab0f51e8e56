from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from cadran.policy.catalogue import (
    CATALOGUE_FIELD,
    MOST_BYTES,
    MOST_ENTRIES,
    SEEN_FIELD,
    Catalogue,
    catalogue_key,
)
from cadran.policy.initialisation import Evaluation
from cadran.rapp.catalogue import catalogue_of
from cadran.rapp.redis_mirror import RedisMirror
from cadran.rapp.registry import Registry
from cadran.replay import ReplayError, ReplayUnavailable
from cadran.replay.redis_store import connect
from cadran.runtime.files import atomic_write
from redis_server import RedisServer

from .conftest import artifact

regions = (f"mirror-{number}" for number in itertools.count())


@pytest.fixture
def client(redis_server: RedisServer) -> Any:
    with connect(redis_server.url, timeout_s=60.0) as client:
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


class Killed(BaseException):
    """The process ends."""


@pytest.mark.parametrize("writes", range(6))
def test_a_registry_that_is_killed_while_it_is_filled_is_filled_at_the_next_start(
    tmp_path: Path, client: Any, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """Four versions are six writes: that they come, each, and how they stand."""
    mirror = RedisMirror(client, next(regions))
    before = registry(tmp_path / "a", 4)
    before.promote(2, "first", None)
    before.promote(3, "better", 2)
    mirror.push(before)
    left = [writes]

    def write(path: Path, data: bytes) -> None:
        if not left[0]:
            raise Killed
        left[0] -= 1
        atomic_write(path, data)

    with monkeypatch.context() as patched:
        patched.setattr("cadran.rapp.registry.atomic_write", write)
        with pytest.raises(Killed):
            mirror.restore(registry(tmp_path / "b"))
    after = registry(tmp_path / "b")
    assert after.next_version in (1, 5)  # nothing was begun, or none is given twice
    mirror.push(after)
    for again in (after, registry(tmp_path / "b"), registry(tmp_path / "c")):
        mirror.restore(again)
        assert again.state == before.state
        assert [again.artifact(version) for version in (1, 2, 3, 4)] == [artifact(v) for v in (1, 2, 3, 4)]


def test_a_registry_that_was_not_filled_and_whose_copy_is_gone_goes_on_with_what_it_has(
    tmp_path: Path, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = next(regions)
    mirror = RedisMirror(client, region)
    mirror.push(registry(tmp_path / "a", 2))
    half = registry(tmp_path / "b")
    with monkeypatch.context() as patched:
        patched.setattr(half, "_store", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            mirror.restore(half)
    for name in ("registry", "initialisations"):
        client.delete(f"cadran:{{{region}}}:rapp:{name}")
    own = registry(tmp_path / "b")
    mirror.push(own)
    own.register(artifact(3))
    mirror.push(own)
    assert [entry.meta.version for entry in own.entries()] == [3]
    assert registry(tmp_path / "b").state == own.state


def test_a_version_that_cannot_be_read_does_not_keep_the_others_from_being_copied(
    tmp_path: Path, client: Any
) -> None:
    mirror, made = RedisMirror(client, next(regions)), registry(tmp_path / "a", 3)
    made.entry(2).path.unlink()
    mirror.push(made)
    assert mirror.restore(registry(tmp_path / "b")) == 2


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


def compared(version: int, against: int | None, ours: tuple[float, ...]) -> bytes:
    theirs = () if against is None else (0.5,) * len(ours)
    return artifact(version, Evaluation(against=against, score="reward", scores=ours, scores_against=theirs))


def told(client: Any, region: str) -> Catalogue:
    return Catalogue.model_validate_json(client.hget(catalogue_key(region), CATALOGUE_FIELD))


def test_readers_elsewhere_are_told_of_every_version_without_its_artefact(
    tmp_path: Path, client: Any
) -> None:
    region = next(regions)
    one = registry(tmp_path)
    one.register(compared(1, None, (0.5, 0.6)))
    one.promote(1, "the first one", None, best=True)
    one.register(compared(2, 1, (0.3, 0.3, 0.31)))
    one.refuse(2, "worse: by far")
    one.register(compared(3, 1, (0.9,)))
    RedisMirror(client, region, lambda: 7.5).push(one)
    found = told(client, region)
    assert (found.held, found.promoted, found.pinned, found.score) == (3, 1, False, "reward")
    first, second, third = found.entries
    assert (first.stage, first.judged, first.reason) == ("promoted", True, "the first one")
    assert (first.score, first.comparison) == (pytest.approx(0.55), None)
    assert (second.stage, second.judged, second.reason) == ("candidate", True, "worse: by far")
    assert second.comparison is not None
    assert second.comparison.low is not None
    assert second.comparison.high is not None
    assert second.comparison.low < second.comparison.mean < second.comparison.high < 0
    assert (third.judged, third.reason) == (False, "not judged yet")
    assert third.comparison is not None
    assert (third.comparison.low, third.comparison.high) == (None, None)
    assert float(client.hget(catalogue_key(region), SEEN_FIELD)) == 7.5


def test_a_sighting_changes_nothing_else(tmp_path: Path, client: Any) -> None:
    region = next(regions)
    mirror = RedisMirror(client, region, iter([1.0, 2.0]).__next__)
    mirror.push(registry(tmp_path, 1))
    before = client.hgetall(catalogue_key(region))
    mirror.seen()
    after = client.hgetall(catalogue_key(region))
    assert (before.pop(SEEN_FIELD.encode()), after.pop(SEEN_FIELD.encode())) == (b"1.0", b"2.0")
    assert after == before


def test_what_is_told_is_bounded_and_has_the_promoted_one(tmp_path: Path) -> None:
    one = registry(tmp_path, 1, kept=1000)
    one.promote(1, "the first one", None)
    for version in range(2, MOST_ENTRIES + 10):
        one.register(artifact(version))
        one.refuse(version, "x" * 5000)
    catalogue = catalogue_of(one)
    assert catalogue.held == MOST_ENTRIES + 9
    assert len(catalogue.entries) == MOST_ENTRIES
    assert catalogue.entries[0].version == 1
    assert catalogue.entries[-1].version == MOST_ENTRIES + 9
    assert len(catalogue.model_dump_json()) < MOST_BYTES


def test_a_server_that_is_away_is_told_of_a_sighting_too(tmp_path: Path) -> None:
    with pytest.raises(ReplayUnavailable):
        RedisMirror(connect("redis://127.0.0.1:1/0", 0.2), "away").seen()
