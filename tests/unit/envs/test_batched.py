import numpy as np
import pytest

from cadran.envs import BatchedEnv, frame_of, problem_of, to_decisions
from cadran.problem import Assignment, Eq8Spec, ProblemSpec, Quota
from cadran.problem.heuristics import equal, pf_all

from .worlds import SPECS, WORLD, seeds


def trajectory(env: BatchedEnv, actions: np.ndarray, episode: int = 0) -> list[bytes]:
    """Everything that an agent sees or is paid, frame by frame, of environment 0."""
    seen = [env.reset(episode)[0].tobytes()]
    for action in actions:
        step = env.step(action)
        seen.append(step.observation[0].tobytes() + step.kpis[0].tobytes() + step.reward[0].tobytes())
    return seen


def random_actions(env: BatchedEnv, frames: int, seed: int = 0) -> np.ndarray:
    shape = (frames, env.envs, env.dus, env.problem.action_dim)
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


@pytest.mark.parametrize("name", SPECS)
def test_an_environment_alone_lives_as_in_a_batch(name):
    many = BatchedEnv(WORLD, SPECS[name], seeds(5, 6, 7))
    actions = random_actions(many, 15)
    alone = BatchedEnv(WORLD, SPECS[name], seeds(5))
    assert trajectory(alone, actions[:, :1]) == trajectory(many, actions)


@pytest.mark.parametrize("name", SPECS)
def test_an_episode_is_determined_by_seed_number_and_actions(name):
    first, second = (BatchedEnv(WORLD, SPECS[name], seeds(1)) for _ in range(2))
    actions = random_actions(first, 10)
    before = trajectory(first, actions, episode=3)
    trajectory(second, random_actions(second, 10, seed=9), episode=1)
    assert trajectory(second, actions, episode=3) == before
    assert trajectory(second, actions, episode=4) != before


def test_reseeded_it_is_a_new_one_of_as_many_networks_as_there_are_seeds():
    env = BatchedEnv(WORLD, SPECS["demo"], seeds(1))
    fresh = BatchedEnv(WORLD, SPECS["demo"], seeds(2, 3, 4))
    first = env.reseed(seeds(2, 3, 4))
    assert (env.envs, env.episode, env.frames_left) == (3, 0, WORLD.episode_frames)
    assert first.tobytes() == fresh.observation.tobytes()
    actions = random_actions(fresh, 2)
    assert trajectory(env, actions) == trajectory(fresh, actions)


@pytest.mark.parametrize("name", SPECS)
def test_shapes_and_the_previous_action_in_the_observation(name):
    env = BatchedEnv(WORLD, SPECS[name], seeds(1, 2))
    problem = env.problem
    assert (env.observation[..., problem.state_dim :] == 0.5).all()
    action = random_actions(env, 1)[0]
    step = env.step(action)
    assert step.observation.shape == (2, 2, problem.observation_dim)
    assert step.kpis.shape == (2, 2, problem.kpi_dim)
    assert step.reward.shape == (2, 2)
    assert np.isfinite(step.observation).all()
    assert (step.observation[..., : problem.state_dim] == step.state).all()
    assert (step.observation[..., problem.state_dim :] == action).all()
    assert (env.reset(1)[..., problem.state_dim :] == 0.5).all()


def test_a_step_is_never_changed_by_later_steps():
    env = BatchedEnv(WORLD, SPECS["demo"], seeds(1))
    actions = random_actions(env, 3)
    first = env.step(actions[0])
    before = (first.observation.tobytes(), first.measurements.ue_delay_s.tobytes(), first.reward.tobytes())
    env.step(actions[1])
    env.step(actions[2])
    assert before == (
        first.observation.tobytes(),
        first.measurements.ue_delay_s.tobytes(),
        first.reward.tobytes(),
    )


def test_an_episode_ends_on_time_and_not_later():
    env = BatchedEnv(WORLD, SPECS["demo"], seeds(1))
    ends = [env.step(action).episode_end for action in random_actions(env, WORLD.episode_frames)]
    assert ends == [False] * (WORLD.episode_frames - 1) + [True]
    with pytest.raises(ValueError, match="ended"):
        env.step(random_actions(env, 1)[0])


def test_bytes_are_conserved_over_an_episode():
    env = BatchedEnv(WORLD, SPECS["demo"], seeds(1, 2))
    arrived = delivered = dropped = np.zeros((2, 2, 3), dtype=np.int64)
    for action in random_actions(env, WORLD.episode_frames):
        m = env.step(action).measurements
        arrived, delivered = arrived + m.arrived_bytes, delivered + m.delivered_bytes
        dropped = dropped + m.dropped_bytes
    assert arrived.sum() > 0
    assert (arrived == delivered + dropped + m.queued_bytes).all()


def test_quotas_bound_the_rbs_used():
    env = BatchedEnv(WORLD, SPECS["demo"], seeds(3))
    for action in random_actions(env, 10):
        quota = env.problem.decode(action)
        _, _, most = quota.rbs(WORLD.rbs)
        m = env.step_decision(quota).measurements
        assert (m.rbs_used <= most).all()
        assert (m.rbs_used.sum(axis=-1) <= WORLD.rbs).all()


@pytest.mark.parametrize("rule", [equal, pf_all])
def test_rules_step_without_an_action(rule):
    env = BatchedEnv(WORLD, SPECS["demo"], seeds(3))
    step = env.step_decision(rule(env.measurements, env.frame))
    assert (step.observation[..., env.problem.state_dim :] == 0.5).all()


def test_decisions_carry_quota_and_assignment():
    quota = to_decisions(Quota.hard(np.full((1, 2, 3), 20, dtype=np.int32)), rbs=20)
    assert (quota.mode == 0).all()
    assert (quota.min_rbs == 4).all()
    slice_of_rb = np.zeros((1, 2, 20), dtype=np.int8)
    assignment = to_decisions(Assignment(slice_of_rb), rbs=20)
    assert (assignment.mode == 1).all()
    assert (assignment.slice_of_rb == 0).all()


def test_the_frame_of_a_world():
    frame = frame_of(WORLD)
    assert (frame.rbs, frame.dus, frame.ues_per_slice, frame.total_ues) == (20, 2, 4, 12)


def test_muted_rbs_serve_nobody():
    env = BatchedEnv(WORLD, ProblemSpec(action="slice_quota_mute"), seeds(1, 2))
    for mute, rbs in ((0.5, 20), (1.0, 10)):
        env.reset(0)
        action = np.full((2, 2, 4), 0.5, dtype=np.float32)
        action[..., 3] = mute
        for _ in range(5):
            used = env.step(action).measurements.rbs_used.sum(axis=-1)
            assert (used <= rbs).all()


def test_eq8_on_delivered_bits_needs_no_achievable_rate():
    blind = WORLD.model_copy(update={"kpis": WORLD.kpis.model_copy(update={"achievable_rate": False})})
    env = BatchedEnv(blind, ProblemSpec(reward="eq8", eq8=Eq8Spec(rate="delivered")), seeds(1))
    assert np.isfinite(env.step(np.full((1, 2, 3), 0.5, dtype=np.float32)).reward).all()


def test_eq8_without_rates_is_refused_at_once():
    blind = WORLD.model_copy(update={"kpis": WORLD.kpis.model_copy(update={"achievable_rate": False})})
    with pytest.raises(ValueError, match="achievable_rate"):
        problem_of(blind, ProblemSpec(reward="eq8"))
