import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.problem.hierarchy import TwoLevelActor

from .worlds import measured, problem

HIERARCHY = problem(places=4)


class Levels:
    """Two made-up policies that count how often they are asked."""

    def __init__(self) -> None:
        self.higher_calls = self.lower_calls = 0

    def higher(self, seen: np.ndarray) -> np.ndarray:
        self.higher_calls += 1
        return np.clip(seen[..., :3], 0, 1)

    def lower(self, seen: np.ndarray) -> np.ndarray:
        self.lower_calls += 1
        return np.clip(seen[..., :8], 0, 1)


def state_of(seed: int, shape: tuple[int, ...] = ()) -> np.ndarray:
    return HIERARCHY.assess(*measured(seed, shape, HIERARCHY.frame)).state


@given(every=st.integers(1, 7), frames=st.integers(1, 30), episodes=st.integers(1, 3))
def test_the_higher_level_decides_at_an_episodes_start_and_every_so_many_frames(every, frames, episodes):
    levels = Levels()
    actor = TwoLevelActor(HIERARCHY, levels.higher, levels.lower, every)
    state = state_of(1)
    for _ in range(episodes):
        actor.begin()
        decided = []
        for _ in range(frames):
            actor.act(state)
            decided.append(actor.goal_set)
        assert decided == [frame % every == 0 for frame in range(frames)]
    assert levels.lower_calls == episodes * frames
    assert levels.higher_calls == episodes * -(-frames // every)


def test_between_decisions_slices_keep_their_rbs_and_goals():
    levels = Levels()
    actor = TwoLevelActor(HIERARCHY, levels.higher, levels.lower, 3)
    states = [state_of(seed, (2, 7)) for seed in range(4)]
    actions = [actor.act(states[0])]
    goal, slice_rbs = actor.goal.copy(), actor.slice_rbs.copy()
    assert (goal == HIERARCHY.goal(states[0], slice_rbs)).all()
    for state in states[1:3]:
        actions.append(actor.act(state))
        assert (actor.goal == goal).all()
        assert (actor.lower_observation == HIERARCHY.lower_observation(state, goal)).all()
    assert all((action[..., :3] == actions[0][..., :3]).all() for action in actions)
    assert (HIERARCHY.slice_rbs(actions[2][..., :3]) == slice_rbs).all()
    actor.act(states[3])
    assert (actor.higher_observation == HIERARCHY.higher_observation(states[3], slice_rbs)).all()
    assert (actor.goal[..., 1] == states[3][..., :3]).all()


def test_an_episode_begins_with_equal_slices():
    levels = Levels()
    actor = TwoLevelActor(HIERARCHY, levels.higher, levels.lower, 2)
    for _ in range(2):
        actor.begin()
        actor.act(state_of(7))
        np.testing.assert_allclose(actor.higher_observation[9:12], [0.34, 0.33, 0.33], rtol=1e-6)
        actor.act(state_of(8))
        actor.act(state_of(9))


@given(seed=st.integers(0, 1000))
def test_one_du_acts_as_in_a_batch(seed):
    levels = Levels()
    many, one = (TwoLevelActor(HIERARCHY, levels.higher, levels.lower, 2) for _ in range(2))
    noise = np.random.default_rng(seed).normal(0, 0.2, (3, 2, 7, HIERARCHY.action_dim)).astype(np.float32)
    for k in range(3):
        state = state_of(seed + k, (2, 7))
        whole = many.act(state, noise[k])
        assert whole.dtype == np.float32
        HIERARCHY.decode(whole, HIERARCHY.ues(state))
        assert one.act(state[1, 3], noise[k, 1, 3]).tobytes() == whole[1, 3].tobytes()


def test_noise_of_the_higher_level_counts_only_when_it_decides():
    levels = Levels()
    actor = TwoLevelActor(HIERARCHY, levels.higher, levels.lower, 2)
    state = state_of(3)
    quiet = actor.act(state)
    loud = np.full(HIERARCHY.action_dim, 2.0, dtype=np.float32)
    held = actor.act(state, loud)
    assert (held[:3] == quiet[:3]).all()
    assert (held[3:] == 1).all()
    assert (actor.act(state, loud) == 1).all()


def test_a_higher_level_that_never_decides_is_refused():
    with pytest.raises(ValueError, match="decision_frames"):
        TwoLevelActor(HIERARCHY, Levels().higher, Levels().lower, 0)


@given(every=st.integers(1, 5), played=st.lists(st.booleans(), max_size=20))
def test_goals_keep_to_their_frames_when_some_are_not_decided(every, played):
    levels = Levels()
    actor = TwoLevelActor(HIERARCHY, levels.higher, levels.lower, every)
    actor.skip(3)  # nothing is held yet
    actor.act(state_of(0))
    period = 0
    for frame, decides in enumerate(played, 1):
        if not decides:
            actor.skip(1)
            continue
        actor.act(state_of(frame))
        assert actor.goal_set == (frame // every > period)
        period = frame // every
