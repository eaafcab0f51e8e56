"""RIC control: a request that comes again is answered alike and applied once; answers find their requests."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.wire.causes import Cause, ExpiredError, RefusedError, WireError, from_proto
from cadran.wire.codecs import SLICES, Ratios, ratios_to_proto
from cadran.wire.e2_controls import REMEMBERED, Controls
from cadran.wire.e2_node import E2Node
from cadran.wire.e2_session import RC_FUNCTION_ID, request_id
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import rc_pb2
from cadran.wire.link import Lane

from .parties import Counters, answers_within, associated, until

HEADER = rc_pb2.RcControlHeader(ric_style_type=2, ric_control_action_id=6).SerializeToString()


def quota(maximum: int) -> list[rc_pb2.RrmPolicyRatio]:
    return [ratios_to_proto(Ratios(0, 0, maximum), SLICES[0])]


def control(instance: int, maximum: int = 40, **fields: Any) -> e2ap_pb2.RicControlRequest:
    message = rc_pb2.RcControlMessage(rrm_policy_ratio_list=quota(maximum))
    return e2ap_pb2.RicControlRequest(
        ric_request_id=request_id((1, instance)),
        ran_function_id=RC_FUNCTION_ID,
        ric_control_header=HEADER,
        ric_control_message=message.SerializeToString(),
        **fields,
    )


def memory(applied: list[bytes]) -> Controls:
    """A node that applies what it is told, except an empty message."""

    def apply(request: e2ap_pb2.RicControlRequest) -> bytes:
        if not request.ric_control_message:
            raise WireError(Cause("ric_request", "control-message-invalid", "nothing in it"))
        applied.append(request.ric_control_message)
        return b"outcome %d" % len(applied)

    return Controls(apply)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=40))
def test_each_id_is_applied_once_and_answered_alike(asked: list[tuple[int, int]]) -> None:
    applied: list[bytes] = []
    controls, first = memory(applied), dict[int, tuple[int, Any]]()
    for instance, maximum in asked:
        answer = controls.answer(control(instance, maximum))
        content, before = first.setdefault(instance, (maximum, answer))
        if content == maximum:
            assert answer == before
        else:
            assert answer.cause is not None
            assert answer.cause.label == "ric_request/duplicate-ric-request-id"
    assert len(applied) == len(first)


def test_a_failure_is_repeated_too() -> None:
    applied: list[bytes] = []
    controls = memory(applied)
    empty = e2ap_pb2.RicControlRequest(ric_request_id=request_id((1, 1)), ran_function_id=RC_FUNCTION_ID)
    first, again = controls.answer(empty), controls.answer(empty)
    assert first == again
    assert from_proto(first.message.cause).label == "ric_request/control-message-invalid"  # type: ignore[union-attr]
    assert controls.answer(control(1)).kind == "ric_control_failure"
    assert applied == []


def test_the_memory_is_bounded_and_ends_with_a_reset() -> None:
    applied: list[bytes] = []
    controls = memory(applied)
    for instance in range(REMEMBERED + 1):
        controls.answer(control(instance))
    controls.answer(control(REMEMBERED))
    assert len(applied) == REMEMBERED + 1
    controls.answer(control(0, 99))  # forgotten: a new control
    assert len(applied) == REMEMBERED + 2
    controls.forget()
    controls.answer(control(REMEMBERED))
    assert len(applied) == REMEMBERED + 3


def lose(session: Any, count: int) -> list[str]:
    """Let the next `count` PDUs of a session get lost; returns their kinds as they do."""
    lost: list[str] = []
    sending = session._send

    def send(lane: Lane, kind: str, message: Any) -> None:
        if len(lost) < count:
            lost.append(kind)
        else:
            sending(lane, kind, message)

    session._send = send
    return lost


@pytest.mark.parametrize("of_node", [False, True])
async def test_one_lost_pdu_is_no_lost_control(of_node: bool) -> None:
    async with associated() as (_, ric, node, session):
        answers_within(ric, 2.0)  # and again after half of it
        lost = lose(session if of_node else ric, 1)
        outcome = await ric.control_slice_quota(quota(40))
        assert outcome.applied_ratios[0].applied.max_prb_policy_ratio == 40
        assert lost == ["ric_control_acknowledge" if of_node else "ric_control_request"]
        assert node.controls == 1
        await ric.subscribe_kpm(["RRC.ConnMean"], 100)
        assert node.errors == []


async def test_a_second_answer_is_ignored_and_one_after_the_deadline_is_an_error() -> None:
    async with associated() as (xapp, ric, node, session):
        kept: list[tuple[Any, ...]] = []
        sending, session._send = session._send, lambda *pdu: kept.append(pdu)  # type: ignore[method-assign]
        answers_within(ric, 2.0)  # and again after half of it
        waiting = asyncio.create_task(ric.control_slice_quota(quota(40)))
        await until(lambda: len(kept) == 2)
        for pdu in kept:
            sending(*pdu)
        await waiting
        answers_within(ric, 0.1)
        with pytest.raises(ExpiredError, match="control-timer-expired"):
            await ric.control_slice_quota(quota(50))
        await until(lambda: len(kept) == 4)
        sending(*kept[-1])
        await until(lambda: node.errors)
        assert [cause.label for cause in node.errors] == ["ric_request/request-id-unknown"]
        assert ric.open
        assert xapp.closed == []


async def _answers(ric: E2Node, *requests: e2ap_pb2.RicControlRequest) -> list[str]:
    """Send requests as they are, and return what they are answered with, in order."""
    seen: list[str] = []

    def note(pdu: e2ap_pb2.E2apPdu) -> None:
        if pdu.HasField("ric_control_failure"):
            seen.append(from_proto(pdu.ric_control_failure.cause).label)
        else:
            seen.append(f"acknowledged {pdu.ric_control_acknowledge.ric_request_id.ric_instance_id}")

    ric._dispatch["ric_control_failure"] = ric._dispatch["ric_control_acknowledge"] = note
    for request in requests:
        ric._send(Lane.FAST, "ric_control_request", request)
    await ric.subscribe_kpm(["RRC.ConnMean"], 100)  # answered after all of them
    ric._dispatch["ric_control_failure"] = ric._dispatch["ric_control_acknowledge"] = ric._on_answer
    return seen


async def test_repeats_over_the_wire() -> None:
    counters = Counters()
    no_ack = {"ric_control_ack_request": e2ap_pb2.RIC_CONTROL_ACK_REQUEST_NO_ACK}
    async with associated(counters=counters) as (_, ric, node, _session):
        answers = await _answers(
            ric,
            control(900), control(900), control(900, 41), control(901, 41),
            control(902, 42, **no_ack), control(902, 42), control(902, 43, **no_ack),
        )  # fmt: skip
        duplicate = "ric_request/duplicate-ric-request-id"
        first, second, third = (f"acknowledged {instance}" for instance in (900, 901, 902))
        assert answers == [first, first, duplicate, second, third, duplicate]
        assert node.controls == 3
        assert counters.seen["refused", "e2", "ric_control_request", duplicate] == 2
        await ric.reset(Cause("misc", "om-intervention", "test"))
        assert await _answers(ric, control(900, 41)) == ["acknowledged 900"]


@pytest.mark.parametrize(
    ("request_", "cause"),
    [
        (control(900, 101), "ric_request/control-message-invalid"),
        (e2ap_pb2.RicControlRequest(ran_function_id=2), "ric_request/ran-function-id-invalid"),
        (e2ap_pb2.RicControlRequest(ran_function_id=99), "ric_request/ran-function-id-invalid"),
        (e2ap_pb2.RicControlRequest(ran_function_id=3), "ric_request/action-not-supported"),
        (
            e2ap_pb2.RicControlRequest(ran_function_id=3, ric_control_header=b"\xff"),
            "protocol/transfer-syntax-error",
        ),
        (
            e2ap_pb2.RicControlRequest(
                ran_function_id=3, ric_control_header=HEADER, ric_control_message=b"\xff"
            ),
            "protocol/transfer-syntax-error",
        ),
    ],
)
async def test_invalid_controls_fail_with_their_cause_and_apply_nothing(
    request_: e2ap_pb2.RicControlRequest, cause: str
) -> None:
    counters = Counters()
    async with associated(counters=counters) as (_, ric, node, _session):
        assert await _answers(ric, request_) == [cause]
        assert counters.seen["refused", "e2", "ric_control_request", cause] == 1
        assert node.controls <= 1  # only one that can be read comes to the DU, and it refuses
        outcome = await ric.control_slice_quota(quota(30))
        assert outcome.applied_ratios[0].applied.max_prb_policy_ratio == 30


async def test_an_unknown_slice_is_refused_by_name() -> None:
    async with associated() as (_, ric, _node, _session):
        policy = quota(30)[0]
        policy.rrm_policy_members[0].s_nssai.sst = 77
        with pytest.raises(RefusedError, match="unknown S-NSSAI"):
            await ric.control_slice_quota([policy])
