"""What is sound is reported until it is stored; what is not never blocks the rest."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from worlds import FRAME, artefact, measurements, problem, two_levels, users

from cadran.dapp.metrics import DappMetrics
from cadran.dapp.service import DappService
from cadran.dapp.settings import DappSettings
from cadran.problem import ProblemSpec
from cadran.problem.hierarchy import HierarchicalProblem, HierarchySpec
from cadran.runtime.http import Health
from cadran.runtime.link_metrics import LinkMetrics
from cadran.runtime.tracing import Tracer
from cadran.wire.causes import Cause, RangeError, from_proto
from cadran.wire.chunks import Artefact, split
from cadran.wire.codecs import SLICES, measurements_to_proto, s_nssai_to_proto
from cadran.wire.decision_codecs import GrantArrays, decision_from_proto
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from cadran.wire.user_codecs import user_measurements_to_proto
from spans import Spans


class Session:
    """Remembers what a dApp sends."""

    def __init__(self) -> None:
        self.sent: list[object] = []

    def send(self, message: object) -> int:
        self.sent.append(message)
        return len(self.sent)

    send_control_action = send_report = send_policy_status = send

    def rows(self) -> int:
        return sum(one.row_count for one in self.sent if isinstance(one, dapp_pb2.DappReport))

    def statuses(self) -> list[tuple[int, int]]:
        return [
            (one.delivery, one.running_version) for one in self.sent if isinstance(one, dapp_pb2.PolicyStatus)
        ]

    def decisions(self) -> int:
        return sum(isinstance(one, e3ap_pb2.DAppControlAction) for one in self.sent)


def setup(rbs: int = FRAME.rbs) -> e3ap_pb2.SetupResponse:
    facts = common_pb2.RanFacts(
        rbs=rbs,
        slices=[s_nssai_to_proto(slice_) for slice_ in SLICES],
        ues_per_slice=FRAME.ues_per_slice,
        frame_s=FRAME.frame_s,
        rb_bandwidth_hz=FRAME.rb_bandwidth_hz,
        dus=FRAME.dus,
        total_ues=FRAME.total_ues,
    )
    return e3ap_pb2.SetupResponse(ran_facts=facts, epoch=1, lockstep=True, heartbeat_period_ms=1000)


class Dapp:
    """A dApp without a network, in lock-step: every row is reported at once."""

    def __init__(self, spec: HierarchySpec | None = None, tracer: Tracer | None = None) -> None:
        self.now_s = 0.0
        self.registry, self.session, self.spec = CollectorRegistry(), Session(), spec
        self.health = Health(["e3", "policy"])
        self.service = DappService(
            settings=DappSettings(scenario=Path("unused.yaml"), du=0),
            spec=ProblemSpec(),
            hierarchy=spec,
            rng=np.random.default_rng(0),
            metrics=DappMetrics(self.registry),
            link_metrics=LinkMetrics(self.registry, "e3"),
            health=self.health,
            log=structlog.get_logger(),
            tracer=tracer,
            clock=lambda: self.now_s,
        )
        self.service.on_connected(self.session, setup())
        self.deliver(1, 0)

    def deliver(self, version: int, effective_frame: int) -> None:
        data = artefact(problem(), version=version)
        if self.spec is not None:
            data = two_levels(HierarchicalProblem(self.spec, problem()), version=version)
        for chunk in split(Artefact(0, "actor", version, version, effective_frame, data)):
            self.service.on_policy_chunk(self.session, chunk)

    def indication(self, frame: int, rng: np.random.Generator) -> e3ap_pb2.IndicationMessage:
        message = e3ap_pb2.IndicationMessage(epoch=1, frame=frame)
        message.outcome.CopyFrom(measurements_to_proto(measurements(rng)))
        if self.spec is not None:
            message.outcome.users.CopyFrom(user_measurements_to_proto(users(rng)))
        if frame > 0:
            message.applied.source = e3ap_pb2.DECISION_SOURCE_DAPP
            message.applied.decision_frame = frame - 1
        return message

    async def frames(self, start: int, stop: int, spoilt: int | None = None) -> None:
        """Indications start..stop-1; the outcome of frame `spoilt` is not a number."""
        rng = np.random.default_rng(0)
        for frame in range(start, stop):
            message = self.indication(frame, rng)
            if frame - 1 == spoilt:
                message.outcome.backlog_rbs[0] = float("nan")
            self.service.on_indication(self.session, message)
            await asyncio.sleep(0)

    def refuse(self, group: str, name: str) -> None:
        ack = dapp_pb2.DappReportAck(
            response_code=common_pb2.RESPONSE_CODE_NEGATIVE, cause=Cause(group, name).to_proto()
        )
        self.service.on_report_ack(self.session, ack)

    def count(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"cadran_dapp_{name}_total", labels) or 0.0

    def watch(self) -> None:
        assert self.service._duty is not None
        self.service._watch_policy(self.session, self.service._duty)

    def waiting(self) -> int:
        assert self.service._duty is not None
        return len(self.service._duty.reports)


@pytest.mark.parametrize(
    ("group", "name"), [("dapp", "not-stored"), ("transport", "transport-resource-unavailable")]
)
async def test_what_was_refused_for_a_while_stays_to_be_sent_again(group: str, name: str) -> None:
    dapp = Dapp()
    await dapp.frames(0, 4)
    dapp.refuse(group, name)
    assert dapp.waiting() == 3


async def test_an_unsound_report_is_given_up_and_the_next_rows_are_sent() -> None:
    dapp = Dapp()
    await dapp.frames(0, 4)
    dapp.refuse("dapp", "schema-mismatch")
    assert dapp.waiting() == 0
    assert dapp.count("report_rows_unsound", cause="dapp/schema-mismatch") == 3
    await dapp.frames(4, 6)
    assert dapp.session.rows() == 3 + 2


async def test_the_refusal_of_something_else_costs_no_transition() -> None:
    dapp = Dapp()
    await dapp.frames(0, 4)
    refusal = e3ap_pb2.MessageAck(message_id=999, cause=Cause("dapp", "decision-invalid").to_proto())
    dapp.service.on_message_ack(dapp.session, refusal)
    assert dapp.waiting() == 3


async def test_a_report_that_the_du_refuses_is_known_by_its_number() -> None:
    dapp = Dapp()
    await dapp.frames(0, 4)
    number = max(i for i, one in enumerate(dapp.session.sent, 1) if isinstance(one, dapp_pb2.DappReport))
    refusal = e3ap_pb2.MessageAck(message_id=number, cause=Cause("dapp", "schema-mismatch").to_proto())
    dapp.service.on_message_ack(dapp.session, refusal)
    assert dapp.waiting() == 0


async def test_what_is_not_finite_is_neither_reported_nor_acted_on() -> None:
    dapp = Dapp()
    await dapp.frames(0, 6, spoilt=2)
    # Frame 2 has no sound outcome, so frame 3 is not decided; 0, 1 and 4 are reported.
    assert dapp.session.rows() == 3
    assert dapp.session.decisions() == 5
    assert dapp.count("report_rows_unsound", cause="not-finite") == 1


async def test_another_ran_costs_what_was_buffered_and_the_policy() -> None:
    dapp = Dapp()
    await dapp.frames(0, 4)
    assert "policy" not in dapp.health.reasons
    dapp.service.on_connected(dapp.session, setup(rbs=FRAME.rbs + 1))
    assert dapp.count("report_rows_dropped") == 3
    assert "policy" in dapp.health.reasons
    assert dapp.session.statuses()[-1] == (0, 0)


async def test_the_version_stated_is_the_one_in_force() -> None:
    dapp = Dapp()
    dapp.deliver(2, effective_frame=3)
    await dapp.frames(0, 3)
    assert dapp.session.statuses()[-1] == (2, 1)
    await dapp.frames(3, 4)
    assert dapp.session.statuses()[-1] == (2, 2)


async def test_a_failure_of_resending_ends_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: DappService) -> None:
        raise RuntimeError("the tick failed")

    monkeypatch.setattr(DappService, "_tick", fail)
    with pytest.raises(ExceptionGroup):
        await asyncio.wait_for(Dapp().service.run(), 60)


async def test_on_two_levels_users_are_granted_what_the_reported_action_stands_for() -> None:
    dapp = Dapp(HierarchySpec(decision_frames=2))
    named = dapp.service.setup_request().problem
    assert (named.observation, named.action, named.reward) == ("hierarchy", "hierarchy", "delivered")
    await dapp.frames(0, 5)
    decided = [one for one in dapp.session.sent if isinstance(one, e3ap_pb2.DAppControlAction)]
    reports = [one for one in dapp.session.sent if isinstance(one, dapp_pb2.DappReport)]
    assert (len(decided), dapp.session.rows()) == (5, 4)
    made, duty = HierarchicalProblem(HierarchySpec(decision_frames=2), problem()), dapp.service._duty
    assert duty is not None
    for action, report in zip(decided, reports, strict=False):
        granted = decision_from_proto(action, FRAME.rbs, FRAME.ues_per_slice)
        row = duty.schema.decode(report.rows)[0]
        meant = made.decode(row["action"], made.ues(row["state"]))
        assert isinstance(granted, GrantArrays)
        np.testing.assert_array_equal(granted.ue_rbs, meant.ue_rbs)
        np.testing.assert_array_equal(granted.ue_power, meant.ue_power)


async def test_on_two_levels_an_indication_without_users_is_refused_and_the_next_is_served() -> None:
    dapp = Dapp(HierarchySpec())
    await dapp.frames(0, 2)
    without = dapp.indication(2, np.random.default_rng(2))
    without.outcome.ClearField("users")
    with pytest.raises(RangeError, match="users is absent"):
        dapp.service.on_indication(dapp.session, without)
    await dapp.frames(2, 4)
    assert dapp.session.decisions() == 4


@settings(max_examples=60, deadline=None)
@given(
    place=st.sampled_from(["arrived_bytes", "delivered_bytes", "queued_bytes", "mean_se", "rbs", "power"]),
    value=st.sampled_from([0, -1, -(2**31), 2**31 - 1, 1e30, float("inf"), float("nan")]),
    ues=st.sampled_from([0, -1, -(2**31), 5, 2**31 - 1]),
)
async def test_no_measurement_of_users_ends_the_dapp(place: str, value: float, ues: int) -> None:
    dapp = Dapp(HierarchySpec())
    await dapp.frames(0, 1)
    odd = dapp.indication(1, np.random.default_rng(1))
    floats = place in ("mean_se", "power")
    if floats or np.isfinite(value):
        getattr(odd.outcome.users, place)[0] = value if floats else int(np.clip(value, -(2**31), 2**31 - 1))
    odd.outcome.ues[0] = ues
    with np.errstate(all="ignore"):  # what numpy warns of is no end
        dapp.service.on_indication(dapp.session, odd)
    await dapp.frames(2, 4)
    assert dapp.session.decisions() >= 3


async def test_a_traced_frame_is_decided_within_its_trace_and_no_other_has_a_context() -> None:
    spans = Spans()
    dapp = Dapp(tracer=spans.tracer)
    rng = np.random.default_rng(0)
    told = spans.tracer.begin("frame")
    for frame, traceparent in enumerate(["", told.traceparent, "nonsense"]):
        message = dapp.indication(frame, rng)
        message.traceparent = traceparent
        dapp.service.on_indication(dapp.session, message)
        await asyncio.sleep(0)
    told.end()
    decisions = [one for one in dapp.session.sent if isinstance(one, e3ap_pb2.DAppControlAction)]
    assert [one.traceparent[:35] for one in decisions] == ["", told.traceparent[:35], ""]
    assert spans.lineage("decide") == ["decide", "frame"]
    assert spans.ended()[0] == ("decide", {"du": 0, "frame": 1, "decided": True, "policy_version": 1})


async def test_a_traced_policy_is_answered_within_its_trace_also_if_it_is_refused() -> None:
    spans = Spans()
    dapp = Dapp(tracer=spans.tracer)
    told = spans.tracer.begin("deliver policy")
    for delivery, data in ((2, artefact(problem(), version=2)), (3, b"no policy")):
        for chunk in split(Artefact(0, "actor", delivery, delivery, 0, data, told.traceparent)):
            dapp.service.on_policy_chunk(dapp.session, chunk)
    statuses = [one for one in dapp.session.sent if isinstance(one, dapp_pb2.PolicyStatus)]
    assert [one.delivery for one in statuses if one.traceparent[:35] == told.traceparent[:35]] == [2, 3]
    results = [attributes["result"] for name, attributes in spans.ended() if name == "install policy"]
    assert results == ["accepted", "policy/corrupt"]


async def test_without_a_tracer_a_context_is_passed_over() -> None:
    dapp = Dapp()
    message = dapp.indication(0, np.random.default_rng(0))
    message.traceparent = "00-" + "1" * 32 + "-" + "2" * 16 + "-01"
    dapp.service.on_indication(dapp.session, message)
    decisions = [one for one in dapp.session.sent if isinstance(one, e3ap_pb2.DAppControlAction)]
    assert [one.traceparent for one in decisions] == [""]


async def test_a_policy_of_which_nobody_answers_for_long_acts_no_more_and_the_du_is_told() -> None:
    dapp = Dapp()
    await dapp.frames(0, 2)
    assert dapp.session.decisions() == 2
    dapp.now_s = 600.0
    dapp.watch()
    await dapp.frames(2, 3)
    assert dapp.session.decisions() == 3  # not too old yet
    dapp.now_s = 600.1
    dapp.watch()
    dapp.watch()
    told = [one for one in dapp.session.sent if isinstance(one, dapp_pb2.PolicyStatus)][-1]
    assert (from_proto(told.cause).label, told.running_version) == ("policy/expired", 0)
    assert dapp.session.statuses().count((0, 0)) == 2  # after the setup, and once now
    await dapp.frames(3, 6)
    assert dapp.session.decisions() == 3
    assert dapp.service.setup_request().running_version == 0
    assert "policy" in dapp.health.reasons

    dapp.service.on_report_ack(
        dapp.session, dapp_pb2.DappReportAck(response_code=common_pb2.RESPONSE_CODE_POSITIVE)
    )
    assert dapp.session.statuses()[-1] == (0, 1)
    await dapp.frames(6, 8)
    assert dapp.session.decisions() == 5


async def test_an_expired_policy_acts_again_when_it_is_delivered_again() -> None:
    dapp = Dapp()
    dapp.now_s = 601.0
    dapp.watch()
    assert dapp.session.statuses()[-1] == (0, 0)
    dapp.deliver(1, 0)
    assert dapp.session.statuses()[-1] == (1, 1)
    await dapp.frames(0, 1)
    assert dapp.session.decisions() == 1
    assert "policy" not in dapp.health.reasons


async def test_an_outdated_indication_completes_its_transition_and_is_not_decided() -> None:
    dapp, rng = Dapp(), np.random.default_rng(0)
    dapp.service.on_indication(dapp.session, dapp.indication(0, rng))
    dapp.service.on_outdated_indication(dapp.session, dapp.indication(1, rng))
    dapp.service.on_outdated_indication(dapp.session, dapp.indication(2, rng))
    dapp.service.on_indication(dapp.session, dapp.indication(3, rng))
    await asyncio.sleep(0)
    assert dapp.session.decisions() == 2
    assert dapp.session.rows() == 1  # of frame 0: frames 1 and 2 were not the dApp's
    assert dapp.count("indications_outdated") == 2
