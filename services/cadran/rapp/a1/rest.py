"""A1 policy management over REST, with the paths of O-RAN.WG2.R1AP and of the O-RAN SC's service."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from cadran.rapp.a1.client import PolicyType
from cadran.rapp.a1.desk import ManagementDesk
from cadran.rapp.a1.models import (
    Configuration,
    ConfigurationChange,
    PolicyInformation,
    PolicyObjectInformation,
    PolicyTypeInformation,
    RicConfiguration,
    RicInfo,
    RicInfoList,
    ServiceRegistrationInfo,
    ServiceStatus,
    ServiceStatusList,
    StatusInfo,
)
from cadran.rest import Role, StatusError, requires
from cadran.rest.bodies import bounded_body, json_object
from cadran.rest.callbacks import CallbackRules, ForbiddenDestinationError
from cadran.rest.errors import described

PREFIX = "/a1-policy-management/v1"
_BODY_S = 10.0
_VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})")
M = TypeVar("M", bound=BaseModel)
RicId = Annotated[str, Path(description="near-RT RIC", examples=["near-rt-ric"])]
TypeId = Annotated[str, Path(description="policy type", examples=["ORAN_SliceSLATarget_1.0.0"])]
PolicyId = Annotated[str, Path(description="policy", examples=["embb-guarantee"])]
ServiceId = Annotated[str, Path(description="service", examples=["planner"])]


_COMMON: dict[int | str, dict[str, Any]] = {"default": described("as told in the answer")}
_FOUND: dict[int | str, dict[str, Any]] = {404: described("there is none of this name")}
_CHANGED: dict[int | str, dict[str, Any]] = {
    400: described("not what the schema says"),
    404: described("there is none of this name"),
    408: described("did not come as a whole in time"),
    409: described("there is one already, or the near-RT RIC refuses"),
    413: described("too large"),
    415: described("not application/json"),
    423: described("the near-RT RIC is being synchronised; nothing was changed"),
    503: described("the near-RT RIC or the disk does not answer; nothing was changed"),
    507: described("no room for more"),
}


def management_router(
    desk: ManagementDesk, rules: CallbackRules, most_bytes: int, address: str | None
) -> APIRouter:
    """The routes under ``/a1-policy-management/v1``.

    Args:
        desk: Policies and services.
        rules: Which hosts services may be called back at.
        most_bytes: Of a body.
        address: REST of the near-RT RIC, for people; None: there is none.
    """
    router = APIRouter(prefix=PREFIX, tags=["A1 policy management"], responses=_COMMON)
    _add_looks(router, desk)
    _add_policies(router, desk, most_bytes)
    _add_services(router, desk, rules, most_bytes)
    _add_configuration(router, desk, most_bytes, address)
    return router


def _add_looks(router: APIRouter, desk: ManagementDesk) -> None:
    def ric() -> RicInfo:
        types = sorted(desk.memory.types)
        return RicInfo(ricId=desk.spec.ric_id, managedElementIds=[], state=desk.state, policyTypeIds=types)

    @router.get("/status", summary="Whether the service answers")
    async def status() -> StatusInfo:
        return StatusInfo()

    @router.get("/rics", summary="Near-RT RICs")
    async def rics(policyTypeId: Annotated[str | None, Query()] = None) -> RicInfoList:
        known = desk.rics and (policyTypeId is None or policyTypeId in desk.memory.types)
        return RicInfoList(rics=[ric()] if known else [])

    @router.get("/rics/{ricId}", summary="One near-RT RIC", responses=_FOUND)
    async def one_ric(ricId: RicId) -> RicInfo:
        desk.require_ric(ricId)
        return ric()

    @router.get(
        "/policy-types",
        summary="Policy types of near-RT RICs",
        description="A version is compatible with those of the same major version that are not newer.",
    )
    async def types(
        nearRtRicId: Annotated[str | None, Query()] = None,
        typeName: Annotated[str | None, Query()] = None,
        compatibleWithVersion: Annotated[str | None, Query()] = None,
    ) -> list[PolicyTypeInformation]:
        if nearRtRicId is not None:
            desk.require_ric(nearRtRicId)
        found = _selected(sorted(desk.memory.types), typeName, compatibleWithVersion)
        return [PolicyTypeInformation(policyTypeId=one, nearRtRicId=desk.spec.ric_id) for one in found]

    @router.get(
        "/policy-types/{policyTypeId}",
        summary="Schemas of a policy type",
        responses=_FOUND,
        response_model_exclude_none=True,
    )
    async def one_type(policyTypeId: TypeId) -> PolicyType:
        return desk.policy_type(policyTypeId)


def _selected(types: list[str], name: str | None, compatible: str | None) -> list[str]:
    if compatible is not None and (name is None or not _VERSION.fullmatch(compatible)):
        raise StatusError(400, "compatibleWithVersion: a version such as 1.0.0, together with typeName")
    if name is None:
        return types
    found = []
    for type_id in types:
        its_name, _, version = type_id.rpartition("_")
        if its_name == name and (compatible is None or _compatible(version, compatible)):
            found.append(type_id)
    return found


def _compatible(version: str, wanted: str) -> bool:
    numbers = [_VERSION.fullmatch(text) for text in (version, wanted)]
    if numbers[0] is None or numbers[1] is None:
        return False
    held, asked = ([int(part) for part in match.groups()] for match in numbers if match)
    return held[0] == asked[0] and held >= asked


def _add_policies(router: APIRouter, desk: ManagementDesk, most_bytes: int) -> None:
    @router.get("/policies", summary="Policies that are held")
    async def policies(
        policyTypeId: Annotated[str | None, Query()] = None,
        nearRtRicId: Annotated[str | None, Query()] = None,
        serviceId: Annotated[str | None, Query()] = None,
        typeName: Annotated[str | None, Query()] = None,
    ) -> list[PolicyInformation]:
        if nearRtRicId is not None:
            desk.require_ric(nearRtRicId)
        return [
            PolicyInformation(policyId=held.policy_id, nearRtRicId=desk.spec.ric_id)
            for held in desk.memory.policies.values()
            if policyTypeId in (None, held.type_id)
            and serviceId in (None, held.service_id)
            and typeName in (None, held.type_id.rpartition("_")[0])
        ]

    @router.post(
        "/policies",
        summary="Create a policy",
        description="It is given to the near-RT RIC at once: 201 means that it is in force there.",
        status_code=201,
        response_model=PolicyObjectInformation,
        responses=_CHANGED,
        openapi_extra=_body(PolicyObjectInformation),
    )
    async def create(request: Request) -> Response:
        wanted = await _read(PolicyObjectInformation, request, most_bytes)
        held = await desk.create(wanted)
        made = wanted.model_copy(update={"policyId": held.policy_id})
        location = {"Location": f"{PREFIX}/policies/{quote(held.policy_id)}"}
        return JSONResponse(made.model_dump(), 201, location)

    @router.get("/policies/{policyId}", summary="A policy's object", responses=_FOUND)
    async def get(policyId: PolicyId) -> dict[str, Any]:
        return desk.policy(policyId).policy

    @router.put(
        "/policies/{policyId}",
        summary="Replace a policy's object",
        responses=_CHANGED,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        },
    )
    async def update(request: Request, policyId: PolicyId) -> dict[str, Any]:
        desk.policy(policyId)
        policy = json_object(request, await bounded_body(request, most_bytes, _BODY_S, "policy"))
        await desk.update(policyId, policy)
        return policy

    @router.delete("/policies/{policyId}", summary="Delete a policy", status_code=204, responses=_CHANGED)
    async def delete(policyId: PolicyId) -> Response:
        await desk.delete(policyId)
        return Response(status_code=204)

    @router.get(
        "/policies/{policyId}/status",
        summary="Whether a policy is enforced, as the near-RT RIC says",
        responses=_FOUND | {503: described("the near-RT RIC does not answer")},
    )
    async def status(policyId: PolicyId) -> dict[str, Any]:
        return await desk.status(policyId)


def _add_services(router: APIRouter, desk: ManagementDesk, rules: CallbackRules, most_bytes: int) -> None:
    def told(service: ServiceRegistrationInfo) -> ServiceStatus:
        silent_s = int(desk.silent_s(service.serviceId))
        return ServiceStatus(**service.model_dump(), timeSinceLastActivitySeconds=silent_s)

    @router.get("/services", summary="Registered services", responses=_FOUND)
    async def services(serviceId: Annotated[str | None, Query()] = None) -> ServiceStatusList:
        if serviceId is not None:
            return ServiceStatusList(serviceList=[told(desk.require_service(serviceId))])
        return ServiceStatusList(serviceList=[told(one) for one in desk.memory.services.values()])

    @router.put(
        "/services",
        summary="Register a service, or replace its registration",
        response_model=dict[str, Any],
        responses=_CHANGED | {201: {"description": "the service is new", "model": dict[str, Any]}},
        openapi_extra=_body(ServiceRegistrationInfo),
    )
    async def register(request: Request) -> Response:
        service = await _read(ServiceRegistrationInfo, request, most_bytes)
        if service.callbackUrl:
            try:
                rules.check(service.callbackUrl)
            except ForbiddenDestinationError as error:
                raise StatusError(400, f"callbackUrl: {error}") from error
        new = await desk.register(service)
        return JSONResponse({}, 201 if new else 200)

    @router.get("/services/{serviceId}", summary="One registered service", responses=_FOUND)
    async def one(serviceId: ServiceId) -> ServiceStatus:
        return told(desk.require_service(serviceId))

    @router.delete(
        "/services/{serviceId}",
        summary="Remove a service and its policies",
        status_code=204,
        responses=_CHANGED,
    )
    async def unregister(serviceId: ServiceId) -> Response:
        await desk.unregister(serviceId)
        return Response(status_code=204)

    @router.put("/services/{serviceId}/keepalive", summary="A service is there", responses=_FOUND)
    async def keep_alive(serviceId: ServiceId) -> dict[str, Any]:
        desk.keep_alive(serviceId)
        return {}


def _add_configuration(router: APIRouter, desk: ManagementDesk, most_bytes: int, address: str | None) -> None:
    def current() -> Configuration:
        rics = [RicConfiguration(ricId=ric_id, address=address or "") for ric_id in desk.rics]
        return Configuration(rics=rics, syncPeriodSeconds=desk.sync_period_s)

    @router.get("/configuration", summary="Near-RT RICs and periods")
    async def get() -> Configuration:
        return current()

    @router.put(
        "/configuration",
        summary="Change the time between two looks at the near-RT RIC",
        responses=_CHANGED,
        openapi_extra=_body(ConfigurationChange),
        dependencies=[requires(Role.ADMIN)],
    )
    async def put(request: Request) -> Configuration:
        wanted = await _read(ConfigurationChange, request, most_bytes)
        await desk.configure(wanted.syncPeriodSeconds)
        return current()


def _body(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


async def _read(model: type[M], request: Request, most_bytes: int) -> M:
    """The body as a model. Raises `StatusError` 400 where it is none."""
    found = json_object(request, await bounded_body(request, most_bytes, _BODY_S, "request"))
    try:
        return model.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StatusError(400, f"{where}: {first['msg']}") from error
