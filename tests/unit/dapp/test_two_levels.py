"""Two levels at one DU: goals on their own clock, whatever becomes of single frames."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from worlds import artefact, hierarchy, measurements, problem, two_levels, users

from cadran.dapp import Action, DuAgent, Indication, PolicySlot
from cadran.policy import PolicyCause, PolicyError, decode
from cadran.problem import Measurements
from cadran.problem.hierarchy import TwoLevelActor, UserGrants, UserMeasurements
from cadran.replay.schema import RowFlag, TransitionSchema

MADE = hierarchy(decision_frames=3)
SCHEMA = TransitionSchema(MADE.state_dim, MADE.action_dim, MADE.kpi_dim)


class Dapp:
    """One DU's agent, and the frames that it is told of."""

    def __init__(self, du: int = 0) -> None:
        self.slot = PolicySlot(du, MADE)
        self.slot.install(two_levels(MADE, du=du), delivery=1, effective_frame=0)
        self.agent = DuAgent(du, MADE, self.slot, seed=7)

    def frame(self, frame: int, start: bool = False, fallback: bool = False, mean: bool = False) -> Action:
        action, self.transition = self.agent.step(indication(frame, start, fallback, mean))
        assert action is not None
        return action

    def row(self) -> np.ndarray:
        assert self.transition is not None
        return self.transition.row(SCHEMA)[0]


def indication(frame: int, start: bool, fallback: bool = False, mean: bool = False) -> Indication:
    outcome, of_users = measured(frame) if frame > 0 else (None, None)
    fresh, fresh_users = measured(-frame) if start else (None, None)
    applied = None if fallback or frame == 0 else frame - 1
    return Indication(1, frame, outcome, applied, fresh, mean, of_users, fresh_users)


def measured(number: int) -> tuple[Measurements, UserMeasurements]:
    rng = np.random.default_rng([abs(number), number < 0])
    return measurements(rng), users(rng)


def test_a_goal_is_set_at_an_episodes_start_and_every_few_frames_from_it() -> None:
    dapp = Dapp()
    starts = (0, 8)
    actions = [dapp.frame(frame, start=frame in starts) for frame in range(14)]
    assert [action.frame for action in actions if action.goal_set] == [0, 3, 6, 8, 11]
    for before, after in pairwise(actions):
        assert (before.action[:3] == after.action[:3]).all() != after.goal_set
        assert (before.action[3:] != after.action[3:]).any()


def test_rows_say_when_a_goal_was_set_and_hold_what_rewards_are_made_of() -> None:
    dapp = Dapp()
    rows = []
    for frame in range(8):
        dapp.frame(frame, start=frame in (0, 5))
        if frame > 0:
            rows.append(dapp.row())
    assert [int(row["frame"]) for row in rows if row["flags"] & RowFlag.GOAL] == [0, 3, 5]
    assert [int(row["frame"]) for row in rows if row["flags"] & RowFlag.EPISODE_END] == [4]
    for row in rows:
        assert row["reward"] == MADE.rewards(row["kpis"]).reward
        after = MADE.assess(*measured(int(row["frame"]) + 1))
        np.testing.assert_array_equal(row["next_state"], after.state)


def test_grants_are_what_the_row_s_action_stands_for() -> None:
    dapp = Dapp()
    action = dapp.frame(0, start=True)
    dapp.frame(1)
    row = dapp.row()
    decided = MADE.decode(row["action"], MADE.ues(row["state"]))
    assert isinstance(action.decision, UserGrants)
    np.testing.assert_array_equal(action.decision.ue_rbs, decided.ue_rbs)
    np.testing.assert_array_equal(action.decision.ue_power, decided.ue_power)
    assert action.decision.ue_rbs.sum() == MADE.frame.rbs


def test_without_noise_it_acts_as_the_two_actors_do() -> None:
    dapp = Dapp()
    policy = decode(two_levels(MADE))[1]
    alone = TwoLevelActor(
        MADE, policy.higher.mean, lambda seen: np.stack([policy.lower.mean(row) for row in seen]), 3
    )
    for frame in range(5):
        action = dapp.frame(frame, start=frame == 0, mean=True)
        state = MADE.assess(*measured(frame)).state
        np.testing.assert_array_equal(action.action, alone.act(state))


@pytest.mark.parametrize(
    ("missing", "goals"), [((1,), [0, 3, 6]), ((2, 3), [0, 4, 6]), ((1, 2, 3, 4, 5, 6), [0, 7])]
)
def test_frames_that_are_missed_do_not_move_the_goals_clock(
    missing: tuple[int, ...], goals: list[int]
) -> None:
    dapp = Dapp()
    actions = [dapp.frame(frame, start=frame == 0) for frame in range(9) if frame not in missing]
    assert [action.frame for action in actions if action.goal_set] == goals


def test_a_goal_outlives_the_fallback_and_a_new_policy() -> None:
    dapp = Dapp()
    first = dapp.frame(0, start=True, mean=True)
    dapp.slot.install(two_levels(MADE, version=2, seed=1), delivery=2, effective_frame=0)
    second = dapp.frame(1, fallback=True, mean=True)
    assert dapp.transition is None
    third = dapp.frame(2, mean=True)
    assert [one.policy_version for one in (first, second, third)] == [1, 2, 2]
    assert not second.goal_set
    assert not third.goal_set
    np.testing.assert_array_equal(third.action[:3], first.action[:3])
    assert dapp.frame(3, mean=True).goal_set


def test_only_the_first_row_of_an_episode_begins_with_neutral_slices() -> None:
    dapp = Dapp()
    flags = {}
    for frame in range(11):
        dapp.frame(frame, start=frame in (0, 8), fallback=frame == 3)
        if dapp.transition is not None:
            flags[frame - 1] = int(dapp.row()["flags"])
    assert 2 not in flags
    assert [frame for frame, held in flags.items() if held & RowFlag.PREVIOUS_IS_NEUTRAL] == [0, 8]


def test_same_seed_same_decisions_and_other_dus_explore_otherwise() -> None:
    runs = [[dapp.frame(frame, start=frame == 0).action for frame in range(5)] for dapp in (Dapp(), Dapp())]
    np.testing.assert_array_equal(*runs)
    assert (Dapp(du=1).frame(0, start=True).action != runs[0][0]).any()


def test_a_policy_must_have_as_many_levels_as_the_problem() -> None:
    slot, flat = PolicySlot(0, MADE), PolicySlot(0, problem())
    wrong = (
        (slot, artefact(problem())),
        (flat, two_levels(MADE)),
        (slot, two_levels(hierarchy(decision_frames=4))),
        (slot, two_levels(MADE, du=1)),
    )
    for held, data in wrong:
        with pytest.raises(PolicyError) as refused:
            held.install(data, delivery=1, effective_frame=0)
        assert refused.value.cause is PolicyCause.INCOMPATIBLE
        assert held.at(0) == (None, 0)


def test_what_is_not_finite_is_not_acted_on() -> None:
    dapp = Dapp()
    dapp.frame(0, start=True)
    told = indication(1, start=False)
    assert told.users is not None
    spoilt = replace(told, users=replace(told.users, mean_se=np.full((3, 4), np.inf, np.float32)))
    action, transition = dapp.agent.step(spoilt)
    assert action is None
    assert transition is not None
    assert not transition.finite
    assert not dapp.frame(2).goal_set
