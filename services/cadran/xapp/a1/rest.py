"""A1-P over REST, with the standard's paths (O-RAN.WG2.A1AP, A1-P/v2)."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from cadran.rest import StatusError
from cadran.rest.bodies import bounded_body, json_object
from cadran.rest.callbacks import CallbackRules, ForbiddenDestinationError
from cadran.rest.errors import described
from cadran.xapp.a1.desk import A1Desk

PREFIX = "/A1-P/v2"
_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}")
_BODY_S = 10.0
TypeId = Annotated[str, Path(description="policy type", examples=["ORAN_SliceSLATarget_1.0.0"])]
PolicyId = Annotated[str, Path(description="chosen by the non-RT RIC", examples=["embb-guarantee"])]
Destination = Annotated[
    str | None,
    Query(
        alias="notificationDestination",
        description="URI that status changes are sent to",
        examples=["http://127.0.0.1:8091/status"],
    ),
]
_EXAMPLE = {
    "scope": {"sliceId": {"sst": 1, "plmnId": {"mcc": "001", "mnc": "01"}}},
    "sliceSlaObjectives": {"guaDlThptPerSlice": 5000},
}


_COMMON: dict[int | str, dict[str, Any]] = {
    404: described("no such policy type or policy"),
    "default": described("as told in the answer"),
}
_PUT: dict[int | str, dict[str, Any]] = {
    201: {"description": "the policy was created", "content": {"application/json": {"example": _EXAMPLE}}},
    400: described("not a policy of this type, or a destination that is not allowed"),
    408: described("did not come as a whole in time"),
    409: described("another policy stands against it"),
    413: described("larger than any policy"),
    415: described("not application/json"),
    503: described("the disk refuses; nothing was changed"),
    507: described("no room for another policy"),
}
_PUT_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": _EXAMPLE}},
    }
}


class PolicyTypeObject(BaseModel):
    """A policy type: schemas of its policies and of their status."""

    model_config = ConfigDict(frozen=True)

    policySchema: dict[str, Any] = Field(description="JSON Schema, draft 7")
    statusSchema: dict[str, Any] = Field(description="JSON Schema, draft 7")


def a1_router(desk: A1Desk, rules: CallbackRules, most_bytes: int) -> APIRouter:
    """The routes under ``/A1-P/v2/policytypes``.

    Args:
        desk: The policies.
        rules: Which hosts may be notified.
        most_bytes: Of a policy.
    """
    router = APIRouter(prefix=f"{PREFIX}/policytypes", tags=["A1-P"], responses=_COMMON)
    _add_types(router, desk)
    _add_policies(router, desk, rules, most_bytes)
    return router


def _add_types(router: APIRouter, desk: A1Desk) -> None:
    @router.get("", summary="Ids of all policy types")
    async def types() -> list[str]:
        return sorted(desk.types)

    @router.get("/{policyTypeId}", summary="Schemas of a policy type")
    async def one_type(policyTypeId: TypeId) -> PolicyTypeObject:
        found = desk.policy_type(policyTypeId)
        return PolicyTypeObject(
            policySchema=dict(found.policy_schema), statusSchema=dict(found.status_schema)
        )

    @router.get("/{policyTypeId}/policies", summary="Ids of all policies of a type")
    async def ids(policyTypeId: TypeId) -> list[str]:
        return desk.ids(policyTypeId)


def _add_policies(router: APIRouter, desk: A1Desk, rules: CallbackRules, most_bytes: int) -> None:
    path = "/{policyTypeId}/policies/{policyId}"

    @router.put(
        path,
        summary="Create or replace a policy",
        description="201 with Location when it was created, 200 when it was replaced. It is in force on "
        "return; whether it is enforced is for the measurements to say (its status).",
        response_model=dict[str, Any],
        responses=_PUT,
        openapi_extra=_PUT_BODY,
    )
    async def put(
        request: Request,
        policyTypeId: TypeId,
        policyId: PolicyId,
        destination: Destination = None,
    ) -> Response:
        desk.policy_type(policyTypeId)
        if not _ID.fullmatch(policyId):
            raise StatusError(400, f"policyId: must match {_ID.pattern}")
        _require_allowed(rules, destination)
        policy = json_object(request, await bounded_body(request, most_bytes, _BODY_S, "policy"))
        created = await desk.put(policyTypeId, policyId, policy, destination)
        headers = {"Location": _location(policyTypeId, policyId)} if created else None
        return JSONResponse(policy, 201 if created else 200, headers)

    @router.get(path, summary="One policy")
    async def get(policyTypeId: TypeId, policyId: PolicyId) -> dict[str, Any]:
        return desk.policy(policyTypeId, policyId).policy

    @router.delete(
        path,
        summary="Delete a policy",
        status_code=204,
        responses={503: described("the disk refuses; nothing was changed")},
    )
    async def delete(policyTypeId: TypeId, policyId: PolicyId) -> Response:
        await desk.delete(policyTypeId, policyId)
        return Response(status_code=204)

    @router.get(f"{path}/status", summary="Whether a policy is enforced, as measured")
    async def status(policyTypeId: TypeId, policyId: PolicyId) -> dict[str, str]:
        return desk.status(policyTypeId, policyId).as_object()


def _require_allowed(rules: CallbackRules, destination: str | None) -> None:
    if destination is None:
        return
    try:
        rules.check(destination)
    except ForbiddenDestinationError as error:
        raise StatusError(400, f"notificationDestination: {error}") from error


def _location(type_id: str, policy_id: str) -> str:
    return f"{PREFIX}/policytypes/{quote(type_id)}/policies/{quote(policy_id)}"
