"""The DUs' end of E2: each DU an E2 node that reports measurements and relays for its dApp."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from structlog.stdlib import BoundLogger

from cadran.problem import Quota
from cadran.ransim.e3_agent import RanIdentity
from cadran.ransim.guard_reports import GuardReports
from cadran.ransim.kpm import Counted, KpmReporting
from cadran.ransim.ladder import DecisionLadder
from cadran.ransim.ran import Ran
from cadran.ransim.relayed import RelayedRows
from cadran.runtime.link_metrics import LinkMetrics
from cadran.runtime.tracing import Tracer
from cadran.wire.causes import Cause, WireError
from cadran.wire.codecs import SLICES, Ratios, control_outcome, ratios_from_proto
from cadran.wire.connector import ChannelCredentials
from cadran.wire.e2_client import E2Client, E2Session
from cadran.wire.e2_session import DAPP_FUNCTION_ID, FUNCTION_OIDS, KPM_FUNCTION_ID, RC_FUNCTION_ID
from cadran.wire.e2_subscriptions import Subscription
from cadran.wire.e3_server import E3Session
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import dapp_pb2, guard_pb2, rc_pb2
from cadran.wire.link import LinkSettings

# Acknowledgements are cumulative, so only the newest rows that a dApp owes matter; clock.push_delay_frames
# is at most 1000.
_OWED_FRAMES = 1024

Traced = TypeVar("Traced", dapp_pb2.PolicyChunk, dapp_pb2.PolicyStatus)

PLMN_IDENTITY = "00101"
GNB_ID = 1


class DappSessions(Protocol):
    """Where the dApps are."""

    def session(self, du: int) -> E3Session | None:
        """The open session of a DU's dApp."""


class E2Agent:
    """One DU as an E2 node; an `E2ClientHandler`.

    Args:
        du: index of the DU.
        identity: what the xApp is told.
        ran: the world that measurements come from and controls go to.
        dapps: where the DU's dApp is.
        kpm: reports of measurements.
        log: where to tell.
        guard: reports of how its frames went.
        tracer: follows policies and their answers; None: nobody does.
    """

    def __init__(
        self,
        du: int,
        identity: RanIdentity,
        ran: Ran,
        dapps: DappSessions,
        kpm: KpmReporting,
        log: BoundLogger,
        guard: GuardReports,
        tracer: Tracer | None = None,
    ) -> None:
        self._du = du
        self._identity = identity
        self._ran = ran
        self._dapps = dapps
        self._log = log
        self._tracer = tracer
        self._transaction = 0
        self._session: E2Session | None = None
        self._kpm = kpm
        self._guard = guard
        self._ladder.ric_absent(ran.frame)
        self._progress = asyncio.Event()
        self._owed: deque[int] = deque(maxlen=_OWED_FRAMES)
        self.relayed = RelayedRows(identity.epoch)

    # From the xApp -----------------------------------------------------------------------------------------

    def setup_request(self) -> e2ap_pb2.E2SetupRequest:
        """The request for the next attempt to associate."""
        self._transaction = (self._transaction + 1) % 256
        functions = [
            e2ap_pb2.RanFunction(
                ran_function_id=function,
                ran_function_revision=1,
                ran_function_oid=FUNCTION_OIDS.get(function, ""),
            )
            for function in (KPM_FUNCTION_ID, RC_FUNCTION_ID, DAPP_FUNCTION_ID)
        ]
        return e2ap_pb2.E2SetupRequest(
            transaction_id=self._transaction,
            global_e2_node_id=e2ap_pb2.GlobalE2NodeId(
                plmn_identity=PLMN_IDENTITY, gnb_id=GNB_ID, gnb_du_id=self._du
            ),
            ran_functions_added=functions,
            ran_facts=self._identity.facts(),
            epoch=self._identity.epoch,
            next_frame=self._ran.frame,
            lockstep=self._identity.lockstep,
        )

    def on_connected(self, session: E2Session, response: e2ap_pb2.E2SetupResponse) -> None:
        """Associated with the xApp."""
        self._session = session
        self._ladder.ric_present()
        self._log.info("associated with the near-RT RIC", du=self._du)

    def on_subscription(self, session: E2Session, subscription: Subscription) -> None:
        """Starts reporting measurements; reports of the dApp need nothing more than the subscription."""
        if subscription.ran_function_id == KPM_FUNCTION_ID:
            self._kpm.subscribe(self._du, session, subscription)

    def on_subscription_ended(self, session: E2Session, subscription: Subscription) -> None:
        """Ends its measurement reports."""
        self._kpm.unsubscribe(self._du, subscription)

    def on_control(self, session: E2Session, message: rc_pb2.RcControlMessage) -> rc_pb2.RicControlOutcome:
        """Sets the quotas of the DU's own scheduler, which rules while the dApp is silent."""
        ladder = self._ladder
        requested = ratios_from_proto(message.rrm_policy_ratio_list)
        ladder.fallback = _merged(ladder.fallback, requested)
        frame = self._ran.frame
        dapp = ladder.dapp_decides(frame)
        return control_outcome(requested, ladder.fallback, SLICES, self._identity.epoch, frame, dapp)

    def on_report_ack(self, session: E2Session, ack: dapp_pb2.DappReportAck) -> None:
        """Relays an acknowledgement, and notes it for lock-step."""
        stored = ack.stored_up_to
        if ack.HasField("stored_up_to"):
            self.relayed.stored_up_to(stored.epoch, stored.frame)
            self._progress.set()
        dapp = self._dapps.session(self._du)
        if dapp is not None:
            dapp.send_report_ack(ack)

    def on_policy_chunk(self, session: E2Session, chunk: dapp_pb2.PolicyChunk) -> None:
        """Relays a part of a policy."""
        dapp = self._dapps.session(self._du)
        if dapp is None:
            raise WireError(Cause("dapp", "not-connected", f"DU {self._du} has no dApp now"))
        if self._tracer is None:
            dapp.send_policy_chunk(chunk)
        else:
            self._traced("relay policy", chunk, dapp.send_policy_chunk)

    def on_guard_order(self, session: E2Session, order: guard_pb2.GuardOrder) -> None:
        """Puts the DU under its own scheduler or under its dApp, and answers with what is in force."""
        baseline = self._guard.take(self._du, order, self._ran.frame, session.send_guard_report)
        if baseline is not None:
            mode = "its own scheduler" if baseline else "its dApp"
            self._log.warning("the near-RT RIC has ordered", du=self._du, mode=mode, reason=order.reason)

    def on_reset(self, session: E2Session, cause: Cause) -> None:
        """As after the setup; quotas that controls set stay in force."""
        self._log.warning("E2 was reset", du=self._du, cause=str(cause))

    def on_error_indication(self, session: E2Session, cause: Cause) -> None:
        """Notes what the xApp refused."""
        self._log.warning("refused by the near-RT RIC", du=self._du, cause=str(cause))

    def on_closed(self, cause: Cause) -> None:
        """The association is gone; the DU goes on, and its dApp keeps its reports."""
        self._session = None
        self._kpm.forget(self._du)
        self._guard.forget(self._du)
        self._ladder.ric_absent(self._ran.frame)
        self._log.info("not associated with the near-RT RIC", du=self._du, cause=str(cause))

    # Towards the xApp --------------------------------------------------------------------------------------

    def report(self, report: dapp_pb2.DappReport) -> None:
        """Relays transitions. Raises `WireError` while there is no xApp that wants them."""
        self._associated().send_report(report)
        self.relayed.relayed(report)

    def policy_status(self, status: dapp_pb2.PolicyStatus) -> None:
        """Relays what the dApp runs. Raises `WireError` while there is no xApp that wants it."""
        if self._tracer is None:
            self._associated().send_policy_status(status)
        else:
            self._traced("relay policy status", status, self._associated().send_policy_status)

    def _traced(self, name: str, message: Traced, send: Callable[[Traced], object]) -> None:
        """Relays what may have a trace context, as a span of its own under it."""
        span = self._tracer.within(name, message.traceparent, du=self._du) if self._tracer else None
        if span is not None:
            message.traceparent = span.traceparent
        try:
            send(message)
        finally:
            if span is not None:
                span.end(delivery=message.delivery)

    # What is to be waited for ------------------------------------------------------------------------------

    def decided(self, frame: int) -> None:
        """The dApp decided a frame, and owes its row."""
        self._owed.append(frame)

    def dapp_gone(self) -> None:
        """The dApp left; of what it owed, only what was relayed already can still be acknowledged."""
        self._owed = deque((f for f in self._owed if f <= self.relayed.newest_frame), _OWED_FRAMES)
        self._progress.set()

    def give_up(self, frame: int) -> None:
        """Waits no more for rows up to `frame`."""
        self._owed = deque((f for f in self._owed if f > frame), _OWED_FRAMES)

    def owes(self, frame: int) -> bool:
        """Whether a row up to `frame` is to be acknowledged yet."""
        while self._owed and self._owed[0] <= self.relayed.acknowledged_frame:
            self._owed.popleft()
        return bool(self._owed) and self._owed[0] <= frame

    async def acknowledged(self, frame: int) -> None:
        """Returns when no row up to `frame` is owed."""
        while self.owes(frame):
            self._progress.clear()
            await self._progress.wait()

    @property
    def _ladder(self) -> DecisionLadder:
        return self._ran.ladders[self._du]

    def _associated(self) -> E2Session:
        if self._session is None:
            text = f"DU {self._du} is not associated with a near-RT RIC"
            raise WireError(Cause("transport", "transport-resource-unavailable", text))
        return self._session


class E2Agents:
    """The E2 nodes of all DUs; the way up for what their dApps send.

    Args:
        identity: what the xApp is told.
        ran: the world.
        target: host:port of the E2 termination; None: the RAN runs without a RIC.
        rng: jitter of the waits between attempts.
        counters: what the sessions count.
        log: where to tell.
        dapps: where the dApps are.
        guard: reports of how frames went.
        credentials: for TLS; None: clear text.
        tracer: follows policies and their answers; None: nobody does.
        link: limits and times of the associations; None: the usual ones.
    """

    def __init__(
        self,
        identity: RanIdentity,
        ran: Ran,
        target: str | None,
        rng: np.random.Generator,
        counters: LinkMetrics,
        log: BoundLogger,
        dapps: DappSessions,
        guard: GuardReports,
        credentials: ChannelCredentials | None = None,
        tracer: Tracer | None = None,
        link: LinkSettings | None = None,
    ) -> None:
        self._log = log
        self._kpm = KpmReporting(identity.frame, ran.ttis_per_frame, identity.epoch)
        self._agents = [
            E2Agent(du, identity, ran, dapps, self._kpm, log, guard, tracer)
            for du in range(identity.frame.dus)
        ]
        self._clients = [
            E2Client(target, agent, rng, link, counters, credentials) for agent in self._agents if target
        ]
        self._running: list[asyncio.Task[Cause]] = []

    def start(self) -> None:
        """Begins to associate every DU."""
        self._running = [asyncio.create_task(client.run()) for client in self._clients]
        for task in self._running:
            task.add_done_callback(self._tell_of_a_failure)

    def _tell_of_a_failure(self, task: asyncio.Task[Cause]) -> None:
        """A client ends when it is stopped; one that ends by a fault leaves its DU without a RIC for good."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._log.error("a DU will not associate with the near-RT RIC again", exc_info=error)

    async def stop(self) -> None:
        """Ends the associations."""
        for client in self._clients:
            client.stop()
        await asyncio.gather(*self._running, return_exceptions=True)

    def report(self, du: int, report: dapp_pb2.DappReport) -> None:
        """Relays transitions of a DU's dApp."""
        self._agents[du].report(report)

    def policy_status(self, du: int, status: dapp_pb2.PolicyStatus) -> None:
        """Relays what a DU's dApp runs."""
        self._agents[du].policy_status(status)

    def measured(
        self, first_frame: int, counted: Sequence[Counted], ue_numbers: Sequence[NDArray[np.int32]]
    ) -> None:
        """Takes what consecutive frames counted into the reports of every DU."""
        self._kpm.measured(first_frame, counted, ue_numbers)

    def decided(self, frame: int, dus: Iterable[int]) -> None:
        """The dApps of these DUs decided a frame, and owe its rows; without a RIC there is none to owe to."""
        if self._clients:
            for du in dus:
                self._agents[du].decided(frame)

    def dapp_gone(self, du: int) -> None:
        """A DU's dApp left."""
        self._agents[du].dapp_gone()

    async def acknowledged(self, frame: int, timeout_s: float) -> tuple[int, ...]:
        """Waits until no DU owes a row up to `frame`.

        Returns:
            The DUs whose rows did not come in time; these rows are not waited for again.
        """
        try:
            async with asyncio.timeout(timeout_s):
                for agent in self._agents:
                    await agent.acknowledged(frame)
        except TimeoutError:
            late = tuple(du for du, agent in enumerate(self._agents) if agent.owes(frame))
            for du in late:
                self._agents[du].give_up(frame)
            return late
        return ()

    def relayed(self) -> tuple[RelayedRows, ...]:
        """Transitions that passed through so far, per DU."""
        return tuple(agent.relayed for agent in self._agents)


def _merged(present: Quota, requested: dict[int, Ratios]) -> Quota:
    """The quota with the requested ratios in place of the present ones.

    Raises:
        WireError: the minima no longer fit together; nothing is applied.
    """
    dedicated, minimum, maximum = (
        values.copy() for values in (present.dedicated_percent, present.min_percent, present.max_percent)
    )
    for index, ratios in requested.items():
        dedicated[index], minimum[index], maximum[index] = ratios
    if minimum.sum() > 100:
        text = f"with the slices not named, min ratios sum to {minimum.sum()} %; at most 100"
        raise WireError(Cause("ric_request", "control-failed-to-execute", text))
    return Quota(dedicated, minimum, maximum)
