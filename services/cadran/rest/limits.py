"""Bounds on what one caller can ask of a REST API: calls a second, bytes of a body."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil

from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry, Counter
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cadran.rest.errors import problem
from cadran.runtime.http import PATHS

CALLS_PER_S = 500.0
BURST_CALLS = 1000
BODY_BYTES = 1 << 20
KNOWN_CALLERS = 1024
CALLS, BODY = "too many calls", "body too long"


@dataclass(frozen=True)
class Limits:
    """What one caller may ask.

    Attributes:
        calls_per_s: calls of one address in the long run, save those of metrics and health.
        burst_calls: how many of them may come at once.
        body_bytes: of a request's body.
        longer_bodies: paths whose bodies may be longer, and how long.
    """

    calls_per_s: float = CALLS_PER_S
    burst_calls: int = BURST_CALLS
    body_bytes: int = BODY_BYTES
    longer_bodies: Mapping[str, int] = field(default_factory=dict)


class _Allowance:
    """A token bucket for each address; the addresses longest silent are forgotten."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """How long until another call of this address is allowed; 0: this one is."""
        limits, now = self._limits, self._clock()
        left, then = self._left.pop(address, (float(limits.burst_calls), now))
        left = min(float(limits.burst_calls), left + (now - then) * limits.calls_per_s)
        allowed = left >= 1.0
        self._left[address] = (left - 1.0 if allowed else left, now)
        if len(self._left) > KNOWN_CALLERS:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1.0 - left) / limits.calls_per_s


class _Limited:
    """The ASGI middleware."""

    def __init__(
        self, app: ASGIApp, limits: Limits, refused: Counter, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._limits = limits
        self._refused = refused
        self._allowance = _Allowance(limits, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PATHS:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        address = scope["client"][0] if scope.get("client") else ""
        if (wait_s := self._allowance.wait_s(address)) > 0.0:
            self._refused.labels(CALLS).inc()
            detail = f"at most {self._limits.calls_per_s:g} calls a second from one address"
            headers = {"Retry-After": str(ceil(wait_s))}
            await problem(request, 429, detail, headers)(scope, receive, send)
            return
        most = self._limits.longer_bodies.get(scope["path"], self._limits.body_bytes)
        told = request.headers.get("content-length", "")
        if told.isdecimal() and int(told) > most:
            await problem(request, 413, self._too_long(most), {"Connection": "close"})(scope, receive, send)
            return
        await self._app(scope, self._counted(receive, most), send)

    def _counted(self, receive: Receive, most: int) -> Receive:
        """Ends a body that is longer than was told."""
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > most:
                raise HTTPException(413, self._too_long(most), {"Connection": "close"})
            return message

        return counted

    def _too_long(self, most: int) -> str:
        self._refused.labels(BODY).inc()
        return f"the body has at most {most} bytes"


def add_limits(
    app: FastAPI, limits: Limits, registry: CollectorRegistry, clock: Callable[[], float] = time.monotonic
) -> None:
    """Hold callers of an application to limits.

    Args:
        app: the application.
        limits: what they may ask.
        registry: where `cadran_rest_limited_total` lives.
        clock: seconds that only rise.
    """
    refused = Counter(
        "cadran_rest_limited_total",
        "REST calls refused because there were too many, or their body was too long",
        ("reason",),
        registry=registry,
    )
    for reason in (CALLS, BODY):
        refused.labels(reason)
    app.add_middleware(_Limited, limits=limits, refused=refused, clock=clock)
