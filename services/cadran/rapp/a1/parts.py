"""Puts A1 policy management together, and hangs it on the rApp's REST application."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from cadran.rapp.a1.client import A1Client, ClientSpec
from cadran.rapp.a1.desk import DeskSpec, ManagementDesk
from cadran.rapp.a1.monitor import A1ManagementMetrics, A1ManagementMonitor
from cadran.rapp.a1.rest import PREFIX, management_router
from cadran.rapp.a1.settings import A1ManagementSettings
from cadran.rapp.a1.store import FILE
from cadran.rest.callbacks import CallbackRules
from cadran.rest.notifier import Notifier, NotifierSpec
from cadran.rest.test_control import add_test_control
from cadran.rest.watched import RequestWatch
from cadran.runtime import Address
from cadran.runtime.disk import DiskWatch
from cadran.runtime.retry import RetrySpec
from cadran.runtime.tls import Tls


class A1Management:
    """A1 policy management as a whole.

    Args:
        settings: The deployment's choices.
        state_dir: Where policies are kept.
        xapp: REST of the near-RT RIC; None: there is none.
        timeout_s: For a call to it.
        tls: Certificates to speak TLS with; None: clear text.
        registry: Metrics.
        disk: Hears of writes that fail.

    Attributes:
        desk: Policies and services.

    Raises:
        ConfigError: What is stored cannot be read.
    """

    def __init__(
        self,
        settings: A1ManagementSettings,
        state_dir: Path,
        xapp: Address | None,
        timeout_s: float,
        tls: Tls | None,
        registry: CollectorRegistry,
        disk: DiskWatch,
    ) -> None:
        self._settings = settings
        self._xapp = xapp
        self._rules = CallbackRules(settings.a1_notify_hosts)
        self._monitor = A1ManagementMonitor(A1ManagementMetrics(registry), disk)
        callbacks = NotifierSpec(
            attempts=5, timeout_s=timeout_s, most=settings.a1_services_most, retry=RetrySpec(0.5, 8.0)
        )
        self._notifier = Notifier(self._rules, callbacks, self._monitor)
        self._monitor.notifier = self._notifier
        client = None
        if xapp is not None:
            client = A1Client(ClientSpec(xapp, timeout_s, settings.a1_attempts, tls), self._monitor)
        spec = DeskSpec(
            settings.a1_ric_id,
            settings.a1_sync_period_s,
            settings.a1_policies_most,
            settings.a1_services_most,
        )
        self.desk = ManagementDesk(state_dir / FILE, client, spec, self._monitor, time.monotonic)

    def mount(self, app: FastAPI) -> None:
        """Serve the API, and the test-control API if a setting says so."""
        address = None if self._xapp is None else str(self._xapp)
        app.include_router(management_router(self.desk, self._rules, self._settings.a1_policy_bytes, address))
        if self._settings.a1_test_control:
            add_test_control(app, PREFIX, lambda: len(self.desk.memory.policies), self.desk.clear)
        app.add_middleware(RequestWatch, prefix=PREFIX, told=self._monitor.requested)

    async def run(self) -> None:
        """Keep the near-RT RIC alike and call services back, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.desk.run(), name="a1 synchronisation")
            tasks.create_task(self._notifier.run(), name="a1 callbacks")
