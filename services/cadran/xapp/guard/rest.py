"""The guard over REST, under ``/v1/guard``."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from fastapi import Query as Parameter
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from cadran.rest import ProblemDetails, Role, caller_of, requires
from cadran.xapp.guard.audit import AuditLog, Query
from cadran.xapp.guard.breaker_desk import BreakerDesk, Line
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
        breakers: Circuit breakers of the DUs.
    """

    guard: Guard
    quotas: QuotaDesk
    audit: AuditLog
    breakers: BreakerDesk


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


class BreakerModel(BaseModel):
    """The circuit breaker of one DU."""

    du: int
    state: str = Field(description="unproven, closed, half_open or open")
    baseline: bool = Field(description="whether the DU is to be under its own scheduler")
    answered: bool = Field(description="whether the DU has said over this association that it is so")
    effective_frame: int = Field(description="first frame under it, as the DU says")
    manual: bool = Field(description="opened by an operator, until one resets it")
    measured: float | None = Field(description="satisfaction in the newest frames of the policy")
    estimate: float | None = Field(description="the same frames as estimated for the DU's own scheduler")
    model_error: float = Field(description="measured less modelled satisfaction under the policy")
    model_bias: float = Field(description="the same under the DU's own scheduler; part of the estimate")
    trusted: bool = Field(description="whether the model's error is small enough to act on")
    next_trial_s: float | None = Field(description="the RAN's time until the policy is tried; null: none")

    @classmethod
    def of(cls, du: int, line: Line) -> BreakerModel:
        """From the desk."""
        breaker = line.breaker
        return cls(
            du=du,
            state=breaker.state.value,
            baseline=line.baseline,
            answered=line.answered,
            effective_frame=line.effective_frame,
            manual=breaker.manual,
            measured=breaker.measured,
            estimate=breaker.baseline,
            model_error=breaker.error,
            model_bias=breaker.bias,
            trusted=breaker.trusted,
            next_trial_s=breaker.next_trial_s,
        )


class BreakerRequest(BaseModel):
    """What a breaker is to be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"state": "open"}]})
    state: Literal["open", "closed"]


class GuardState(BaseModel):
    """What the guard holds now."""

    mode: str = Field(description="act, or observe: breakers order nothing by themselves")
    breakers: list[BreakerModel]
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

    def known(du: int) -> int:
        if du >= len(desk.breakers.lines):
            raise HTTPException(404, f"no DU {du}: there are DUs 0..{len(desk.breakers.lines) - 1}")
        return du

    @router.put(
        "/breakers/{du}",
        summary="Open or reset a DU's circuit breaker",
        description="`open` puts the DU under its own scheduler until somebody resets it; `closed` puts it "
        "under its dApp and forgets what was held against the policy. Answers once the DU has done so, or "
        "after a while with `answered` false: the order then is repeated until it has.",
        dependencies=[requires(Role.OPERATE)],
        responses={404: {"model": ProblemDetails, "description": "no such DU"}},
    )
    async def move(request: Request, du: Annotated[int, Path(ge=0)], body: BreakerRequest) -> BreakerModel:
        name = caller_of(request).name
        act = desk.breakers.open if body.state == "open" else desk.breakers.reset
        await act(known(du), name)
        return BreakerModel.of(du, desk.breakers.lines[du])

    return router


def guard_state(desk: GuardDesk) -> GuardState:
    """What the guard holds now."""
    return GuardState(
        mode=desk.breakers.spec.mode,
        breakers=[BreakerModel.of(du, line) for du, line in enumerate(desk.breakers.lines)],
        reservations=[ReservationModel.of(*held) for held in desk.guard.reservations],
    )


def _page(find: Callable[[Query], list[dict[str, Any]]], query: Query) -> AuditPage:
    lines = [AuditLine(**line) for line in find(query)]
    full = len(lines) == query.limit
    return AuditPage(lines=lines, next=lines[-1].number if full else None)
