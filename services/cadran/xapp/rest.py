"""The REST API under ``/v1``, and metrics and health beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Request, Response
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException

from cadran import __version__
from cadran.policy import PolicyError
from cadran.rest import (
    Limits,
    ProblemDetails,
    Role,
    Security,
    add_documentation,
    add_errors,
    add_limits,
    add_operation,
    caller_of,
    requires,
    rest_app,
)
from cadran.runtime.http import Health
from cadran.wire.causes import Cause, RefusedError, WireError
from cadran.wire.e2_server import E2Node
from cadran.xapp.adaptation_desk import AdaptationDesk
from cadran.xapp.guard.control import GuardRefusedError, Source, SourceKind
from cadran.xapp.guard.rest import GuardDesk, guard_router, refusal
from cadran.xapp.inference import Inference, ObservationError
from cadran.xapp.kpm_board import KpmBoard
from cadran.xapp.node_id import node_id
from cadran.xapp.policy_desk import PolicyDesk
from cadran.xapp.policy_store import UnknownVersionError
from cadran.xapp.rest_adaptation import MOST_BYTES, adaptation_router
from cadran.xapp.rest_models import (
    ActionRequest,
    ActionResponse,
    KpiModel,
    KpisModel,
    NodeModel,
    PolicyDetail,
    PolicySummary,
    RefusalModel,
    RollbackRequest,
    SubscriptionModel,
    TargetModel,
    VersionModel,
    network_of,
)
from cadran.xapp.slice_quota import SliceQuotaOutcome, SliceQuotaRequest
from cadran.xapp.status import LearnerStatus

Du = Annotated[int, Path(ge=0, le=10_000, description="index of the DU", examples=[0])]
Version = Annotated[int, Path(ge=0, description="policy version", examples=[12])]
NodeId = Annotated[str, Path(max_length=100, description="id of the E2 node", examples=["00101-1-0"])]
_ERRORS: dict[int | str, dict[str, Any]] = {
    404: {"model": ProblemDetails, "description": "no such DU, version or node"},
    422: {"model": ProblemDetails, "description": "the request has a wrong shape"},
}
_GUARDED: dict[int | str, dict[str, Any]] = {
    409: {"model": ProblemDetails, "description": "refused by the guard: nothing was sent"},
    429: {"model": ProblemDetails, "description": "refused by the guard: too often; see Retry-After"},
}


def _operator(request: Request) -> Source:
    return Source(SourceKind.OPERATOR, caller_of(request).name)


@dataclass(frozen=True)
class RestParts:
    """What the API speaks for.

    Attributes:
        desk: Policies and their deliveries.
        inference: Decides on observations.
        adaptation: Initialisations and shots; None where decisions have one level.
        nodes: The associated E2 nodes by DU.
        board: Newest measurements.
        status: State of learning.
        resume: Lets updates go on after a divergence; False if they were not stopped.
        registry: Metrics.
        health: Health.
        guard: The guard, its log and the way by which slice quotas leave.
        security: Says who may call what; None: nothing is asked of callers.
    """

    desk: PolicyDesk
    inference: Inference
    adaptation: AdaptationDesk | None
    nodes: Callable[[], dict[int, E2Node]]
    board: KpmBoard
    status: Callable[[], LearnerStatus]
    resume: Callable[[], bool]
    registry: CollectorRegistry
    health: Health
    guard: GuardDesk
    security: Security | None = None


def create_app(parts: RestParts) -> FastAPI:
    """The ASGI application."""
    app = rest_app(
        title="Cadran xApp",
        version=__version__,
        description="Policies of the DUs, their deliveries, E2 nodes and their measurements, and learning.",
        security=parts.security,
    )
    app.include_router(_policies(parts), prefix="/v1", responses=_ERRORS)
    app.include_router(_nodes(parts), prefix="/v1", responses=_ERRORS)
    app.include_router(_learner(parts), prefix="/v1")
    app.include_router(adaptation_router(parts.adaptation), prefix="/v1")
    app.include_router(guard_router(parts.guard), prefix="/v1")
    add_errors(app, {UnknownVersionError: 404, ObservationError: 422, PolicyError: 422, OSError: 503})
    add_operation(app, parts.registry, parts.health)
    longer_bodies = {"/v1/initialisation": MOST_BYTES}
    add_limits(app, Limits(longer_bodies=longer_bodies), parts.registry)
    add_documentation(app)
    return app


def _policies(parts: RestParts) -> APIRouter:
    router = APIRouter(tags=["policies"])
    desk, store = parts.desk, parts.desk.store

    def summary(du: int) -> dict[str, Any]:
        target = store.target(du)
        courier = desk.couriers[du]
        return {
            "du": du,
            "target": TargetModel.of(target) if target else None,
            "running_version": courier.running_version,
            "running_sha256": courier.running_sha256,
            "delivery": courier.state,
            "refusal": RefusalModel.of(courier.refusal) if courier.refusal else None,
            "versions_held": len(store.versions(du)),
        }

    @router.get("/policies", summary="Policies of all DUs")
    async def policies() -> list[PolicySummary]:
        return [PolicySummary(**summary(du)) for du in range(store.dus)]

    @router.get("/policies/{du}", summary="Policy of one DU")
    async def policy(du: Du) -> PolicyDetail:
        target = store.target(du)
        stored = store.version(du, target.version) if target else None
        return PolicyDetail(
            **summary(du),
            version=VersionModel.of(stored) if stored else None,
            network=network_of(stored.meta) if stored else None,
        )

    @router.get("/policies/{du}/versions", summary="Versions held, oldest first")
    async def versions(du: Du) -> list[VersionModel]:
        return [VersionModel.of(stored) for stored in store.versions(du)]

    @router.get(
        "/policies/{du}/versions/{version}/artifact",
        summary="One version as a file (safetensors)",
        response_class=Response,
        responses={200: {"content": {"application/octet-stream": {}}, "description": "the artefact"}},
    )
    async def artifact(du: Du, version: Version) -> Response:
        data = await asyncio.to_thread(store.artifact, du, version)
        headers = {
            "Content-Disposition": f'attachment; filename="du{du}-v{version:08d}.safetensors"',
            "ETag": f'"{store.version(du, version).meta.sha256}"',
        }
        return Response(data, media_type="application/octet-stream", headers=headers)

    @router.post(
        "/policies/{du}/action",
        summary="What the policy would decide on an observation",
        dependencies=[requires(Role.READ)],
    )
    async def action(du: Du, body: ActionRequest) -> ActionResponse:
        decided = await asyncio.to_thread(parts.inference.decide, du, body.observation, body.version)
        return ActionResponse.of(du, decided)

    @router.post(
        "/policies/{du}/rollback",
        summary="Go back to an older version",
        description="The older version goes out as a new delivery. The DU is pinned to it: newer versions "
        "are kept but not delivered until the pin is released (DELETE /v1/policies/{du}/pin).",
        responses=_GUARDED,
    )
    async def rollback(request: Request, du: Du, body: RollbackRequest) -> TargetModel:
        try:
            return TargetModel.of(await desk.roll_back(du, body.version, _operator(request)))
        except GuardRefusedError as error:
            raise refusal(error) from error

    @router.delete(
        "/policies/{du}/pin",
        summary="Release a DU pinned by a roll-back",
        description="The newest version held becomes the DU's target again.",
    )
    async def release(request: Request, du: Du) -> TargetModel:
        return TargetModel.of(await desk.release(du, _operator(request)))

    return router


def _nodes(parts: RestParts) -> APIRouter:
    router = APIRouter(tags=["E2 nodes"])

    def found(name: str) -> E2Node:
        nodes = {node_id(node): node for node in parts.nodes().values()}
        if name not in nodes:
            held = ", ".join(sorted(nodes)) or "none"
            raise HTTPException(404, f"no E2 node '{name}': associated are {held}")
        return nodes[name]

    @router.get("/e2-nodes", summary="Associated E2 nodes")
    async def nodes() -> list[NodeModel]:
        return [_node_model(node) for _, node in sorted(parts.nodes().items())]

    @router.get("/e2-nodes/{node_id}/kpis", summary="Newest measurements of an E2 node")
    async def kpis(node_id: NodeId) -> KpisModel:
        du = found(node_id).du_id
        report = parts.board.report(du)
        if report is None:
            raise HTTPException(404, f"E2 node '{node_id}' has reported no measurements yet")
        return KpisModel(
            id=node_id,
            du=du,
            collected_unix_s=report.collected_unix_s,
            epoch=report.epoch,
            first_frame=report.first_frame,
            last_frame=report.last_frame,
            kpis=[KpiModel.of(sample) for sample in report.samples],
        )

    @router.put(
        "/e2-nodes/{node_id}/slice-quota",
        summary="Set slice-level PRB quotas of an E2 node",
        description="A RIC control request (E2SM-RC style 2, action 6). The quotas are those of the DU's own "
        "scheduler, which rules while no dApp decides. The DU applies all of the request or nothing of it. "
        "The guard holds them to A1 limits, and reserves them for `reserve_s` seconds.",
        responses={
            409: {
                "model": ProblemDetails,
                "description": "refused by the guard, or RIC control failure: nothing was applied",
            },
            429: _GUARDED[429],
            504: {
                "model": ProblemDetails,
                "description": "no usable answer: whether it was applied is not known",
            },
        },
    )
    async def slice_quota(request: Request, node_id: NodeId, body: SliceQuotaRequest) -> SliceQuotaOutcome:
        du, asked = found(node_id).du_id, body.quotas()
        try:
            answer = await parts.guard.quotas.set(_operator(request), du, asked, body.reserve_s)
            return SliceQuotaOutcome.of(node_id, du, asked, answer)
        except GuardRefusedError as error:
            raise refusal(error) from error
        except RefusedError as error:
            raise HTTPException(409, str(error.cause)) from error
        except WireError as error:
            raise HTTPException(504, str(error.cause)) from error

    @router.post(
        "/e2-nodes/{node_id}/reset",
        summary="Reset the E2 association with a node",
        description="An E2AP reset: subscriptions and requests that wait for an answer are dropped at both "
        "ends; the association and the quotas that were set stay. The xApp then takes it up anew.",
        responses={504: {"model": ProblemDetails, "description": "no answer: the association has ended"}},
    )
    async def reset(request: Request, node_id: NodeId) -> NodeModel:
        node = found(node_id)
        try:
            await node.reset(Cause("misc", "om-intervention", f"asked for by {_operator(request)}"))
        except WireError as error:
            raise HTTPException(504, str(error.cause)) from error
        return _node_model(node)

    return router


def _node_model(node: E2Node) -> NodeModel:
    request = node.request
    return NodeModel(
        id=node_id(node),
        du=node.du_id,
        plmn_identity=request.global_e2_node_id.plmn_identity,
        gnb_id=request.global_e2_node_id.gnb_id,
        epoch=request.epoch,
        lockstep=request.lockstep,
        ran_functions=list(node.functions),
        subscriptions=[
            SubscriptionModel(
                ric_requestor_id=one.key[0],
                ric_instance_id=one.key[1],
                ran_function_id=one.ran_function_id,
                received=one.received,
                missed=one.missed,
            )
            for one in node.subscriptions.values()
        ],
    )


def _learner(parts: RestParts) -> APIRouter:
    router = APIRouter(tags=["learner"])

    @router.get("/learner", summary="State of learning")
    async def learner() -> LearnerStatus:
        return parts.status()

    @router.post(
        "/learner/resume",
        summary="Let updates go on after a divergence",
        responses={409: {"model": ProblemDetails, "description": "updates are not stopped by a divergence"}},
    )
    async def resume() -> LearnerStatus:
        if not parts.resume():
            raise HTTPException(409, "updates are not stopped by a divergence")
        return parts.status()

    return router
