"""Metrics and health of `runtime.http` on the port of a REST API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException

from cadran.rest.security import requires
from cadran.rest.tokens import Role
from cadran.runtime.http import ALIVE_PATH, METRICS_PATH, PATHS, READY_PATH, Health, answer

_STATUS: dict[str, Any] = {"content": {"application/json": {"schema": {"type": "object"}}}}
_ANSWERS: dict[str, dict[int | str, dict[str, Any]]] = {
    METRICS_PATH: {200: {"content": {"text/plain": {}}, "description": "metrics, as Prometheus reads them"}},
    ALIVE_PATH: {
        200: {"description": "alive", **_STATUS},
        503: {"description": "stuck: to be started again", **_STATUS},
    },
    READY_PATH: {
        200: {"description": "ready", **_STATUS},
        503: {"description": "not ready, and why", **_STATUS},
    },
}


def add_operation(app: FastAPI, registry: CollectorRegistry, health: Health) -> None:
    """Serve `runtime.http.PATHS` from the application, to anyone: probes and scrapers carry no credential."""

    async def serve(request: Request) -> Response:
        accept = request.headers.get("accept", "")
        found = await asyncio.to_thread(answer, request.url.path, accept, registry, health)
        if found is None:
            raise HTTPException(404)
        return Response(found.body, found.status, media_type=found.content_type)

    for path in PATHS:
        endpoint: Callable[[Request], Awaitable[Response]] = serve
        app.add_api_route(
            path,
            endpoint,
            methods=["GET"],
            tags=["operation"],
            response_class=Response,
            responses=_ANSWERS[path],
            dependencies=[requires(Role.ANYONE)],
        )
