"""The dApp as a service: E3 on one side, the agent in the middle, reports on their way up."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from structlog.stdlib import BoundLogger

from cadran.dapp.agent import Action, Transition
from cadran.dapp.duty import Duty
from cadran.dapp.metrics import DappMetrics
from cadran.dapp.settings import DappSettings
from cadran.policy import PolicyError
from cadran.problem import Assignment, ProblemSpec, Quota
from cadran.problem.hierarchy import HierarchySpec, names_of
from cadran.runtime.http import Health
from cadran.runtime.link_metrics import LinkMetrics
from cadran.runtime.tracing import Span, Tracer
from cadran.wire.causes import Cause, QueueFullError, WireError, from_proto
from cadran.wire.chunks import Assembler
from cadran.wire.decision_codecs import set_assignment, set_grants, set_quota
from cadran.wire.e3_client import E3Client, E3ClientSession
from cadran.wire.e3_subscriptions import FRAMES_FUNCTION_ID
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from cadran.wire.link import LinkSettings

_TICK_S = 0.05
_LATER_S = 0.003
# Causes that time cures; a report refused for any other is unsound, and would be refused for ever.
_PASSING_CAUSES = frozenset({"dapp/not-stored", "dapp/not-connected", "misc/control-processing-overload"})


class DappService:
    """Serves one DU over E3 until it is stopped.

    Args:
        settings: the service's settings.
        spec: the decision problem.
        hierarchy: how its decisions are shared between two levels; None: they have one.
        rng: jitter of the waits between connection attempts.
        metrics: where to count.
        link_metrics: where the E3 session counts.
        health: told when the dApp can decide.
        log: where to tell.
        clock: monotonic seconds.
        tracer: follows frames and policies; None: nobody does.
        link: limits and times of the E3 association; None: the usual ones.
    """

    def __init__(
        self,
        settings: DappSettings,
        spec: ProblemSpec,
        hierarchy: HierarchySpec | None,
        rng: np.random.Generator,
        metrics: DappMetrics,
        link_metrics: LinkMetrics,
        health: Health,
        log: BoundLogger,
        clock: Callable[[], float] = time.monotonic,
        tracer: Tracer | None = None,
        link: LinkSettings | None = None,
    ) -> None:
        self._settings = settings
        self._spec = spec
        self._hierarchy = hierarchy
        self._metrics = metrics
        self._health = health
        self._log = log
        self._clock = clock
        self._tracer = tracer
        self._heard_s = clock()
        self._expired = False
        self._facts: common_pb2.RanFacts | None = None
        self._duty: Duty | None = None
        self._assembler = Assembler(settings.du)
        self._lockstep = False
        self._hold_until_s = 0.0
        self._postponed = ""
        self._told: set[tuple[str, str]] = set()
        self._report_ids: deque[int] = deque(maxlen=settings.unacknowledged_rows)
        self._last_progress_s = clock()
        self._last_report_s = clock()
        tls = settings.tls()
        self._client = E3Client(
            str(settings.e3_connect),
            self,
            rng,
            link,
            link_metrics,
            credentials=tls.channel_credentials if tls else None,
        )

    async def run(self) -> Cause:
        """Connects, acts and reports until stopped; returns why it ended.

        Raises:
            ExceptionGroup: Sending of reports failed; there is no service without it.
        """
        async with asyncio.TaskGroup() as tasks:
            ticking = tasks.create_task(self._tick())
            try:
                return await self._client.run()
            finally:
                ticking.cancel()

    def stop(self) -> None:
        """Ends the session with the DU and lets `run` return."""
        self._client.stop()

    # What the DU sends -------------------------------------------------------------------------------------

    def setup_request(self) -> e3ap_pb2.SetupRequest:
        """The request for the next attempt to connect."""
        duty = self._duty
        return e3ap_pb2.SetupRequest(
            dapp_id=self._settings.du + 1,
            du_id=self._settings.du,
            schema_fingerprint=duty.schema.fingerprint if duty else "",
            problem=e3ap_pb2.ProblemNames(**self._names()),
            running_version=self._running_version(duty) if duty else 0,
        )

    def subscription(self) -> e3ap_pb2.SubscriptionRequest:
        """Every frame; with measurements of users where decisions are made for them."""
        return e3ap_pb2.SubscriptionRequest(
            subscription_id=1,
            ran_function_id=FRAMES_FUNCTION_ID,
            period_frames=1,
            user_measurements=self._hierarchy is not None,
        )

    def _names(self) -> dict[str, str]:
        return self._spec.names if self._hierarchy is None else names_of(self._spec)

    def on_connected(self, session: E3ClientSession, response: e3ap_pb2.SetupResponse) -> None:
        """Takes up duty; keeps policy and unacknowledged reports if the RAN is the one known already."""
        duty = self._duty
        if duty is None or response.ran_facts != self._facts:
            duty = self._take_up(response.ran_facts)
        self._lockstep = response.lockstep
        self._assembler.reset()
        self._report_ids.clear()
        duty.reports.rewind()
        self._send_status(session, duty, 0, self._expiry())
        self._health.met("e3")
        self._log.info("connected", du=self._settings.du, epoch=response.epoch, frame=response.next_frame)

    def _take_up(self, facts: common_pb2.RanFacts) -> Duty:
        """Begins anew for a RAN with these facts: policy and transitions of another one are worth nothing."""
        if self._duty is not None and len(self._duty.reports):
            self._metrics.dropped_rows.inc(len(self._duty.reports))
            self._log.warning("the RAN is another one now, transitions dropped", rows=len(self._duty.reports))
        self._health.unmet("policy", "none received since the RAN is known")
        self._facts, self._expired = facts, False
        self._duty = Duty(self._settings, self._spec, self._hierarchy, facts)
        return self._duty

    def on_outdated_indication(
        self, session: E3ClientSession, indication: e3ap_pb2.IndicationMessage
    ) -> None:
        """Keeps the transition that the indication completes."""
        duty = self._known_duty()
        self._metrics.outdated.inc()
        _, transition = duty.agent.step(duty.indication(indication), act=False)
        if transition is not None:
            self._later(self._keep, session, duty, transition)

    def on_indication(self, session: E3ClientSession, indication: e3ap_pb2.IndicationMessage) -> None:
        """Decides one frame and keeps the transition that the indication completes."""
        duty = self._known_duty()
        started_s = self._clock()
        span = None if self._tracer is None else self._tracer.within("decide", indication.traceparent)
        delivery = duty.policies.delivery_in_force
        action, transition = duty.agent.step(duty.indication(indication), act=not self._expired)
        if action is not None:
            message = self._message(action)
            if span is not None:
                message.traceparent = span.traceparent
            session.send_control_action(message)
            self._metrics.decided(self._clock() - started_s)
        if span is not None:
            self._end_decision(span, indication.frame, action)
        if transition is not None:
            self._later(self._keep, session, duty, transition)
        if duty.policies.delivery_in_force != delivery:
            self._later(self._send_status, session, duty, duty.policies.delivery_in_force, None)
        # Not later: at the fast pace the next indication would come before, and the noise be drawn twice.
        asyncio.get_running_loop().call_soon(duty.agent.prepare, indication.frame + 1)

    def _end_decision(self, span: Span, frame: int, action: Action | None) -> None:
        version = action.policy_version if action is not None else 0
        span.end(du=self._settings.du, frame=frame, decided=action is not None, policy_version=version)

    def on_report_ack(self, session: E3ClientSession, ack: dapp_pb2.DappReportAck) -> None:
        """Forgets what is stored, and sends what may be sent now."""
        duty = self._known_duty()
        self._hear(session, duty)
        if ack.HasField("stored_up_to"):
            count = duty.reports.acknowledge(ack.stored_up_to.epoch, ack.stored_up_to.frame)
            self._metrics.acknowledged_rows.inc(count)
            if count:
                self._last_progress_s = self._clock()
                self._postponed = ""
        if ack.response_code != common_pb2.RESPONSE_CODE_POSITIVE:
            self._refused(duty, from_proto(ack.cause))

    def on_policy_chunk(self, session: E3ClientSession, chunk: dapp_pb2.PolicyChunk) -> None:
        """Collects a policy, verifies it, and answers what came of it."""
        duty = self._known_duty()
        self._hear(session, duty)
        span = None if self._tracer is None else self._tracer.within("install policy", chunk.traceparent)
        cause: Cause | None = None
        try:
            artefact = self._assembler.add(chunk)
            if artefact is None:
                return
            meta = duty.policies.install(artefact.data, artefact.delivery, artefact.effective_frame)
            self._health.met("policy")
            self._log.info("policy accepted", version=meta.version, delivery=chunk.delivery)
        except WireError as error:
            cause = error.cause
        except PolicyError as error:
            cause = Cause("policy", error.cause.value.replace("_", "-"), error.text)
        if cause is not None:
            self._metrics.refused_policies.labels(cause=cause.label).inc()
            self._log.warning("policy refused", delivery=chunk.delivery, cause=str(cause))
        self._send_status(session, duty, chunk.delivery, cause, span.traceparent if span else "")
        if span is not None:
            result = "accepted" if cause is None else cause.label
            span.end(du=self._settings.du, delivery=chunk.delivery, result=result)

    def on_message_ack(self, session: E3ClientSession, ack: e3ap_pb2.MessageAck) -> None:
        """Takes note of what the DU refused; it relays no reports while it has no RIC."""
        cause = from_proto(ack.cause)
        if ack.message_id in self._report_ids:
            self._refused(self._known_duty(), cause)
        else:
            self._tell_once("refused by the DU", cause)

    def on_closed(self, cause: Cause) -> None:
        """Notes the end of the session or of an attempt."""
        self._health.unmet("e3", f"not connected to {self._settings.e3_connect}: {cause}")
        self._log.info("not connected", cause=str(cause))

    # Whether there is a near-RT RIC -----------------------------------------------------------------------

    def _hear(self, session: E3ClientSession, duty: Duty) -> None:
        """Notes a sign of the near-RT RIC; a policy that had expired acts again."""
        self._heard_s = self._clock()
        if self._expired:
            self._expired = False
            self._health.met("policy")
            self._log.info("the near-RT RIC is back, the policy acts again", version=duty.policies.version)
            self._send_status(session, duty, 0, None)

    def _watch_policy(self, session: E3ClientSession, duty: Duty) -> None:
        """Acts no more by a policy for which nobody has answered for long, and tells the DU."""
        age_s = self._clock() - self._heard_s
        if self._expired or duty.policies.version == 0 or age_s <= self._settings.policy_max_age_s:
            return
        self._expired = True
        cause = self._expiry()
        self._health.unmet("policy", str(cause))
        self._log.warning("the policy acts no more", version=duty.policies.version, cause=str(cause))
        with suppress(QueueFullError):  # a DU that reads nothing hears of it with the next setup
            self._send_status(session, duty, 0, cause)

    def _expiry(self) -> Cause | None:
        if not self._expired:
            return None
        text = f"no sign of a near-RT RIC for {self._settings.policy_max_age_s:g} s"
        return Cause("policy", "expired", text)

    def _running_version(self, duty: Duty) -> int:
        return 0 if self._expired else duty.policies.version

    # What goes up ------------------------------------------------------------------------------------------

    def _known_duty(self) -> Duty:
        if self._duty is None:
            name = "message-not-compatible-with-receiver-state"
            raise WireError(Cause("protocol", name, "before the setup"))
        return self._duty

    def _message(self, action: Action) -> e3ap_pb2.DAppControlAction:
        message = e3ap_pb2.DAppControlAction(frame=action.frame, policy_version=action.policy_version)
        match action.decision:
            case Quota() as quota:
                set_quota(message, quota)
            case Assignment() as assignment:
                set_assignment(message, assignment.slice_of_rb)
            case grants:
                set_grants(message, grants)
        return message

    def _later(self, work: Callable[..., object], *arguments: object) -> None:
        """Does what the DU does not wait for after the decisions of all dApps on this machine have left."""
        loop = asyncio.get_running_loop()
        if self._lockstep:
            loop.call_soon(work, *arguments)
        else:
            loop.call_later(_LATER_S, work, *arguments)

    def _keep(self, session: E3ClientSession, duty: Duty, transition: Transition) -> None:
        if not transition.finite:
            self._metrics.unsound_rows.labels(cause="not-finite").inc()
            return
        dropped = duty.reports.dropped_rows
        duty.reports.add(transition.row(duty.schema))
        self._metrics.dropped_rows.inc(duty.reports.dropped_rows - dropped)
        if self._lockstep or duty.reports.unsent >= self._settings.report_rows:
            self._report(session, duty)

    def _report(self, session: E3ClientSession, duty: Duty) -> None:
        if self._clock() < self._hold_until_s:
            return
        parcel = duty.reports.take(self._settings.report_rows)
        if parcel is None:
            return
        report = dapp_pb2.DappReport(
            du_id=self._settings.du,
            schema_fingerprint=duty.schema.fingerprint,
            row_count=parcel.count,
            rows=parcel.rows,
        )
        if parcel.previous is not None:
            report.previous.epoch, report.previous.frame = parcel.previous
        try:
            self._report_ids.append(session.send_report(report))
        except QueueFullError as error:
            self._postpone(duty, error.cause)
            return
        if duty.reports.outstanding == parcel.count:
            self._last_progress_s = self._clock()
        self._last_report_s = self._clock()
        self._metrics.reported_rows.inc(parcel.count)

    def _refused(self, duty: Duty, cause: Cause) -> None:
        """Sends again what was refused for a while; gives up what would be refused again."""
        if cause.group == "transport" or cause.label in _PASSING_CAUSES:
            self._postpone(duty, cause)
            return
        self._metrics.unsound_rows.labels(cause=cause.label).inc(duty.reports.discard_sent())
        self._tell_once("reports given up", cause)

    def _tell_once(self, event: str, cause: Cause) -> None:
        if (event, cause.label) not in self._told:
            self._told.add((event, cause.label))
            self._log.warning(event, cause=str(cause))

    def _postpone(self, duty: Duty, cause: Cause) -> None:
        """Sends everything that is not acknowledged again, a little later."""
        duty.reports.rewind()
        self._hold_until_s = self._clock() + self._settings.retry_after_s
        if cause.label != self._postponed:
            self._log.warning("reports wait", cause=str(cause))
            self._postponed = cause.label

    async def _tick(self) -> None:
        """Sends reports that did not fill, and again what was not acknowledged in time."""
        while True:
            await asyncio.sleep(_TICK_S)
            duty, session = self._duty, self._client.session
            if duty is None or session is None:
                continue
            now_s = self._clock()
            if duty.reports.outstanding and now_s - self._last_progress_s > self._settings.resend_after_s:
                duty.reports.rewind()
                self._last_progress_s = now_s
            if duty.reports.unsent and now_s - self._last_report_s > self._settings.report_period_s:
                self._report(session, duty)
            self._watch_policy(session, duty)
            self._metrics.flush()
            self._metrics.buffered_rows.set(len(duty.reports))
            self._metrics.policy_version.set(self._running_version(duty))

    def _send_status(
        self,
        session: E3ClientSession,
        duty: Duty,
        delivery: int,
        cause: Cause | None,
        traceparent: str = "",
    ) -> None:
        positive, negative = common_pb2.RESPONSE_CODE_POSITIVE, common_pb2.RESPONSE_CODE_NEGATIVE
        status = dapp_pb2.PolicyStatus(
            du_id=self._settings.du,
            delivery=delivery,
            response_code=positive if cause is None else negative,
            cause=cause.to_proto() if cause is not None else None,
            running_version=self._running_version(duty),
            # Where DUs start from initialisations, each start is acknowledged by hash.
            running_sha256=duty.policies.sha256 if self._hierarchy is not None and not self._expired else "",
            traceparent=traceparent,
        )
        session.send_policy_status(status)
