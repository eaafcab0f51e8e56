"""Slice quotas on their way to a DU: past the guard, as a RIC control, and what came of it to the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cadran.wire.causes import Cause, ClosedError, WireError
from cadran.wire.codecs import Ratios
from cadran.wire.e2_server import E2Node
from cadran.wire.gen.e2sm.v1 import rc_pb2
from cadran.xapp.guard.control import Decision, GuardRefusedError, Source
from cadran.xapp.guard.guard import Guard, to_policies


@dataclass(frozen=True)
class QuotaAnswer:
    """What became of quotas.

    Attributes:
        decision: What the guard said; ``quotas`` are those that were sent.
        outcome: What the DU says it applies.
    """

    decision: Decision
    outcome: rc_pb2.RicControlOutcome


class QuotaDesk:
    """The one way by which slice quotas leave the xApp, whoever wants them.

    Args:
        guard: Judges them.
        nodes: The associated E2 nodes by DU.
    """

    def __init__(self, guard: Guard, nodes: Callable[[], Mapping[int, E2Node]]) -> None:
        self._guard = guard
        self._nodes = nodes

    async def set(
        self, source: Source, du: int, asked: Mapping[int, Ratios], reserve_s: float
    ) -> QuotaAnswer:
        """Set quotas of a DU's own scheduler.

        Args:
            source: Who wants them.
            du: The DU.
            asked: PRB ratios by SST; slices not named keep theirs.
            reserve_s: How long no lesser source, and no other of the same rank, may change them; 0: at once.

        Raises:
            GuardRefusedError: Nothing was sent.
            RefusedError: The DU applied nothing.
            WireError: No usable answer, or no such association; whether it was applied is not known.
        """
        decision = self._guard.quotas(source, du, asked, reserve_s)
        if decision.refused:
            raise GuardRefusedError(decision)
        try:
            outcome = await self._node(du).control_slice_quota(to_policies(decision.quotas))
        except WireError as error:
            self._guard.free_quotas(du, asked)
            self._guard.outcome(source, du, "slice_quota", str(error.cause))
            raise
        self._guard.outcome(source, du, "slice_quota", None)
        return QuotaAnswer(decision, outcome)

    def _node(self, du: int) -> E2Node:
        node = self._nodes().get(du)
        if node is None:
            text = f"DU {du} has no E2 association now"
            raise ClosedError(Cause("transport", "transport-resource-unavailable", text))
        return node
