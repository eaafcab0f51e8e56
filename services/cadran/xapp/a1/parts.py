"""Puts A1-P together, and hangs it on the xApp's REST application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from cadran.problem import Problem, ProblemSpec
from cadran.rest.callbacks import CallbackRules
from cadran.rest.notifier import Notifier, NotifierSpec
from cadran.rest.test_control import add_test_control
from cadran.rest.watched import RequestWatch
from cadran.runtime.disk import DiskWatch
from cadran.runtime.retry import RetrySpec
from cadran.xapp.a1.bounds import Bounds
from cadran.xapp.a1.desk import A1Desk, DeskSpec, Surroundings
from cadran.xapp.a1.measured import MeasuredWindow
from cadran.xapp.a1.monitor import A1Metrics, A1Monitor
from cadran.xapp.a1.policy_types import policy_types
from cadran.xapp.a1.rest import PREFIX, a1_router
from cadran.xapp.a1.settings import A1Settings
from cadran.xapp.a1.store import FILE, PolicyFile
from cadran.xapp.guard.limits import Limits

_RETRY = RetrySpec(0.5, 8.0)
"""Waits between attempts to notify."""


@dataclass(frozen=True)
class Neighbours:
    """What A1-P needs of the xApp.

    Attributes:
        problem: What rewards are of; under a hierarchy, its base.
        limits: The guard's.
        rejudge: Takes, for each DU, what its reward is computed with from now on.
        plmn_of: PLMN of a DU's E2 node, digits; None: it is not associated.
        registry: Metrics.
        disk: Hears of writes that fail.
        unix_s: Wall clock.
    """

    problem: Problem
    limits: Limits
    rejudge: Callable[[Sequence[ProblemSpec]], None]
    plmn_of: Callable[[int], str | None]
    registry: CollectorRegistry
    disk: DiskWatch
    unix_s: Callable[[], float]


class A1:
    """A1-P as a whole.

    Args:
        settings: The deployment's choices.
        state_dir: Where policies are kept.
        around: What it needs of the xApp.

    Attributes:
        desk: The policies.

    Raises:
        ConfigError: The stored policies cannot be read.
    """

    def __init__(self, settings: A1Settings, state_dir: Path, around: Neighbours) -> None:
        self._settings = settings
        self._rules = CallbackRules(settings.a1_notify_hosts)
        self._monitor = A1Monitor(A1Metrics(around.registry), around.disk)
        spec = NotifierSpec(
            attempts=settings.a1_notify_attempts,
            timeout_s=settings.a1_notify_timeout_s,
            most=settings.a1_policies_most,
            retry=_RETRY,
        )
        self._notifier = Notifier(self._rules, spec, self._monitor)
        self._monitor.notifier = self._notifier
        self.desk = self._make_desk(state_dir, around)
        for line in self.desk.refused:
            structlog.get_logger("cadran.xapp.a1").warning("stored A1 policy is not in force", reason=line)

    def _make_desk(self, state_dir: Path, around: Neighbours) -> A1Desk:
        settings, frame = self._settings, around.problem.frame
        window = MeasuredWindow(frame.dus, frame.frame_s, settings.a1_window_s)
        spec = DeskSpec(around.problem.spec, frame, settings.a1_policies_most, settings.a1_status_period_s)
        return A1Desk(
            policy_types(),
            PolicyFile(state_dir / FILE),
            window,
            Bounds(around.limits, window, frame),
            spec,
            Surroundings(around.rejudge, around.plmn_of, around.unix_s),
            self._monitor,
        )

    def mount(self, app: FastAPI) -> None:
        """Serve A1-P, and the test-control API if a setting says so."""
        app.include_router(a1_router(self.desk, self._rules, self._settings.a1_policy_bytes))
        if self._settings.a1_test_control:
            add_test_control(app, PREFIX, lambda: len(self.desk.all()), self.desk.clear)
        app.add_middleware(RequestWatch, prefix=PREFIX, told=self._monitor.requested)

    async def run(self) -> None:
        """Judge policies and notify, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.desk.run(), name="a1 status")
            tasks.create_task(self._notifier.run(), name="a1 notifications")
