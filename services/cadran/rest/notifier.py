"""Tells others over HTTP that something changed: POST with a JSON body, repeated after growing waits.

Of one subject only the newest message waits, so what waits is bounded by the number of subjects; one that is
being sent is followed by the newer one, never overtaken by it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

import httpx

from cadran.rest.callbacks import CallbackRules, Destination, ForbiddenDestinationError
from cadran.runtime.retry import RetrySpec

_WORKERS = 4
"""Calls at a time: one destination that answers slowly does not keep the others waiting."""
_SUCCESS = range(200, 300)


@dataclass(frozen=True)
class NotifierSpec:
    """Choices; times in seconds.

    Attributes:
        attempts: Calls at most for one message.
        timeout_s: For one call as a whole, looking the host up included.
        most: Subjects that wait at most.
        retry: Waits between attempts.
    """

    attempts: int
    timeout_s: float
    most: int
    retry: RetrySpec


class NotifierObserver(Protocol):
    """Whoever wants to know what became of messages; called in the event loop."""

    def notified(self, result: str, uri: str, reason: str) -> None:
        """A message was ``delivered``, is ``repeated`` later, or was given up.

        Args:
            result: ``delivered``, ``repeated``, ``failed``, ``forbidden`` or ``dropped``.
            uri: Where it went to.
            reason: Why not; empty where it was delivered.
        """


@dataclass(frozen=True)
class _Message:
    uri: str
    body: Mapping[str, Any]
    failures: int = 0
    not_before_s: float = 0.0


class _FailedError(Exception):
    """A call without success; trying again may help."""


class Notifier:
    """Sends what it is told, until cancelled.

    Args:
        rules: Which hosts may be called.
        spec: Choices.
        observer: Hears of results.
    """

    def __init__(self, rules: CallbackRules, spec: NotifierSpec, observer: NotifierObserver) -> None:
        self._rules = rules
        self._spec = spec
        self._observer = observer
        self._waiting: dict[Hashable, _Message] = {}
        self._flying: set[Hashable] = set()
        self._wake = asyncio.Event()
        # Of its own: a resolver that hangs, for names that anybody may give, would hold up all else that the
        # service does on threads, such as writing to the disk.
        self._lookups = ThreadPoolExecutor(_WORKERS, "look-up")

    @property
    def waiting(self) -> int:
        """Messages that are not sent yet."""
        return len(self._waiting)

    def tell(self, subject: Hashable, uri: str, body: Mapping[str, Any]) -> None:
        """Send a message about a subject, in place of one that waits.

        Args:
            subject: What it is about.
            uri: Where to.
            body: JSON object.
        """
        if subject not in self._waiting and len(self._waiting) >= self._spec.most:
            self._observer.notified("dropped", uri, f"{self._spec.most} messages wait")
            return
        self._waiting[subject] = _Message(uri, body)
        self._wake.set()

    def forget(self, subject: Hashable) -> None:
        """Do not send what waits about a subject."""
        self._waiting.pop(subject, None)

    async def run(self) -> None:
        """Send until cancelled."""
        context = ssl.create_default_context()
        try:
            async with (
                httpx.AsyncClient(verify=context, trust_env=False, follow_redirects=False) as client,
                asyncio.TaskGroup() as workers,
            ):
                for number in range(_WORKERS):
                    workers.create_task(self._work(client), name=f"notifier {number}")
        finally:
            self._lookups.shutdown(wait=False, cancel_futures=True)

    async def _work(self, client: httpx.AsyncClient) -> None:
        while True:
            subject, message = await self._next()
            self._flying.add(subject)
            try:
                await self._send(client, subject, message)
            finally:
                self._flying.discard(subject)
                self._wake.set()

    async def _next(self) -> tuple[Hashable, _Message]:
        """The message that is due, once there is one."""
        clock = asyncio.get_running_loop().time
        while True:
            self._wake.clear()
            free = [item for item in self._waiting.items() if item[0] not in self._flying]
            due = next((item for item in free if item[1].not_before_s <= clock()), None)
            if due is not None:
                return due[0], self._waiting.pop(due[0])
            soonest = min((message.not_before_s for _, message in free), default=None)
            try:
                async with asyncio.timeout(None if soonest is None else max(0.0, soonest - clock())):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _send(self, client: httpx.AsyncClient, subject: Hashable, message: _Message) -> None:
        try:
            await self._call(client, message)
        except ForbiddenDestinationError as error:
            self._observer.notified("forbidden", message.uri, str(error))
        except _FailedError as error:
            self._again(subject, replace(message, failures=message.failures + 1), str(error))
        else:
            self._observer.notified("delivered", message.uri, "")

    def _again(self, subject: Hashable, message: _Message, reason: str) -> None:
        if message.failures >= self._spec.attempts:
            self._observer.notified("failed", message.uri, f"{message.failures} attempts: {reason}")
            return
        self._observer.notified("repeated", message.uri, reason)
        if subject not in self._waiting and len(self._waiting) < self._spec.most:
            wait_s = self._spec.retry.wait_s(message.failures)
            at_s = asyncio.get_running_loop().time() + wait_s
            self._waiting[subject] = replace(message, not_before_s=at_s)

    async def _call(self, client: httpx.AsyncClient, message: _Message) -> None:
        destination = self._rules.check(message.uri)
        try:
            async with asyncio.timeout(self._spec.timeout_s):
                address = await self._address(destination)
                status = await _post(client, destination, address, message.body)
        except TimeoutError as error:
            raise _FailedError(f"no answer within {self._spec.timeout_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise _FailedError(f"{type(error).__name__}: {error}") from error
        if status not in _SUCCESS:
            raise _FailedError(f"answered {status}")

    async def _address(self, destination: Destination) -> str:
        """The address to call: the first that the host has and that is allowed."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._lookups, _looked_up, destination)
        addresses = [str(one[4][0]).partition("%")[0] for one in found]
        if destination.trusted and addresses:
            return addresses[0]
        refusal = ForbiddenDestinationError(f"{destination.host} has no address")
        for address in addresses:
            try:
                self._rules.require_allowed(ipaddress.ip_address(address))
            except ForbiddenDestinationError as error:
                refusal = error
            else:
                return address
        raise refusal


def _looked_up(destination: Destination) -> list[tuple[Any, ...]]:
    return list(socket.getaddrinfo(destination.host, destination.port, proto=socket.IPPROTO_TCP))


async def _post(
    client: httpx.AsyncClient, destination: Destination, address: str, body: Mapping[str, Any]
) -> int:
    """Status of the answer; its body is not read."""
    url = httpx.URL(destination.uri).copy_with(host=address, port=destination.port)
    async with client.stream(
        "POST",
        url,
        json=dict(body),
        headers={"Host": _authority(destination)},
        extensions={"sni_hostname": destination.host} if destination.tls else {},
        timeout=None,
    ) as answer:
        return answer.status_code


def _authority(destination: Destination) -> str:
    host = f"[{destination.host}]" if ":" in destination.host else destination.host
    return f"{host}:{destination.port}"
