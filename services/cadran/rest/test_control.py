"""An API to test clients against: answers and delays that are forced, and counters.

Off unless a setting says so. What is forced holds for one API (its prefix), never for this one, and is gone
with the process.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from cadran.rest.errors import problem
from cadran.rest.security import requires
from cadran.rest.tokens import Role
from cadran.rest.watched import RequestWatch

PREFIX = "/test-control/v1"


def _known(status: int) -> int:
    if status not in {one.value for one in HTTPStatus}:
        raise ValueError(f"{status} is no status of HTTP")
    return status


class ForcedResponse(BaseModel):
    """What the next requests are answered with, instead of being looked at."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"status": 503, "count": 1}]})

    status: Annotated[int, AfterValidator(_known)] = Field(
        ge=400, le=599, description="HTTP status, with problem details"
    )
    count: int | None = Field(
        default=None, ge=1, le=1_000_000, description="so many requests; null: until it is taken back"
    )


class ForcedDelay(BaseModel):
    """How long each request waits before it is looked at."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"seconds": 0.5}]})

    seconds: float = Field(ge=0, le=60, allow_inf_nan=False)


class Counters(BaseModel):
    """What was asked since the start, or since the last reset."""

    requests: dict[str, int] = Field(description="by method and status, such as `PUT 201`")
    instances: int = Field(description="policies held now")
    forced: int = Field(description="requests that a forced response answered")


class TestControl:
    """What is forced, and what was counted; used from one event loop."""

    __test__ = False  # not a test, whatever pytest makes of the name

    def __init__(self) -> None:
        self.response: ForcedResponse | None = None
        self.delay_s = 0.0
        self.requests: Counter[str] = Counter()
        self.forced = 0

    def told(self, method: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self.requests[f"{method} {status}"] += 1

    def next_forced(self) -> int | None:
        """Status for the next request; None: none is forced."""
        response = self.response
        if response is None:
            return None
        if response.count is not None:
            left = response.count - 1
            self.response = response.model_copy(update={"count": left}) if left else None
        self.forced += 1
        return response.status


class _Forcing:
    """ASGI middleware: delays and answers as told."""

    def __init__(self, app: ASGIApp, prefix: str, control: TestControl) -> None:
        self._app = app
        self._prefix = prefix
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        if self._control.delay_s:
            await asyncio.sleep(self._control.delay_s)
        status = self._control.next_forced()
        if status is None:
            await self._app(scope, receive, send)
            return
        answer = problem(Request(scope), status, "forced by the test-control API")
        await answer(scope, receive, send)


def add_test_control(
    app: FastAPI, prefix: str, instances: Callable[[], int], clear: Callable[[], Awaitable[int]]
) -> None:
    """Serve the API, and let it act on another one.

    Args:
        app: The application.
        prefix: Path of the API that it acts on.
        instances: Policies held.
        clear: Deletes all of them; returns how many.
    """
    control = TestControl()
    app.add_middleware(_Forcing, prefix=prefix, control=control)
    app.add_middleware(RequestWatch, prefix=prefix, told=control.told)
    app.include_router(_router(control, instances, clear), prefix=PREFIX)


def _router(
    control: TestControl, instances: Callable[[], int], clear: Callable[[], Awaitable[int]]
) -> APIRouter:
    router = APIRouter(tags=["test control"], dependencies=[requires(Role.ADMIN)])

    @router.put("/forced-response", summary="Answer requests with this status")
    async def force(body: ForcedResponse) -> ForcedResponse:
        control.response = body
        return body

    @router.delete("/forced-response", summary="Answer requests as they deserve again", status_code=204)
    async def relent() -> None:
        control.response = None

    @router.put("/forced-delay", summary="Let each request wait first")
    async def delay(body: ForcedDelay) -> ForcedDelay:
        control.delay_s = body.seconds
        return body

    @router.get("/counters", summary="What was asked")
    async def counters() -> Counters:
        return Counters(requests=dict(control.requests), instances=instances(), forced=control.forced)

    @router.delete("/counters", summary="Count from zero again", status_code=204)
    async def reset() -> None:
        control.requests.clear()
        control.forced = 0

    @router.delete("/policies", summary="Delete all policies; the answer counts them")
    async def delete_all() -> dict[str, int]:
        return {"deleted": await clear()}

    return router
