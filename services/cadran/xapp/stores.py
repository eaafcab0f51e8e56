"""Where rows come to rest: the region of Redis, its layout, and the clients that read and write it."""

from __future__ import annotations

import asyncio

from cadran.replay import ReplayError, TransitionSchema
from cadran.replay.redis_protocol import Layout
from cadran.replay.redis_store import AsyncRedisReplay, RedisReplay, connect, connect_async, require_durable
from cadran.runtime import ConfigError
from cadran.xapp.scenario import Scenario
from cadran.xapp.settings import XappSettings


class Stores:
    """The region of one xApp; nothing is connected before it is opened.

    Args:
        settings: The deployment's choices.
        scenario: The scenario.

    Attributes:
        schema: Layout of the rows.
        replay: For the learner's thread.
        async_replay: For the event loop.
        async_client: The server itself, for the event loop.

    Raises:
        ConfigError: The region cannot have this layout.
    """

    def __init__(self, settings: XappSettings, scenario: Scenario) -> None:
        problem = scenario.problem
        self._may_lose = settings.redis_may_lose
        self.schema = TransitionSchema(problem.state_dim, problem.action_dim, problem.kpi_dim)
        try:
            self._layout = Layout(
                settings.redis_region, self.schema, problem.frame.dus, scenario.learner.replay_capacity
            )
        except ReplayError as error:
            raise ConfigError(f"--redis: {error}") from error
        tls = settings.redis_tls(settings.tls_ca, settings.tls_cert, settings.tls_key)
        server = (settings.redis, settings.redis_timeout_s, settings.redis_password, tls)
        self._client, self.async_client = connect(*server), connect_async(*server)
        self.replay = RedisReplay(self._client, self._layout, attempts=1)
        self.async_replay = AsyncRedisReplay(self.async_client, self._layout, attempts=1)

    async def open(self) -> None:
        """Take the region, or make it.

        Raises:
            ReplayUnavailable: The server does not answer.
            ReplayError: It may lose rows, or the region holds something else.
        """
        if not self._may_lose:
            await asyncio.to_thread(require_durable, self._client)
        await AsyncRedisReplay.open(self.async_client, self._layout, attempts=1)

    async def close(self) -> None:
        """End the connections."""
        await self.async_client.aclose()
        self._client.close()
