"""Errors as application/problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

PROBLEM_TYPE = "application/problem+json"
_METHODS = ("get", "put", "post", "delete", "patch")


class ProblemDetails(BaseModel):
    """An error, as application/problem+json (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "no DU 9: there are DUs 0..5",
                    "instance": "/v1/policies/9",
                }
            ]
        }
    )
    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str


class StatusError(Exception):
    """A request that fails; nothing was changed.

    Args:
        status: HTTP status that it is answered with.
        detail: Why, for people.
        headers: For the answer.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers


def problem(request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a request that failed."""
    # What a peer sent may be quoted, and half of a surrogate pair has no UTF-8.
    told = detail.encode("utf-8", "backslashreplace").decode()
    body = ProblemDetails(
        title=HTTPStatus(status).phrase, status=status, detail=told, instance=request.url.path
    )
    return JSONResponse(body.model_dump(), status, headers, PROBLEM_TYPE)


def described(text: str) -> dict[str, Any]:
    """An answer with problem details, for ``responses`` of a route: with the content type that it has."""
    schema = ProblemDetails.model_json_schema()
    return {"description": text, "content": {PROBLEM_TYPE: {"schema": schema}}}


def add_errors(app: FastAPI, statuses: Mapping[type[Exception], int]) -> None:
    """Answer errors with problem details.

    Args:
        app: the application.
        statuses: exceptions of its own, with the status that each is answered with; their text is the detail.
    """

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        return problem(request, error.status_code, str(error.detail), error.headers)

    @app.exception_handler(StatusError)
    async def failed(request: Request, error: StatusError) -> Response:
        return problem(request, error.status, str(error), error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        malformed = first["type"] == "json_invalid"
        return problem(request, 400 if malformed else 422, f"{where}: {first['msg']}")

    for kind, status in statuses.items():
        _answer_with(app, kind, status)


def _answer_with(app: FastAPI, kind: type[Exception], status: int) -> None:
    @app.exception_handler(kind)
    async def own(request: Request, error: Exception) -> Response:
        return problem(request, status, str(error))


class DescribedApp(FastAPI):
    """An application whose description says what `add_errors` answers.

    FastAPI describes every model as application/json, and a refused request by a schema of its own. Here each
    status from 400 on has problem details with their content type, and ``default`` stands for statuses that
    any operation may have: 400, 401, 403, 408, 413, 422 and 429.
    """

    def openapi(self) -> dict[str, Any]:
        """The description, as OpenAPI 3.1."""
        found = super().openapi()
        for methods in found["paths"].values():
            for method in _METHODS:
                if method in methods:
                    _repair(methods[method]["responses"])
        found.get("components", {}).get("schemas", {}).pop("HTTPValidationError", None)
        found.get("components", {}).get("schemas", {}).pop("ValidationError", None)
        return found


def _repair(responses: dict[str, Any]) -> None:
    for status, answer in responses.items():
        own = answer.get("content", {}).get("application/json", {}).get("schema") == {"type": "object"}
        if status.isdigit() and int(status) >= 400 and not own:
            answer["content"] = described("")["content"]
    responses.setdefault("default", described("refused: as told in the answer"))
