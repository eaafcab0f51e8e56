"""Requests of one API with their answers, kept as they pass.

Of the headers only the type of the request's content is, and no query, so no token is.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cadran.wire.gen.trace.v1 import trace_pb2
from cadran.wire.trace.recorder import MOST_BODY_BYTES, RECEIVED


class RecordedExchanges:
    """ASGI middleware.

    Args:
        app: What answers.
        prefix: Path of the API.
        keep: Takes each exchange when its answer is complete.
    """

    def __init__(self, app: ASGIApp, prefix: str, keep: Callable[[trace_pb2.Exchange], None]) -> None:
        self._app = app
        self._prefix = prefix
        self._keep = keep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or not scope["path"].startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        started_ns = time.monotonic_ns()
        asked, answered = bytearray(), bytearray()
        status = 0

        async def receiving() -> Message:
            message = await receive()
            _extend(asked, message)
            return message

        async def sending(message: Message) -> None:
            nonlocal status
            await send(message)
            status = message.get("status", status)
            _extend(answered, message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                self._keep(
                    trace_pb2.Exchange(
                        direction=RECEIVED,
                        peer=":".join(map(str, scope.get("client") or ())),
                        method=scope["method"],
                        path=scope["path"],
                        status=status,
                        request_body=bytes(asked),
                        response_body=bytes(answered),
                        duration_ns=time.monotonic_ns() - started_ns,
                        content_type=_content_type(scope),
                    )
                )

        await self._app(scope, receiving, sending)


def _content_type(scope: Scope) -> str:
    return Headers(scope=scope).get("content-type", "")


def _extend(body: bytearray, message: Message) -> None:
    body += message.get("body", b"")[: MOST_BODY_BYTES - len(body)]
