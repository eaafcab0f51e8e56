"""The operations of an API as a page, rendered from its OpenAPI description; nothing comes from elsewhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Response

from cadran.rest.pages import page, page_environment, static_files
from cadran.rest.security import requires
from cadran.rest.tokens import Role

_METHODS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True)
class Field:
    """A parameter of an operation, or a field of its body."""

    name: str
    place: str
    type: str
    required: bool
    text: str


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    Attributes:
        method: In capitals.
        path: With its parameters in braces.
        summary: One line.
        text: More than that, or empty.
        fields: What it takes.
        example: A request's body as JSON; empty: none.
        answers: Status and what it means.
    """

    method: str
    path: str
    summary: str
    text: str
    fields: tuple[Field, ...]
    example: str
    answers: tuple[tuple[str, str], ...]


def add_documentation(app: FastAPI) -> None:
    """Serve the page at ``/docs``, and the files that every page shares at ``/static``."""
    environment = page_environment("cadran.rest")
    app.include_router(static_files("cadran.rest", "/static"))

    @app.get("/docs", include_in_schema=False, dependencies=[requires(Role.ANYONE)])
    async def docs() -> Response:
        described = app.openapi()
        return page(
            environment,
            "docs.html.j2",
            title=app.title,
            version=app.version,
            text=app.description,
            groups=operations(described),
        )


def operations(described: dict[str, Any]) -> dict[str, list[Operation]]:
    """Operations of an OpenAPI description by their tag, in its order."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in described["paths"].items():
        for method in _METHODS:
            if method in methods:
                found = methods[method]
                tag = (found.get("tags") or ["other"])[0]
                groups.setdefault(tag, []).append(_operation(method, path, found, described))
    return groups


def _operation(method: str, path: str, found: dict[str, Any], described: dict[str, Any]) -> Operation:
    body = _body(found, described)
    return Operation(
        method=method.upper(),
        path=path,
        summary=found.get("summary", ""),
        text=found.get("description", ""),
        fields=(*_parameters(found), *_properties(body)),
        example=_example(body),
        answers=tuple((status, answer["description"]) for status, answer in found["responses"].items()),
    )


def _parameters(found: dict[str, Any]) -> list[Field]:
    return [
        Field(
            name=one["name"],
            place=one["in"],
            type=_type(one["schema"]),
            required=one.get("required", False),
            text=one.get("description", ""),
        )
        for one in found.get("parameters", [])
    ]


def _body(found: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    """The schema of a JSON body; empty if there is none."""
    content = found.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    reference = schema.get("$ref")
    if reference is None:
        return dict(schema)
    return dict(described["components"]["schemas"][reference.rsplit("/", 1)[1]])


def _properties(body: dict[str, Any]) -> list[Field]:
    required = body.get("required", [])
    return [
        Field(name, "body", _type(schema), name in required, schema.get("description", ""))
        for name, schema in body.get("properties", {}).items()
    ]


def _example(body: dict[str, Any]) -> str:
    examples = body.get("examples", [])
    return json.dumps(examples[0]) if examples else ""


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"array of {_type(schema.get('items', {}))}"
    return str(schema.get("type", "any"))
