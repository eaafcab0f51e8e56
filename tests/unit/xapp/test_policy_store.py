from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cadran.policy import PolicyError
from cadran.xapp.policy_store import PolicyStore, Target, UnknownVersionError

from .conftest import Artefact


def test_a_publication_becomes_the_target_and_survives_a_restart(tmp_path: Path, artefact: Artefact) -> None:
    store = PolicyStore(tmp_path, dus=2, kept=5)
    assert store.target(0) is None
    assert store.publish([artefact(0, 1)])[0] == Target(1, 1, pinned=False)
    assert store.publish([artefact(0, 2)])[0] == Target(2, 2, pinned=False)
    again = PolicyStore(tmp_path, dus=2, kept=5)
    assert again.target(0) == Target(2, 2, pinned=False)
    assert again.target(1) is None
    assert again.artifact(0, 2) == artefact(0, 2)
    assert [held.meta.version for held in again.versions(0)] == [1, 2]


def test_a_roll_back_pins_until_it_is_released(tmp_path: Path, artefact: Artefact) -> None:
    store = PolicyStore(tmp_path, dus=1, kept=5)
    for version in (1, 2, 3):
        store.publish([artefact(0, version)])
    assert store.rollback(0, 1) == Target(1, 4, pinned=True)
    assert store.publish([artefact(0, 4)])[0] == Target(1, 4, pinned=True)
    assert PolicyStore(tmp_path, dus=1, kept=5).target(0) == Target(1, 4, pinned=True)
    assert store.release(0) == Target(4, 5, pinned=False)
    assert store.release(0) == Target(4, 5, pinned=False)


def test_a_roll_back_without_a_version_takes_the_one_before(tmp_path: Path, artefact: Artefact) -> None:
    store = PolicyStore(tmp_path, dus=1, kept=5)
    store.publish([artefact(0, 3)])
    with pytest.raises(UnknownVersionError, match="no version older"):
        store.rollback(0)
    store.publish([artefact(0, 7)])
    assert store.rollback(0).version == 3


def test_only_the_newest_versions_and_the_target_are_kept(tmp_path: Path, artefact: Artefact) -> None:
    store = PolicyStore(tmp_path, dus=1, kept=2)
    store.publish([artefact(0, 1)])
    store.publish([artefact(0, 2)])
    store.rollback(0, 1)
    for version in (3, 4, 5):
        store.publish([artefact(0, version)])
    assert [held.meta.version for held in store.versions(0)] == [1, 4, 5]
    assert len(list(tmp_path.glob("*.safetensors"))) == 3


def test_unknown_dus_and_versions_name_what_there_is(tmp_path: Path, artefact: Artefact) -> None:
    store = PolicyStore(tmp_path, dus=2, kept=5)
    store.publish([artefact(0, 2)])
    with pytest.raises(UnknownVersionError, match=r"no DU 2: there are DUs 0\.\.1"):
        store.target(2)
    with pytest.raises(UnknownVersionError, match=r"no version 9: it holds 2\.\.2 \(1 versions\)"):
        store.rollback(0, 9)
    with pytest.raises(UnknownVersionError, match="none yet"):
        store.artifact(1, 1)
    with pytest.raises(UnknownVersionError, match="no policy yet"):
        store.release(1)
    with pytest.raises(UnknownVersionError, match="no DU 5"):
        store.publish([artefact(5, 1)])


def test_an_unsound_artefact_is_refused_and_changes_nothing(tmp_path: Path, artefact: Artefact) -> None:
    store = PolicyStore(tmp_path, dus=1, kept=5)
    store.publish([artefact(0, 1)])
    with pytest.raises(PolicyError):
        store.publish([artefact(0, 2)[:-4]])
    assert store.target(0) == Target(1, 1, pinned=False)


@pytest.mark.parametrize("content", ["{", "[]", '{"0": 1}', '{"0": {"versoin": 1}}'])
def test_unreadable_targets_are_told_and_forgotten(tmp_path: Path, artefact: Artefact, content: str) -> None:
    store = PolicyStore(tmp_path, dus=1, kept=5)
    store.publish([artefact(0, 1)])
    (tmp_path / "targets.json").write_text(content)
    again = PolicyStore(tmp_path, dus=1, kept=5)
    assert again.target(0) is None
    assert "targets.json" in again.refused[0]
    assert again.newest_version() == 1


def test_a_damaged_target_falls_back_to_the_newest_sound_version(tmp_path: Path, artefact: Artefact) -> None:
    store = PolicyStore(tmp_path, dus=1, kept=5)
    store.publish([artefact(0, 1)])
    store.publish([artefact(0, 2)])
    path = store.version(0, 2).path
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    again = PolicyStore(tmp_path, dus=1, kept=5)
    assert len(again.refused) == 1
    assert str(path) in again.refused[0]
    assert again.target(0) == Target(1, 3, pinned=False)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["publish", "rollback", "release", "restart"]), max_size=12))
def test_delivery_numbers_only_grow_and_change_with_the_target(
    tmp_path_factory: pytest.TempPathFactory, artefact: Artefact, actions: list[str]
) -> None:
    root = tmp_path_factory.mktemp("store")
    store = PolicyStore(root, dus=1, kept=3)
    store.publish([artefact(0, 1)])
    version, before = 1, store.target(0)
    for action in actions:
        if action == "publish":
            version += 1
            store.publish([artefact(0, version)])
        elif action == "rollback":
            store.rollback(0, store.versions(0)[0].meta.version)
        elif action == "release":
            store.release(0)
        else:
            store = PolicyStore(root, dus=1, kept=3)
        target = store.target(0)
        assert target is not None
        assert before is not None
        assert target.delivery >= before.delivery
        assert (target.delivery == before.delivery) <= (target.version == before.version)
        assert store.artifact(0, target.version)
        before = target
