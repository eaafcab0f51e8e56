"""What a dApp has of the DU that it serves: its problem, policy, agent and unsent transitions."""

from __future__ import annotations

import math

from cadran.dapp.agent import DuAgent, Indication
from cadran.dapp.policies import PolicySlot
from cadran.dapp.reports import ReportBuffer
from cadran.dapp.settings import DappSettings
from cadran.problem import Frame, Measurements, Problem, ProblemSpec
from cadran.problem.hierarchy import HierarchicalProblem, HierarchySpec, UserMeasurements
from cadran.replay.schema import TransitionSchema
from cadran.wire.causes import Cause, WireError
from cadran.wire.codecs import measurements_from_proto, slices_of
from cadran.wire.gen.e2sm.v1 import common_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2, measurements_pb2
from cadran.wire.user_codecs import user_measurements_from_proto

_MOST_OF_A_RAN = 10_000
"""RBs, UEs or DUs: far more than any RAN has, and as much as arrays may have room for."""


class Duty:
    """What a dApp has while it serves a DU whose facts it knows.

    Args:
        settings: The service's settings.
        spec: The decision problem.
        hierarchy: How its decisions are shared between two levels; None: they have one.
        facts: Of the RAN, as the DU said them.

    Attributes:
        problem: What is decided.
        schema: Layout of transitions.
        policies: What decides.
        agent: Makes decisions and transitions.
        reports: Transitions on their way.

    Raises:
        WireError: There is no such RAN, or none that a dApp could serve.
    """

    def __init__(
        self,
        settings: DappSettings,
        spec: ProblemSpec,
        hierarchy: HierarchySpec | None,
        facts: common_pb2.RanFacts,
    ) -> None:
        frame = _frame_of(facts)
        base = Problem(spec, frame)
        self.problem = base if hierarchy is None else HierarchicalProblem(hierarchy, base)
        self.schema = TransitionSchema(self.problem.state_dim, self.problem.action_dim, self.problem.kpi_dim)
        self.policies = PolicySlot(settings.du, self.problem)
        self.agent = DuAgent(settings.du, self.problem, self.policies, settings.seed)
        self.reports = ReportBuffer(settings.buffered_rows, settings.unacknowledged_rows)

    def indication(self, message: e3ap_pb2.IndicationMessage) -> Indication:
        """An indication as the agent takes it.

        Raises:
            WireError: Its measurements have not the RAN's shape.
        """
        applied = message.applied
        by_dapp = message.HasField("applied") and applied.source != e3ap_pb2.DECISION_SOURCE_FALLBACK
        return Indication(
            epoch=message.epoch,
            frame=message.frame,
            outcome=self._measurements(message.outcome) if message.HasField("outcome") else None,
            applied_frame=applied.decision_frame if by_dapp else None,
            start=self._measurements(message.start) if message.HasField("start") else None,
            deterministic=message.deterministic,
            users=self._users(message.outcome) if message.HasField("outcome") else None,
            start_users=self._users(message.start) if message.HasField("start") else None,
        )

    def _users(self, message: measurements_pb2.Measurements) -> UserMeasurements | None:
        if not isinstance(self.problem, HierarchicalProblem):
            return None
        frame = self.problem.frame
        arrays = user_measurements_from_proto(message, frame.slices, frame.ues_per_slice)
        return UserMeasurements(**vars(arrays))

    def _measurements(self, message: measurements_pb2.Measurements) -> Measurements:
        frame = self.problem.frame
        arrays = measurements_from_proto(message, frame.slices, frame.ues_per_slice)
        return Measurements(**vars(arrays))


def _frame_of(facts: common_pb2.RanFacts) -> Frame:
    """The facts of a DU that said them.

    Raises:
        WireError: protocol/semantic-error, there is no such RAN, or none that a dApp could serve.
    """
    counts = {"rbs": facts.rbs, "ues_per_slice": facts.ues_per_slice, "total_ues": facts.total_ues}
    counts |= {"dus": facts.dus, "slices": len(slices_of(facts))}
    for name, count in counts.items():
        if not 1 <= count <= _MOST_OF_A_RAN:
            raise _no_ran(f"{name} {count}; 1..{_MOST_OF_A_RAN}")
    lengths = {"frame_s": facts.frame_s, "rb_bandwidth_hz": facts.rb_bandwidth_hz}
    for name, length in lengths.items():
        if not 0.0 < length < math.inf:
            raise _no_ran(f"{name} {length}; a positive number")
    try:
        return Frame(**counts, frame_s=facts.frame_s, rb_bandwidth_hz=facts.rb_bandwidth_hz)
    except ValueError as error:
        raise _no_ran(str(error)) from error


def _no_ran(text: str) -> WireError:
    return WireError(Cause("protocol", "semantic-error", f"facts of the RAN: {text}"))
