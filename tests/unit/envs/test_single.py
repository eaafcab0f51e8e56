import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from cadran.envs import BatchedEnv
from cadran.envs.given import RULES
from cadran.envs.single import RanEnv
from cadran.problem import ProblemSpec
from cadran.problem.heuristics import need_proportional

from .worlds import SPECS, WORLD, seeds

PROBLEMS = [
    ProblemSpec(observation=observation, action=action, reward=reward)
    for observation in ("demand", "paper")
    for action in ("slice_quota", "rb_bits")
    for reward in ("delivered", "eq8")
]


def played(env: RanEnv, actions: np.ndarray) -> list[tuple[bytes, float, bool, bytes]]:
    """All that a learner sees."""
    steps = [env.step(action) for action in actions]
    return [(seen.tobytes(), paid, over, info["qos"].tobytes()) for seen, paid, _, over, info in steps]


def random_actions(env: RanEnv, frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((frames, *env.action_space.shape), dtype=np.float32)


@pytest.mark.parametrize("du", [1, "all"])
@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda spec: "-".join(spec.names.values()))
def test_the_gymnasium_contract_without_a_warning(problem, du):
    check_env(RanEnv(WORLD, problem, du=du), skip_render_check=True)


@pytest.mark.parametrize("others", RULES)
@pytest.mark.parametrize("name", SPECS)
def test_one_du_acts_and_the_rest_follow_the_rule(name, others):
    env = RanEnv(WORLD, SPECS[name], du=1, others=others)
    twin = BatchedEnv(WORLD, SPECS[name], seeds(3))
    env.reset(seed=3)
    for action in random_actions(env, 6):
        step = twin.step_du(1, action[np.newaxis], RULES[others])
        observation, reward, terminated, truncated, info = env.step(action)
        assert (observation == step.observation[0, 1]).all()
        assert reward == step.reward[0, 1]
        assert (terminated, truncated) == (False, False)
        assert (info["qos"] == twin.problem.qos(step.kpis)[0, 1]).all()
        assert (env.batch.radio_state.kpis.delivered_bytes == twin.radio_state.kpis.delivered_bytes).all()


def test_the_decision_of_the_others_is_the_rules_own():
    batch = BatchedEnv(WORLD, SPECS["demo"], seeds(3))
    twin = BatchedEnv(WORLD, SPECS["demo"], seeds(3))
    own = np.asarray([[0.9, 0.1, 0.4]], dtype=np.float32)
    for _ in range(5):
        quota = need_proportional(twin.measurements, twin.frame)
        for all_dus, one in zip(
            (quota.dedicated_percent, quota.min_percent, quota.max_percent),
            vars(twin.problem.decode(own)).values(),
            strict=True,
        ):
            all_dus[:, 0] = one
        expected = twin.step_decision(quota)
        step = batch.step_du(0, own, need_proportional)
        assert (step.kpis == expected.kpis).all()
        assert (step.observation[:, 0, -3:] == own).all()
        assert (step.observation[:, 1:, -3:] == 0.5).all()


def test_one_learner_for_all_dus_earns_their_mean():
    env, twin = RanEnv(WORLD, du="all"), BatchedEnv(WORLD, ProblemSpec(), seeds(4))
    env.reset(seed=4)
    for action in random_actions(env, 5):
        step = twin.step(action[np.newaxis])
        observation, reward, _, _, info = env.step(action)
        assert (observation == step.observation[0]).all()
        assert (info["du_reward"] == step.reward[0]).all()
        assert reward == pytest.approx(step.reward.mean())


def test_a_seed_reproduces_and_resets_go_on():
    env = RanEnv(WORLD)
    actions = random_actions(env, WORLD.episode_frames)
    first = env.reset(seed=7)[0]
    before = played(env, actions)
    second = env.reset()[0]
    assert (first != second).any()
    other = RanEnv(WORLD, seed=7)
    assert (other.reset()[0] == first).all()
    assert played(other, actions) == before
    assert (other.reset()[0] == second).all()


def test_without_a_seed_one_is_drawn_and_can_be_read():
    first, second = RanEnv(WORLD), RanEnv(WORLD)
    seen = first.reset()[0]
    assert (seen != second.reset()[0]).any()
    assert (second.reset(seed=first.np_random_seed)[0] == seen).all()


def test_an_episode_is_truncated_on_time_and_not_later():
    env = RanEnv(WORLD)
    env.reset(seed=0)
    actions = random_actions(env, WORLD.episode_frames)
    assert [over for _, _, over, _ in played(env, actions)] == [False] * (WORLD.episode_frames - 1) + [True]
    with pytest.raises(ValueError, match="ended"):
        env.step(actions[0])


def test_what_is_returned_may_be_changed():
    env, twin = RanEnv(WORLD), RanEnv(WORLD)
    twin.reset(seed=1)
    env.reset(seed=1)[0].fill(9.0)
    action = random_actions(env, 1)[0]
    env.step(action)[0].fill(9.0)
    twin.step(action)
    assert (env.batch.observation == twin.batch.observation).all()


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"du": 2}, r"du = 2: must be 'all' or a DU in 0\.\.1"),
        ({"du": "first"}, r"du = 'first'"),
        ({"du": True}, r"du = True"),
        ({"others": "nobody"}, r"others = 'nobody'"),
        ({"render_mode": "human"}, r"render_mode = 'human': must be None or rgb_array"),
    ],
)
def test_bad_arguments_are_refused_in_one_line(kwargs, message):
    with pytest.raises(ValueError, match=message) as refused:
        RanEnv(WORLD, **kwargs)
    assert len(str(refused.value).splitlines()) == 1


def test_a_bad_action_is_refused_before_anything_changes():
    env = RanEnv(WORLD)
    env.reset(seed=0)
    before = env.batch.frames_left
    with pytest.raises(ValueError, match=r"shape \(4,\), allowed is \(3,\)"):
        env.step(np.zeros(4, dtype=np.float32))
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        env.step(np.full(3, 1.5, dtype=np.float32))
    assert env.batch.frames_left == before


@pytest.mark.parametrize(
    "odd",
    [{"dus": 1}, {"rbs": 1}, {"slice_weights": (1, 0, 1)}, {"ues": 1}, {"episode_frames": 1}],
    ids=str,
)
@pytest.mark.parametrize("task", ["slicing", "resource-blocks"])
def test_odd_worlds_are_played_within_the_spaces(task, odd):
    world = {"dus": 2, "ues": 12, "max_ues_per_slice": 12, "rbs": 20, "episode_frames": 10} | odd
    env = RanEnv(world, task=task)
    env.action_space.seed(0)
    assert env.reset(seed=0)[0] in env.observation_space
    over = False
    while not over:
        observation, reward, _, over, _ = env.step(env.action_space.sample())
        assert observation in env.observation_space
        assert np.isfinite(reward)
