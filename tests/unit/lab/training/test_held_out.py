"""All policies meet the same held-out episodes, and the figures agree with each other."""

from __future__ import annotations

import numpy as np
import pytest

from cadran.envs.link import LinkSpec
from cadran.lab.experiment import Experiment
from cadran.lab.policies import RulePolicy
from cadran.lab.policies.base import InWorld
from cadran.lab.training import HeldOut, TrainedPolicy, TrainedRun, evaluate_policy, evaluate_run, train
from cadran.policy import decode
from cadran.problem.heuristics import equal
from cadran.radio import World
from cadran.runtime import ClockSpec

from ..worlds import EQ8_WORLD, WORLD, eq8
from .tiny import experiment, learner, plan, run

EPISODES, SEED = 3, 999


@pytest.fixture(scope="module")
def trained() -> TrainedRun:
    return train([run(0)], plan())[0]


def eq8_experiment() -> Experiment:
    return Experiment("eq8", EQ8_WORLD, eq8(), learner(), ClockSpec())


def require_sound(held_out: HeldOut) -> None:
    assert held_out.episode_reward.shape == held_out.episode_reward_sampled.shape == (EPISODES,)
    assert held_out.slice_qos.shape == (EPISODES, 3)
    np.testing.assert_allclose(held_out.du_reward.mean(axis=1), held_out.episode_reward, rtol=1e-6)
    for quantiles in (held_out.qos_quantiles, held_out.ue_rate_quantiles):
        assert quantiles.shape == (3, 101)
        assert (np.diff(quantiles, axis=1) >= 0).all()
    # A mean lies between the extremes.
    assert (held_out.slice_qos.mean(axis=0) >= held_out.qos_quantiles[:, 0]).all()
    assert (held_out.slice_qos.mean(axis=0) <= held_out.qos_quantiles[:, -1]).all()


@pytest.mark.parametrize("where", [experiment(), eq8_experiment()], ids=["delivered", "eq8"])
def test_figures_of_a_run_agree(trained: TrainedRun, where: Experiment) -> None:
    held_out = evaluate_run(trained, where, EPISODES, SEED)
    require_sound(held_out)
    assert not np.array_equal(held_out.episode_reward, held_out.episode_reward_sampled)


def test_a_rule_has_one_way_to_act() -> None:
    held_out = evaluate_policy(RulePolicy("equal", equal), experiment(), EPISODES, SEED)
    require_sound(held_out)
    np.testing.assert_array_equal(held_out.episode_reward, held_out.episode_reward_sampled)


def test_an_evaluation_is_reproducible_and_all_meet_the_same_episodes(trained: TrainedRun) -> None:
    pair = [evaluate_run(trained, experiment(), EPISODES, SEED) for _ in range(2)]
    np.testing.assert_array_equal(pair[0].episode_reward, pair[1].episode_reward)
    np.testing.assert_array_equal(pair[0].episode_reward_sampled, pair[1].episode_reward_sampled)
    as_policy = evaluate_policy(TrainedPolicy(trained, experiment()), experiment(), EPISODES, SEED)
    np.testing.assert_array_equal(as_policy.episode_reward, pair[0].episode_reward)


def test_delivered_rates_are_what_slices_delivered_where_no_rate_is_measured(trained: TrainedRun) -> None:
    rates = evaluate_run(trained, experiment(), EPISODES, SEED).ue_rate_quantiles
    assert (rates >= 0).all()
    assert rates[:, -1].max() > 0


def test_a_central_run_acts_behind_the_link() -> None:
    central = train([run(0, agents="central")], plan())[0]
    ideal, late = (
        evaluate_run(central, where, EPISODES, SEED)
        for where in (experiment(), experiment(report_delay_frames=5, policy_delay_frames=5))
    )
    require_sound(ideal)
    assert not np.array_equal(ideal.episode_reward, late.episode_reward)


def test_actors_at_the_dus_do_not_notice_the_link(trained: TrainedRun) -> None:
    ideal, late = (
        evaluate_run(trained, where, EPISODES, SEED)
        for where in (experiment(), experiment(report_delay_frames=5))
    )
    np.testing.assert_array_equal(ideal.episode_reward, late.episode_reward)


def test_actors_that_do_not_fit_are_refused_in_one_line(trained: TrainedRun) -> None:
    world = World.model_validate(WORLD.model_dump(exclude_unset=True) | {"dus": 3})
    where = Experiment("three", world, experiment().problem_spec, learner(), ClockSpec(), LinkSpec())
    with pytest.raises(ValueError, match="needs 3"):
        evaluate_run(trained, where, EPISODES, SEED)


def test_an_actor_is_deployed_as_it_acts(trained: TrainedRun) -> None:
    meta, actor = decode(trained.actors.artifact(1))
    assert (meta.du, meta.updates) == (1, trained.cost.updates)
    seen = np.random.default_rng(0).random((2, 4, meta.observation_dim), dtype=np.float32)
    np.testing.assert_array_equal(actor.mean(seen[1]), trained.actors.act(seen, None)[1])


def test_a_policy_is_examined_in_its_own_world() -> None:
    heavier = World.model_validate(WORLD.model_dump(exclude_unset=True) | {"load": {"scale": 1.5}})
    rule = RulePolicy("equal", equal)
    here = evaluate_policy(rule, experiment(), EPISODES, SEED)
    there = evaluate_policy(InWorld(rule, lambda _: heavier), experiment(), EPISODES, SEED)
    assert (there.episode_reward < here.episode_reward).all()
