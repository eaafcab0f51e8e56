import json

import numpy as np
import pytest

from cadran.envs import BatchedEnv
from cadran.lab.evaluation import evaluate, summarise
from cadran.lab.policies import BASELINES, LearnedPolicy, OneStepGreedy, RulePolicy, baseline, world_of
from cadran.lab.policies.base import Rollout, episode_seeds, rollout
from cadran.lab.yardsticks.ahead import carried_bits, look_ahead
from cadran.policy import Actor, PolicyMeta, tensor_shapes
from cadran.problem import ProblemSpec, Quota
from cadran.problem.heuristics import equal, pf_all, priority, static

from .worlds import EQ8_WORLD, WORLD, eq8

SPEC = ProblemSpec()


def actors(seed: int = 0) -> list[Actor]:
    """Untrained actors that fit the demo problem."""
    rng = np.random.default_rng(seed)
    meta = PolicyMeta(
        du=0,
        version=1,
        created_unix_s=0.0,
        observation_dim=27,
        action_dim=3,
        hidden=(8,),
        activation="relu",
        layer_norm=False,
        problem={},
    )
    shapes = tensor_shapes(27, 3, (8,), layer_norm=False)
    return [
        Actor(meta, {k: rng.normal(0, 0.5, shape).astype(np.float32) for k, shape in shapes.items()})
        for _ in range(WORLD.dus)
    ]


def test_every_baseline_runs_on_the_same_episodes():
    policies = [
        baseline(name, WORLD, SPEC, seed=1) for name in BASELINES if not name.startswith(("best", "tuned"))
    ]
    result = evaluate(WORLD, SPEC, policies, episodes=3, seed=1)
    assert [r.name for r in result.results] == [p.name for p in policies]
    for r in result.results:
        assert len(r.episode_rewards) == 3
        assert all(0 <= value <= 1 for value in r.episode_rewards)
        assert r.reward.low <= r.reward.value <= r.reward.high
        assert r.reward.value == pytest.approx(np.mean(r.episode_rewards))


def test_max_cqi_meets_the_same_channels_and_traffic():
    policy = baseline("max-cqi", WORLD, SPEC, seed=1)
    seeds = episode_seeds(2, "held_out", 3)
    plain, own = BatchedEnv(WORLD, SPEC, seeds), BatchedEnv(world_of(policy, WORLD), SPEC, seeds)
    for _ in range(5):
        ours, pf = policy.act(own).measurements, RulePolicy("pf", pf_all).act(plain).measurements
        assert (ours.arrived_bytes == pf.arrived_bytes).all()
        ahead, there = (look_ahead(env) for env in (own, plain))
        assert (ahead.offered_bytes == there.offered_bytes).all()
        everywhere = np.ones((3, WORLD.dus, WORLD.rbs), np.float32)
        assert (carried_bits(own, ahead, everywhere) == carried_bits(plain, there, everywhere)).all()
    assert (ours.delivered_bytes != pf.delivered_bytes).any()


def test_an_evaluation_runs_each_policy_in_its_own_world():
    chosen = baseline("max-cqi", WORLD, SPEC, seed=1)
    result = evaluate(WORLD, SPEC, [RulePolicy("pf", pf_all), chosen], episodes=3, seed=1)
    own = evaluate(world_of(chosen, WORLD), SPEC, [RulePolicy("max-cqi", pf_all)], episodes=3, seed=1)
    assert result.results[1].episode_rewards == own.results[0].episode_rewards
    assert result.results[0].episode_rewards != own.results[0].episode_rewards


def test_a_policy_compared_with_itself_ties_exactly():
    twice = [RulePolicy("a", equal), RulePolicy("b", equal)]
    result = evaluate(WORLD, SPEC, twice, episodes=4, seed=2)
    assert result.results[0].episode_rewards == result.results[1].episode_rewards
    assert result.differences[0].interval.verdict == "tie"
    assert result.differences[0].interval.low == result.differences[0].interval.high == 0
    assert "cannot be told apart from b" in result.sentence


def test_an_evaluation_is_reproducible_and_order_does_not_matter():
    a, b = RulePolicy("a", equal), RulePolicy("b", static((0, 0, 100)))
    first = evaluate(WORLD, SPEC, [a, b], episodes=3, seed=5)
    again = evaluate(WORLD, SPEC, [a, b], episodes=3, seed=5)
    turned = evaluate(WORLD, SPEC, [b, a], episodes=3, seed=5)
    assert first.to_json() == again.to_json()
    assert first.results[0] == turned.results[1]
    assert first.differences[0].interval.value == pytest.approx(-turned.differences[0].interval.value)


def test_pairing_sees_a_small_difference_that_unpaired_intervals_hide():
    rng = np.random.default_rng(0)
    hard = rng.normal(0.5, 0.1, 24)
    qos = np.ones((24, 3))
    runs = [Rollout(hard + 0.01 + rng.normal(0, 0.005, 24), qos), Rollout(hard, qos)]
    result = summarise([RulePolicy("new", equal), RulePolicy("old", equal)], runs, frames=100, seed=0)
    assert result.differences[0].interval.verdict == "better"
    assert result.results[0].reward.low < result.results[1].reward.high


def test_the_json_says_everything():
    result = evaluate(
        WORLD, SPEC, [RulePolicy("a", equal), RulePolicy("b", static((0, 0, 100)))], episodes=3, seed=1
    )
    data = json.loads(result.to_json())
    assert data["episodes"] == 3
    assert data["frames_per_episode"] == WORLD.episode_frames
    assert data["sentence"] == result.sentence
    assert data["differences"][0]["verdict"] in ("better", "worse", "tie")
    assert data["results"][1]["name"] == "b"
    assert len(data["results"][0]["qos"]) == 3


def test_learned_actors_act_alone_and_the_noise_is_seeded():
    policies = [
        LearnedPolicy(actors()),
        LearnedPolicy(actors(), 3),
        LearnedPolicy(actors(), 3),
        LearnedPolicy(actors(), 4),
    ]
    result = evaluate(WORLD, SPEC, policies, episodes=2, seed=1)
    mean, sampled, again, other = (r.episode_rewards for r in result.results)
    assert sampled == again
    assert len({mean, sampled, other}) == 3


def test_learned_actors_must_be_one_per_du():
    with pytest.raises(ValueError, match="actors"):
        evaluate(WORLD, SPEC, [LearnedPolicy(actors()[:1])], episodes=2, seed=1)


def test_one_step_greedy_earns_more_than_its_starting_points():
    env = BatchedEnv(WORLD, SPEC, episode_seeds(3, "held_out", 4))
    greedy, start, other = (
        rollout(env, policy).reward.mean()
        for policy in (OneStepGreedy(), RulePolicy("", equal), RulePolicy("", priority(4.0, 1.3)))
    )
    assert greedy > max(start, other)


def test_one_step_greedy_leaves_the_present_as_it_was():
    env = BatchedEnv(WORLD, SPEC, episode_seeds(3, "held_out", 2))
    policy = OneStepGreedy()
    policy.begin(env)
    step = policy.act(env)
    twin = BatchedEnv(WORLD, SPEC, episode_seeds(3, "held_out", 2))
    replayed = twin.step_decision(Quota.hard(policy.percent))
    assert step.reward.tobytes() == replayed.reward.tobytes()


def test_tuning_held_out_and_training_episodes_never_meet():
    tuning, held_out = (set(episode_seeds(7, role, 500).tolist()) for role in ("tuning", "held_out"))
    assert len(tuning) == len(held_out) == 500
    assert not tuning & held_out
    assert min(tuning | held_out) > 2**40


REWARDS = {
    "delivered": (WORLD, SPEC),
    "eq8 static": (EQ8_WORLD, eq8()),
    "eq8 weighted_norm": (EQ8_WORLD, eq8(alpha="weighted_norm")),
    "eq8 eq6": (EQ8_WORLD, eq8(quality="eq6")),
}


@pytest.mark.parametrize("name", REWARDS)
def test_under_every_reward_the_best_static_split_serves_every_slice(name):
    world, spec = REWARDS[name]
    policy = baseline("best-static", world, spec, seed=11)
    split = [int(percent) for percent in policy.detail.removesuffix(" %").split("/")]
    assert sum(split) == 100
    assert min(split) > 0


def test_an_unknown_baseline_names_those_there_are():
    with pytest.raises(ValueError, match="tuned-priority"):
        baseline("pff", WORLD, SPEC, seed=1)


def test_too_few_episodes_are_refused():
    with pytest.raises(ValueError, match="episodes"):
        evaluate(WORLD, SPEC, [RulePolicy("a", equal)], episodes=1, seed=1)
