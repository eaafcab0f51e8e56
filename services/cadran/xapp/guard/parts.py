"""Puts the guard together: limits, the judge of controls, circuit breakers, and the log of what they say."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from cadran.problem import Problem
from cadran.runtime import ConfigError
from cadran.wire.e2_server import E2Node
from cadran.xapp.guard.audit import AuditLog, AuditObserver, AuditSpec
from cadran.xapp.guard.breaker_desk import BreakerDesk, BreakerObserver, DeskSpec
from cadran.xapp.guard.control import Event
from cadran.xapp.guard.guard import Guard, GuardSpec
from cadran.xapp.guard.limits import Limits
from cadran.xapp.guard.quota_desk import QuotaDesk
from cadran.xapp.guard.rate import RateSpec
from cadran.xapp.guard.rest import GuardDesk
from cadran.xapp.settings import XappSettings


class GuardObserver(AuditObserver, BreakerObserver, Protocol):
    """Whoever wants to know what the guard does."""

    def guarded(self, event: Event) -> None:
        """The guard has decided."""


class GuardParts:
    """The guard as a whole.

    Args:
        settings: The deployment's choices.
        base: What rewards are of; under a hierarchy, its base.
        lockstep: Whether the scenario runs in lock-step.
        observer: Hears of events.

    Attributes:
        limits: What A1 policies allow.
        guard: Judges controls.
        breakers: Circuit breakers of the DUs.
        audit: The log.

    Raises:
        ConfigError: What is stored cannot be read, or nothing can be stored.
    """

    def __init__(
        self, settings: XappSettings, base: Problem, lockstep: bool, observer: GuardObserver
    ) -> None:
        self._settings = settings
        self._lockstep = lockstep
        self._observer = observer
        self._folder = settings.state_dir / "guard"
        self.limits = Limits()
        self.audit = self._make_audit()
        self.guard = Guard(
            GuardSpec(
                settings.guard_beyond_limits,
                RateSpec(settings.guard_controls_per_s, settings.guard_burst),
                learner_is_paced=not lockstep,
            ),
            self.limits,
            self._tell,
            time.monotonic,
            time.time,
        )
        self.breakers = self._make_breakers(base)

    def _make_audit(self) -> AuditLog:
        settings = self._settings
        try:
            return AuditLog(
                self._folder, AuditSpec(settings.audit_file_bytes, settings.audit_files), self._observer
            )
        except OSError as error:
            raise ConfigError(f"--state-dir {settings.state_dir}: {error.strerror}") from error

    def _make_breakers(self, base: Problem) -> BreakerDesk:
        settings, problem = self._settings, base.spec
        spec = DeskSpec(
            breaker=settings.breaker_spec(),
            # Orders come when they come, so they would make two runs of a lock-step scenario differ.
            mode="observe" if self._lockstep else settings.breaker,
            proven=not settings.learn,
            weights=problem.delivered.weights if problem.reward == "delivered" else problem.eq8.weights,
            frame_s=base.frame.frame_s,
            repeat_s=settings.delivery_timeout_s,
        )
        try:
            return BreakerDesk(spec, base.frame.dus, self._folder, self._tell, self._observer, time.time)
        except (OSError, ValueError) as error:
            raise ConfigError(f"--state-dir {settings.state_dir}: {error}") from error

    def _tell(self, event: Event) -> None:
        self.audit.append(event)
        self._observer.guarded(event)

    def desk(self, nodes: Callable[[], Mapping[int, E2Node]]) -> GuardDesk:
        """What REST and the console see of it.

        Args:
            nodes: The associated E2 nodes by DU.
        """
        return GuardDesk(self.guard, QuotaDesk(self.guard, nodes), self.audit, self.breakers)
