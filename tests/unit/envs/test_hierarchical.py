import numpy as np
import pytest

from cadran.envs import HierarchicalEnv, hierarchical_problem_of
from cadran.problem import Assignment, DeliveredSpec, Eq8Spec, ProblemSpec, Quota
from cadran.problem.heuristics import equal as equal_quotas
from cadran.problem.hierarchy import HierarchySpec, TwoLevelActor
from cadran.problem.hierarchy.rules import equal, need_proportional, random
from cadran.radio import World

from .worlds import WORLD, seeds

SPECS = {
    "delivered": ProblemSpec(),
    "budgets": ProblemSpec(delivered=DeliveredSpec(budget_spread=1.0)),
    "eq8": ProblemSpec(reward="eq8", eq8=Eq8Spec(rate="delivered")),
}
SHORT = WORLD.model_copy(update={"episode_frames": 8})


def env_of(*values: int, spec: str = "delivered", world: World = SHORT) -> HierarchicalEnv:
    return HierarchicalEnv(world, SPECS[spec], HierarchySpec(decision_frames=3), seeds(*values))


def random_actions(env: HierarchicalEnv, frames: int, seed: int = 0) -> np.ndarray:
    shape = (frames, env.envs, env.dus, env.problem.action_dim)
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def trajectory(env: HierarchicalEnv, actions: np.ndarray, episode: int = 0) -> list[bytes]:
    """Everything that an agent sees or is paid, frame by frame, of environment 0."""
    seen = [env.reset(episode)[0].tobytes()]
    for action in actions:
        step = env.step(action)
        parts = (step.state, step.kpis, step.qos, step.reward, step.lower_reward, step.present)
        seen.append(b"".join(part[0].tobytes() for part in parts))
    return seen


@pytest.mark.parametrize("spec", SPECS)
def test_an_environment_alone_lives_as_in_a_batch(spec):
    many, alone = env_of(5, 6, 7, spec=spec), env_of(5, spec=spec)
    actions = random_actions(many, 8)
    assert trajectory(alone, actions[:, :1]) == trajectory(many, actions)


def test_an_episode_is_determined_by_seed_number_and_actions():
    first, second = env_of(1), env_of(1)
    actions = random_actions(first, 5)
    before = trajectory(first, actions, episode=3)
    trajectory(second, random_actions(second, 5, seed=9), episode=1)
    assert trajectory(second, actions, episode=3) == before
    assert trajectory(second, actions, episode=4) != before
    second.reseed(seeds(1))
    assert (second.episode, second.frames_left) == (0, 8)


@pytest.mark.parametrize("spec", SPECS)
def test_rewards_of_every_frame_follow_from_its_kpis(spec):
    env = env_of(1, 2, spec=spec)
    for action in random_actions(env, 8):
        step = env.step(action)
        again = env.problem.rewards(step.kpis)
        assert again.reward.tobytes() == step.reward.tobytes()
        assert again.lower_reward.tobytes() == step.lower_reward.tobytes()
        assert (again.present == step.present).all()
        assert (step.present == (step.measurements.ues > 0)).all()
        assert np.isfinite(step.state).all()


def test_nobody_uses_more_than_was_granted_and_bytes_are_conserved():
    env = env_of(1, 2)
    arrived, left = np.zeros((2, 2, 3), dtype=np.int64), np.zeros((2, 2, 3), dtype=np.int64)
    for action in random_actions(env, 8):
        grants = env.problem.decode(action, env.measurements.ues)
        step = env.step(action)
        m, users = step.measurements, step.users
        assert (users.rbs <= grants.ue_rbs).all()
        assert (m.rbs_used == users.rbs.sum(axis=-1)).all()
        assert (m.rbs_quota == grants.ue_rbs.sum(axis=-1)).all()
        assert (users.power == grants.mean_power).all()
        for of_users, of_slices in (
            (users.arrived_bytes, m.arrived_bytes),
            (users.delivered_bytes, m.delivered_bytes),
            (users.queued_bytes, m.queued_bytes),
        ):
            assert (of_users.sum(axis=-1) == of_slices).all()
        arrived, left = arrived + m.arrived_bytes, left + m.delivered_bytes + m.dropped_bytes
    assert arrived.sum() > 0
    assert (arrived == left + m.queued_bytes).all()


@pytest.mark.parametrize("rule", [equal, need_proportional, random(np.random.default_rng(1))])
def test_rules_of_users_step_without_an_action(rule):
    env = env_of(3, 4)
    for _ in range(8):
        step = env.step_decision(rule(env.measurements, env.users, env.frame))
        assert np.isfinite(step.reward).all()
        assert (step.lower_reward[~step.present] == 0).all()


def test_rules_of_slices_step_at_full_power():
    env = env_of(3)
    step = env.step_decision(equal_quotas(env.measurements, env.frame))
    assert (step.users.power == 1).all()
    quota = Quota.hard(np.broadcast_to([100, 0, 0], (1, 2, 3)))
    assert (env.step_decision(quota).users.power == [1, 0, 0]).all()
    everything = Assignment(np.zeros((1, 2, 20), dtype=np.int8))
    assert (env.step_decision(everything).users.power[..., 0] == 1).all()


def test_less_power_delivers_less():
    delivered = []
    for power in (1.0, 0.0):
        env = env_of(1, 2, 3, 4)
        action = np.broadcast_to(env.problem.neutral_action, (4, 2, env.problem.action_dim)).copy()
        higher, users = env.problem.levels(action)
        users = users.copy()
        users[..., WORLD.max_ues_per_slice :] = power
        steps = [env.step(env.problem.flat(higher, users)) for _ in range(8)]
        delivered.append(sum(step.users.delivered_bytes.sum() for step in steps))
    assert delivered[0] > delivered[1]


def test_two_levels_play_an_episode():
    env = env_of(1, 2)
    actor = TwoLevelActor(
        env.problem,
        lambda seen: np.clip(seen[..., :3], 0, 1),
        lambda seen: np.clip(seen[..., : env.problem.lower_action_dim], 0, 1),
        decision_frames=3,
    )
    goals_set = []
    while env.frames_left:
        step = env.step(actor.act(env.state))
        goals_set.append(actor.goal_set)
        assert (step.measurements.rbs_quota == np.where(step.present, actor.slice_rbs, 0)).all()
    assert goals_set == [True, False, False, True, False, False, True, False]
    assert step.episode_end
    with pytest.raises(ValueError, match="ended"):
        env.step(actor.act(env.state))


def test_at_an_episodes_start_nothing_waits_and_no_power_was_used():
    env = env_of(1)
    env.step(random_actions(env, 1)[0])
    state = env.reset(1)
    assert (env.users.power == 0).all()
    assert (env.users.queued_bytes == 0).all()
    assert (env.problem.ues(state) == env.measurements.ues).all()
    held = np.arange(WORLD.max_ues_per_slice) < env.measurements.ues[..., np.newaxis]
    assert ((env.users.mean_se > 0) == held).all()


def test_a_step_is_never_changed_by_later_steps():
    env = env_of(1)
    actions = random_actions(env, 3)
    first = env.step(actions[0])
    before = (first.state.tobytes(), first.users.queued_bytes.tobytes(), first.users.mean_se.tobytes())
    for action in actions[1:]:
        env.step(action)
    assert before == (
        first.state.tobytes(),
        first.users.queued_bytes.tobytes(),
        first.users.mean_se.tobytes(),
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mac": {"allocation": "rbg"}}, "world.mac.allocation"),
        ({"ttis_per_frame": 2, "link": {"adaptation": "mcs"}}, "world.link.adaptation"),
    ],
)
def test_a_world_that_cannot_follow_is_refused_at_once(change, said):
    world = World.model_validate({"dus": 2, "ues": 12, "max_ues_per_slice": 12, **change})
    with pytest.raises(ValueError, match=said):
        hierarchical_problem_of(world, ProblemSpec(), HierarchySpec())
