"""Replay in Redis: a ring of packed rows per DU, the cursor on the server, one atomic script per append.

The script drops what is already stored, so an append whose reply was lost is simply sent again: the rows are
there once. With `appendfsync always` the reply comes after the flush to the disk, so a row that was
acknowledged survives a kill of the server (`require_durable` checks that it is so).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    MovedError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)

from cadran.replay.redis_protocol import (
    APPEND,
    TAIL,
    Layout,
    Script,
    about_key,
    check_region,
    format_in,
    parse_format,
    parse_identity,
)
from cadran.replay.schema import Identity, ReplayError, ReplayUnavailable, Rows, TransitionSchema
from cadran.replay.store import Slice, slice_rows

T = TypeVar("T")

_PASSING = (
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    TryAgainError,
)
# An error inside a script comes as a general error whose text names the code.
_PASSING_CODES = re.compile(r"\b(OOM|MISCONF|READONLY|NOREPLICAS|BUSY|MASTERDOWN)\b")
_FIRST_PAUSE_S = 0.02


@dataclass(frozen=True)
class RedisTls:
    """How a client of `rediss://` proves who it is, and whom it believes; read anew for each connection.

    Attributes:
        ca: certificates (PEM) of the CA that the server's must come from.
        cert, key: the client's own; None: it shows none.
    """

    ca: Path
    cert: Path | None = None
    key: Path | None = None

    def options(self) -> dict[str, Any]:
        """As keywords of a client."""
        own = {"ssl_certfile": self.cert, "ssl_keyfile": self.key}
        return {"ssl_ca_certs": str(self.ca), **{name: str(path) for name, path in own.items() if path}}


def connect(
    url: str, timeout_s: float = 5.0, password: str | None = None, tls: RedisTls | None = None
) -> redis.Redis:
    """A client that gives up after `timeout_s` per connection or reply [s] and never retries by itself.

    A password in the URL goes before `password`. `tls` is for URLs that begin with `rediss://`.
    """
    retry = redis.retry.Retry(NoBackoff(), 0)
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=retry,
        password=password,
        **(tls.options() if tls else {}),
    )


def connect_async(
    url: str, timeout_s: float = 5.0, password: str | None = None, tls: RedisTls | None = None
) -> redis.asyncio.Redis:
    """As `connect`, for asyncio."""
    retry = redis.asyncio.retry.Retry(NoBackoff(), 0)
    return redis.asyncio.Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=retry,
        password=password,
        **(tls.options() if tls else {}),
    )


class RedisReplay:
    """The synchronous store: for the learner's mirror, export and tests. See `Replay` for the contract."""

    def __init__(self, client: redis.Redis, layout: Layout, attempts: int = 3) -> None:
        """Use a region as it is; `open` also registers and checks it.

        Args:
            client: its timeouts bound each attempt; its own retries should be off (see `connect`).
            layout: region, schema, number of DUs, capacity.
            attempts: tries per call before `ReplayUnavailable`, at least 1.
        """
        self._client: Any = client
        self._layout = layout
        self._attempts = attempts

    @classmethod
    def open(cls, client: redis.Redis, layout: Layout, attempts: int = 3) -> RedisReplay:
        """Open a region for writing and reading; the first to do so fixes its format.

        Raises:
            ReplayError: the region was written with another schema, capacity or number of DUs.
            ReplayUnavailable: the server does not answer.
        """
        replay = cls(client, layout, attempts)
        _check_about(layout, replay._tried(lambda: _about_pipeline(client, layout).execute()))
        return replay

    @classmethod
    def read(cls, client: redis.Redis, region: str) -> RedisReplay:
        """Open a region by what it says about itself, for example to export it.

        Raises:
            ReplayError: there is no such region, or another version wrote it.
            ReplayUnavailable: the server does not answer.
        """
        check_region(region)
        try:
            fields: Any = client.hmget(about_key(region), ["format", "dus"])
        except RedisError as error:
            raise ReplayUnavailable(f"replay in Redis does not answer: {error}") from error
        if None in fields:
            raise ReplayError(f"replay region '{region}': nothing is stored under this name")
        try:
            schema, capacity = parse_format(fields[0].decode())
            dus = int(fields[1])
        except ValueError as error:
            raise ReplayError(f"replay region '{region}': {error}") from error
        return cls(client, Layout(region, schema, dus, capacity))

    @staticmethod
    def exists(client: redis.Redis, region: str) -> bool:
        """Whether anything is stored under this name.

        Raises:
            ReplayUnavailable: the server does not answer.
        """
        check_region(region)
        try:
            return bool(client.exists(about_key(region)))
        except RedisError as error:
            raise ReplayUnavailable(f"replay in Redis does not answer: {error}") from error

    @property
    def layout(self) -> Layout:
        """Names and sizes of the region."""
        return self._layout

    @property
    def schema(self) -> TransitionSchema:
        """Layout of the rows."""
        return self._layout.schema

    @property
    def dus(self) -> int:
        """Number of DUs."""
        return self._layout.dus

    @property
    def capacity(self) -> int:
        """Rows kept per DU."""
        return self._layout.capacity

    def append(self, du: int, rows: Rows) -> int:
        """See `Replay.append`. Rows that an attempt stored without our seeing its reply are not counted."""
        calls = self._layout.append_calls(du, rows)
        return sum(self._tried(partial(self._run, APPEND, call))[0] for call in calls)

    def count(self, du: int) -> int:
        """See `Replay.count`."""
        return int(self._head(du, "count") or 0)

    def last(self, du: int) -> Identity | None:
        """See `Replay.last`."""
        data = self._head(du, "last")
        return parse_identity(data) if data else None

    def rows(self, du: int, start: int, stop: int) -> Rows:
        """See `Replay.rows`."""
        pieces: list[Rows] = []
        most = slice_rows(self.schema)
        at = start
        while at < stop:
            part = self._tail_of([du], [at], min(stop - at, most))[0]
            if part.start != at or len(part.rows) == 0:
                oldest = max(0, part.count - self.capacity)
                raise IndexError(
                    f"DU {du}: rows {start} to {stop}: only {oldest} to {part.count} can be read"
                )
            pieces.append(part.rows)
            at += len(part.rows)
        return _joined(pieces, self.schema)

    def tail(self, cursors: Sequence[int], limit: int) -> list[Slice]:
        """See `Replay.tail`; one round trip for all DUs."""
        return self._tail_of(range(len(cursors)), cursors, limit)

    def _tail_of(self, dus: Sequence[int], cursors: Sequence[int], limit: int) -> list[Slice]:
        calls = [self._layout.tail_call(du, cursor, limit) for du, cursor in zip(dus, cursors, strict=True)]
        replies = self._tried(lambda: self._run_all(TAIL, calls))
        return [
            self._layout.tail_reply(du, cursor, reply)
            for du, cursor, reply in zip(dus, cursors, replies, strict=True)
        ]

    def _head(self, du: int, name: str) -> Any:
        _, head = self._layout.keys(du)
        return self._tried(lambda: self._client.hget(head, name))

    def _run(self, script: Script, call: tuple[Any, ...]) -> Any:
        try:
            return self._client.execute_command("EVALSHA", script.sha1, *call)
        except NoScriptError:  # a new or restarted server
            return self._client.execute_command("EVAL", script.text, *call)

    def _run_all(self, script: Script, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for call in calls:
            pipeline.execute_command("EVALSHA", script.sha1, *call)
        replies: list[Any] = pipeline.execute(raise_on_error=False)
        for place, reply in enumerate(replies):
            if isinstance(reply, NoScriptError):
                replies[place] = self._run(script, calls[place])
            elif isinstance(reply, Exception):
                raise reply
        return replies

    def _tried(self, call: Callable[[], T]) -> T:
        for attempt in range(self._attempts):
            try:
                return call()
            except RedisError as error:
                failure = _classify(error, self._layout)
            if attempt + 1 < self._attempts:
                time.sleep(_FIRST_PAUSE_S * 2**attempt)
        raise failure


class AsyncRedisReplay:
    """The asynchronous side, for the service that writes: same keys, same script, same guarantees."""

    def __init__(self, client: redis.asyncio.Redis, layout: Layout, attempts: int = 3) -> None:
        """See `RedisReplay.__init__`."""
        self._client: Any = client
        self._layout = layout
        self._attempts = attempts

    @classmethod
    async def open(cls, client: redis.asyncio.Redis, layout: Layout, attempts: int = 3) -> AsyncRedisReplay:
        """See `RedisReplay.open`."""
        replay = cls(client, layout, attempts)
        _check_about(layout, await replay._tried(lambda: _about_pipeline(client, layout).execute()))
        return replay

    async def append(self, du: int, rows: Rows) -> int:
        """See `RedisReplay.append`."""
        stored = 0
        for call in self._layout.append_calls(du, rows):
            reply = await self._tried(partial(self._run, APPEND, call))
            stored += reply[0]
        return stored

    async def count(self, du: int) -> int:
        """See `Replay.count`."""
        return int(await self._head(du, "count") or 0)

    async def last(self, du: int) -> Identity | None:
        """See `Replay.last`."""
        data = await self._head(du, "last")
        return parse_identity(data) if data else None

    async def _head(self, du: int, name: str) -> Any:
        _, head = self._layout.keys(du)
        return await self._tried(lambda: self._client.execute_command("HGET", head, name))

    async def _run(self, script: Script, call: tuple[Any, ...]) -> Any:
        try:
            return await self._client.execute_command("EVALSHA", script.sha1, *call)
        except NoScriptError:  # a new or restarted server
            return await self._client.execute_command("EVAL", script.text, *call)

    async def _tried(self, call: Callable[[], Awaitable[T]]) -> T:
        for attempt in range(self._attempts):
            try:
                return await call()
            except RedisError as error:
                failure = _classify(error, self._layout)
            finally:
                _heed_cancellation()
            if attempt + 1 < self._attempts:
                await asyncio.sleep(_FIRST_PAUSE_S * 2**attempt)
        raise failure


def _heed_cancellation() -> None:
    """Raise `CancelledError` if the current task was cancelled and redis.asyncio took the exception away.

    It does so when a task is cancelled while it connects: the call returns or fails as if nothing had
    happened, and a task that tries again would run on for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def require_durable(client: redis.Redis, allow_loss: bool = False) -> None:
    """Refuse a server that may lose what it has acknowledged.

    Args:
        client: the server's client.
        allow_loss: True accepts any server: for a managed one that hides its configuration, or for a trial.

    Raises:
        ReplayError: the server does not keep an append-only file flushed at every write.
        ReplayUnavailable: the server does not answer.
    """
    if allow_loss:
        return
    try:
        settings: Any = client.config_get("append*")
    except ResponseError as error:
        raise ReplayError(
            f"Redis does not tell its configuration ({error}): it must run with appendonly yes and "
            "appendfsync always; allow loss explicitly if it is known to be durable"
        ) from error
    except RedisError as error:
        raise ReplayUnavailable(f"Redis does not answer: {error}") from error
    for name, needed in (("appendonly", "yes"), ("appendfsync", "always")):
        found = settings.get(name, settings.get(name.encode()))
        found = found.decode() if isinstance(found, bytes) else found
        if found != needed:
            raise ReplayError(
                f"Redis runs with {name} {found}, needed is {name} {needed}: a kill of the server would "
                "lose acknowledged experience; change the server's configuration or allow loss explicitly"
            )


def _classify(error: RedisError, layout: Layout) -> ReplayUnavailable:
    """What may pass is returned, to be raised after the last attempt; the rest is raised at once."""
    found = format_in(error)
    if found is not None:
        raise layout.wrong_format(found) from error
    if isinstance(error, MovedError):
        raise ReplayError(
            "replay in Redis: the server is one of a Redis Cluster with several, whose keys this client does "
            "not follow: give the region a Redis of its own"
        ) from error
    passing = isinstance(error, _PASSING) or _PASSING_CODES.search(str(error)) is not None
    if isinstance(error, ResponseError) and not passing:
        raise ReplayError(f"replay in Redis: {error}") from error
    failure = ReplayUnavailable(f"replay in Redis does not answer: {error}")
    failure.__cause__ = error
    return failure


def _about_pipeline(client: Any, layout: Layout) -> Any:
    key = about_key(layout.region)
    pipeline = client.pipeline(transaction=True)
    pipeline.hsetnx(key, "format", layout.format)
    pipeline.hsetnx(key, "dus", layout.dus)
    pipeline.hmget(key, ["format", "dus"])
    return pipeline


def _check_about(layout: Layout, replies: Sequence[Any]) -> None:
    found_format, found_dus = (field.decode() for field in replies[-1])
    if found_format != layout.format:
        raise layout.wrong_format(found_format)
    if found_dus != str(layout.dus):
        raise ReplayError(
            f"replay region '{layout.region}' holds {found_dus} DUs, this service uses {layout.dus}: "
            "choose another region or another database, or use the scenario that wrote it"
        )


def _joined(pieces: list[Rows], schema: TransitionSchema) -> Rows:
    if len(pieces) == 1:
        return pieces[0]
    joined = schema.empty(sum(map(len, pieces)))
    at = 0
    for piece in pieces:
        joined[at : at + len(piece)] = piece
        at += len(piece)
    return joined
