"""The E2 agent applies what is possible, and waits only for rows that can still come."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import structlog
from prometheus_client import CollectorRegistry
from rans import EPOCH, FALLBACK, WORLD, identity, percent, problem, ran
from ric_end import Ric, agents_of
from structlog.testing import capture_logs

from cadran.problem import Quota
from cadran.ransim.e2_agent import E2Agent, E2Agents
from cadran.ransim.guard_reports import GuardReports
from cadran.ransim.kpm import KpmReporting
from cadran.ransim.ladder import DecisionLadder, Source, Submitted
from cadran.ransim.ran import Ran
from cadran.replay.schema import TransitionSchema
from cadran.runtime.link_metrics import LinkMetrics
from cadran.wire.causes import Cause, WireError
from cadran.wire.codecs import SLICES, Ratios, ratios_to_proto
from cadran.wire.e2_server import E2Server
from cadran.wire.gen.e2sm.v1 import dapp_pb2, guard_pb2, rc_pb2

SCHEMA = TransitionSchema(2, 1, 1)


class NoDapps:
    def session(self, du: int) -> None:
        return None


class Session:
    """An xApp that takes everything."""

    def send_report(self, report: dapp_pb2.DappReport) -> None:
        pass


def guard_reports(made: Ran) -> GuardReports:
    return GuardReports(problem(), made.ladders, EPOCH)


def agent(made: Ran) -> E2Agent:
    reporting = KpmReporting(problem().frame, WORLD.ttis_per_frame, EPOCH)
    found = E2Agent(0, identity(), made, NoDapps(), reporting, structlog.get_logger(), guard_reports(made))
    found.on_connected(Session(), None)
    return found


def control(**ratios: tuple[int, int, int]) -> rc_pb2.RcControlMessage:
    names = ("embb", "mmtc", "urllc")
    return rc_pb2.RcControlMessage(
        rrm_policy_ratio_list=[
            ratios_to_proto(Ratios(*value), SLICES[names.index(name)]) for name, value in ratios.items()
        ]
    )


def test_a_control_changes_the_fallback_of_the_slices_it_names() -> None:
    made = ran()
    agent(made).on_control(Session(), control(mmtc=(10, 15, 50)))
    fallback = made.ladders[0].fallback
    np.testing.assert_array_equal(fallback.dedicated_percent, percent(0, 10, 0))
    np.testing.assert_array_equal(fallback.min_percent, percent(20, 15, 30))
    np.testing.assert_array_equal(fallback.max_percent, percent(100, 50, 100))
    assert made.ladders[1].fallback is FALLBACK


def test_the_outcome_names_the_first_frame_with_the_ratios() -> None:
    made = ran()
    made.run_frame()
    outcome = agent(made).on_control(Session(), control(embb=(0, 20, 35)))
    result = made.run_frame()
    assert (outcome.epoch, outcome.effective_frame) == (EPOCH, result.frame)
    assert result.applied[0].decision.max_percent[0] == 35
    assert outcome.applied_ratios[0].applied.max_prb_policy_ratio == 35
    assert not outcome.dapp_decides


@pytest.mark.parametrize("max_age_frames", [0, 3])
def test_the_outcome_says_when_a_dapp_decides_instead(max_age_frames: int) -> None:
    made = ran(max_age_frames=max_age_frames)
    own = Quota(percent(0, 0, 0), percent(10, 10, 10), percent(50, 50, 50))
    made.submit(0, Submitted(made.frame, 1, own))
    made.run_frame()
    one = agent(made)
    assert one.on_control(Session(), control(embb=(0, 20, 35))).dapp_decides
    for _ in range(max_age_frames + 1):
        made.run_frame()
    assert not one.on_control(Session(), control(embb=(0, 20, 35))).dapp_decides
    assert made.run_frame().applied[0].decision.max_percent[0] == 35


@pytest.mark.parametrize("impossible", [{"urllc": (0, 70, 100)}, {"embb": (30, 20, 100)}])
def test_an_impossible_control_is_refused_and_nothing_applied(impossible: Any) -> None:
    made = ran()
    with pytest.raises(WireError) as refused:
        agent(made).on_control(Session(), control(**impossible))
    assert refused.value.cause.text
    assert made.ladders[0].fallback is FALLBACK


def report(*frames: int) -> dapp_pb2.DappReport:
    rows = SCHEMA.empty(len(frames))
    rows["epoch"], rows["frame"] = EPOCH, frames
    return dapp_pb2.DappReport(
        schema_fingerprint=SCHEMA.fingerprint, row_count=len(frames), rows=rows.tobytes()
    )


def ack(frame: int) -> dapp_pb2.DappReportAck:
    return dapp_pb2.DappReportAck(stored_up_to=dapp_pb2.ReplayCursor(epoch=EPOCH, frame=frame))


def test_a_row_is_owed_from_its_decision_to_its_acknowledgement() -> None:
    one = agent(ran())
    assert not one.owes(0)
    one.decided(0)
    assert one.owes(0)
    one.report(report(0))
    assert one.owes(0)
    one.on_report_ack(Session(), ack(0))
    assert not one.owes(0)


async def test_of_a_dead_dapp_only_what_was_relayed_is_waited_for() -> None:
    one = agent(ran())
    for frame in (0, 1):
        one.decided(frame)
    one.report(report(0))
    waiting = asyncio.create_task(one.acknowledged(1))
    await asyncio.sleep(0)
    one.dapp_gone()
    await asyncio.sleep(0)
    assert not waiting.done()
    one.on_report_ack(Session(), ack(0))
    await asyncio.wait_for(waiting, 60)


async def test_a_row_that_never_comes_is_waited_for_once() -> None:
    made = ran()
    agents = E2Agents(
        identity(),
        made,
        "127.0.0.1:1",
        np.random.default_rng(0),
        LinkMetrics(CollectorRegistry(), "e2"),
        structlog.get_logger(),
        NoDapps(),
        guard_reports(made),
    )
    agents.decided(4, [1])
    assert await agents.acknowledged(3, 0.01) == ()
    assert await agents.acknowledged(4, 0.01) == (1,)
    assert await agents.acknowledged(4, 0.01) == ()


async def test_a_fault_that_leaves_a_du_without_its_ric_for_good_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(_: E2Agent) -> None:
        raise ValueError("no request")

    monkeypatch.setattr(E2Agent, "setup_request", fails)
    server = E2Server("127.0.0.1:0", Ric())
    with capture_logs() as told:
        agents = agents_of(ran(), WORLD, await server.start())
        agents.start()
        await asyncio.wait(agents._running, timeout=60)
        await agents.stop()
    await server.stop()
    assert len(told) == WORLD.dus
    assert {(line["log_level"], str(line["exc_info"])) for line in told} == {("error", "no request")}


def test_without_a_ric_the_dapp_is_followed_for_a_stated_time_only() -> None:
    made = ran()
    made.ladders = tuple(DecisionLadder(FALLBACK, 100, max_absence_frames=3) for _ in range(WORLD.dus))
    found = agent(made)

    def sources(frames: int) -> list[str]:
        chosen = []
        for _ in range(frames):
            made.submit(0, Submitted(made.frame, 1, FALLBACK))
            chosen.append(made.run_frame().applied[0].source.value)
        return chosen

    assert sources(6) == ["dapp"] * 6
    found.on_closed(Cause("transport", "unspecified"))
    found.on_closed(Cause("transport", "unspecified", "and the next attempt failed as well"))
    assert sources(6) == ["dapp"] * 4 + ["ric_absent"] * 2
    found.on_connected(Session(), None)
    assert sources(2) == ["dapp"] * 2


def test_an_order_of_the_ric_is_obeyed_answered_and_kept_without_it() -> None:
    made = ran()
    found = agent(made)
    answers: list[guard_pb2.GuardReport] = []
    session: Any = SimpleNamespace(send_guard_report=answers.append)
    baseline = guard_pb2.GUARD_MODE_BASELINE
    order = guard_pb2.GuardOrder(du_id=0, order=3, mode=baseline, report_frames=100)
    found.on_guard_order(session, order)
    assert [(answer.order, answer.mode) for answer in answers] == [(3, baseline)]
    found.on_closed(Cause("transport", "unspecified"))
    found.on_connected(Session(), None)
    assert made.run_frame().applied[0].source is Source.ORDERED
