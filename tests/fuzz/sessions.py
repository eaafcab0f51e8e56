"""Both sessions at both ends, with the services behind them: bytes before the setup, after it, subscribed.

Only the network is left out: a stream is a list of what the peer writes. A defect shows as an exception out
of the server, as a session that ends with "... in the handler", or as a PDU that nothing counts.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import structlog
from prometheus_client import CollectorRegistry

from cadran.dapp.metrics import DappMetrics
from cadran.dapp.service import DappService
from cadran.dapp.settings import DappSettings
from cadran.envs import problem_of
from cadran.problem import ProblemSpec, Quota
from cadran.radio import World
from cadran.ransim.e2_agent import E2Agents
from cadran.ransim.e3_agent import E3Agent, RanIdentity, _measured
from cadran.ransim.guard_reports import GuardReports
from cadran.ransim.ladder import DecisionLadder
from cadran.ransim.ran import Ran
from cadran.runtime.http import Health
from cadran.runtime.link_metrics import LinkMetrics
from cadran.runtime.metrics import new_registry
from cadran.wire.causes import Cause
from cadran.wire.chunks import Artefact, split
from cadran.wire.codecs import SLICES, Ratios, ratios_to_proto
from cadran.wire.connector import Connector
from cadran.wire.e2_client import E2Client
from cadran.wire.e2_reports import report_action
from cadran.wire.e2_server import E2Server
from cadran.wire.e2_session import DAPP_FUNCTION_ID, KPM_FUNCTION_ID, RC_FUNCTION_ID
from cadran.wire.e2_session import serialise as e2
from cadran.wire.e3_client import E3Client
from cadran.wire.e3_server import E3Server
from cadran.wire.e3_session import serialise as e3
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2, guard_pb2, kpm_pb2, rc_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from cadran.wire.kpm_actions import KpmAction, trigger
from cadran.wire.link import LinkSettings
from cadran.xapp.assembly import Assembly, new_health
from cadran.xapp.scenario import load_scenario
from cadran.xapp.settings import XappSettings
from cadran.xapp.termination import Expected

from .made import SCHEMA, policy, rows
from .target import Finding, Target, cut, joined

SMOKE = Path(__file__).parents[2] / "scenarios" / "smoke.yaml"
EPOCH = 7
QUICK = LinkSettings(setup_timeout_s=1.0, control_timeout_s=0.05, close_timeout_s=0.05)
WORLD = World.model_validate({"dus": 2, "ues": 12, "max_ues_per_slice": 4, "rbs": 20, "episode_frames": 5})


class Stream:
    """What a peer writes, PDU by PDU, and then its end."""

    def __init__(self, pdus: list[bytes]) -> None:
        self._pdus = iter(pdus)
        self.read_count = 0
        self.written = 0

    async def read(self) -> object:
        await asyncio.sleep(0)
        data = next(self._pdus, grpc.aio.EOF)
        if data is grpc.aio.EOF:
            for _ in range(10):  # time for what the last PDU set going
                await asyncio.sleep(0)
        else:
            self.read_count += 1
        return data

    async def write(self, data: bytes) -> None:
        self.written += 1

    async def done_writing(self) -> None:
        """Nothing more is written."""

    def cancel(self) -> None:
        """The stream is torn down."""

    def auth_context(self) -> dict[str, Any]:
        return {}


class Counts:
    """What the sessions of one input count."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.ends: list[Cause] = []

    def received(self, interface: str, kind: str) -> None:
        self.seen["received"] += 1

    def refused(self, interface: str, kind: str, cause: Cause) -> None:
        self.seen["malformed" if kind == "malformed" else "refused"] += 1

    def closed(self, interface: str, cause: Cause) -> None:
        self.ends.append(cause)

    def opened(self, interface: str) -> None:
        self.seen["opened"] += 1

    def sent(self, interface: str, kind: str) -> None: ...
    def dropped(self, interface: str, kind: str) -> None: ...
    def missed(self, interface: str, count: int) -> None: ...


def _judge(stream: Stream, counts: Counts) -> None:
    for cause in counts.ends:
        if "in the handler" in cause.text:
            raise Finding(str(cause))
    if not counts.ends:
        raise Finding("the end of the session is not counted")
    if counts.seen["opened"]:
        ended_early = stream.read_count - 1 > counts.seen["received"] + counts.seen["malformed"]
        if ended_early and "closed the stream" in counts.ends[-1].text:
            raise Finding(f"{stream.read_count} PDUs were read, counted are {dict(counts.seen)}")


class _Channel:
    """A channel to a peer that writes a list."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def __aenter__(self) -> _Channel:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    def stream_stream(self, *_: object) -> Callable[[None], Stream]:
        return lambda _: self._stream


async def _attempt(client: Connector[Any], stream: Stream, counts: Counts) -> None:
    client._channel = lambda: _Channel(stream)  # type: ignore[method-assign,assignment,return-value]
    counts.closed("", await client._attempt())


async def _connect(server: E2Server | E3Server, stream: Stream) -> None:
    await server._connect(stream)  # type: ignore[arg-type]


class _Loop:
    """One event loop for all inputs, in which a task that fails is a finding."""

    def __init__(self) -> None:
        self._failures: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._loop.set_exception_handler(lambda _, context: self._failures.append(str(context)))
        self._loop.run_until_complete(self._and_its_tasks(work))
        if self._failures:
            told, self._failures = self._failures, []
            raise Finding("; ".join(told))

    async def _and_its_tasks(self, work: Coroutine[Any, Any, None]) -> None:
        await work
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        for task, ended in zip(others, await asyncio.gather(*others, return_exceptions=True), strict=True):
            if isinstance(ended, Exception):
                raise Finding(f"{task.get_name()} failed: {ended!r}") from ended


LOOP = _Loop()


class Rans:
    """A RAN that runs no frames unless told, with the agents of its DUs."""

    def __init__(self) -> None:
        low, most = np.array([20, 20, 30], np.int32), np.full(3, 100, np.int32)
        quota = Quota(np.zeros(3, np.int32), low, most)
        ladders = tuple(DecisionLadder(quota, 3) for _ in range(WORLD.dus))
        self.ran = Ran(WORLD, 3, ladders, 2)
        problem = problem_of(WORLD, ProblemSpec())
        self.identity = RanIdentity(problem.frame, EPOCH, False, problem.names)
        self.log = structlog.get_logger("fuzz")
        self.e3 = E3Agent(self.identity, self.ran, self.log, lambda frame: None, lambda du: None)
        self.e2 = E2Agents(
            self.identity,
            self.ran,
            "127.0.0.1:1",
            np.random.default_rng(0),
            LinkMetrics(CollectorRegistry(), "e2"),
            self.log,
            self.e3,
            GuardReports(problem, ladders, EPOCH),
        )
        self.e3.relay = self.e2
        self.frame = problem.frame


# ------------------------------------------------------------------------------------------ E3, the DU's end


def e3_server(rans: Rans) -> Callable[[bytes], None]:
    """Bytes of a dApp, at the DU."""

    def run(data: bytes) -> None:
        async def scenario() -> None:
            counts, stream = Counts(), Stream(cut(data))
            server = E3Server("unused", rans.e3, QUICK, counts)
            await _connect(server, stream)
            _judge(stream, counts)

        LOOP.run(scenario())

    return run


def e3_server_seeds(rans: Rans) -> list[bytes]:
    """A dApp that sets up, decides, reports and leaves."""
    names = e3ap_pb2.ProblemNames(**rans.identity.problem)
    setup = e3(
        1,
        "setup_request",
        e3ap_pb2.SetupRequest(dapp_id=1, du_id=0, e3ap_protocol_version="1.0", problem=names),
    )
    newer = e3(
        1,
        "setup_request",
        e3ap_pb2.SetupRequest(
            dapp_id=1, du_id=0, e3ap_protocol_version="1.0", supported_versions=["1.1"], problem=names
        ),
    )
    wanted = e3ap_pb2.SubscriptionRequest(subscription_id=1, ran_function_id=1, period_frames=1)
    subscribe = e3(2, "subscription_request", wanted)
    leave = e3(3, "subscription_delete", e3ap_pb2.SubscriptionDelete(subscription_id=1))
    quota = e3ap_pb2.DAppControlAction(
        frame=0,
        policy_version=1,
        slice_quota=e3ap_pb2.SliceQuota(
            rrm_policy_ratio_list=[ratios_to_proto(Ratios(0, 10, 40), slice_) for slice_ in SLICES]
        ),
    )
    grants = e3ap_pb2.DAppControlAction(
        frame=0,
        user_grants=e3ap_pb2.UserGrants(slice_grants_list=[e3ap_pb2.SliceGrants(rbs=[1, 2], power=[0.5, 1])]),
    )
    report = e3ap_pb2.DAppReport(
        report=dapp_pb2.DappReport(
            schema_fingerprint=SCHEMA.fingerprint, row_count=2, rows=SCHEMA.encode(rows(0, 2))
        )
    )
    status = e3ap_pb2.PolicyStatus(status=dapp_pb2.PolicyStatus(running_version=3))
    ack = e3ap_pb2.MessageAck(message_id=3)
    whole = [
        setup,
        e3(2, "dapp_control_action", quota),
        e3(3, "dapp_control_action", grants),
        e3(4, "dapp_report", report),
        e3(5, "policy_status", status),
        e3(6, "message_ack", ack),
        e3(7, "heartbeat", e3ap_pb2.Heartbeat(sequence=1)),
        e3(8, "release", e3ap_pb2.Release(cause=Cause("dapp", "shutdown", "over").to_proto())),
    ]
    subscribed = joined(newer, subscribe, *whole[1:-1], leave)
    return [joined(*whole), subscribed, setup, *(joined(setup, one) for one in whole[1:]), whole[1]]


# ---------------------------------------------------------------------------------------- E3, the dApp's end


def e3_client(rans: Rans) -> Callable[[bytes], None]:
    """Bytes of a DU, at a dApp."""

    def service() -> DappService:
        registry = CollectorRegistry()
        return DappService(
            settings=DappSettings(scenario=Path("unused.yaml"), du=0),
            spec=ProblemSpec(),
            hierarchy=None,
            rng=np.random.default_rng(0),
            metrics=DappMetrics(registry),
            link_metrics=LinkMetrics(registry, "e3"),
            health=Health(["e3", "policy"]),
            log=rans.log,
        )

    def run(data: bytes) -> None:
        async def scenario() -> None:
            counts, stream = Counts(), Stream(cut(data))
            client = E3Client("unused", service(), np.random.default_rng(0), QUICK, counts)
            await _attempt(client, stream, counts)
            _judge(stream, counts)
            await asyncio.sleep(0.005)  # what is done after the decisions have left

        LOOP.run(scenario())

    return run


def e3_client_seeds(rans: Rans) -> list[bytes]:
    """A DU that accepts, delivers a policy and indicates frames."""
    response = e3ap_pb2.SetupResponse(
        response_code=common_pb2.RESPONSE_CODE_POSITIVE,
        e3ap_protocol_version="1.1",
        ran_facts=rans.identity.facts(),
        epoch=EPOCH,
        heartbeat_period_ms=60_000,
    )
    setup = e3(1, "setup_response", response)
    chunks = [
        e3(2, "xapp_control_action", e3ap_pb2.XAppControlAction(policy_chunk=one))
        for one in split(Artefact(0, "actor", 1, 1, 0, policy()))
    ]
    indications = []
    for frame in range(3):
        message = e3ap_pb2.IndicationMessage(epoch=EPOCH, frame=frame)
        filled = _measured_of(rans)
        message.start.CopyFrom(filled)
        message.outcome.CopyFrom(filled)
        message.applied.source = e3ap_pb2.DECISION_SOURCE_DAPP
        message.applied.decision_frame = frame - 1 if frame else 0
        indications.append(e3(3 + frame, "indication_message", message))
    ack = dapp_pb2.DappReportAck(
        response_code=common_pb2.RESPONSE_CODE_POSITIVE,
        stored_up_to=dapp_pb2.ReplayCursor(epoch=EPOCH, frame=1),
    )
    refused = e3ap_pb2.MessageAck(message_id=1, cause=Cause("dapp", "not-stored", "later").to_proto())
    rest = [
        e3(9, "dapp_report_ack", e3ap_pb2.DAppReportAck(ack=ack)),
        e3(10, "message_ack", refused),
        e3(11, "release", e3ap_pb2.Release()),
    ]
    admitted = e3ap_pb2.SubscriptionResponse(
        subscription_id=1, response_code=common_pb2.RESPONSE_CODE_POSITIVE
    )
    gone = e3ap_pb2.SubscriptionDeleteResponse(subscription_id=1)
    subscribed = [e3(12, "subscription_response", admitted), e3(13, "subscription_delete_response", gone)]
    whole = [setup, *subscribed, *chunks, *indications, *rest]
    return [joined(*whole), setup, *(joined(setup, one) for one in whole[1:]), whole[1]]


def _measured_of(rans: Rans) -> Any:
    result = rans.ran.run_frame()
    return _measured(result.outcome, result.users, 0)


# ---------------------------------------------------------------------------------------- E2, the DU's end


def e2_client(rans: Rans) -> Callable[[bytes], None]:
    """Bytes of a RIC, at a DU."""

    def run(data: bytes) -> None:
        async def scenario() -> None:
            counts, stream = Counts(), Stream(cut(data))
            agent = rans.e2._agents[0]
            agent._transaction = 0
            client = E2Client("unused", agent, np.random.default_rng(0), QUICK, counts)
            await _attempt(client, stream, counts)
            agent.on_closed(counts.ends[-1])
            _judge(stream, counts)

        LOOP.run(scenario())

    return run


def e2_client_seeds() -> list[bytes]:
    """A RIC that accepts, subscribes, controls, relays, resets and asks."""
    ids = e2ap_pb2.RicRequestId(ric_requestor_id=1, ric_instance_id=1)
    accepted = [e2ap_pb2.RanFunctionId(ran_function_id=one, ran_function_revision=1) for one in (2, 3, 4)]
    setup = e2(
        "e2_setup_response", e2ap_pb2.E2SetupResponse(transaction_id=1, ran_functions_accepted=accepted)
    )
    cause = Cause("misc", "unspecified", "fuzz").to_proto()
    kpm = [
        report_action(1, KpmAction(1, ("RRU.PrbUsedDl",)).to_proto(100).SerializeToString()),
        report_action(2, KpmAction(5, ("RRU.PrbUsedDl",), ue_ids=(1, 2)).to_proto(100).SerializeToString()),
    ]
    relay = dapp_pb2.DappRelayActionDefinition(schema_fingerprint=SCHEMA.fingerprint).SerializeToString()
    header = rc_pb2.RcControlHeader(ric_style_type=2, ric_control_action_id=6).SerializeToString()
    quota = rc_pb2.RcControlMessage(rrm_policy_ratio_list=[ratios_to_proto(Ratios(0, 10, 40), SLICES[0])])

    def control(function: int, message: Any, head: bytes = b"") -> bytes:
        return e2(
            "ric_control_request",
            e2ap_pb2.RicControlRequest(
                ric_request_id=ids,
                ran_function_id=function,
                ric_control_header=head,
                ric_control_message=message.SerializeToString(),
            ),
        )

    chunk = next(split(Artefact(0, "actor", 1, 1, 0, policy())))
    ack = dapp_pb2.DappReportAck(stored_up_to=dapp_pb2.ReplayCursor(epoch=EPOCH, frame=1))
    order = guard_pb2.GuardOrder(du_id=0, order=1, mode=guard_pb2.GUARD_MODE_BASELINE)
    whole = [
        setup,
        _subscription(ids, KPM_FUNCTION_ID, trigger(100), kpm),
        _subscription(
            e2ap_pb2.RicRequestId(ric_requestor_id=1, ric_instance_id=2),
            DAPP_FUNCTION_ID,
            b"",
            [report_action(1, relay)],
        ),
        control(RC_FUNCTION_ID, quota, header),
        control(DAPP_FUNCTION_ID, dapp_pb2.DappRelayControl(policy_chunk=chunk)),
        control(DAPP_FUNCTION_ID, dapp_pb2.DappRelayControl(report_ack=ack)),
        control(DAPP_FUNCTION_ID, dapp_pb2.DappRelayControl(guard_order=order)),
        e2("ric_service_query", e2ap_pb2.RicServiceQuery(ran_functions_accepted=accepted[:1])),
        e2("ric_service_update_acknowledge", e2ap_pb2.RicServiceUpdateAcknowledge(transaction_id=1)),
        e2("ric_service_update_failure", e2ap_pb2.RicServiceUpdateFailure(transaction_id=1, cause=cause)),
        e2("error_indication", e2ap_pb2.ErrorIndication(ric_request_id=ids, cause=cause)),
        e2(
            "ric_subscription_delete_request",
            e2ap_pb2.RicSubscriptionDeleteRequest(ric_request_id=ids, ran_function_id=2),
        ),
        e2("reset_request", e2ap_pb2.ResetRequest(transaction_id=3, cause=cause)),
    ]
    failure = e2("e2_setup_failure", e2ap_pb2.E2SetupFailure(transaction_id=1, cause=cause))
    return [joined(*whole), setup, failure, *(joined(setup, one) for one in whole[1:]), whole[1]]


def _subscription(ids: e2ap_pb2.RicRequestId, function: int, event: bytes, actions: list[Any]) -> bytes:
    request = e2ap_pb2.RicSubscriptionRequest(
        ric_request_id=ids,
        ran_function_id=function,
        ric_event_trigger_definition=event,
        ric_actions_to_be_setup=actions,
    )
    return e2("ric_subscription_request", request)


# --------------------------------------------------------------------------------------- E2, the xApp's end


class Terminations:
    """The termination of a whole xApp whose Redis is away."""

    def __init__(self, folder: Path) -> None:
        settings = XappSettings.model_validate(
            {
                "scenario": SMOKE, "state_dir": folder, "redis": "redis://127.0.0.1:1/0",
                "e2_listen": "127.0.0.1:0", "rest": "127.0.0.1:0",
            }
        )  # fmt: skip
        scenario = load_scenario(SMOKE, ("learner.hidden=[8]",))
        assembly = Assembly(settings, scenario, new_registry("xapp"), new_health())
        assembly.xapp()
        self.termination = assembly._termination
        self.problem = scenario.problem
        self.schema = assembly._stores.schema
        self.facts = Expected(scenario.problem.frame, scenario.clock.lockstep).facts()
        self.lockstep = scenario.clock.lockstep


def e2_server(made: Terminations) -> Callable[[bytes], None]:
    """Bytes of a DU, at the xApp."""

    def run(data: bytes) -> None:
        async def scenario() -> None:
            counts, stream = Counts(), Stream(cut(data))
            await _connect(E2Server("unused", made.termination, QUICK, counts), stream)
            _judge(stream, counts)
            for queue in made.termination._ingest._queues:  # nobody stores here
                while not queue.empty():
                    queue.get_nowait()

        LOOP.run(scenario())

    return run


def e2_server_seeds(made: Terminations) -> list[bytes]:
    """A DU that sets up, admits what it is asked, reports, updates and resets."""
    functions = [e2ap_pb2.RanFunction(ran_function_id=one, ran_function_revision=1) for one in (2, 3, 4)]
    setup = e2(
        "e2_setup_request",
        e2ap_pb2.E2SetupRequest(
            transaction_id=1,
            global_e2_node_id=e2ap_pb2.GlobalE2NodeId(plmn_identity="00101", gnb_id=1, gnb_du_id=0),
            ran_functions_added=functions,
            ran_facts=made.facts,
            epoch=EPOCH,
            lockstep=made.lockstep,
        ),
    )
    cause = Cause("misc", "unspecified", "fuzz").to_proto()

    def ids(instance: int) -> e2ap_pb2.RicRequestId:
        return e2ap_pb2.RicRequestId(ric_requestor_id=1, ric_instance_id=instance)

    def admitted(instance: int, function: int) -> bytes:
        response = e2ap_pb2.RicSubscriptionResponse(
            ric_request_id=ids(instance), ran_function_id=function, ric_actions_admitted=[1]
        )
        return e2("ric_subscription_response", response)

    def indication(instance: int, function: int, message: Any, header: Any = None, sn: int = 0) -> bytes:
        return e2(
            "ric_indication",
            e2ap_pb2.RicIndication(
                ric_request_id=ids(instance),
                ran_function_id=function,
                ric_action_id=1,
                ric_indication_sn=sn,
                ric_indication_type=e2ap_pb2.RIC_INDICATION_TYPE_REPORT,
                ric_indication_header=header.SerializeToString() if header else b"",
                ric_indication_message=message.SerializeToString(),
            ),
        )

    made_rows = made.schema.empty(2)
    made_rows["epoch"], made_rows["frame"] = EPOCH, (0, 1)
    report = dapp_pb2.DappReport(
        schema_fingerprint=made.schema.fingerprint, row_count=2, rows=made.schema.encode(made_rows)
    )
    status = dapp_pb2.PolicyStatus(response_code=common_pb2.RESPONSE_CODE_POSITIVE, running_version=1)
    frames = guard_pb2.GuardFrames(frames=5, measured=[0.5] * 3, modelled=[0.5] * 3, baseline=[0.5] * 3)
    guard = guard_pb2.GuardReport(du_id=0, order=1, mode=guard_pb2.GUARD_MODE_LEARNED, epoch=EPOCH)
    guard.learned.CopyFrom(frames)
    header = kpm_pb2.KpmIndicationHeader(epoch=EPOCH, first_frame=0, last_frame=9)
    begin = [setup, admitted(1, DAPP_FUNCTION_ID), admitted(2, KPM_FUNCTION_ID)]
    rest = [
        indication(1, DAPP_FUNCTION_ID, dapp_pb2.DappRelayIndication(report=report)),
        indication(1, DAPP_FUNCTION_ID, dapp_pb2.DappRelayIndication(policy_status=status), sn=1),
        indication(1, DAPP_FUNCTION_ID, dapp_pb2.DappRelayIndication(guard_report=guard), sn=2),
        indication(2, KPM_FUNCTION_ID, kpm_pb2.KpmIndicationMessage(), header),
        e2("e2_node_configuration_update", e2ap_pb2.E2NodeConfigurationUpdate(ran_facts=made.facts)),
        e2(
            "ric_service_update",
            e2ap_pb2.RicServiceUpdate(
                ran_functions_deleted=[e2ap_pb2.RanFunctionId(ran_function_id=2, ran_function_revision=1)]
            ),
        ),
        e2(
            "ric_subscription_delete_required",
            e2ap_pb2.RicSubscriptionDeleteRequired(
                ric_subscriptions_to_be_removed=[
                    e2ap_pb2.RicSubscriptionToBeRemoved(ric_request_id=ids(1), ran_function_id=4, cause=cause)
                ]
            ),
        ),
        e2("error_indication", e2ap_pb2.ErrorIndication(ric_request_id=ids(1), cause=cause)),
        e2("reset_request", e2ap_pb2.ResetRequest(transaction_id=3, cause=cause)),
    ]
    return [joined(*begin, *rest), setup, *(joined(*begin, one) for one in rest), rest[0]]


def targets(folder: Path) -> list[Target]:
    """Both sessions at both ends.

    Args:
        folder: for the state of an xApp.
    """
    rans, made = Rans(), Terminations(folder)
    return [
        Target("e3-at-the-du", e3_server(rans), lambda: e3_server_seeds(rans)),
        Target("e3-at-the-dapp", e3_client(rans), lambda: e3_client_seeds(rans)),
        Target("e2-at-the-du", e2_client(rans), e2_client_seeds),
        Target("e2-at-the-xapp", e2_server(made), lambda: e2_server_seeds(made)),
    ]
