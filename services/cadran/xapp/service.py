"""The xApp as a whole: its parts, their order of coming and going, and what runs in between."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI

from cadran.replay import ReplayError, ReplayUnavailable
from cadran.rest import RestTls, listen, serving
from cadran.runtime import Address, ConfigError
from cadran.runtime.http import Health
from cadran.runtime.lifecycle import cause_of
from cadran.runtime.retry import RetrySpec
from cadran.runtime.status_file import StatusFile
from cadran.wire.e2_server import E2Server
from cadran.xapp.a1.parts import A1
from cadran.xapp.guard.breaker_desk import BreakerDesk
from cadran.xapp.ingest import Ingest
from cadran.xapp.learner_host import LearnerHost
from cadran.xapp.monitor import Monitor
from cadran.xapp.policy_desk import PolicyDesk
from cadran.xapp.status import LearnerStatus

LISTENING = "e2 termination"
"""Condition of health: E2 nodes can connect."""


@dataclass(frozen=True)
class Parts:
    """What the xApp is made of; made by ``assembly``.

    Attributes:
        ingest: Brings rows to rest.
        host: The learner.
        desk: Policies and their deliveries.
        e2: The E2 server.
        rest: The REST application.
        tls: Certificates of REST; None: clear text.
        monitor: Tells people.
        health: Health.
        start_policies: Makes or takes up the first policies, before anybody can ask for them.
        open_store: Opens the replay store; ``ReplayUnavailable`` while it does not answer.
        close_store: Ends its connections.
        learn: Makes updates until cancelled.
        watch: Keeps what is known of the rApp's registry new, until cancelled.
        a1: A1 policies.
        breakers: Circuit breakers of the DUs.
        status: State of learning.
    """

    ingest: Ingest
    host: LearnerHost
    desk: PolicyDesk
    e2: E2Server
    rest: FastAPI
    tls: RestTls | None
    monitor: Monitor
    health: Health
    start_policies: Callable[[], Awaitable[None]]
    open_store: Callable[[], Awaitable[None]]
    close_store: Callable[[], Awaitable[None]]
    learn: Callable[[], Coroutine[Any, Any, None]]
    watch: Callable[[], Coroutine[Any, Any, None]]
    a1: A1
    breakers: BreakerDesk
    status: Callable[[], LearnerStatus]


class Xapp:
    """Runs the parts until cancelled.

    Args:
        parts: The collaborators.
        rest: Address of REST.
        status_path: Where the status goes.
        status_period_s: Time between two writes of it.
        retry: Waits while the store is away.

    Attributes:
        started: Set when both ports listen.
        e2_port: Port of the E2 termination, once started.
        rest_port: Port of REST, once started.
    """

    def __init__(
        self, parts: Parts, rest: Address, status_path: Path, status_period_s: float, retry: RetrySpec
    ) -> None:
        self._parts = parts
        self._rest = rest
        self._status = StatusFile(
            status_path,
            status_period_s,
            lambda: parts.status().model_dump_json().encode(),
            parts.monitor.disk,
        )
        self._retry = retry
        self._log = structlog.get_logger("cadran.xapp")
        self.started = asyncio.Event()
        self.e2_port = 0
        self.rest_port = 0

    async def run(self) -> int:
        """Serve until cancelled; everything is saved and closed on the way out.

        Raises:
            ConfigError: An address cannot be bound, or the store holds something else.
        """
        parts = self._parts
        try:
            with listen(self._rest) as listening:
                self.rest_port = listening.getsockname()[1]
                await parts.start_policies()
                async with serving(parts.rest, listening, parts.tls), self._e2():
                    self._log.info("listening", e2_port=self.e2_port, rest_port=self.rest_port)
                    self.started.set()
                    await self._work()
        except BaseExceptionGroup as group:
            raise cause_of(group) from group
        finally:
            await parts.host.close()
            await parts.close_store()
        return 0

    @contextlib.asynccontextmanager
    async def _e2(self) -> AsyncIterator[None]:
        """E2 nodes can connect inside this context."""
        parts = self._parts
        try:
            self.e2_port = await parts.e2.start()
        except OSError as error:
            raise ConfigError(f"--e2-listen: {error}") from error
        parts.health.met(LISTENING)
        try:
            yield
        finally:
            await parts.e2.stop()

    async def _work(self) -> None:
        parts = self._parts
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(parts.desk.run(), name="policies")
                tasks.create_task(self._store_and_learn(), name="store and learn")
                tasks.create_task(parts.watch(), name="registry")
                tasks.create_task(self._status.keep(), name="status")
                tasks.create_task(parts.a1.run(), name="a1")
                tasks.create_task(parts.breakers.run(), name="breakers")
        finally:
            self._status.write()

    async def _store_and_learn(self) -> None:
        parts = self._parts
        await self._open_store()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(parts.ingest.run(), name="ingest")
            tasks.create_task(parts.learn(), name="learner")

    async def _open_store(self) -> None:
        failures = 0
        while True:
            try:
                await self._parts.open_store()
            except ReplayUnavailable as error:
                failures += 1
                self._parts.monitor.store_away(error)
                await asyncio.sleep(self._retry.wait_s(failures))
            except ReplayError as error:
                raise ConfigError(f"--redis: {error}") from error
            else:
                return
