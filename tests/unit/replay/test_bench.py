import pytest

from cadran.replay import MemoryReplay, ReplayError
from cadran.replay.bench import bench_replay
from transitions import SMALL, make_rows


def test_a_bench_measures_the_store_that_it_is_given() -> None:
    replay = MemoryReplay(SMALL, 1, 1000)
    result = bench_replay(replay, "memory", rows=600, repeats=5)
    assert result.backend == "memory"
    assert result.row_bytes == SMALL.row_bytes
    assert min(result.insert_rows_per_s, result.append_one_row_ms, result.sample_256_ms) > 0
    assert replay.count(0) == 2 * 256 + 5


def test_a_store_in_use_is_not_measured() -> None:
    replay = MemoryReplay(SMALL, 1, 1000)
    replay.append(0, make_rows(range(3)))
    with pytest.raises(ReplayError, match="empty"):
        bench_replay(replay, "memory")
