"""The DUs' end of E3: who serves which DU, what it decides, and what is relayed to the RIC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from structlog.stdlib import BoundLogger

from cadran.problem import Assignment, Frame, Measurements, Quota
from cadran.problem.hierarchy import UserGrants, UserMeasurements
from cadran.ransim.frame_traces import FrameTraces
from cadran.ransim.ladder import Applied, Decision, Source, Submitted
from cadran.ransim.ran import FrameResult, Ran
from cadran.wire.causes import Cause, QueueFullError, WireError, from_proto
from cadran.wire.codecs import SLICES, QuotaArrays, measurements_to_proto, s_nssai_to_proto
from cadran.wire.decision_codecs import (
    AssignmentArrays,
    GrantArrays,
    decision_from_proto,
    set_assignment,
    set_grants,
    set_quota,
)
from cadran.wire.decision_codecs import Decision as DecisionArrays
from cadran.wire.e3_server import E3Session
from cadran.wire.e3_subscriptions import LONGEST_PERIOD_FRAMES, frames_function
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2, measurements_pb2
from cadran.wire.user_codecs import user_measurements_to_proto

_HEARTBEAT_PERIOD_MS = 1000
_SOURCES = {
    Source.DAPP: e3ap_pb2.DECISION_SOURCE_DAPP,
    Source.LAST_VALID: e3ap_pb2.DECISION_SOURCE_LAST_VALID,
    Source.FALLBACK: e3ap_pb2.DECISION_SOURCE_FALLBACK,
    Source.ORDERED: e3ap_pb2.DECISION_SOURCE_FALLBACK,
    Source.RIC_ABSENT: e3ap_pb2.DECISION_SOURCE_FALLBACK,
}


class Relay(Protocol):
    """The way up to the RIC for what a dApp sends. Raises `WireError` while there is none."""

    def report(self, du: int, report: dapp_pb2.DappReport) -> None:
        """Relay transitions."""

    def policy_status(self, du: int, status: dapp_pb2.PolicyStatus) -> None:
        """Relay what the dApp runs."""


class NoRelay:
    """There is no RIC."""

    def report(self, du: int, report: dapp_pb2.DappReport) -> None:
        """Refuse."""
        raise _no_ric(du)

    def policy_status(self, du: int, status: dapp_pb2.PolicyStatus) -> None:
        """Refuse."""
        raise _no_ric(du)


def _no_ric(du: int) -> WireError:
    return WireError(Cause("transport", "transport-resource-unavailable", f"DU {du} has no near-RT RIC"))


@dataclass(frozen=True)
class RanIdentity:
    """What every peer of the RAN is told when it sets up.

    Attributes:
        frame: facts that do not change during the epoch.
        epoch: identity of this life of the RAN.
        lockstep: whether the DUs wait for decisions and acknowledgements.
        problem: names of observation, action and reward.
    """

    frame: Frame
    epoch: int
    lockstep: bool
    problem: dict[str, str]

    def facts(self) -> common_pb2.RanFacts:
        """The facts as they travel."""
        return common_pb2.RanFacts(
            rbs=self.frame.rbs,
            slices=[s_nssai_to_proto(slice_) for slice_ in SLICES],
            ues_per_slice=self.frame.ues_per_slice,
            frame_s=self.frame.frame_s,
            rb_bandwidth_hz=self.frame.rb_bandwidth_hz,
            dus=self.frame.dus,
            total_ues=self.frame.total_ues,
        )


class E3Agent:
    """Talks to the dApps of all DUs; an `E3ServerHandler`.

    Args:
        identity: what dApps are told.
        ran: takes the decisions.
        log: where to tell.
        on_decision: called with its frame after a decision was taken.
        on_gone: called with its DU after a dApp has left.

    Attributes:
        relay: the way up to the RIC; to be set before the first dApp connects.
        traces: follows frames; None: nobody does.
        running_versions: policy version that each DU's dApp says it holds; 0 while it holds none.
    """

    def __init__(
        self,
        identity: RanIdentity,
        ran: Ran,
        log: BoundLogger,
        on_decision: Callable[[int], None],
        on_gone: Callable[[int], None],
    ) -> None:
        self._identity = identity
        self._ran = ran
        self._log = log
        self._on_decision = on_decision
        self._on_gone = on_gone
        self._sessions: dict[int, E3Session] = {}
        self.relay: Relay = NoRelay()
        self.traces: FrameTraces | None = None
        self.running_versions = [0] * identity.frame.dus
        self._told: set[int] = set()

    def session(self, du: int) -> E3Session | None:
        """The open session of a DU's dApp."""
        return self._sessions.get(du)

    @property
    def connected(self) -> tuple[bool, ...]:
        """Whether each DU has a dApp."""
        return tuple(du in self._sessions for du in range(self._identity.frame.dus))

    @property
    def subscribed(self) -> tuple[bool, ...]:
        """Whether each DU has a dApp that wants indications."""
        sessions = (self._sessions.get(du) for du in range(self._identity.frame.dus))
        return tuple(session is not None and session.subscription is not None for session in sessions)

    @property
    def deciding(self) -> tuple[int, ...]:
        """DUs whose dApp was told of the present frame, listens and holds a policy."""
        return tuple(
            du
            for du, session in self._sessions.items()
            if session.open and du in self._told and self.running_versions[du] != 0
        )

    def reports(self, du: int) -> bool:
        """Whether a DU's dApp is told of every frame, without which it makes no transitions."""
        session = self._sessions.get(du)
        return session is not None and _period(session) == 1

    # What dApps send ---------------------------------------------------------------------------------------

    def on_setup(self, request: e3ap_pb2.SetupRequest) -> e3ap_pb2.SetupResponse:
        """Accepts a dApp for a DU of this RAN that works on the same problem."""
        dus = self._identity.frame.dus
        if request.du_id >= dus:
            raise WireError(Cause("dapp", "du-unknown", f"DU {request.du_id}; this RAN has 0 to {dus - 1}"))
        named = request.problem
        theirs = {"observation": named.observation, "action": named.action, "reward": named.reward}
        if theirs != self._identity.problem:
            text = f"the dApp works on {theirs}, this RAN on {self._identity.problem}"
            raise WireError(Cause("dapp", "problem-mismatch", text))
        return e3ap_pb2.SetupResponse(
            ran_facts=self._identity.facts(),
            epoch=self._identity.epoch,
            next_frame=self._ran.frame,
            lockstep=self._identity.lockstep,
            heartbeat_period_ms=_HEARTBEAT_PERIOD_MS,
            ran_functions=[self._frames_function()],
        )

    def _frames_function(self) -> e3ap_pb2.RanFunction:
        # In lock-step a frame waits for the transition of the one before, which takes two frames in a row.
        longest = 1 if self._identity.lockstep else LONGEST_PERIOD_FRAMES
        return frames_function(longest, self._ran.for_users)

    def on_connected(self, session: E3Session) -> None:
        """Takes the dApp into service."""
        self._sessions[session.du_id] = session
        self.running_versions[session.du_id] = session.request.running_version
        self._log.info("dApp connected", du=session.du_id)
        self.on_subscribed(session)

    def on_subscribed(self, session: E3Session) -> None:
        """Asks the dApp for decisions as often as it wants to be asked."""
        self._ran.ladders[session.du_id].period_frames = _period(session)

    def on_control_action(self, session: E3Session, action: e3ap_pb2.DAppControlAction) -> None:
        """Takes a decision; one that is impossible, or for a frame not yet indicated, is refused.

        A late one is taken too: it is the newest valid decision if the next one is late again.
        """
        frame = self._ran.frame
        if action.frame > frame:
            text = f"decision for frame {action.frame}; frame {frame} is to be decided"
            raise WireError(Cause("dapp", "decision-invalid", text))
        facts = self._identity.frame
        decision = _decision(decision_from_proto(action, facts.rbs, facts.ues_per_slice))
        if (why := self._ran.refusal(session.du_id, decision)) is not None:
            raise WireError(Cause("dapp", "decision-invalid", why))
        self._ran.submit(session.du_id, Submitted(action.frame, action.policy_version, decision))
        if self.traces is not None:
            self.traces.decided(session.du_id, action)
        self._on_decision(action.frame)

    def on_report(self, session: E3Session, report: dapp_pb2.DappReport) -> None:
        """Relays transitions to the RIC."""
        self.relay.report(session.du_id, report)

    def on_policy_status(self, session: E3Session, status: dapp_pb2.PolicyStatus) -> None:
        """Notes what the dApp holds and relays it."""
        self.running_versions[session.du_id] = status.running_version
        self.relay.policy_status(session.du_id, status)

    def on_message_ack(self, session: E3Session, ack: e3ap_pb2.MessageAck) -> None:
        """Notes what the dApp refused."""
        self._log.warning("refused by the dApp", du=session.du_id, cause=str(from_proto(ack.cause)))

    def on_closed(self, session: E3Session, cause: Cause) -> None:
        """The dApp is gone; its DU goes on without it."""
        del self._sessions[session.du_id]
        self.running_versions[session.du_id] = 0
        self._ran.ladders[session.du_id].period_frames = 1
        self._log.warning("dApp gone", du=session.du_id, cause=str(cause))
        self._on_gone(session.du_id)

    # What the DUs send -------------------------------------------------------------------------------------

    def indicate(self, last: FrameResult | None) -> None:
        """Sends the indication of the present frame to each dApp that wants it.

        A dApp that in lock-step does not read is let go.

        Args:
            last: result of the frame before; None before the first.
        """
        begun = self._ran if last is None else last
        start, start_users = begun.start, begun.start_users
        self._told.clear()
        for du, session in self._sessions.items():
            wanted = session.subscription
            if wanted is None or not (start is not None or wanted.includes(self._ran.frame)):
                continue
            self._told.add(du)
            users = wanted.user_measurements
            message = e3ap_pb2.IndicationMessage(
                epoch=self._identity.epoch,
                frame=self._ran.frame,
                episode=self._ran.episode,
                deterministic=self._ran.deterministic,
            )
            if last is not None:
                message.outcome.CopyFrom(_measured(last.outcome, last.users if users else None, du))
                _set_applied(message.applied, last.applied[du])
            if start is not None:
                message.start.CopyFrom(_measured(start, start_users if users else None, du))
            if self.traces is not None:
                message.traceparent = self.traces.indicated(du, self._ran.frame)
            try:
                session.send_indication(message)
            except QueueFullError as error:
                self._log.warning("dApp does not read", du=du, cause=str(error.cause))
                session.close(error.cause)


def _period(session: E3Session) -> int:
    return 1 if session.subscription is None else session.subscription.period_frames


def _decision(arrays: DecisionArrays) -> Decision:
    match arrays:
        case QuotaArrays():
            return Quota(arrays.dedicated_percent, arrays.min_percent, arrays.max_percent)
        case AssignmentArrays():
            return Assignment(arrays.slice_of_rb)
        case GrantArrays():
            return UserGrants(arrays.ue_rbs, arrays.ue_power)


def _measured(slices: Measurements, users: UserMeasurements | None, du: int) -> measurements_pb2.Measurements:
    """One DU's measurements as they travel; what there is of UEs among them."""
    message = measurements_to_proto(slices.select(du))
    if users is not None:
        message.users.CopyFrom(user_measurements_to_proto(users.select(du)))
    return message


def _set_applied(message: e3ap_pb2.AppliedDecision, applied: Applied) -> None:
    message.source = _SOURCES[applied.source]
    if applied.decision_frame is not None:
        message.decision_frame = applied.decision_frame
    message.policy_version = applied.policy_version
    if applied.source is Source.DAPP:
        return  # the dApp knows what it decided
    match applied.decision:
        case Quota() as quota:
            set_quota(message, quota)
        case Assignment() as assignment:
            set_assignment(message, assignment.slice_of_rb)
        case UserGrants() as grants:
            set_grants(message, grants)
