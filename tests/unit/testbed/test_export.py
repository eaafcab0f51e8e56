"""A run's experience can be had as a file while the run goes on, after it, and from a Redis outside."""

from pathlib import Path

import fake_run
import numpy as np
import pytest

from cadran.replay import TransitionSchema
from cadran.replay.npz import read_export
from cadran.replay.redis_protocol import Layout
from cadran.replay.redis_store import RedisReplay, connect
from cadran.testbed.export import export_run
from cadran.testbed.folder import RunFolder, create
from cadran.testbed.redis_child import serves_folder, serving_redis

SCHEMA = TransitionSchema(state_dim=2, action_dim=1, kpi_dim=1)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return create(tmp_path / "run")


def store(url: str, region: str, count: int) -> None:
    rows = np.zeros(count, SCHEMA.dtype)
    rows["frame"] = np.arange(count)
    with connect(url) as client:
        RedisReplay.open(client, Layout(region, SCHEMA, 2, 100)).append(1, rows)


def record(folder: RunFolder, url: str, region: str, own: bool) -> None:
    settings = {"redis": None if own else url}
    fake_run.write_json(folder.run_record, {"settings": settings, "redis": {"url": url, "region": region}})


def test_a_run_that_goes_on_and_one_that_ended_are_exported_from_its_own_redis(
    folder: RunFolder, tmp_path: Path
) -> None:
    out = tmp_path / "rows.npz"
    with serving_redis(folder.redis) as url:
        record(folder, url, "cadran", own=True)
        store(url, "cadran", 5)
        assert export_run(folder.root, out) == [0, 5]
        store(url, "cadran", 7)
    assert export_run(folder.root, out) == [0, 7]
    schema, rows = read_export(out)
    assert schema == SCHEMA
    assert rows[1]["frame"].tolist() == list(range(7))
    assert not serves_folder(url, folder.redis)


def test_another_runs_redis_on_the_same_port_is_not_taken_for_this_ones(
    folder: RunFolder, tmp_path: Path
) -> None:
    with serving_redis(folder.redis) as url:
        store(url, "cadran", 5)
    other = create(tmp_path / "other")
    with serving_redis(other.redis) as url:
        store(url, "cadran", 9)
        record(folder, url, "cadran", own=True)
        assert export_run(folder.root, tmp_path / "rows.npz") == [0, 5]


def test_a_given_redis_is_asked_at_its_url(folder: RunFolder, tmp_path: Path, redis_server) -> None:
    record(folder, redis_server.url, "export-given", own=False)
    store(redis_server.url, "export-given", 3)
    assert export_run(folder.root, tmp_path / "rows.npz") == [0, 3]
