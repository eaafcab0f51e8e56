"""A DU with a dApp for tests of the xApp: real E2 over gRPC, made-up transitions, a real policy slot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cadran.dapp import PolicySlot
from cadran.policy import PolicyError
from cadran.problem import Problem
from cadran.problem.hierarchy import HierarchicalProblem
from cadran.replay import Identity, Rows, TransitionSchema, identities
from cadran.wire.causes import Cause
from cadran.wire.chunks import Assembler
from cadran.wire.codecs import SLICES, QuotaArrays, control_outcome, ratios_from_proto
from cadran.wire.e2_client import E2Client, E2Session
from cadran.wire.e2_session import DAPP_FUNCTION_ID, KPM_FUNCTION_ID, RC_FUNCTION_ID
from cadran.wire.e2_subscriptions import Subscription
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2, guard_pb2, rc_pb2
from cadran.wire.link import LinkSettings

FAST = LinkSettings(backoff_first_s=0.02, backoff_max_s=0.1)


def schema_of(problem: Problem | HierarchicalProblem) -> TransitionSchema:
    return TransitionSchema(problem.state_dim, problem.action_dim, problem.kpi_dim)


def rows_of(problem: Problem | HierarchicalProblem, du: int, start: int, stop: int, epoch: int = 1) -> Rows:
    """Frames start..stop-1; a frame's content depends on (du, epoch, frame) alone."""
    schema = schema_of(problem)
    made = schema.empty(stop - start)
    for row, frame in zip(made, range(start, stop), strict=True):
        rng = np.random.default_rng([du, epoch, frame])
        row["epoch"], row["frame"], row["sequence"], row["policy_version"] = epoch, frame, frame, 1
        row["flags"] = 1 if frame % 25 == 0 else 0
        row["state"], row["next_state"] = rng.random(schema.state_dim), rng.random(schema.state_dim)
        row["action"], row["kpis"] = rng.random(schema.action_dim), rng.random(schema.kpi_dim)
    return made


@dataclass
class Du:
    """One E2 node whose dApp answers policies as a real one does."""

    problem: Problem | HierarchicalProblem
    du: int
    e2_port: int
    epoch: int = 1
    lockstep: bool = False
    facts_changed: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.slot = PolicySlot(self.du, self.problem)
        self.assembler = Assembler(self.du)
        self.session: E2Session | None = None
        self.acknowledged: Identity | None = None
        self.acks: list[dapp_pb2.DappReportAck] = []
        self.orders: list[guard_pb2.GuardOrder] = []
        self.accepted: list[tuple[int, int]] = []  # (delivery, version)
        self.order: list[str] = []  # what came over the stream, in order
        self.refusals: list[Cause] = []
        self.closures: list[Cause] = []
        self.kpm: Subscription | None = None
        self.reports_wanted = False
        self.changed = asyncio.Event()
        self.client = E2Client(f"127.0.0.1:{self.e2_port}", self, np.random.default_rng(self.du), FAST)
        self.task = asyncio.create_task(self.client.run())

    async def stop(self) -> None:
        self.client.stop()
        await asyncio.wait([self.task], timeout=5)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until ``condition()`` holds; looks again whenever something came."""
        while not condition():
            self.changed.clear()
            await asyncio.wait_for(self.changed.wait(), 60)

    def report(self, rows: Rows) -> None:
        """What the dApp sends; dropped while nobody listens, as on a broken stream."""
        schema = schema_of(self.problem)
        message = dapp_pb2.DappReport(
            du_id=self.du,
            schema_fingerprint=schema.fingerprint,
            row_count=len(rows),
            rows=schema.encode(rows),
        )
        if self.session is not None and self.reports_wanted:
            self.session.send_report(message)

    async def store(self, rows: Rows) -> None:
        """Send rows, again and again, until the last one is acknowledged."""
        last = identities(rows[-1:])[0]
        while self.acknowledged is None or self.acknowledged < last:
            self.report(rows)
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), 0.5)
            except TimeoutError:
                continue

    # E2ClientHandler

    def setup_request(self) -> e2ap_pb2.E2SetupRequest:
        frame = self.problem.frame
        facts = {
            "rbs": frame.rbs, "ues_per_slice": frame.ues_per_slice, "frame_s": frame.frame_s,
            "rb_bandwidth_hz": frame.rb_bandwidth_hz, "dus": frame.dus, "total_ues": frame.total_ues,
        } | self.facts_changed  # fmt: skip
        slices = [common_pb2.SNssai(sst=slice_.sst) for slice_ in SLICES]
        return e2ap_pb2.E2SetupRequest(
            transaction_id=7,
            global_e2_node_id=e2ap_pb2.GlobalE2NodeId(plmn_identity="00101", gnb_id=1, gnb_du_id=self.du),
            ran_functions_added=[
                e2ap_pb2.RanFunction(ran_function_id=number)
                for number in (KPM_FUNCTION_ID, RC_FUNCTION_ID, DAPP_FUNCTION_ID)
            ],
            ran_facts=common_pb2.RanFacts(slices=slices, **facts),
            epoch=self.epoch,
            lockstep=self.lockstep,
        )

    def on_connected(self, session: E2Session, response: e2ap_pb2.E2SetupResponse) -> None:
        self.session = session
        self.changed.set()

    def on_subscription(self, session: E2Session, subscription: Subscription) -> None:
        if subscription.ran_function_id == KPM_FUNCTION_ID:
            self.kpm = subscription
        self.reports_wanted |= subscription.ran_function_id == DAPP_FUNCTION_ID
        self.changed.set()

    def on_subscription_ended(self, session: E2Session, subscription: Subscription) -> None:
        if subscription.ran_function_id == DAPP_FUNCTION_ID:
            self.reports_wanted = False
        else:
            self.kpm = None
        self.changed.set()

    def on_control(self, session: E2Session, message: rc_pb2.RcControlMessage) -> rc_pb2.RicControlOutcome:
        """As a DU that gives no slice more than 50 % of its RBs."""
        requested = ratios_from_proto(message.rrm_policy_ratio_list)
        table = np.full((3, len(SLICES)), 20, np.int32)
        for index, ratios in requested.items():
            table[:, index] = (ratios.dedicated, ratios.minimum, min(ratios.maximum, 50))
        return control_outcome(requested, QuotaArrays(*table), SLICES, self.epoch, frame=12)

    def on_report_ack(self, session: E2Session, ack: dapp_pb2.DappReportAck) -> None:
        self.acks.append(ack)
        if ack.HasField("stored_up_to"):
            self.acknowledged = (ack.stored_up_to.epoch, ack.stored_up_to.frame)
            self.order.append(f"ack {ack.stored_up_to.frame}")
        self.changed.set()

    def on_policy_chunk(self, session: E2Session, chunk: dapp_pb2.PolicyChunk) -> None:
        artefact = self.assembler.add(chunk)
        if artefact is None:
            return
        status = dapp_pb2.PolicyStatus(
            du_id=self.du, policy_id=artefact.policy_id, version=artefact.version, delivery=artefact.delivery
        )
        try:
            meta = self.slot.install(artefact.data, artefact.delivery, artefact.effective_frame)
        except PolicyError as error:
            status.response_code = common_pb2.RESPONSE_CODE_NEGATIVE
            cause = Cause("policy", error.cause.value.replace("_", "-"), error.text)
            status.cause.CopyFrom(cause.to_proto())
        else:
            status.response_code = common_pb2.RESPONSE_CODE_POSITIVE
            self.accepted.append((artefact.delivery, meta.version))
            self.order.append(f"policy {meta.version} from {artefact.effective_frame}")
        self.slot.at(2**31)
        status.running_version = self.slot.version
        status.running_sha256 = self.slot.sha256
        session.send_policy_status(status)
        self.changed.set()

    def on_guard_order(self, session: E2Session, order: guard_pb2.GuardOrder) -> None:
        self.orders.append(order)
        session.send_guard_report(
            guard_pb2.GuardReport(du_id=self.du, order=order.order, mode=order.mode, epoch=self.epoch)
        )
        self.changed.set()

    def restart_dapp(self) -> None:
        """The dApp starts anew: it holds no policy, and says so."""
        self.slot = PolicySlot(self.du, self.problem)
        self.assembler.reset()
        assert self.session is not None
        positive = common_pb2.RESPONSE_CODE_POSITIVE
        self.session.send_policy_status(dapp_pb2.PolicyStatus(du_id=self.du, response_code=positive))

    def on_reset(self, session: E2Session, cause: Cause) -> None:
        self.order.append("reset")
        self.changed.set()

    def on_error_indication(self, session: E2Session, cause: Cause) -> None:
        self.refusals.append(cause)
        self.changed.set()

    def on_closed(self, cause: Cause) -> None:
        self.session = None
        self.reports_wanted = False
        self.closures.append(cause)
        self.changed.set()
