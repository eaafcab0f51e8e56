"""What the console looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cadran.problem import Frame
from cadran.runtime.http import Health
from cadran.wire.e2_server import E2Node
from cadran.xapp.a1.enforcement import Status
from cadran.xapp.a1.store import HeldPolicy
from cadran.xapp.adaptation_desk import AdaptationDesk
from cadran.xapp.console.history import History
from cadran.xapp.console.registry import Sighting
from cadran.xapp.console.targets import Targets
from cadran.xapp.guard.rest import GuardDesk
from cadran.xapp.kpm_board import KpmBoard
from cadran.xapp.policy_desk import PolicyDesk
from cadran.xapp.status import LearnerStatus


@dataclass(frozen=True)
class ConsoleParts:
    """Collaborators and facts of the scenario; nothing is changed through them.

    Attributes:
        scenario: Its name.
        frame: Facts of the RAN.
        lockstep: Whether frames wait for the learner.
        targets: Quality that slices should have now.
        history: What was seen since the start.
        desk: Policies and their deliveries.
        adaptation: How DUs adapt; None where decisions have one level.
        registry: What was last seen of the rApp's registry.
        nodes: The associated E2 nodes by DU.
        board: Newest measurements.
        status: State of learning.
        a1: Policies of the non-RT RIC with their status.
        guard: The guard, its log and the breakers.
        e2_totals: Counts of the E2 sessions by name.
        health: Health.
        unix_s: Wall clock.
    """

    scenario: str
    frame: Frame
    lockstep: bool
    targets: Callable[[], Targets]
    history: History
    desk: PolicyDesk
    adaptation: AdaptationDesk | None
    registry: Callable[[], Sighting]
    nodes: Callable[[], Mapping[int, E2Node]]
    board: KpmBoard
    status: Callable[[], LearnerStatus]
    a1: Callable[[], Sequence[tuple[HeldPolicy, Status]]]
    guard: GuardDesk
    e2_totals: Callable[[], Mapping[str, int]]
    health: Health
    unix_s: Callable[[], float]
