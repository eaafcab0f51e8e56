"""Requests of one API, counted and timed as they pass, whatever answers them."""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Told = Callable[[str, int, float], None]
"""Hears of method, status and seconds of each request."""


class RequestWatch:
    """ASGI middleware.

    Args:
        app: What answers.
        prefix: Path of the API.
        told: Hears of each request that was answered.
    """

    def __init__(self, app: ASGIApp, prefix: str, told: Told) -> None:
        self._app = app
        self._prefix = prefix
        self._told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or not scope["path"].startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()

        async def sending(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.start":
                self._told(_method(scope), message["status"], time.perf_counter() - started)

        await self._app(scope, receive, sending)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _method(scope: Scope) -> str:
    """Of the request; a peer must not make up labels of metrics."""
    method: str = scope["method"]
    return method if method in _METHODS else "other"
