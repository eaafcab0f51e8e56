"""Bodies of requests, bounded in size and in time, and JSON that is read strictly."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any, NoReturn

from fastapi import Request
from starlette.exceptions import HTTPException

_JSON = "application/json"


async def bounded_body(request: Request, most_bytes: int, within_s: float, what: str) -> bytes:
    """The whole body.

    Args:
        request: Whose.
        most_bytes: It may have.
        within_s: For the whole of it: a sender that drips must not hold what has come of it for ever.
        what: What it is, for messages: ``"policy"``.

    Raises:
        HTTPException: 408 or 413; the connection ends as well, for what else may come on it.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(within_s):
            async for part in request.stream():
                body += part
                if len(body) > most_bytes:
                    raise _ended(413, f"the {what} has more than {most_bytes} bytes")
    except TimeoutError as error:
        raise _ended(408, f"the {what} did not come as a whole within {within_s:g} s") from error
    return bytes(body)


def _ended(status: int, detail: str) -> HTTPException:
    return HTTPException(status, detail, {"Connection": "close"})


def json_object(request: Request, body: bytes) -> dict[str, Any]:
    """A body as a JSON object (RFC 8259: no NaN, no infinities, no name twice).

    Raises:
        HTTPException: 415 for another content type, 400 for anything but an object.
    """
    content_type = request.headers.get("content-type", _JSON).partition(";")[0].strip().lower()
    if content_type != _JSON:
        raise HTTPException(415, f"content-type: must be {_JSON}")
    try:
        found = strict_json(body)
    except ValueError as error:
        raise HTTPException(400, f"not JSON: {str(error)[:200]}") from error
    if not isinstance(found, dict):
        raise HTTPException(400, "must be a JSON object")
    return found


def strict_json(content: bytes) -> Any:
    """JSON that can be sent on as it is.

    Raises:
        ValueError: It is none, or holds what RFC 8259 does not: NaN, infinities, a name twice, half of a
            surrogate pair, or more levels than can be read.
    """
    try:
        found = json.loads(content, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_once)
        json.dumps(found, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("too many levels") from error
    except UnicodeEncodeError as error:
        raise ValueError("a text holds half of a surrogate pair") from error
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large for double precision")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has a name twice")
    return found
