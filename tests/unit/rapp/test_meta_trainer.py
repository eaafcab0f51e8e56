from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cadran.learn import DivergedError
from cadran.learn.meta import MetaLearner
from cadran.rapp.checkpoints import CheckpointStore
from cadran.rapp.experience import Experience
from cadran.rapp.kept_rows import KeptRows
from cadran.rapp.meta_trainer import MetaTrainer, TrainingSpec
from cadran.rapp.reader import Reader
from cadran.replay import MemoryReplay, RateLimiter, ReplayUnavailable
from two_levels import DECISION, DUS, rows, scenario

from .test_reader import Alone

WHOLE = 400


class Bench:
    """A store that fills as told, and trainers that come and go on one state directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = MemoryReplay(scenario().schema, DUS, 1000)
        self.written = 0

    def write(self, frames: int, dus: tuple[int, ...] = (0, 1)) -> None:
        for du in dus:
            self.store.append(du, rows(WHOLE)[du][self.written : self.written + frames])
        self.written += frames

    def trainer(self, *, loss_limit: float = 1e6, per_iteration: float = 20.0, most: int = 5) -> MetaTrainer:
        problem = scenario().problem
        self.kept = KeptRows(self.root / "experience", scenario().schema, DUS, 300, slack=64)
        self.experience = Experience(problem, self.kept)
        self.learner = MetaLearner(
            scenario().meta,
            DUS,
            higher=(problem.higher_observation_dim, problem.higher_action_dim),
            lower=(problem.lower_observation_dim, problem.lower_action_dim),
            seed=3,
        )
        made = MetaTrainer(
            self.learner,
            self.experience,
            self.kept,
            lambda: Reader(self.store, Alone(), self.kept),
            CheckpointStore(self.root / "checkpoints", 2),
            np.random.default_rng(7),
            TrainingSpec(
                rows={"higher": 4, "lower": 8},
                least_transitions=4,
                limiter=RateLimiter(1.0 / per_iteration, 1),
                most_iterations=most,
                loss_limit=loss_limit,
            ),
            unix_s=lambda: 1.0,
        )
        found, _ = CheckpointStore(self.root / "checkpoints", 2).newest()
        if found is not None:
            made.restore(found, torn=True)
        return made

    @property
    def state(self) -> bytes:
        return self.learner.state_bytes()


def test_iterations_follow_the_rows_of_all_dus(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    trainer = bench.trainer()
    assert trainer.round().tasks == ()
    bench.write(2 * DECISION)
    assert trainer.round().iterations == 0  # two decisions are too few to learn from
    bench.write(50)
    first = trainer.round()
    assert (first.iterations, first.tasks, first.more) == (5, (0, 1), True)
    assert first.metrics is not None
    for found in first.metrics.values():
        assert found.weights.sum() == pytest.approx(1.0)
    assert trainer.round().iterations == 1
    assert trainer.round().iterations == 0
    assert trainer.iterations == (2 * 60) // 20
    assert trainer.round(extra=3).iterations == 3


def test_a_du_that_joins_later_becomes_a_task_when_it_has_experience(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    trainer = bench.trainer()
    bench.write(100, dus=(0,))
    assert trainer.round().tasks == (0,)
    bench.store.append(1, rows(WHOLE)[1][:10])
    assert trainer.round().tasks == (0,)
    bench.store.append(1, rows(WHOLE)[1][10:40])
    assert trainer.round().tasks == (0, 1)


def test_a_restart_between_rounds_changes_no_bit(tmp_path: Path) -> None:
    whole, parts = Bench(tmp_path / "whole"), Bench(tmp_path / "parts")
    trainer = whole.trainer()
    for frames in (60, 40, 30):
        whole.write(frames)
        parts.write(frames)
        trainer.round()
        parts.trainer().round()
    assert parts.state == whole.state


def kept_only(bench: Bench, trainer: MetaTrainer) -> None:
    trainer._read()


def half_way(bench: Bench, trainer: MetaTrainer) -> None:
    trainer._read()
    bench.experience.refresh()
    trainer._iterate([0, 1])


TEARS: dict[str, Callable[[Bench, MetaTrainer], None]] = {
    "before the rows are kept": lambda bench, trainer: None,
    "after the rows are kept": kept_only,
    "amid the iterations": half_way,
}


@pytest.mark.parametrize("tear", TEARS)
def test_a_torn_round_is_made_again_as_it_was(tmp_path: Path, tear: str) -> None:
    whole, torn = Bench(tmp_path / "whole"), Bench(tmp_path / "torn")
    trainer = whole.trainer()
    for bench in (whole, torn):
        bench.write(60)
    trainer.round()
    torn.trainer().round()
    for bench in (whole, torn):
        bench.write(50)
    TEARS[tear](torn, torn.trainer())
    if tear != "before the rows are kept":
        # Rows that came after the kill belong to the round after the torn one.
        torn.store.append(0, rows(WHOLE)[0][110:150])
        torn.store.append(1, rows(WHOLE)[1][110:150])
    trainer.round()
    again = torn.trainer()
    again.round()
    assert torn.state == whole.state
    assert (again.iterations, trainer.iterations) == (10, 10)
    assert again.round(extra=1).iterations >= 1


def test_rows_alone_need_no_checkpoint(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write(4)
    bench.trainer().round()
    assert not list((tmp_path / "checkpoints").iterdir())
    bench.write(100)
    trainer = bench.trainer()
    assert trainer.round().iterations == 5
    assert [place.count for place in bench.kept.places] == [104, 104]


def test_a_loss_beyond_the_limit_stops_and_a_checkpoint_goes_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write(100)
    trainer = bench.trainer()
    trainer.round()
    before = bench.state
    strict = bench.trainer(loss_limit=1e-12)
    with pytest.raises(DivergedError, match=r"critic's loss of .* is beyond 1e-12"):
        strict.round()
    found, _ = CheckpointStore(tmp_path / "checkpoints", 2).newest()
    assert found is not None
    strict.restore(found, torn=False)
    assert bench.state == before
    assert strict.iterations == 5


def test_a_store_that_is_away_is_asked_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    trainer = bench.trainer()
    attempts = itertools.count()

    def opening() -> Reader:
        if next(attempts) < 2:
            raise ReplayUnavailable("nothing yet")
        return Reader(bench.store, Alone(), bench.kept)

    trainer._open_reader = opening  # type: ignore[method-assign]
    bench.write(100)
    for _ in range(2):
        with pytest.raises(ReplayUnavailable):
            trainer.round()
    assert trainer.round().iterations == 5


def test_training_and_validation_rows_are_apart(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write(200)
    bench.trainer().round()
    drawn = bench.experience.draw(np.random.default_rng(1), [0, 1], {"higher": 4, "lower": 8}, 2)
    for train, validation in drawn.values():
        for task in range(DUS):
            seen = {row.tobytes() for row in train.observation[task]}
            assert not seen & {row.tobytes() for row in validation.observation[task]}
