"""What pages of a service share: templates, their files, and the rule that nothing comes from elsewhere."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from fastapi import APIRouter, Request, Response
from jinja2 import Environment

from cadran.rest.security import requires
from cadran.rest.tokens import Role
from cadran.runtime.templates import template_environment

PAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
"""A page loads and asks only its own service; scripts and styles are files, never text within the page."""

_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


def page_environment(package: str) -> Environment:
    """Templates of a package, and the frame that all pages extend, ``frame.html.j2``.

    Args:
        package: Whose folder ``templates`` to look in first.
    """
    return template_environment(package, shared="cadran.rest")


def page(environment: Environment, template: str, **values: Any) -> Response:
    """A rendered page."""
    text = environment.get_template(template).render(**values)
    return Response(text, media_type="text/html", headers=dict(PAGE_HEADERS))


def static_files(package: str, prefix: str) -> APIRouter:
    """Routes to the files of a package's folder ``static``, read once.

    Args:
        package: Whose folder.
        prefix: Path that the files' names follow.
    """
    router = APIRouter(prefix=prefix, include_in_schema=False, dependencies=[requires(Role.ANYONE)])
    for file in files(package).joinpath("static").iterdir():
        _add_file(router, file)
    return router


def _add_file(router: APIRouter, file: Traversable) -> None:
    body = file.read_bytes()
    suffix = file.name[file.name.rfind(".") :]
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {**PAGE_HEADERS, "ETag": etag}

    @router.get(f"/{file.name}")
    async def serve(request: Request) -> Response:
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=media_type, headers=headers)
