from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cadran.runtime.checkpoints import CheckpointError
from cadran.xapp.checkpoints import Checkpoint, CheckpointStore, decode, encode


def _checkpoint(updates: int) -> Checkpoint:
    return Checkpoint(
        updates=updates,
        policy_version=3,
        cursor=(updates, 4),
        sampler_state=np.random.default_rng([7, 1]).bit_generator.state,
        learner=b"weights" * updates,
        created_unix_s=1.5,
    )


def test_a_checkpoint_comes_back_as_it_was() -> None:
    before = _checkpoint(9)
    after = decode(encode(before))
    assert after == before
    rng = np.random.default_rng(0)
    rng.bit_generator.state = dict(after.sampler_state)
    assert rng.integers(2**62) == np.random.default_rng([7, 1]).integers(2**62)


@pytest.mark.parametrize("cut", [0, 7, 20, -1])
def test_a_torn_checkpoint_is_seen(cut: int) -> None:
    with pytest.raises(CheckpointError):
        decode(encode(_checkpoint(2))[:cut])


def test_the_newest_sound_checkpoint_is_found_and_old_ones_go(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path / "checkpoints", kept=2)
    assert store.newest() == (None, [])
    paths = [store.save(_checkpoint(updates)) for updates in (30, 20, 10)]
    assert sorted((tmp_path / "checkpoints").iterdir()) == paths[1:]
    assert store.newest()[0] == _checkpoint(10)
    paths[2].write_bytes(paths[2].read_bytes()[:-1])
    found, refused = store.newest()
    assert found == _checkpoint(20)
    assert str(paths[2]) in refused[0]
    paths[1].write_bytes(b"")
    with pytest.raises(CheckpointError, match="no usable checkpoint"):
        store.newest()
