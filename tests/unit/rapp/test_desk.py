from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cadran.learn import DivergedError
from cadran.learn.ddpg import DdpgShape, Networks
from cadran.learn.meta import MetaLearner, MetaSpec
from cadran.rapp.desk import Cut, Desk, Kind
from cadran.rapp.evaluation import Initialisation
from cadran.rapp.registry import DamagedError, RefusedError, Registry, UnknownVersionError

from .conftest import artifact

META = MetaSpec.model_validate({"higher": {"hidden": [4]}, "lower": {"hidden": [4]}})
HIGHER, LOWER = (5, 3), (6, 2)
KIND = Kind(
    problem={"observation": "hierarchy"},
    decision_frames=10,
    shapes={"higher": DdpgShape.of(META.higher, *HIGHER), "lower": DdpgShape.of(META.lower, *LOWER)},
    region="demo",
)


def learner(seed: int) -> MetaLearner:
    return MetaLearner(META, 2, higher=HIGHER, lower=LOWER, seed=seed)


def cut(seed: int, iterations: int = 10) -> Cut:
    return Cut(learner(seed).initialisation(), iterations, (30, 40), {"higher.critic_loss": 0.5})


def bias(one: Initialisation) -> float:
    return float(one["higher"].actor["mean.bias"][0, 0])


class Scores:
    """What a test says that initialisations are worth, by the order in which they are first seen."""

    score = "reward per frame"

    def __init__(self, *worth: float) -> None:
        self._worth = list(worth)
        self._known: dict[bytes, float] = {}
        self.calls = 0

    def __call__(self, initialisations: Sequence[Initialisation], seed: int) -> NDArray[np.float64]:
        self.calls += 1
        noise = np.random.default_rng(seed).normal(0, 0.01, 8)
        return np.stack([self._of(one) + noise for one in initialisations])

    def _of(self, one: Initialisation) -> float:
        key = one["higher"].actor["mean.weight"].numpy().tobytes()
        if key not in self._known:
            self._known[key] = self._worth.pop(0)
        return self._known[key]


def desk_in(root: Path, evaluate: Callable[..., NDArray[np.float64]], kept: int = 10) -> Desk:
    registry = Registry(root, kept, lambda: 2.0)
    return Desk(registry, evaluate, KIND, 0.02, 0, lambda: 1.0)  # type: ignore[arg-type]


def test_what_is_not_worse_is_promoted_and_what_is_worse_is_not(tmp_path: Path) -> None:
    desk = desk_in(tmp_path, Scores(0.5, 0.6, 0.4, 0.595))
    first, better, worse, equal = (desk.consider(cut(seed, 10 * seed)) for seed in (1, 2, 3, 4))
    assert (first.version, first.promoted) == (1, True)
    assert (better.version, better.promoted) == (2, True)
    assert (worse.version, worse.promoted) == (3, False)
    assert worse.reason.startswith("worse: reward per frame differs by -0.2 from initialisation 2")
    assert desk.registry.entry(3).standing.reason == worse.reason
    assert equal.promoted
    meta = desk.registry.entry(3).meta
    assert (meta.lineage.parent, meta.lineage.iterations) == (2, 30)
    assert [stream.rows for stream in meta.lineage.streams] == [30, 40]
    assert meta.evaluation is not None
    assert (meta.evaluation.against, len(meta.evaluation.scores)) == (2, 8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.floats(0.3, 0.7), st.floats(-0.03, 0.03)), min_size=1, max_size=8))
def test_however_many_are_promoted_none_falls_short_of_the_best_by_more_than_the_margin(
    tmp_path_factory: pytest.TempPathFactory, moves: list[float]
) -> None:
    """Small moves are from the score before, so that rows of small losses occur."""
    worth = [0.5]
    for move in moves:
        worth.append(move if move > 0.1 else worth[-1] + move)
    desk = desk_in(tmp_path_factory.mktemp("registry"), Scores(*worth), kept=2)
    promoted: list[float] = []
    for seed, score in enumerate(worth, 1):
        if desk.consider(cut(seed)).promoted:
            promoted.append(score)
            assert score > max(promoted) - 0.02 - 1e-9
            best = desk.registry.best_version
            assert best is not None
            assert worth[best - 1] == pytest.approx(max(promoted))


def test_losses_within_the_margin_do_not_add_up(tmp_path: Path) -> None:
    desk = desk_in(tmp_path, Scores(0.5, 0.49, 0.475, 0.485))
    told = [desk.consider(cut(seed)) for seed in (1, 2, 3, 4)]
    assert [one.promoted for one in told] == [True, True, False, True]
    assert "from initialisation 1 " in told[3].reason
    again = Registry(tmp_path, 10, lambda: 2.0)
    assert (again.promoted_version, again.best_version) == (4, 1)
    assert desk.promote(1).standing.reason == "asked for; the best one promoted so far"


def test_who_goes_back_beyond_the_best_begins_with_what_was_gone_back_to(tmp_path: Path) -> None:
    desk = desk_in(tmp_path, Scores(0.5, 0.49, 0.6, 0.59))
    for seed in (1, 2, 3, 4):
        desk.consider(cut(seed))
    assert desk.registry.best_version == 3
    desk.registry.roll_back(3)
    assert desk.registry.best_version == 3
    desk.registry.roll_back(2)
    assert desk.registry.best_version == 2


def test_an_initialisation_comes_back_as_it_was_cut(tmp_path: Path) -> None:
    desk = desk_in(tmp_path, Scores(0.5))
    one = cut(1)
    desk.consider(one)
    back = desk.initialisation(1)
    for level, networks in one.initialisation.items():
        for name, array in networks.arrays().items():
            np.testing.assert_array_equal(back[level].arrays()[name], array)
    with pytest.raises(UnknownVersionError):
        desk.initialisation(2)


@pytest.mark.parametrize("part", ["actor", "target_critic"])
def test_weights_that_are_not_finite_are_never_registered(tmp_path: Path, part: str) -> None:
    desk = desk_in(tmp_path, Scores(0.5, 0.9))
    desk.consider(cut(1))
    bad = cut(2)
    next(iter(getattr(bad.initialisation["lower"], part).values()))[0, ...] = np.nan
    told = desk.consider(bad)
    assert (told.version, told.promoted) == (None, False)
    assert f"lower/{part}/" in told.reason
    assert "not finite" in told.reason
    assert desk.registry.promoted_version == 1
    assert desk.registry.next_version == 2


def test_one_that_diverges_or_scores_nonsense_is_never_registered(tmp_path: Path) -> None:
    def diverges(initialisations: Sequence[Initialisation], seed: int) -> NDArray[np.float64]:
        raise DivergedError("meta: adapted networks: nan")

    def nonsense(initialisations: Sequence[Initialisation], seed: int) -> NDArray[np.float64]:
        return np.full((len(initialisations), 4), np.nan)

    nonsense.score = "reward per frame"  # type: ignore[attr-defined]
    for evaluate, text in ((diverges, "adapted networks"), (nonsense, "reward per frame is not finite")):
        told = desk_in(tmp_path / text, evaluate).consider(cut(1))
        assert told.version is None
        assert text in told.reason


def test_a_pin_holds_what_the_gate_would_let_pass(tmp_path: Path) -> None:
    desk = desk_in(tmp_path, Scores(0.5, 0.6, 0.7))
    desk.consider(cut(1))
    desk.consider(cut(2))
    desk.registry.roll_back()
    held = desk.consider(cut(3))
    assert not held.promoted
    assert held.reason.startswith("held back by the pin of a roll-back, though better")
    assert desk.registry.promoted_version == 1
    assert desk.promote(3).standing.stage == "promoted"
    assert not desk.registry.pinned


def test_a_person_cannot_promote_what_the_gate_refuses(tmp_path: Path) -> None:
    scores = Scores(0.5, 0.4, 0.3)
    desk = desk_in(tmp_path, scores)
    for seed in (1, 2, 3):
        desk.consider(cut(seed))
    calls = scores.calls
    with pytest.raises(RefusedError, match="worse: reward per frame"):
        desk.promote(2)
    assert scores.calls == calls  # its own evaluation was against the version promoted now
    with pytest.raises(RefusedError, match="promoted already"):
        desk.promote(1)
    assert desk.registry.promoted_version == 1


def test_a_version_compared_with_another_is_evaluated_again(tmp_path: Path) -> None:
    scores = Scores(0.5, 0.6, 0.55)
    desk = desk_in(tmp_path, scores)
    desk.consider(cut(1))
    desk.consider(cut(2))
    desk.consider(cut(3))
    assert not desk.registry.entry(3).standing.reason.startswith(("not worse", "better"))
    desk.registry.roll_back()
    entry = desk.promote(3)
    assert entry.standing.reason.startswith("asked for; better")
    assert desk.registry.state.promotions == (1, 3)


def test_networks_of_another_shape_are_told(tmp_path: Path) -> None:
    desk = desk_in(tmp_path, Scores(0.5))
    desk.consider(cut(1))
    other = Kind(KIND.problem, 10, {**KIND.shapes, "lower": DdpgShape.of(META.lower, 7, 2)}, "demo")
    stranger = Desk(desk.registry, Scores(), other, 0.02, 0, lambda: 1.0)
    with pytest.raises(RefusedError, match="initialisation 1 is of other networks"):
        stranger.initialisation(1)


@pytest.mark.parametrize("change", [{"decision_frames": 20}, {"problem": {"observation": "rich"}}])
def test_an_initialisation_of_another_problem_is_told(tmp_path: Path, change: dict[str, object]) -> None:
    desk = desk_in(tmp_path, Scores(0.5))
    desk.consider(cut(1))
    stranger = Desk(desk.registry, Scores(), replace(KIND, **change), 0.02, 0, lambda: 1.0)
    with pytest.raises(RefusedError, match="initialisation 1 was learned for"):
        stranger.initialisation(1)


def test_networks_are_copies(tmp_path: Path) -> None:
    own = learner(1)
    before = bias(own.initialisation())
    changed: Networks = own.initialisation()["higher"]
    changed.actor["mean.bias"].add_(1.0)
    assert bias(own.initialisation()) == before


def test_a_candidate_that_cannot_be_compared_with_what_is_promoted_is_not_registered(tmp_path: Path) -> None:
    desk = desk_in(tmp_path, Scores(0.5, 0.5))
    desk.registry.register(artifact(1))  # another problem's, taken over from the copy
    desk.registry.promote(1, "first", None)
    considered = desk.consider(cut(1))
    assert (considered.version, considered.promoted) == (None, False)
    assert "was learned for" in considered.reason


@pytest.mark.parametrize("damaged", [1, 3])
def test_a_person_is_told_that_a_file_was_damaged(tmp_path: Path, damaged: int) -> None:
    """Also that of the version compared with."""
    desk = desk_in(tmp_path, Scores(0.5, 0.6, 0.7))
    for seed in (1, 2, 3):
        desk.consider(cut(seed))
    desk.registry.roll_back(1)
    desk.registry.entry(damaged).path.write_bytes(b"")
    with pytest.raises(DamagedError, match=f"initialisation {damaged} cannot be read"):
        desk.promote(3)
    assert desk.registry.promoted_version == 1


def test_candidates_wait_while_the_file_of_the_best_one_cannot_be_read(tmp_path: Path) -> None:
    desk = desk_in(tmp_path, Scores(0.5, 0.6))
    desk.consider(cut(1))
    desk.registry.entry(1).path.unlink()
    told = desk.consider(cut(2))
    assert told.version is None
    assert "initialisation 1 cannot be read" in told.reason
