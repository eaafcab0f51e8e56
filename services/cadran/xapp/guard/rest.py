"""The guard over REST, under ``/v1/guard``."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Query as Parameter
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from cadran.xapp.guard.audit import AuditLog, Query
from cadran.xapp.guard.control import GuardRefusedError
from cadran.xapp.guard.guard import Guard
from cadran.xapp.guard.quota_desk import QuotaDesk
from cadran.xapp.guard.reservations import Reservation

_MOST_LINES = 500


@dataclass(frozen=True)
class GuardDesk:
    """What REST and the console see of the guard.

    Attributes:
        guard: The guard.
        quotas: The way by which slice quotas leave.
        audit: Its log.
    """

    guard: Guard
    quotas: QuotaDesk
    audit: AuditLog


class ReservationModel(BaseModel):
    """A parameter that one source holds."""

    du: int
    parameter: str = Field(description="slice_quota or policy")
    sst: int | None = Field(description="slice of a quota; null for a policy")
    holder: str = Field(description="operator, a1 or learner")
    name: str = Field(description="which of its kind")
    left_s: float | None = Field(description="seconds until it ends; null: until released")

    @classmethod
    def of(cls, reservation: Reservation, left_s: float) -> ReservationModel:
        """From the guard."""
        parameter, sst = reservation.parameter
        return cls(
            du=reservation.du,
            parameter=parameter,
            sst=sst or None,
            holder=reservation.holder.kind.value,
            name=reservation.holder.name,
            left_s=None if math.isinf(left_s) else left_s,
        )


class AuditLine(BaseModel):
    """One line of the audit log."""

    number: int = Field(description="rises by one with each line")
    unix_s: float
    du: int
    source: str = Field(description="operator, a1, learner or breaker")
    name: str = Field(description="which of its kind, such as the id of an A1 policy")
    control: str = Field(description="slice_quota, policy or baseline")
    verdict: str = Field(
        description="allowed, clipped or refused; applied or failed of what was sent; the state of a breaker"
    )
    cause: str = Field(description="none, sanity, rate, reserved, taken_over or limit; of the breaker why")
    text: str
    values: dict[str, Any] = Field(description="what was asked for and, if it differs, what was sent")


class AuditPage(BaseModel):
    """Lines of the audit log, newest first."""

    lines: list[AuditLine]
    next: int | None = Field(description="`before` of the next page; null: there is none")


class GuardState(BaseModel):
    """What the guard holds now."""

    reservations: list[ReservationModel]


def refusal(error: GuardRefusedError) -> HTTPException:
    """How a refused control is answered: 429 where time helps against too high a rate, else 409."""
    wait_s = math.ceil(error.decision.retry_after_s)
    headers = {"Retry-After": str(wait_s)} if wait_s else None
    return HTTPException(429 if error.decision.cause == "rate" else 409, str(error), headers)


def guard_router(desk: GuardDesk) -> APIRouter:
    """Routes of the guard."""
    router = APIRouter(prefix="/guard", tags=["guard"])

    @router.get("", summary="What the guard holds now")
    async def state() -> GuardState:
        return guard_state(desk)

    @router.get("/audit", summary="The audit log, newest first")
    async def audit(
        du: Annotated[int | None, Parameter(ge=0, description="of this DU")] = None,
        source: Annotated[str | None, Parameter(max_length=20, description="of this source")] = None,
        verdict: Annotated[str | None, Parameter(max_length=20, description="with this verdict")] = None,
        since: Annotated[float | None, Parameter(description="not before this Unix time, in s")] = None,
        until: Annotated[float | None, Parameter(description="before this Unix time, in s")] = None,
        before: Annotated[int | None, Parameter(ge=0, description="`next` of the page before")] = None,
        limit: Annotated[int, Parameter(ge=1, le=_MOST_LINES, description="lines of a page")] = 100,
    ) -> AuditPage:
        query = Query(du, source, verdict, since, until, before, limit)
        return await asyncio.to_thread(_page, desk.audit.find, query)

    return router


def guard_state(desk: GuardDesk) -> GuardState:
    """What the guard holds now."""
    return GuardState(reservations=[ReservationModel.of(*held) for held in desk.guard.reservations])


def _page(find: Callable[[Query], list[dict[str, Any]]], query: Query) -> AuditPage:
    lines = [AuditLine(**line) for line in find(query)]
    full = len(lines) == query.limit
    return AuditPage(lines=lines, next=lines[-1].number if full else None)
