"""The part of the REST API that speaks of initialisations and of how DUs adapt from them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.exceptions import HTTPException

from cadran.rest import ProblemDetails
from cadran.rest.bodies import bounded_body
from cadran.xapp.adaptation_desk import AdaptationDesk, AdaptationModel, DuAdaptation, TakenModel

MOST_BYTES = 64 << 20
"""Far more than the networks of any scenario take."""
_BODY_S = 30.0
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_ERRORS: dict[int | str, dict[str, Any]] = {
    409: {"model": ProblemDetails, "description": "decisions have one level in this scenario"},
}
_REFUSED: dict[int | str, dict[str, Any]] = {
    408: {"model": ProblemDetails, "description": "did not come as a whole in time"},
    413: {"model": ProblemDetails, "description": "longer than any initialisation"},
    422: {"model": ProblemDetails, "description": "refused, and why; nothing was changed"},
}


def adaptation_router(desk: AdaptationDesk | None) -> APIRouter:
    """The routes; without a desk they answer that there is nothing to adapt.

    Args:
        desk: Speaks for the DUs; None where decisions have one level.
    """
    router = APIRouter(tags=["adaptation"], responses=_ERRORS)

    def required() -> AdaptationDesk:
        if desk is None:
            raise HTTPException(409, "decisions have one level in this scenario: it has no hierarchy")
        return desk

    @router.put(
        "/initialisation",
        summary="Deliver an initialisation",
        description="The artefact as the rApp's registry gives it out. DUs that have decided nothing since "
        "their start, and are not cold, start from it. The same one again changes nothing.",
        responses=_REFUSED,
        openapi_extra=_BODY,
    )
    async def deliver(request: Request) -> TakenModel:
        taker = required()
        return await taker.deliver(await bounded_body(request, MOST_BYTES, _BODY_S, "initialisation"))

    @router.get("/adaptation", summary="How every DU adapts")
    async def adaptation() -> AdaptationModel:
        return required().status()

    @router.post(
        "/adaptation/{du}/restart",
        summary="Let a DU start over",
        description="From the newest initialisation, or from fresh networks if it is cold or there is none.",
        responses={404: {"model": ProblemDetails, "description": "no such DU"}},
    )
    async def restart(
        du: Annotated[int, Path(ge=0, description="index of the DU", examples=[6])],
    ) -> DuAdaptation:
        return await required().restart(du)

    return router
