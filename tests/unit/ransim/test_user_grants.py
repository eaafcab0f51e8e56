"""DUs that are told what to grant to users: exactly that is granted, or nothing, and the reason is told."""

from __future__ import annotations

import numpy as np
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rans import FALLBACK, WORLD, grants, hierarchy, identity, ran

from cadran.envs.hierarchical import HierarchicalEnv
from cadran.problem import Assignment, ProblemSpec
from cadran.problem.hierarchy import HierarchySpec, UserGrants
from cadran.radio import World
from cadran.ransim.e3_agent import E3Agent
from cadran.ransim.ladder import Source, Submitted
from cadran.ransim.ran import Ran
from cadran.wire.causes import WireError
from cadran.wire.decision_codecs import decision_from_proto, set_assignment, set_grants
from cadran.wire.e3_server import E3Session
from cadran.wire.e3_subscriptions import EVERYTHING
from cadran.wire.gen.e3ap.v1 import e3ap_pb2

PLACES = WORLD.max_ues_per_slice


class Session:
    """A dApp as its DU sees it."""

    def __init__(self, du: int = 0) -> None:
        self.du_id, self.open, self.told = du, True, []
        self.request = e3ap_pb2.SetupRequest(running_version=1)
        self.subscription = EVERYTHING

    def send_indication(self, indication: e3ap_pb2.IndicationMessage) -> None:
        self.told.append(indication)


def agent(made: Ran) -> tuple[E3Agent, E3Session]:
    served = E3Agent(
        identity(made=hierarchy()), made, structlog.get_logger(), lambda frame: None, lambda du: None
    )
    session = Session()
    served.on_connected(session)
    return served, session


def granting(decision: UserGrants, frame: int = 0) -> e3ap_pb2.DAppControlAction:
    action = e3ap_pb2.DAppControlAction(frame=frame, policy_version=1)
    set_grants(action, decision)
    return action


def test_users_get_what_they_are_granted_and_are_measured_one_by_one() -> None:
    made = ran(for_users=True)
    ues = made.start.ues
    for frame in range(2 * WORLD.episode_frames):
        decisions = [grants(ues[du], seed=frame) for du in range(WORLD.dus)]
        for du, decision in enumerate(decisions):
            assert made.refusal(du, decision) is None
            made.submit(du, Submitted(frame, 1, decision))
        result = made.run_frame()
        users = result.users
        assert users is not None
        assert {choice.source for choice in result.applied} == {Source.DAPP}
        np.testing.assert_array_equal(result.outcome.rbs_quota, [d.ue_rbs.sum(axis=-1) for d in decisions])
        np.testing.assert_array_equal(users.power, [d.mean_power for d in decisions])
        most = np.array([d.ue_rbs for d in decisions]) * made.ttis_per_frame
        assert (users.rbs <= most).all()
        for name in ("arrived_bytes", "delivered_bytes"):
            np.testing.assert_array_equal(getattr(users, name).sum(axis=-1), getattr(result.outcome, name))
        ues = result.outcome.ues if result.start is None else result.start.ues


def test_the_ran_walks_as_the_environment_does() -> None:
    made = ran(for_users=True)
    env = HierarchicalEnv(WORLD, ProblemSpec(), HierarchySpec(), np.array([3], dtype=np.uint64))
    for frame in range(WORLD.episode_frames - 1):
        actions = np.random.default_rng(frame).random((1, WORLD.dus, env.problem.action_dim), np.float32)
        decided = env.problem.decode(actions, env.measurements.ues)
        for du in range(WORLD.dus):
            made.submit(du, Submitted(frame, 1, UserGrants(decided.ue_rbs[0, du], decided.ue_power[0, du])))
        step, result = env.step(actions), made.run_frame()
        assert result.users is not None
        for name, value in vars(result.users).items():
            np.testing.assert_array_equal(value, getattr(step.users, name)[0], err_msg=name)
        np.testing.assert_array_equal(result.outcome.ue_delay_s, step.measurements.ue_delay_s[0])


def test_one_du_may_grant_to_users_while_another_falls_back() -> None:
    made = ran(for_users=True)
    decision = grants(made.start.ues[0])
    made.submit(0, Submitted(0, 1, decision))
    result = made.run_frame()
    assert [choice.source for choice in result.applied] == [Source.DAPP, Source.FALLBACK]
    assert result.users is not None
    np.testing.assert_array_equal(result.users.power[0], decision.mean_power)
    np.testing.assert_array_equal(result.users.power[1], result.outcome.rbs_quota[1] > 0)
    assert made.run_frame().applied[1].decision is FALLBACK


def test_a_decision_that_is_used_again_grants_nothing_to_users_who_are_gone() -> None:
    made = ran(for_users=True, max_age_frames=1000)
    last = WORLD.episode_frames - 1
    for _ in range(last):
        made.run_frame()
    ues = [made._state.core.ues[0, du].copy() for du in range(WORLD.dus)]
    for du in range(WORLD.dus):
        made.submit(du, Submitted(last, 1, grants(ues[du])))
    result = made.run_frame()
    assert result.start is not None
    assert (result.start.ues != np.array(ues)).any()
    for _ in range(3 * WORLD.episode_frames):
        again = made.run_frame()
        for du, choice in enumerate(again.applied):
            assert choice.source is Source.LAST_VALID
            held = np.arange(PLACES) < again.outcome.ues[du][:, np.newaxis]
            assert (choice.decision.ue_rbs[~held] == 0).all()
            kept = grants(ues[du]).ue_rbs * held
            np.testing.assert_array_equal(choice.decision.ue_rbs, kept)


def test_an_indication_tells_of_users_only_where_decisions_are_made_for_them() -> None:
    for for_users in (False, True):
        made = ran(for_users=for_users)
        served, session = agent(made)
        served.indicate(None)
        served.indicate(made.run_frame())
        first, second = session.told
        assert first.start.HasField("users") == for_users
        assert second.outcome.HasField("users") == for_users
    assert list(first.start.users.power) == [0.0] * 3
    assert len(second.outcome.users.mean_se) == 3 * PLACES


def test_an_older_decision_in_force_is_told_as_it_was_applied() -> None:
    made = ran(for_users=True)
    served, session = agent(made)
    decision = grants(made.start.ues[0])
    served.on_control_action(session, granting(decision))
    for _ in range(2):
        last = made.run_frame()
    served.indicate(last)
    applied = session.told[-1].applied
    assert applied.source == e3ap_pb2.DECISION_SOURCE_LAST_VALID
    told = decision_from_proto(applied, WORLD.rbs, PLACES)
    np.testing.assert_array_equal(told.ue_rbs, decision.ue_rbs)
    np.testing.assert_array_equal(told.ue_power, decision.ue_power)


def spoilt(kind: str, made: Ran) -> UserGrants:
    ues = made.start.ues[0]
    decision = grants(ues)
    rbs, power = decision.ue_rbs.copy(), decision.ue_power.copy()
    place = np.unravel_index(rbs.argmax(), rbs.shape)
    if kind == "too many":
        rbs[:] = np.where(rbs > 0, WORLD.rbs, 0)
    elif kind == "empty place":
        slice_ = int(ues.argmin())
        rbs[slice_, PLACES - 1], power[slice_, PLACES - 1] = 1, 1.0
    else:
        power[place] = {"no power": 0.0, "too much power": 1.5, "not a number": np.nan}[kind]
    return UserGrants(rbs, power)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("too many", "at most 20"),
        ("empty place", "empty place"),
        ("no power", "power 0"),
        ("too much power", "power 1.5"),
        ("not a number", "power nan"),
    ],
)
def test_impossible_grants_are_refused_with_the_reason_and_nothing_is_applied(kind: str, said: str) -> None:
    made = ran(for_users=True)
    served, session = agent(made)
    with pytest.raises(WireError, match=said) as refused:
        served.on_control_action(session, granting(spoilt(kind, made)))
    assert refused.value.cause.label == "dapp/decision-invalid"
    assert made.run_frame().applied[0].source is Source.FALLBACK


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.int16, (3, PLACES), elements=st.integers(0, 3)),
    hnp.arrays(np.float32, (3, PLACES), elements=st.floats(0, 1.125, width=32)),
    st.booleans(),
)
def test_whatever_is_not_refused_runs(rbs: np.ndarray, power: np.ndarray, for_users: bool) -> None:
    served, session = agent(SHARED)
    decision = UserGrants(rbs, power)
    if for_users:
        decision = decision.kept_for(SHARED._state.core.ues[0, 0])
    if SHARED.refusal(0, decision) is not None:
        with pytest.raises(WireError, match="decision-invalid"):
            served.on_control_action(session, granting(decision, SHARED.frame))
        return
    served.on_control_action(session, granting(decision, SHARED.frame))
    assert SHARED.run_frame().applied[0].source is Source.DAPP


SHARED = ran(for_users=True)


def test_a_ran_that_decides_for_slices_takes_no_grants() -> None:
    made = ran()
    served, session = agent(made)
    with pytest.raises(WireError, match="for slices"):
        served.on_control_action(session, granting(grants(made.start.ues[0])))
    assert made.run_frame().users is None


def test_a_ran_that_gives_out_groups_of_rbs_takes_no_single_ones() -> None:
    world = World.model_validate({"preset": "3gpp", "dus": 1, "ues": 3, "max_ues_per_slice": 4, "rbs": 24})
    made = ran(world=world)
    assert made.refusal(0, Assignment(np.zeros(24, dtype=np.int8))) is not None
    served, session = agent(made)
    action = e3ap_pb2.DAppControlAction(frame=0)
    set_assignment(action, np.zeros(WORLD.rbs, dtype=np.int8))
    with pytest.raises(WireError, match="groups of RBs"):
        served.on_control_action(session, action)
