from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cadran.envs.hierarchical import HierarchicalEnv
from cadran.learn import DivergedError
from cadran.learn.meta import MetaLearner
from cadran.problem.hierarchy import TwoLevelActor
from cadran.rapp.evaluation import EvaluationSpec, Initialisation, SimulatedEvaluation
from cadran.rapp.experience import Experience
from cadran.rapp.kept_rows import KeptRows
from cadran.replay import Slice
from two_levels import DUS, rows, scenario


def learner(seed: int) -> MetaLearner:
    problem = scenario().problem
    return MetaLearner(
        scenario().meta,
        DUS,
        higher=(problem.higher_observation_dim, problem.higher_action_dim),
        lower=(problem.lower_observation_dim, problem.lower_action_dim),
        seed=seed,
    )


def experience_in(root: Path, frames: tuple[int, int]) -> Experience:
    kept = KeptRows(root, scenario().schema, DUS, 300, slack=300)
    for du, count in enumerate(frames):
        kept.append(du, Slice(0, rows(200)[du][:count], count))
    kept.commit()
    made = Experience(scenario().problem, kept)
    made.refresh()
    return made


def evaluation(root: Path, frames: tuple[int, int] = (100, 100), **changes: int) -> SimulatedEvaluation:
    spec = EvaluationSpec(**({"repetitions": 3, "frames": 20, "shots": 2} | changes))
    return SimulatedEvaluation(scenario(), learner(0), experience_in(root, frames), spec)


def constant(level_of: dict[str, float]) -> Initialisation:
    """Actors that always decide the same numbers, given as numbers before the sigmoid."""
    made = learner(1).initialisation()
    for level, value in level_of.items():
        actor = made[level].actor  # type: ignore[index]
        actor["mean.weight"].zero_()
        actor["mean.bias"].fill_(value)
    return made


def test_all_see_the_same_rows_and_episodes(tmp_path: Path) -> None:
    evaluate = evaluation(tmp_path)
    one, other = learner(1).initialisation(), learner(2).initialisation()
    together = evaluate([one, other, one], seed=5)
    assert together.shape == (3, 3)
    np.testing.assert_array_equal(together[0], together[2])
    np.testing.assert_array_equal(together[0], evaluate([one], seed=5)[0])
    assert (together[0] != together[1]).any()
    assert (together[0] != evaluate([one], seed=6)[0]).all()


def test_the_score_is_the_reward_of_acting_in_the_scenarios_world(tmp_path: Path) -> None:
    flat = constant({"higher": 0.0, "lower": 0.0})
    found = evaluation(tmp_path, shots=0)([flat], seed=4)[0]
    seeds = np.random.default_rng([4, 2]).integers(0, 2**64, 3, dtype=np.uint64)
    world = scenario().world.model_copy(update={"episode_frames": 20})
    env = HierarchicalEnv(world, scenario().problem_spec, scenario().hierarchy, seeds)

    def half(numbers: int):
        return lambda seen: np.full((*seen.shape[:-1], numbers), 0.5, np.float32)

    problem = env.problem
    actor = TwoLevelActor(problem, half(problem.higher_action_dim), half(problem.lower_action_dim), 5)
    rewards = [env.step(actor.act(env.state)).reward for _ in range(20)]
    np.testing.assert_allclose(found, np.mean(rewards, axis=(0, 2)), rtol=1e-6)


def test_each_du_acts_by_networks_of_its_own_experience(tmp_path: Path) -> None:
    evaluate = evaluation(tmp_path, frames=(100, 0))
    start = learner(1).initialisation()
    adapted = evaluate._adapted(start, 3)
    for level, networks in adapted.items():
        before = start[level].actor["mean.bias"][0]
        assert (networks.actor["mean.bias"][0] != before).any()
        assert (networks.actor["mean.bias"][1] == before).all()  # nothing to adapt to
    untouched = evaluation(tmp_path / "none", frames=(0, 0))._adapted(start, 3)
    assert (untouched["lower"].critic["value.bias"] == start["lower"].critic["value.bias"]).all()


def test_one_that_does_not_stay_finite_is_told(tmp_path: Path) -> None:
    bad = learner(1).initialisation()
    bad["lower"].critic["value.bias"].fill_(float("nan"))
    with pytest.raises(DivergedError):
        evaluation(tmp_path)([bad], seed=1)
