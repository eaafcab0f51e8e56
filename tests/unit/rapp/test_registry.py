from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cadran.policy import PolicyError
from cadran.policy.initialisation import decode_initialisation
from cadran.rapp.registry import DamagedError, RefusedError, Registry, Stage, UnknownVersionError

from .conftest import artifact


def opened(root: Path, kept: int = 10) -> Registry:
    ticks = itertools.count(1)
    return Registry(root, kept, lambda: float(next(ticks)))


def filled(root: Path, versions: int, kept: int = 10) -> Registry:
    registry = opened(root, kept)
    for version in range(1, versions + 1):
        registry.register(artifact(version))
    return registry


def promote(registry: Registry, version: int, reason: str) -> None:
    registry.promote(version, reason, registry.promoted_version)


def stages(registry: Registry) -> dict[int, str]:
    return {entry.meta.version: str(entry.standing.stage) for entry in registry.entries()}


def test_a_version_is_a_candidate_until_it_is_promoted(tmp_path: Path) -> None:
    registry = filled(tmp_path, 2)
    assert registry.promoted_version is None
    assert registry.entry(1).standing.reason == "not judged yet"
    promote(registry, 1, "the first one")
    registry.refuse(2, "worse")
    again = opened(tmp_path)
    assert stages(again) == {1: "promoted", 2: "candidate"}
    assert again.promoted_version == 1
    assert again.entry(2).standing.reason == "worse"
    assert again.artifact(1) == artifact(1)
    assert again.entry(1).meta == decode_initialisation(artifact(1))[0]
    with pytest.raises(RefusedError, match="promoted already"):
        promote(again, 1, "again")


def test_a_promotion_that_rests_on_what_has_changed_is_refused(tmp_path: Path) -> None:
    registry = filled(tmp_path, 3)
    promote(registry, 1, "first")
    for over in (None, 2):
        with pytest.raises(RefusedError, match="initialisation 1 was promoted meanwhile"):
            registry.promote(3, "better", over)
    assert registry.promoted_version == 1


def test_a_roll_back_goes_to_what_was_promoted_before_and_pins(tmp_path: Path) -> None:
    registry = filled(tmp_path, 4)
    for version in (1, 3, 4):
        promote(registry, version, "better")
    assert registry.roll_back().meta.version == 3
    assert registry.pinned
    assert stages(registry) == {1: "retired", 2: "candidate", 3: "promoted", 4: "retired"}
    assert registry.entry(4).standing.reason == "rolled back to 3"
    assert opened(tmp_path).roll_back().meta.version == 1
    registry = opened(tmp_path)
    with pytest.raises(RefusedError, match="promoted before are none"):
        registry.roll_back()
    registry.release()
    assert not opened(tmp_path).pinned
    promote(registry, 4, "a person's choice")
    assert registry.promoted_version == 4


def test_a_roll_back_to_a_named_version_forgets_those_after_it(tmp_path: Path) -> None:
    registry = filled(tmp_path, 4)
    for version in (1, 2, 3):
        promote(registry, version, "better")
    with pytest.raises(RefusedError, match="promoted before are 1, 2"):
        registry.roll_back(4)
    with pytest.raises(UnknownVersionError, match="no initialisation 9: held are 1, 2, 3, 4"):
        registry.roll_back(9)
    registry.roll_back(1)
    assert registry.state.promotions == (1,)
    with pytest.raises(RefusedError, match="nothing to go back to"):
        registry.roll_back()


def test_versions_follow_each_other_and_are_never_used_again(tmp_path: Path) -> None:
    registry = filled(tmp_path, 3, kept=1)
    with pytest.raises(RefusedError, match="the next one is 4"):
        registry.register(artifact(3))
    with pytest.raises(PolicyError):
        registry.register(artifact(4)[:-1])
    for entry in registry.entries():
        entry.path.unlink()
    assert opened(tmp_path).next_version == 4


def test_the_promoted_version_and_the_one_before_it_are_kept(tmp_path: Path) -> None:
    registry = filled(tmp_path, 2, kept=2)
    promote(registry, 1, "first")
    promote(registry, 2, "second")
    for version in range(3, 8):
        registry.register(artifact(version))
    assert sorted(stages(registry)) == [1, 2, 6, 7]
    assert stages(opened(tmp_path, 2)) == stages(registry)
    assert registry.roll_back().meta.version == 1


def test_an_artefact_without_a_stage_is_a_candidate_that_nobody_judged(tmp_path: Path) -> None:
    registry = filled(tmp_path, 1)
    promote(registry, 1, "first")
    (tmp_path / "v00000002.safetensors").write_bytes(artifact(2))
    (tmp_path / ".v00000003.safetensors.abc.partial").write_bytes(b"half")
    again = opened(tmp_path)
    assert stages(again) == {1: "promoted", 2: "candidate"}
    assert again.next_version == 3
    assert not list(tmp_path.glob(".*"))


def test_a_promoted_version_that_is_damaged_gives_way_to_the_one_before(tmp_path: Path) -> None:
    registry = filled(tmp_path, 2)
    promote(registry, 1, "first")
    promote(registry, 2, "second")
    path = registry.entry(2).path
    path.write_bytes(path.read_bytes()[:-1])
    again = opened(tmp_path)
    assert str(path) in again.refused[0]
    assert again.promoted_version == 1
    assert again.entry(1).standing.stage is Stage.PROMOTED
    assert "initialisation 2 cannot be read" in again.entry(1).standing.reason
    assert again.next_version == 3


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def exchanged(path: Path) -> None:
    path.write_bytes(artifact(7))


DAMAGES = [cut_short, exchanged, Path.unlink]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_was_damaged_since_is_told_and_never_promoted(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    registry = filled(tmp_path, 3)
    promote(registry, 1, "first")
    promote(registry, 2, "second")
    before = registry.state
    for version in (1, 3):
        damage(registry.entry(version).path)
        with pytest.raises(DamagedError, match=f"initialisation {version} cannot be read"):
            registry.artifact(version)
    with pytest.raises(DamagedError):
        promote(registry, 3, "better")
    with pytest.raises(DamagedError):
        registry.roll_back()
    assert registry.state == before


@pytest.mark.parametrize("content", ["{", "[]", '{"newest": "x"}', '{"surplus": 1}'])
def test_unreadable_stages_are_told_and_promote_nothing(tmp_path: Path, content: str) -> None:
    promote(filled(tmp_path, 2), 1, "first")
    (tmp_path / "stages.json").write_text(content)
    again = opened(tmp_path)
    assert "stages.json" in again.refused[0]
    assert again.promoted_version is None
    assert again.next_version == 3


ACTIONS = st.lists(st.sampled_from(["register", "promote", "roll back", "release", "reopen"]), max_size=14)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTIONS)
def test_at_most_one_version_is_promoted_and_disk_and_memory_agree(
    tmp_path_factory: pytest.TempPathFactory, actions: list[str]
) -> None:
    root = tmp_path_factory.mktemp("registry")
    registry = filled(root, 1, kept=3)
    for action in actions:
        newest = registry.entries()[-1].meta.version
        try:
            if action == "register":
                registry.register(artifact(newest + 1))
            elif action == "promote":
                promote(registry, newest, "chosen")
            elif action == "roll back":
                registry.roll_back()
            elif action == "release":
                registry.release()
            else:
                registry = opened(root, 3)
        except RefusedError:
            pass
        promoted = [version for version, stage in stages(registry).items() if stage == "promoted"]
        assert promoted == ([registry.promoted_version] if registry.promoted_version else [])
        assert opened(root, 3).state == registry.state
        assert stages(opened(root, 3)) == stages(registry)


WRITER = """
import sys, time
from pathlib import Path
from cadran.rapp.registry import Registry
sys.path.insert(0, sys.argv[2])
from unit.rapp.conftest import artifact

registry = Registry(Path(sys.argv[1]), 4, time.time)
print("open", flush=True)
while True:
    version = registry.next_version
    registry.register(artifact(version, entries=20_000))
    registry.promote(version, "newer", registry.promoted_version)
    print(version, flush=True)
"""


def test_a_killed_process_leaves_each_entry_whole_or_absent(tmp_path: Path) -> None:
    """kill -9 at moments spread over a write; whatever was acknowledged is there, and nothing is half."""
    root, tests = tmp_path / "registry", Path(__file__).parents[2]
    told = 0
    for turn in range(6):
        command = [sys.executable, "-c", WRITER, str(root), str(tests)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "open\n"
            writer.stdout.readline()
            time.sleep(0.0017 * turn)
            writer.kill()
            rest = [int(line) for line in writer.stdout.read().splitlines() if line.strip()]
        told = max([told, *rest])
        registry = Registry(root, 4, time.time)
        assert registry.refused == []
        versions = [entry.meta.version for entry in registry.entries()]
        assert versions[-1] >= told
        for version in versions:
            meta, _ = decode_initialisation(registry.artifact(version))
            assert meta.version == version
        promoted = registry.promoted_version
        assert promoted is not None
        assert promoted >= told
        assert [v for v, stage in stages(registry).items() if stage == "promoted"] == [promoted]
        told = versions[-1]
