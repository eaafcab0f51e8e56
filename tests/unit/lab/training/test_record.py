"""What is kept is read back bit for bit, or refused."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from cadran.lab.training import (
    HeldOut,
    RecordError,
    TrainedRun,
    evaluate_run,
    load_held_out,
    load_trained,
    save_held_out,
    save_trained,
    train,
)
from cadran.lab.training.record import ARRAYS, FACTS

from .tiny import experiment, plan, require_equal, run, tasam


@pytest.fixture(scope="module")
def trained() -> TrainedRun:
    return train([run(0, tasam())], plan())[0]


def test_a_run_is_read_back_as_it_was(trained: TrainedRun, tmp_path: Path) -> None:
    save_trained(tmp_path / "cell", trained)
    found = load_trained(tmp_path / "cell")
    require_equal(found, trained)
    np.testing.assert_array_equal(found.curve.seconds, trained.curve.seconds)
    assert found.cost == trained.cost
    np.testing.assert_equal(dict(found.curvature), dict(trained.curvature))


def test_an_evaluation_is_read_back_as_it_was(trained: TrainedRun, tmp_path: Path) -> None:
    held_out = evaluate_run(trained, experiment(), 2, 999)
    save_held_out(tmp_path / "held_out.npz", held_out)
    found = load_held_out(tmp_path / "held_out.npz")
    for field in fields(HeldOut):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(held_out, field.name))


def test_equal_runs_give_equal_files_but_for_times(trained: TrainedRun, tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_trained(tmp_path / name, trained)
    for name in (FACTS, ARRAYS):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_what_is_not_whole_is_refused_in_one_line(trained: TrainedRun, tmp_path: Path) -> None:
    save_trained(tmp_path, trained)
    whole = (tmp_path / ARRAYS).read_bytes()
    for damaged in (whole[:-100], whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:], b""):
        (tmp_path / ARRAYS).write_bytes(damaged)
        with pytest.raises(RecordError, match="not a trained run"):
            load_trained(tmp_path)
    (tmp_path / ARRAYS).write_bytes(whole)
    (tmp_path / FACTS).write_text('{"agents": "per_du"}')
    with pytest.raises(RecordError, match="not a trained run"):
        load_trained(tmp_path)
    with pytest.raises(RecordError, match="not a trained run"):
        load_trained(tmp_path / "none")
    for data in (b"", b"damaged", whole):
        (tmp_path / "held_out.npz").write_bytes(data)
        with pytest.raises(RecordError, match="not a held-out evaluation"):
            load_held_out(tmp_path / "held_out.npz")
