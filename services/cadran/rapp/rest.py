"""The REST API under ``/v1``, and metrics and health beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, FastAPI, Header, Path, Response
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException

from cadran import __version__
from cadran.rapp.registry import DamagedError, Entry, RefusedError, Registry, UnknownVersionError
from cadran.rapp.rest_models import (
    InitialisationDetail,
    InitialisationSummary,
    RollbackRequest,
    TriggerRequest,
    detail_of,
    summary_of,
)
from cadran.rapp.status import TaskStatus, TrainingStatus
from cadran.rapp.xapp_client import Adaptation
from cadran.rest import (
    Limits,
    ProblemDetails,
    Security,
    add_documentation,
    add_errors,
    add_limits,
    add_operation,
    rest_app,
)
from cadran.runtime.http import Health

Version = Annotated[int, Path(ge=1, description="version of an initialisation", examples=[8])]
IfNoneMatch = Annotated[str | None, Header(description="ETag of the artefact that the reader holds")]
_BINARY: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "the artefact"},
    304: {"description": "the reader holds it already"},
}
_ERRORS: dict[int | str, dict[str, Any]] = {
    404: {"model": ProblemDetails, "description": "no such initialisation"},
    422: {"model": ProblemDetails, "description": "the request has a wrong shape"},
    503: {"model": ProblemDetails, "description": "the disk refuses; nothing was changed"},
    500: {"model": ProblemDetails, "description": "the version's file cannot be read any more"},
}
_REFUSED: dict[int | str, dict[str, Any]] = {
    409: {"model": ProblemDetails, "description": "refused, and why; nothing was changed"}
}


class Commands(Protocol):
    """What people may ask of the host."""

    async def promote(self, version: int) -> Entry:
        """Promote a version if the gate lets it pass."""

    async def roll_back(self, version: int | None) -> Entry:
        """Go back to a version promoted before, and pin it."""

    async def release(self) -> None:
        """End a pin."""

    def trigger(self, iterations: int) -> None:
        """Make so many iterations at once."""

    def resume(self) -> bool:
        """Let iterations go on after a divergence; False if they were not stopped."""


@dataclass(frozen=True)
class RestParts:
    """What the API speaks for.

    Attributes:
        registry: Initialisations.
        commands: What is done on request.
        status: State of training.
        tasks: DUs as tasks.
        adaptation: What the xApp told last of how DUs adapt; None if it has told nothing.
        metrics: Metrics.
        health: Health.
        security: Says who may call what; None: nothing is asked of callers.
    """

    registry: Registry
    commands: Commands
    status: Callable[[], TrainingStatus]
    tasks: Callable[[], list[TaskStatus]]
    adaptation: Callable[[], Adaptation | None]
    metrics: CollectorRegistry
    health: Health
    security: Security | None = None


def create_app(parts: RestParts) -> FastAPI:
    """The ASGI application."""
    app = rest_app(
        title="Cadran rApp",
        version=__version__,
        description="Initialisations from which DUs adapt, and the meta-training that they come from.",
        security=parts.security,
    )
    app.include_router(_initialisations(parts.registry), prefix="/v1", responses=_ERRORS)
    app.include_router(_promotion(parts.commands), prefix="/v1", responses=_ERRORS)
    app.include_router(_training(parts), prefix="/v1")
    add_errors(app, {UnknownVersionError: 404, RefusedError: 409, DamagedError: 500, OSError: 503})
    add_operation(app, parts.metrics, parts.health)
    add_limits(app, Limits(), parts.metrics)
    add_documentation(app)
    return app


def _initialisations(registry: Registry) -> APIRouter:
    router = APIRouter(tags=["initialisations"])

    def promoted() -> int:
        version = registry.promoted_version
        if version is None:
            raise HTTPException(404, "no initialisation is promoted yet")
        return version

    async def artifact(version: int, held: str | None) -> Response:
        etag = f'"{registry.entry(version).meta.sha256}"'
        headers = {
            "ETag": etag,
            "X-Initialisation-Version": str(version),
            "Content-Disposition": f'attachment; filename="v{version:08d}.safetensors"',
        }
        if held == etag:
            return Response(status_code=304, headers=headers)
        data = await asyncio.to_thread(registry.artifact, version)
        return Response(data, media_type="application/octet-stream", headers=headers)

    @router.get("/initialisations", summary="All versions held, oldest first")
    async def initialisations() -> list[InitialisationSummary]:
        return [summary_of(entry) for entry in registry.entries()]

    @router.get("/initialisations/promoted", summary="The version that DUs should start from")
    async def promoted_one() -> InitialisationDetail:
        return detail_of(registry.entry(promoted()))

    @router.get(
        "/initialisations/promoted/artifact",
        summary="The promoted version as a file (safetensors)",
        response_class=Response,
        responses=_BINARY,
    )
    async def promoted_artifact(if_none_match: IfNoneMatch = None) -> Response:
        return await artifact(promoted(), if_none_match)

    @router.get("/initialisations/{version}", summary="One version")
    async def initialisation(version: Version) -> InitialisationDetail:
        return detail_of(registry.entry(version))

    @router.get(
        "/initialisations/{version}/artifact",
        summary="One version as a file (safetensors)",
        response_class=Response,
        responses=_BINARY,
    )
    async def one_artifact(version: Version, if_none_match: IfNoneMatch = None) -> Response:
        return await artifact(version, if_none_match)

    return router


def _promotion(commands: Commands) -> APIRouter:
    router = APIRouter(tags=["initialisations"])

    @router.post(
        "/initialisations/{version}/promote",
        summary="Promote a version, if the gate lets it pass",
        description="The gate asks that its evaluation is not worse than that of the best one promoted; "
        "where it was evaluated against another version, it is evaluated again, which takes seconds. Ends a "
        "pin.",
        responses=_REFUSED,
    )
    async def promote(version: Version) -> InitialisationSummary:
        return summary_of(await commands.promote(version))

    @router.post(
        "/initialisations/rollback",
        summary="Go back to a version promoted before",
        description="It is promoted again and pinned: later candidates are judged but not promoted until the "
        "pin is released (DELETE /v1/initialisations/pin) or a version is promoted on request.",
        responses=_REFUSED,
    )
    async def rollback(body: RollbackRequest) -> InitialisationSummary:
        return summary_of(await commands.roll_back(body.version))

    @router.delete("/initialisations/pin", summary="Release the pin of a roll-back", status_code=204)
    async def release() -> None:
        await commands.release()

    return router


def _training(parts: RestParts) -> APIRouter:
    router = APIRouter(tags=["training"])

    @router.get("/training", summary="State of meta-training")
    async def training() -> TrainingStatus:
        return parts.status()

    @router.get("/tasks", summary="DUs as tasks, with their weights")
    async def tasks() -> list[TaskStatus]:
        return parts.tasks()

    @router.get(
        "/adaptation",
        summary="How DUs adapt from what they started from, as the xApp told last",
        responses={404: {"model": ProblemDetails, "description": "the xApp has told nothing"}},
    )
    async def adaptation() -> Adaptation:
        told = parts.adaptation()
        if told is None:
            raise HTTPException(404, "no xApp has told how its DUs adapt (--xapp HOST:PORT names it)")
        return told

    @router.post(
        "/training/trigger",
        summary="Make iterations now, even if too few rows have come for them",
        description="They are made as soon as a DU has experience enough to be a task, in rounds.",
        status_code=202,
        responses=_REFUSED,
    )
    async def trigger(body: TriggerRequest) -> TrainingStatus:
        if not parts.status().learning:
            raise HTTPException(409, parts.status().alert or "this rApp makes no iterations (--no-learn)")
        parts.commands.trigger(body.iterations)
        return parts.status()

    @router.post("/training/resume", summary="Let iterations go on after a divergence", responses=_REFUSED)
    async def resume() -> TrainingStatus:
        if not parts.commands.resume():
            raise HTTPException(409, "iterations are not stopped by a divergence")
        return parts.status()

    return router
