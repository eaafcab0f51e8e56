from pathlib import Path

import numpy as np
import pytest

from cadran.replay import MemoryReplay, ReplayError, export, read_export
from transitions import SMALL, make_rows


def test_an_export_read_again_is_what_the_replay_keeps(tmp_path: Path) -> None:
    replay = MemoryReplay(SMALL, 3, 20)
    replay.append(0, make_rows(range(50), du=0))
    replay.append(1, make_rows(range(7), du=1))
    path = tmp_path / "experience.npz"
    assert export(replay, path) == [20, 7, 0]
    schema, rows = read_export(path)
    assert schema == SMALL
    np.testing.assert_array_equal(rows[0], make_rows(range(30, 50), du=0))
    np.testing.assert_array_equal(rows[1], make_rows(range(7), du=1))
    assert len(rows[2]) == 0


def test_an_export_is_plain_numpy(tmp_path: Path) -> None:
    replay = MemoryReplay(SMALL, 1, 20)
    replay.append(0, make_rows(range(5)))
    export(replay, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert arrays["du0/state"].shape == (5, SMALL.state_dim)
        assert arrays["du0/state"].dtype == np.float32
        assert arrays["du0/frame"].tolist() == [0, 1, 2, 3, 4]


def test_a_failed_export_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    class Failing(MemoryReplay):
        def count(self, du: int) -> int:
            raise ReplayError("gone")

    path = tmp_path / "a.npz"
    path.write_bytes(b"old")
    with pytest.raises(ReplayError, match="gone"):
        export(Failing(SMALL, 1, 20), path)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.npz"]


@pytest.mark.parametrize("content", [b"", b"not a file of numpy", b"PK\x05\x06" + 18 * b"\0"])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(ReplayError, match=r"other\.npz"):
        read_export(path)
