"""Runs that train together are what they are alone, and learn from what they should."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from cadran.lab.training import Run, TrainedRun, train, update_log
from cadran.lab.training.experience import Experience
from cadran.lab.training.plan import require_stackable
from cadran.learn import LearnerSpec

from ..worlds import WORLD
from .tiny import experiment, learner, plan, require_equal, run, tasam

MIXED = [learner(), tasam(), tasam(td_var_threshold=0.5), tasam(gate="none")]
JOINT = [learner(critic="joint"), learner(critic="joint", l2=0.01)]
LINK = {"report_delay_frames": 2, "policy_delay_frames": 3, "report_loss": 0.2, "policy_loss": 0.3}

STACKS: dict[str, list[Run]] = {
    "methods": [run(seed, spec) for seed, spec in enumerate(MIXED)],
    "joint critic": [run(seed, spec) for seed, spec in enumerate(JOINT)],
    "central": [run(seed, spec, "central") for seed, spec in enumerate(MIXED[:2])],
    "team": [run(seed, spec, "team") for seed, spec in enumerate(MIXED[:2])],
    "link": [run(seed, spec, "per_du", **LINK) for seed, spec in enumerate(MIXED[:2])],
    "joint critic behind a link": [run(seed, spec, "per_du", **LINK) for seed, spec in enumerate(JOINT)],
    "central behind a link": [run(seed, spec, "central", **LINK) for seed, spec in enumerate(MIXED[:2])],
}


@pytest.mark.parametrize("name", STACKS)
def test_runs_trained_together_equal_runs_trained_alone(name: str) -> None:
    short = plan(iterations=6)
    together = train(STACKS[name], short)
    for alone, stacked in zip(STACKS[name], together, strict=True):
        require_equal(train([alone], short)[0], stacked)
    for trained in together[1:]:
        assert not np.array_equal(trained.curve.reward, together[0].curve.reward)


def test_training_again_gives_the_same_run() -> None:
    require_equal(*(train([run(3, tasam())], plan())[0] for _ in range(2)))


def test_an_ideal_link_changes_nothing_and_every_impairment_does() -> None:
    ideal = train([run(0)], plan())[0]
    require_equal(ideal, train([run(0, report_delay_frames=0, policy_loss=0.0)], plan())[0])
    for name, value in LINK.items():
        other = train([run(0, **{name: value})], plan())[0]
        assert not np.array_equal(ideal.log["critic_loss"], other.log["critic_loss"]), name


def test_the_world_can_change_half_way() -> None:
    quiet = WORLD.model_copy(update={"load": WORLD.load.model_copy(update={"scale": 0.0})})
    changed, steady = replace(run(0), before=quiet), run(0)
    one, two = (train([which], plan(iterations=8, evaluate_every=4))[0] for which in (changed, steady))
    assert one.curve.reward[0] == two.curve.reward[0]
    early, late = one.curve.training_reward[1:]
    assert early > two.curve.training_reward[1] + 0.05
    assert abs(late - two.curve.training_reward[2]) < abs(early - two.curve.training_reward[1])
    with pytest.raises(ValueError, match="share worlds"):
        train([changed, steady], plan())


def test_the_curve_has_a_point_before_the_first_iteration_and_one_after_the_last() -> None:
    curve = train([run(0)], plan(iterations=8, evaluate_every=3))[0].curve
    assert curve.iteration.tolist() == [0, 3, 6, 8]
    assert curve.frames.tolist() == [0, 36, 72, 96]
    assert np.isnan(curve.training_reward).tolist() == [True, False, False, False]
    assert np.isfinite(curve.reward).all()
    assert (np.diff(curve.seconds) > 0).all()


def test_updates_begin_when_the_warm_up_is_over() -> None:
    # 3 networks give 12 transitions per DU an iteration; 20 are there after the second.
    trained = train([run(0)], plan())[0]
    assert trained.cost.updates == (8 - 1) * 3
    assert trained.log["updates"].tolist() == list(range(1, 22))
    assert train([run(0)], plan(iterations=1))[0].log == {}


def test_the_first_actions_are_uniform_and_the_later_ones_are_the_actors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    actions = [added[1][..., -3:] for added in _added(monkeypatch, 12, learner(log_std_max=-4.9))]
    early, late = np.stack(actions[:7]), np.stack(actions[8:12])
    assert early.min() < 0.05
    assert early.max() > 0.95
    assert np.abs(late - 0.5).max() < 0.1  # An actor's mean starts near 0.5, and this one hardly explores.


def test_an_episode_ends_by_its_time_limit_and_values_are_bootstrapped_over_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    added = _added(monkeypatch, frames := WORLD.episode_frames + 2)
    assert len(added) == frames
    last, first = added[WORLD.episode_frames - 1], added[WORLD.episode_frames]
    # The next observation of the last frame belongs to the episode that ends, and the new one begins anew.
    assert not np.array_equal(last[1], first[0])
    assert (first[0][..., -3:] == 0.5).all()
    for before, after in itertools.pairwise(added[: WORLD.episode_frames]):
        np.testing.assert_array_equal(before[1], after[0])
    experience = Experience(1, 2, 50, 27, 3, aligned=False)
    experience.add(*last)
    batch = experience.sample([np.random.default_rng(0)], 8)
    assert (batch.discount == 1.0).all()


def _added(
    monkeypatch: pytest.MonkeyPatch, frames: int, spec: LearnerSpec | None = None
) -> list[tuple[np.ndarray, ...]]:
    """What reached the experience in a run."""
    kept: list[tuple[np.ndarray, ...]] = []
    add = Experience.add

    def spy(self: Experience, *arrays: np.ndarray) -> None:
        kept.append(tuple(array.copy() for array in arrays))
        add(self, *arrays)

    monkeypatch.setattr(Experience, "add", spy)
    train([run(0, spec)], plan(iterations=frames, frames_per_iteration=1, updates_per_iteration=0))
    return kept


def test_training_tuning_and_held_out_episodes_never_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int]] = []
    from cadran.lab.training import trainer

    original = trainer.episode_seeds
    monkeypatch.setattr(
        trainer, "episode_seeds", lambda *args: (seen.append((args[1], args[0])), original(*args))[1]
    )
    train([run(4), run(5)], plan(iterations=1))
    assert seen == [("training", 4), ("training", 5), ("tuning", 999)]
    drawn = [set(original(999, role, 100).tolist()) for role in ("training", "tuning", "held_out")]
    assert len(set.union(*drawn)) == 300


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        ([], "at least one"),
        ([run(0), run(1, learner(hidden=(4,)))], "learner.program"),
        ([run(0), run(1, agents="central")], "agents"),
        ([run(0), run(1, report_loss=0.1)], "link"),
        ([run(0), run(1, learner(warmup_transitions=30))], "warmup"),
        ([run(0, learner(replay_capacity=20, warmup_transitions=20))], "envs is 21"),
    ],
)
def test_runs_that_cannot_train_together_are_refused_in_one_line(runs: list[Run], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        require_stackable(runs, plan(envs=21))


@pytest.mark.parametrize("change", [{"iterations": 0}, {"envs": 0}, {"evaluation_episodes": 1}])
def test_a_plan_out_of_range_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be an integer >="):
        plan(**change)


def test_a_run_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="per_du, team, central"):
        Run(experiment(), learner(), "both", 0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="seed"):
        run(-1)


def test_long_logs_are_thinned_to_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update_log, "ROWS", 50)
    trained: TrainedRun = train([run(0, tasam())], plan(iterations=10, updates_per_iteration=6))[0]
    made = trained.cost.updates
    assert made == 9 * 6
    assert len(trained.log["updates"]) <= 50
    assert trained.log["updates"][-1] == made
    assert trained.log["sam_on"].shape == (len(trained.log["updates"]), 2)
    assert 0 < trained.log["sam_on"].mean() < 1
