from dataclasses import dataclass, field, fields, replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
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


@cache
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
                    "after": int(len(log.rows) > 0),
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


def lacking(frames: Frames, gone: set[int], *, lost: bool) -> Frames:
    """The frames without some of them: rows that are lost, or frames that were never decided."""
    kept = [place for place in range(len(frames.starts)) if place not in gone]
    steps = np.diff(kept, prepend=kept[:1])
    after = np.where(steps > 1, 0, steps) if lost else steps
    held = {name: values[kept] for name, values in vars(frames).items()}
    return Frames(**{**held, "after": np.minimum(after, held["after"] * after)})


def rows_of(transitions: Transitions) -> set[bytes]:
    return {
        b"".join(np.ascontiguousarray(part[at]).tobytes() for part in vars(transitions).values())
        for at in range(len(transitions))
    }


@settings(deadline=None, max_examples=40)
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


@settings(deadline=None, max_examples=40)
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


@settings(deadline=None, max_examples=40)
@given(gone=st.sets(st.integers(0, 17), max_size=6), every=st.integers(1, 4))
def test_lost_rows_take_away_what_needs_them_and_change_nothing_else(gone, every):
    whole = play(3, 6, every).frames()
    cut = lacking(whole, gone, lost=True)
    for make in (higher_transitions, lower_transitions):
        assert rows_of(make(HIERARCHY, cut)) <= rows_of(make(HIERARCHY, whole))
    if not gone:
        assert rows_of(lower_transitions(HIERARCHY, cut)) == rows_of(lower_transitions(HIERARCHY, whole))


@settings(deadline=None, max_examples=40)
@given(gone=st.sets(st.integers(0, 17), max_size=6), every=st.integers(1, 5))
def test_frames_that_were_not_decided_leave_the_rest_as_it_is(gone, every):
    whole = play(3, 6, every).frames()
    cut = lacking(whole, gone, lost=False)
    assert rows_of(lower_transitions(HIERARCHY, cut)) <= rows_of(lower_transitions(HIERARCHY, whole))
    own = problem(places=4, decision_frames=every)
    strict = higher_transitions(own, cut, least_share=1.0)
    assert rows_of(strict) <= rows_of(higher_transitions(own, whole))


@pytest.mark.parametrize(("gone", "counts"), [({3}, True), ({3, 7}, True), ({3, 7, 8}, False), ({9}, True)])
def test_a_decision_counts_with_most_of_its_frames(gone, counts):
    log = play(1, 30, 10)
    whole, cut = log.frames(), lacking(log.frames(), {10 + frame for frame in gone}, lost=False)
    found, wanted = (higher_transitions(HIERARCHY, frames) for frames in (cut, whole))
    assert len(found) == len(wanted) - (not counts)
    if counts:
        np.testing.assert_array_equal(found.observation, wanted.observation)
        np.testing.assert_array_equal(found.next_observation, wanted.next_observation)
        held = [log.reward[10 + frame] for frame in range(10) if frame not in gone]
        assert found.reward[1] == pytest.approx(np.mean(held))
        np.testing.assert_array_equal(found.reward[[0, 2]], wanted.reward[[0, 2]])


def test_a_decision_at_a_frame_that_is_no_row_ends_what_is_known():
    whole = play(1, 30, 10).frames()
    cut = lacking(whole, {10}, lost=False)
    assert len(higher_transitions(HIERARCHY, cut)) == 1  # the third; when the first ended is not known
    without = lacking(whole, set(range(10, 20)), lost=True)
    known = {bytes(row) for row in lower_transitions(HIERARCHY, without).reward}
    found = lower_transitions(HIERARCHY, cut)
    assert {bytes(row) for row in found.reward} == known


def test_a_window_of_frames_gives_the_same_bits_wherever_it_begins():
    whole = play(2, 12, 3).frames()
    every = rows_of(higher_transitions(HIERARCHY, whole))
    for start in range(1, 20):
        cut = lacking(whole, set(range(start)), lost=True)
        part = rows_of(higher_transitions(HIERARCHY, cut))
        assert part <= every
        # Decisions stand every third frame; that of the first frame whose past is unknown cannot be judged.
        decisions = [place for place in range(start, 24) if place % 3 == 0]
        assert len(part) == sum(place > start or place % 12 == 0 for place in decisions)


def test_no_frames_are_no_transitions():
    whole = play(1, 3, 2).frames()
    assert len(higher_transitions(HIERARCHY, lacking(whole, {0, 1}, lost=True))) == 0
    empty = Frames(**{entry.name: getattr(whole, entry.name)[:0] for entry in fields(Frames)})
    assert len(higher_transitions(HIERARCHY, empty)) == len(lower_transitions(HIERARCHY, empty)) == 0


def test_a_first_frame_that_comes_after_another_is_refused():
    whole = play(1, 3, 2).frames()
    with pytest.raises(ValueError, match="before the first frame"):
        replace(whole, after=np.ones(3, np.int64))
