"""The DUs' end of E3 in a bench: the RAN's own agent, which notes when what happened."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from structlog.stdlib import BoundLogger

from cadran.ransim.e3_agent import E3Agent, RanIdentity
from cadran.ransim.ran import FrameResult, Ran
from cadran.ransim.relayed import RelayedRows
from cadran.testbed.loop_bench.times import now_ns
from cadran.wire.e3_server import E3Session
from cadran.wire.e3_session import serialise
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from cadran.wire.link import NoCounters

ENCODING, SENT, ARRIVED, APPLIED = range(4)


class Notes(NoCounters):
    """When indications left and decisions came; counters of the E3 sessions, which call it at these moments.

    Args:
        frames: as many can be noted.
        dus: DUs.

    Attributes:
        begun: int64[frames], when the indications of a frame began to be made [ns].
        at: int64[frames, dus, 4], when a DU's own was begun, was queued, its decision came, and was applied;
            0 where it did not.
        order: DUs in the order in which they are indicated.
    """

    def __init__(self, frames: int, dus: int) -> None:
        self.begun: NDArray[np.int64] = np.zeros(frames, np.int64)
        self.at: NDArray[np.int64] = np.zeros((frames, dus, 4), np.int64)
        self.order: list[int] = []
        self.arrived_ns = 0
        self._frame = 0
        self._next = 0
        self._last_ns = 0

    def begin(self, frame: int) -> None:
        """The indications of a frame are made from now on."""
        self._frame, self._next = frame, 0
        self._last_ns = self.begun[frame] = now_ns()

    def sent(self, interface: str, kind: str) -> None:
        """A PDU was queued."""
        if kind == "indication_message":
            row = self.at[self._frame, self.order[self._next]]
            row[ENCODING], self._last_ns = self._last_ns, now_ns()
            row[SENT] = self._last_ns
            self._next += 1

    def received(self, interface: str, kind: str) -> None:
        """A PDU came."""
        self.arrived_ns = now_ns()

    def applied(self, du: int, frame: int) -> None:
        """The decision that came last holds from now on."""
        row = self.at[frame, du]
        row[ARRIVED], row[APPLIED] = self.arrived_ns, now_ns()


class Sink:
    """Stands for the way up: what dApps report is stored at once. Implements `Relay`."""

    def __init__(self, epoch: int, session: Callable[[int], E3Session | None]) -> None:
        self._epoch = epoch
        self._session = session
        self._rows: dict[int, RelayedRows] = {}

    def report(self, du: int, report: dapp_pb2.DappReport) -> None:
        """Acknowledge."""
        rows = self._rows.setdefault(du, RelayedRows(self._epoch))
        rows.relayed(report)
        if (session := self._session(du)) is not None:
            cursor = dapp_pb2.ReplayCursor(epoch=self._epoch, frame=rows.newest_frame)
            positive = common_pb2.RESPONSE_CODE_POSITIVE
            session.send_report_ack(
                dapp_pb2.DappReportAck(du_id=du, response_code=positive, stored_up_to=cursor)
            )

    def policy_status(self, du: int, status: dapp_pb2.PolicyStatus) -> None:
        """Nothing is to be done."""


class TimedDus(E3Agent):
    """The agent of the RAN, whose decisions are timed.

    Args:
        identity, ran, log: as of the agent.
        notes: takes the times.
        on_decision: called with its frame after a decision was taken.
    """

    def __init__(
        self,
        identity: RanIdentity,
        ran: Ran,
        log: BoundLogger,
        notes: Notes,
        on_decision: Callable[[int], None],
    ) -> None:
        super().__init__(identity, ran, log, on_decision, _gone)
        self._notes = notes
        self.relay = Sink(identity.epoch, self.session)
        self.decision_bytes = 0

    def on_connected(self, session: E3Session) -> None:
        """Takes the dApp into service."""
        super().on_connected(session)
        self._notes.order.append(session.du_id)

    def on_control_action(self, session: E3Session, action: e3ap_pb2.DAppControlAction) -> None:
        """Takes a decision."""
        super().on_control_action(session, action)
        self._notes.applied(session.du_id, action.frame)
        if not self.decision_bytes:
            self.decision_bytes = len(serialise(1, "dapp_control_action", action))

    def indicate(self, last: FrameResult | None) -> None:
        """Indicates the present frame to all."""
        self._notes.begin(self._ran.frame)
        super().indicate(last)


def _gone(du: int) -> None:
    """Reported by the log; its DU shows as undecided in the notes."""
