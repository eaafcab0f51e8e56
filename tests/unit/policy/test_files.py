from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cadran.policy import PolicyError, encode, load, newest, save

from .conftest import Made


def test_saved_policy_loads_and_leaves_nothing_else(make_policy: Callable[..., Made], tmp_path: Path) -> None:
    meta, tensors = make_policy()
    path = save(tmp_path / "deep" / "er", encode(meta, tensors))
    read, actor = load(path)
    assert replace(read, sha256="") == meta
    assert actor.mean(np.zeros(5, np.float32)).shape == (2,)
    assert [found.name for found in path.parent.iterdir()] == ["du1-v00000003.safetensors"]


def test_newest_finds_the_highest_version_of_each_du(
    make_policy: Callable[..., Made], tmp_path: Path
) -> None:
    meta, tensors = make_policy()
    for du, version in ((0, 9), (0, 10), (4, 2)):
        save(tmp_path, encode(replace(meta, du=du, version=version), tensors))
    (tmp_path / "notes.txt").write_text("not a policy")
    assert {du: load(path)[0].version for du, path in newest(tmp_path).items()} == {0: 10, 4: 2}


def test_a_bad_artifact_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        save(tmp_path, b"nonsense")
    assert list(tmp_path.iterdir()) == []
