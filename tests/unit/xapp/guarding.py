"""Guards for tests: with a clock that a test moves, and one that nobody meets."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cadran.xapp.guard.audit import AuditLog, AuditSpec
from cadran.xapp.guard.breaker import Breaker, BreakerSpec, State
from cadran.xapp.guard.breaker_desk import BreakerDesk, DeskSpec, Mode
from cadran.xapp.guard.control import Event
from cadran.xapp.guard.guard import BeyondLimits, Guard, GuardSpec
from cadran.xapp.guard.limits import Limits
from cadran.xapp.guard.quota_desk import QuotaDesk
from cadran.xapp.guard.rate import RateSpec
from cadran.xapp.guard.rest import GuardDesk

WIDE = RateSpec(1000.0, 10_000)


@dataclass
class Disk:
    """An observer of the audit log."""

    refused: list[str] = field(default_factory=list)
    written: int = 0
    dropped: int = 0

    def disk_refused(self, file: str, error: OSError) -> None:
        self.refused.append(file)

    def disk_written(self, file: str) -> None:
        self.written += 1

    def audit_dropped(self) -> None:
        self.dropped += 1


class GuardBench:
    """A guard, what it told, and its clock."""

    def __init__(
        self, beyond: BeyondLimits = "clip", rate: RateSpec = WIDE, learner_is_paced: bool = True
    ) -> None:
        self.now_s = 100.0
        self.events: list[Event] = []
        self.limits = Limits()
        spec = GuardSpec(beyond, rate, learner_is_paced)
        self.guard = Guard(spec, self.limits, self.events.append, lambda: self.now_s, lambda: self.now_s)


def free_guard() -> Guard:
    """A guard that nothing has been asked of."""
    return GuardBench().guard


class Watch:
    """Hears of breakers."""

    def __init__(self) -> None:
        self.moves: list[tuple[int, str]] = []
        self.refused: list[str] = []

    def breaker_moved(self, du: int, state: State, reason: str) -> None:
        if reason:
            self.moves.append((du, state.value))

    def breaker_saw(self, du: int, breaker: Breaker) -> None: ...

    def disk_refused(self, file: str, error: OSError) -> None:
        self.refused.append(file)

    def disk_written(self, file: str) -> None: ...


def desk_spec(breaker: BreakerSpec, mode: Mode = "act", *, proven: bool = True) -> DeskSpec:
    """Of two DUs, with frames of 10 ms and the demo's weights."""
    return DeskSpec(breaker, mode, proven, (1.0, 0.5, 2.0), 0.01, 0.1)


def guard_desk(guard: Guard, folder: Path) -> GuardDesk:
    """What REST sees of a guard, with no E2 node there."""
    audit = AuditLog(folder, AuditSpec(2**20, 2), Disk())
    tell: list[Event] = []
    breakers = BreakerDesk(desk_spec(BreakerSpec()), 2, folder, tell.append, Watch(), lambda: 1.0)
    return GuardDesk(guard, QuotaDesk(guard, dict), audit, breakers)
