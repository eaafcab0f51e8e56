"""A DU offers what it can give, and indicates what its dApp subscribed to, no more."""

from __future__ import annotations

from dataclasses import replace

import pytest
import structlog
from rans import FALLBACK, WORLD, identity, ran

from cadran.ransim.e3_agent import E3Agent
from cadran.ransim.ladder import DecisionLadder, Submitted
from cadran.ransim.ran import Ran
from cadran.wire.causes import Cause, WireError
from cadran.wire.e3_subscriptions import EVERYTHING, Subscription
from cadran.wire.gen.e2sm.v1 import dapp_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2


class Session:
    """A dApp as its DU sees it."""

    def __init__(self, subscription: Subscription | None) -> None:
        self.du_id, self.open, self.subscription = 0, True, subscription
        self.request = e3ap_pb2.SetupRequest(running_version=1)
        self.told: list[e3ap_pb2.IndicationMessage] = []

    def send_indication(self, indication: e3ap_pb2.IndicationMessage) -> None:
        self.told.append(indication)


def agent(made: Ran, lockstep: bool = False) -> E3Agent:
    return E3Agent(identity(lockstep), made, structlog.get_logger(), lambda frame: None, lambda du: None)


def run(made: Ran, served: E3Agent, frames: int) -> list[tuple[int, ...]]:
    """Runs frames; returns which DUs were waited for in each."""
    last, awaited = None, []
    for _ in range(frames):
        served.indicate(last)
        awaited.append(served.deciding)
        last = made.run_frame()
    return awaited


def test_nothing_is_indicated_that_was_not_subscribed_to() -> None:
    made = ran()
    served, session = agent(made), Session(None)
    served.on_connected(session)
    assert served.connected == (True, False)
    assert served.subscribed == (False, False)
    assert run(made, served, 3) == [()] * 3
    assert session.told == []
    session.subscription = EVERYTHING
    served.on_subscribed(session)
    assert served.subscribed == (True, False)
    run(made, served, 2)
    assert [message.frame for message in session.told] == [3, 4]


@pytest.mark.parametrize("period", [1, 2, 3])
def test_multiples_of_the_period_and_beginnings_of_episodes_are_indicated(period: int) -> None:
    made = ran()
    served, session = agent(made), Session(replace(EVERYTHING, id=1, period_frames=period))
    served.on_connected(session)
    frames = 2 * WORLD.episode_frames + 2
    awaited = run(made, served, frames)
    expected = [n for n in range(frames) if n % period == 0 or n % WORLD.episode_frames == 0]
    assert [message.frame for message in session.told] == expected
    assert [n for n, dus in enumerate(awaited) if dus == (0,)] == expected
    assert served.reports(0) == (period == 1)


def test_a_dapp_whose_policy_expired_is_not_waited_for_though_nobody_else_hears_of_it() -> None:
    made = ran()
    served, session = agent(made), Session(EVERYTHING)
    served.on_connected(session)
    assert run(made, served, 1) == [(0,)]
    status = dapp_pb2.PolicyStatus(cause=Cause("policy", "expired").to_proto(), running_version=0)
    with pytest.raises(WireError):  # there is no near-RT RIC to relay it to
        served.on_policy_status(session, status)
    assert run(made, served, 1) == [()]
    assert len(session.told) == 2  # and yet it is told of every frame


def test_a_frame_that_the_dapp_was_not_asked_for_is_not_missed() -> None:
    ladder = DecisionLadder(FALLBACK, max_age_frames=10)
    ladder.period_frames = 4
    for frame in range(8):
        if frame == 0:
            ladder.submit(Submitted(frame, 1, FALLBACK))
        ladder.choose(frame)
    assert ladder.missed_frames == 1  # frame 4


def test_measurements_of_users_come_only_where_they_are_wanted() -> None:
    for wanted in (False, True):
        made = ran(for_users=True)
        served, session = agent(made), Session(Subscription(1, 1, wanted))
        served.on_connected(session)
        run(made, served, 2)
        assert session.told[0].start.HasField("users") == wanted
        assert session.told[1].outcome.HasField("users") == wanted


@pytest.mark.parametrize(("lockstep", "for_users"), [(False, False), (True, False), (False, True)])
def test_a_du_offers_what_it_can_give(lockstep: bool, for_users: bool) -> None:
    served = agent(ran(for_users=for_users), lockstep)
    problem = e3ap_pb2.ProblemNames(**identity().problem)
    offer = served.on_setup(e3ap_pb2.SetupRequest(du_id=1, problem=problem)).ran_functions
    assert [one.ran_function_id for one in offer] == [1]
    assert (offer[0].longest_period_frames == 1) == lockstep
    assert offer[0].user_measurements == for_users
