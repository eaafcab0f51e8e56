"""A dApp gets the indications that it subscribed to, or hears why it cannot have them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.wire.causes import WireError, from_proto
from cadran.wire.e3_session import E3_SERVICE, parse, serialise
from cadran.wire.e3_subscriptions import EVERYTHING, Subscription, admitted, frames_function
from cadran.wire.gen.e2sm.v1 import common_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2

from .parties import QUICK, Counters, Dapp, Du, dapp_client, e3_server, raw, running, until

FUNCTIONS = [frames_function(10, user_measurements=False)]
POSITIVE, NEGATIVE = common_pb2.RESPONSE_CODE_POSITIVE, common_pb2.RESPONSE_CODE_NEGATIVE


def _request(**changes: Any) -> e3ap_pb2.SubscriptionRequest:
    fields = {"subscription_id": 3, "ran_function_id": 1, "period_frames": 2} | changes
    return e3ap_pb2.SubscriptionRequest(**fields)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"subscription_id": 0}, "protocol/semantic-error"),
        ({"subscription_id": 101}, "protocol/semantic-error"),
        ({"ran_function_id": 2}, "dapp/ran-function-unknown"),
        ({"period_frames": 0}, "dapp/period-not-supported"),
        ({"period_frames": 11}, "dapp/period-not-supported"),
        ({"user_measurements": True}, "dapp/measurements-not-available"),
    ],
)
async def test_what_cannot_be_had_is_refused_with_its_cause(changes: dict[str, Any], cause: str) -> None:
    du, counters = Du(), Counters()
    async with e3_server(du, counters) as (server, port), raw(port, E3_SERVICE) as call:
        answer = await _subscribe(call, _request(**changes))
        assert answer.response_code == NEGATIVE
        assert from_proto(answer.cause).label == cause
        assert server.sessions[0].subscription is None
        assert server.sessions[0].open  # the dApp may ask for something else
    assert du.subscriptions == []
    assert counters.seen["refused", "e3", "subscription_request", cause] == 1


async def _subscribe(call: Any, request: e3ap_pb2.SubscriptionRequest) -> e3ap_pb2.SubscriptionResponse:
    setup = e3ap_pb2.SetupRequest(dapp_id=1, supported_versions=["1.1"])
    await call.write(serialise(1, "setup_request", setup))
    offer = parse(await call.read()).setup_response
    assert list(offer.ran_functions) == FUNCTIONS
    await call.write(serialise(2, "subscription_request", request))
    return parse(await call.read()).subscription_response


async def test_a_subscription_is_admitted_changed_and_deleted() -> None:
    du = Du()
    async with e3_server(du) as (server, port), raw(port, E3_SERVICE) as call:
        assert (await _subscribe(call, _request())).response_code == POSITIVE
        session = server.sessions[0]
        assert session.subscription == Subscription(3, 2, user_measurements=False)

        async def ask(kind: str, message: Any) -> Any:
            await call.write(serialise(5, kind, message))
            pdu = parse(await call.read())
            return getattr(pdu, pdu.WhichOneof("pdu") or "")

        other = await ask("subscription_request", _request(subscription_id=4))
        assert from_proto(other.cause).label == "dapp/subscription-limit"
        assert session.subscription.period_frames == 2  # a refused request changes nothing
        assert (await ask("subscription_request", _request())).response_code == POSITIVE
        assert (await ask("subscription_request", _request(period_frames=5))).response_code == POSITIVE
        assert session.subscription.period_frames == 5

        unknown = await ask("subscription_delete", e3ap_pb2.SubscriptionDelete(subscription_id=4))
        assert from_proto(unknown.cause).label == "dapp/subscription-unknown"
        assert session.subscription.period_frames == 5
        gone = await ask("subscription_delete", e3ap_pb2.SubscriptionDelete(subscription_id=3))
        assert (gone.subscription_id, gone.response_code) == (3, POSITIVE)
        assert session.subscription is None
    assert [None if one is None else one.period_frames for one in du.subscriptions] == [2, 5, None]


async def test_a_dapp_of_version_1_0_has_everything_and_no_subscriptions() -> None:
    counters = Counters()
    async with e3_server(Du(), counters) as (server, port), raw(port, E3_SERVICE) as call:
        setup = e3ap_pb2.SetupRequest(dapp_id=1, e3ap_protocol_version="1.0")
        await call.write(serialise(1, "setup_request", setup))
        assert parse(await call.read()).setup_response.e3ap_protocol_version == "1.0"
        assert server.sessions[0].subscription == EVERYTHING
        await call.write(serialise(2, "subscription_request", _request()))
        ack = parse(await call.read()).message_ack
        assert from_proto(ack.cause).label == "protocol/message-not-compatible-with-receiver-state"


async def test_a_client_subscribes_and_unsubscribes() -> None:
    du, dapp = Du(), Dapp()
    async with e3_server(du) as (server, port), running(dapp_client(port, dapp)):
        await until(lambda: dapp.session and dapp.session.subscribed)
        assert dapp.session is not None
        dapp.session.unsubscribe(1)
        await until(lambda: server.sessions[0].subscription is None)
        session = dapp.session
        await until(lambda: not session.subscribed)
        assert session.open


async def test_a_client_that_is_refused_says_why_and_does_not_hammer() -> None:
    dapp, counters = Dapp(), Counters()
    dapp.wanted = _request(user_measurements=True)
    async with e3_server(Du(), counters) as (_, port), running(dapp_client(port, dapp)):
        await until(lambda: len(dapp.closed) >= 3)
    assert {cause.label for cause in dapp.closed[:3]} == {"dapp/measurements-not-available"}
    assert counters.seen["closed", "e3", "dapp/measurements-not-available"] >= 3


async def test_a_client_without_an_answer_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cadran.wire.e3_server.E3Session._on_subscription_request", lambda *_: None)
    dapp = Dapp()
    impatient = replace(QUICK, control_timeout_s=0.1)
    async with e3_server(Du()) as (_, port), running(dapp_client(port, dapp, settings=impatient)):
        await until(lambda: dapp.closed)
    assert dapp.closed[0].label == "ric_request/control-timer-expired"


async def test_an_answer_that_nobody_waits_for_is_refused() -> None:
    dapp, counters = Dapp(), Counters()
    async with e3_server(Du(), counters) as (server, port), running(dapp_client(port, dapp)):
        await until(lambda: dapp.session and dapp.session.subscribed)
        session = server.sessions[0]
        session._on_subscription_delete(e3ap_pb2.E3Pdu())
        await until(lambda: counters.seen.get(("received", "e3", "message_ack")))
        assert dapp.session is not None
        assert dapp.session.open


@given(
    st.integers(0, 120),
    st.integers(0, 3),
    st.integers(0, 2000),
    st.booleans(),
    st.booleans(),
    st.integers(1, 1000),
)
def test_a_request_is_admitted_as_it_stands_or_not_at_all(
    number: int, function: int, period: int, users: bool, offered: bool, longest: int
) -> None:
    request = e3ap_pb2.SubscriptionRequest(
        subscription_id=number, ran_function_id=function, period_frames=period, user_measurements=users
    )
    possible = 1 <= number <= 100 and function == 1 and 1 <= period <= longest and (offered or not users)
    try:
        made = admitted(request, [frames_function(longest, offered)], None)
    except WireError:
        assert not possible
    else:
        assert possible
        assert made == Subscription(number, period, users)
        assert [made.includes(frame) for frame in range(2 * period)] == ([True] + [False] * (period - 1)) * 2
