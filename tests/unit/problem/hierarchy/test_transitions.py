from dataclasses import dataclass, field, fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.problem.hierarchy import (
    Frames,
    Transitions,
    TwoLevelActor,
    higher_returns,
    higher_transitions,
    lower_transitions,
)

from .worlds import measured, problem

HIERARCHY = problem(places=4)


@dataclass
class Log:
    """What an actor saw and did, frame by frame: the truth that transitions must agree with."""

    rows: list[dict] = field(default_factory=list)
    higher_seen: list[np.ndarray] = field(default_factory=list)
    lower_seen: list[np.ndarray] = field(default_factory=list)
    reward: list[float] = field(default_factory=list)
    lower_reward: list[np.ndarray] = field(default_factory=list)
    present: list[np.ndarray] = field(default_factory=list)

    def frames(self) -> Frames:
        names = [entry.name for entry in fields(Frames)]
        return Frames(**{name: np.array([row[name] for row in self.rows]) for name in names})


def play(episodes: int, frames: int, every: int, seed: int = 0) -> Log:
    rng = np.random.default_rng(seed)
    log = Log()

    def acting(numbers):
        return lambda seen: np.clip(seen[..., :numbers], 0, 1)

    actor = TwoLevelActor(HIERARCHY, acting(3), acting(HIERARCHY.lower_action_dim), every)
    for episode in range(episodes):
        actor.begin()
        state = assessed(seed + 100 * episode).state
        for frame in range(frames):
            action = actor.act(state, rng.normal(0, 0.3, HIERARCHY.action_dim).astype(np.float32))
            after = assessed(seed + 100 * episode + frame + 1)
            log.rows.append(
                {
                    "state": state,
                    "action": action,
                    "kpis": after.kpis,
                    "next_state": after.state,
                    "decided": actor.goal_set,
                    "starts": frame == 0,
                    "ends": frame == frames - 1,
                    "follows": len(log.rows) > 0,
                }
            )
            log.higher_seen.append(actor.higher_observation)
            log.lower_seen.append(actor.lower_observation)
            log.reward.append(after.reward)
            log.lower_reward.append(after.lower_reward)
            log.present.append(after.present)
            state = after.state
    return log


def assessed(seed: int):
    return HIERARCHY.assess(*measured(seed, (), HIERARCHY.frame))


def lacking(frames: Frames, gone: set[int]) -> Frames:
    """The frames without some of them; what came after one of these follows nothing."""
    kept = [place for place in range(len(frames.starts)) if place not in gone]
    after = np.array([place - 1 in gone or place == kept[0] for place in kept])
    held = {name: values[kept] for name, values in vars(frames).items()}
    return Frames(**{**held, "follows": held["follows"] & ~after})


def rows_of(transitions: Transitions) -> set[bytes]:
    return {
        b"".join(np.ascontiguousarray(part[at]).tobytes() for part in vars(transitions).values())
        for at in range(len(transitions))
    }


@given(episodes=st.integers(1, 3), frames=st.integers(1, 9), every=st.integers(1, 5), seed=st.integers(0, 9))
def test_both_levels_saw_and_did_what_the_transitions_say(episodes, frames, every, seed):
    log = play(episodes, frames, every, seed)
    higher, lower = (make(HIERARCHY, log.frames()) for make in (higher_transitions, lower_transitions))
    decided = [place for place, row in enumerate(log.rows) if row["decided"]]
    np.testing.assert_array_equal(higher.observation, np.array([log.higher_seen[place] for place in decided]))
    np.testing.assert_array_equal(
        higher.action, np.array([log.rows[place]["action"][:3] for place in decided])
    )
    rewards = np.float32(log.reward).reshape(episodes, frames)
    returns = np.concatenate([higher_returns(episode, every) for episode in rewards])
    np.testing.assert_allclose(higher.reward, returns, rtol=1e-6)

    present = np.array(log.present)
    np.testing.assert_array_equal(lower.observation, np.array(log.lower_seen)[present])
    np.testing.assert_array_equal(lower.reward, np.array(log.lower_reward)[present])


@given(frames=st.integers(2, 9), every=st.integers(1, 5), seed=st.integers(0, 9))
def test_the_next_observation_is_what_was_seen_next_and_at_the_end_the_goal_is_held(frames, every, seed):
    log = play(2, frames, every, seed)
    lower = lower_transitions(HIERARCHY, log.frames())
    present, at = np.array(log.present), 0
    for place, row in enumerate(log.rows):
        for slice_ in np.flatnonzero(present[place]):
            found = lower.next_observation[at]
            if row["ends"]:
                seen = log.lower_seen[place][slice_]
                np.testing.assert_array_equal(found[:2], seen[:2])
            else:
                np.testing.assert_array_equal(found, log.lower_seen[place + 1][slice_])
            at += 1
    higher = higher_transitions(HIERARCHY, log.frames())
    decided = [place for place, row in enumerate(log.rows) if row["decided"]]
    for index, place in enumerate(decided[1:]):
        if not log.rows[place]["starts"]:
            np.testing.assert_array_equal(higher.next_observation[index], log.higher_seen[place])


@given(gone=st.sets(st.integers(0, 17), max_size=6), every=st.integers(1, 4))
def test_missing_frames_take_away_what_needs_them_and_change_nothing_else(gone, every):
    whole = play(3, 6, every).frames()
    cut = lacking(whole, gone)
    for make in (higher_transitions, lower_transitions):
        assert rows_of(make(HIERARCHY, cut)) <= rows_of(make(HIERARCHY, whole))
    if not gone:
        assert rows_of(lower_transitions(HIERARCHY, cut)) == rows_of(lower_transitions(HIERARCHY, whole))


def test_a_window_of_frames_gives_the_same_bits_wherever_it_begins():
    whole = play(2, 12, 3).frames()
    every = rows_of(higher_transitions(HIERARCHY, whole))
    for start in range(1, 20):
        cut = lacking(whole, set(range(start)))
        part = rows_of(higher_transitions(HIERARCHY, cut))
        assert part <= every
        # Decisions stand every third frame; that of the first frame whose past is unknown cannot be judged.
        assert len(part) == sum(
            place > start or place % 12 == 0 for place in range(start, 24) if place % 3 == 0
        )


def test_no_frames_are_no_transitions():
    whole = play(1, 3, 2).frames()
    none = lacking(whole, {0, 1, 2} - {2})
    assert len(higher_transitions(HIERARCHY, none)) == 0
    empty = Frames(**{entry.name: getattr(whole, entry.name)[:0] for entry in fields(Frames)})
    assert len(higher_transitions(HIERARCHY, empty)) == len(lower_transitions(HIERARCHY, empty)) == 0


def test_a_first_frame_that_follows_another_is_refused():
    whole = play(1, 3, 2).frames()
    with pytest.raises(ValueError, match="before the first frame"):
        replace(whole, follows=np.ones(3, bool))
