"""Plays recorded requests to an API, one after the other, and compares the answers with those of then.

Compared are statuses, and bodies of successful answers where they do not tell what was measured.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

import httpx

from cadran.wire.gen.trace.v1 import trace_pb2
from cadran.wire.trace.file import Stored
from cadran.wire.trace.recorder import MOST_BODY_BYTES, RECEIVED
from cadran.wire.trace.replay import Outcome, Pace
from cadran.wire.trace.script import ReplayError

_MEASURED = "/status"


@dataclass(frozen=True)
class Request:
    """A recorded request with its answer.

    Attributes:
        at_s: when it was made, since the first.
        exchange: what was said.
    """

    at_s: float
    exchange: trace_pb2.Exchange


def requests(records: Iterable[Stored]) -> list[Request]:
    """The requests that the recording service answered, in the order of its answers.

    Raises:
        ReplayError: there is none.
        DamageError: the file is damaged.
    """
    found = [
        (stored.record.monotonic_ns - stored.record.exchange.duration_ns, stored.record.exchange)
        for stored in records
        if stored.record.HasField("exchange") and stored.record.exchange.direction == RECEIVED
    ]
    if not found:
        raise ReplayError("no A1 request in it")
    began_ns = min(at_ns for at_ns, _ in found)
    return [Request((at_ns - began_ns) / 1e9, exchange) for at_ns, exchange in found]


async def play(played: Iterable[Request], target: str, pace: Pace) -> Outcome:
    """Make the requests again.

    Args:
        played: what to ask, in order.
        target: host:port of the API, in clear text.
        pace: how fast, and the longest wait for an answer.
    """
    outcome = Outcome()
    began_s = time.monotonic()
    async with httpx.AsyncClient(
        base_url=f"http://{target}", timeout=pace.answer_s, trust_env=False
    ) as client:
        for request in played:
            if not pace.fast:
                await asyncio.sleep(max(0.0, request.at_s - (time.monotonic() - began_s)))
            difference = await _difference(client, request.exchange)
            outcome.played += 1
            if difference is None:
                outcome.compared += 1
            else:
                outcome.differences.append(f"{request.exchange.method} {request.exchange.path}: {difference}")
    return outcome


async def _difference(client: httpx.AsyncClient, then: trace_pb2.Exchange) -> str | None:
    """Ask again; None: the answer is as recorded."""
    # As it came: a caller may have sent any bytes.
    headers = {b"Content-Type": then.content_type.encode("latin-1", "replace")} if then.content_type else {}
    try:
        now = await client.request(then.method, quote(then.path), content=then.request_body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"no answer ({type(error).__name__}) instead of {then.status}"
    if now.status_code != then.status:
        return f"{now.status_code} instead of {then.status}"
    determined = now.is_success and not then.path.endswith(_MEASURED)
    if determined and not _same(now.content[:MOST_BODY_BYTES], then.response_body):
        return f"{then.status} with {_shown(now.content)} instead of {_shown(then.response_body)}"
    return None


def _same(now: bytes, then: bytes) -> bool:
    """Whether two bodies say the same; JSON may be written in another order."""
    try:
        return now == then or bool(json.loads(now) == json.loads(then))
    except ValueError:
        return False


def _shown(body: bytes, most: int = 120) -> str:
    text = body.decode(errors="replace")
    return text if len(text) <= most else f"{text[:most]}..."
