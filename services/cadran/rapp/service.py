"""The rApp as a whole: its parts, their order of coming and going, and what runs in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from fastapi import FastAPI

from cadran.rapp.a1.parts import A1Management
from cadran.rapp.courier import Courier
from cadran.rapp.host import Host
from cadran.rapp.monitor import Monitor
from cadran.rapp.status import TrainingStatus
from cadran.replay import ReplayError
from cadran.rest import RestTls, listen, serving
from cadran.runtime import Address, ConfigError
from cadran.runtime.http import Health
from cadran.runtime.lifecycle import cause_of
from cadran.runtime.status_file import StatusFile

LISTENING = "rest"
"""Condition of health: REST answers."""


@dataclass(frozen=True)
class Parts:
    """What the rApp is made of; made by ``assembly``.

    Attributes:
        host: The trainer and the desk.
        courier: Brings what is promoted to the xApp; None if there is none to bring it to.
        rest: The REST application.
        tls: Certificates of REST; None: clear text.
        health: Health.
        close: Ends the connections to Redis.
        status: State of training.
        monitor: Hears of writes that fail.
        a1: A1 policy management.
    """

    host: Host
    courier: Courier | None
    rest: FastAPI
    tls: RestTls | None
    health: Health
    close: Callable[[], None]
    status: Callable[[], TrainingStatus]
    monitor: Monitor
    a1: A1Management


class Rapp:
    """Runs the parts until cancelled.

    Args:
        parts: The collaborators.
        rest: Address of REST.
        status_path: Where the status goes.
        status_period_s: Time between two writes of it.

    Attributes:
        started: Set when REST listens.
        rest_port: Its port, once started.
    """

    def __init__(self, parts: Parts, rest: Address, status_path: Path, status_period_s: float) -> None:
        self._parts = parts
        self._rest = rest
        self._status = StatusFile(
            status_path,
            status_period_s,
            lambda: parts.status().model_dump_json().encode(),
            parts.monitor.disk,
        )
        self._log = structlog.get_logger("cadran.rapp")
        self.started = asyncio.Event()
        self.rest_port = 0

    async def run(self) -> int:
        """Serve until cancelled; everything is saved and closed on the way out.

        Raises:
            ConfigError: The address cannot be bound, or the store holds something else.
        """
        parts = self._parts
        try:
            with listen(self._rest) as listening:
                self.rest_port = listening.getsockname()[1]
                async with serving(parts.rest, listening, parts.tls):
                    parts.health.met(LISTENING)
                    self._log.info("listening", rest_port=self.rest_port)
                    self.started.set()
                    await self._work()
        except BaseExceptionGroup as group:
            raise cause_of(group) from group
        finally:
            await parts.host.close()
            self._status.write()
            parts.close()
        return 0

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._rounds(), name="rounds")
            tasks.create_task(self._status.keep(), name="status")
            tasks.create_task(self._parts.a1.run(), name="a1")
            if self._parts.courier is not None:
                tasks.create_task(self._parts.courier.run(), name="courier")

    async def _rounds(self) -> None:
        try:
            await self._parts.host.run()
        except ReplayError as error:
            raise ConfigError(f"--redis: {error}") from error
