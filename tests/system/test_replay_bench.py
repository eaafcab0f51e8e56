"""The bench of the replay: rows of the stated size in a real Redis, and the peer beside them or why not."""

from __future__ import annotations

from cadran.testbed import benchmarks, torchrl_store


def test_the_replay_is_measured_beside_its_peer_or_says_why_not() -> None:
    found = benchmarks.replay()
    stores = {store["backend"]: store for store in found["stores"]}
    assert set(stores) == {"memory", "redis", "redis-69-floats", "redis-paper-row"}
    assert found["insert_rows_per_s"] == stores["redis-69-floats"]["insert_rows_per_s"] > 0
    assert found["sample_256_ms"] == stores["redis-69-floats"]["sample_256_ms"] > 0
    if not torchrl_store.installed():
        assert found["torchrl"] is None
        assert "cadran[torchrl]" in found["torchrl_missing"]
        return
    for storage in ("redis", "memory"):
        assert min(found["torchrl"][storage].values()) > 0
