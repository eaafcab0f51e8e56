"""An API's exchanges are kept as they were, without headers, queries and what is beyond a size."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from httpx import ASGITransport, AsyncClient

from cadran.rest.recorded import RecordedExchanges
from cadran.wire.gen.trace.v1 import trace_pb2
from cadran.wire.trace.recorder import MOST_BODY_BYTES


async def test_requests_of_the_api_are_kept_without_their_secrets() -> None:
    kept: list[trace_pb2.Exchange] = []
    app = FastAPI()

    @app.put("/A1-P/v2/policies/p", status_code=201)
    async def put(request: Request) -> Any:
        return {"size": len(await request.body())}

    @app.get("/other")
    async def other() -> None:
        return None

    app.add_middleware(RecordedExchanges, prefix="/A1-P", keep=kept.append)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://xapp") as client:
        secret = {"Authorization": "Bearer sesame"}
        answer = await client.put("/A1-P/v2/policies/p?to=sesame", content=b"{}", headers=secret)
        assert answer.status_code == 201
        await client.get("/other", headers=secret)
        long = bytes(3 * MOST_BODY_BYTES)
        assert (await client.put("/A1-P/v2/policies/p", content=long)).json() == {"size": len(long)}
        assert (await client.get("/A1-P/none")).status_code == 404
    assert [(one.method, one.path, one.status) for one in kept] == [
        ("PUT", "/A1-P/v2/policies/p", 201),
        ("PUT", "/A1-P/v2/policies/p", 201),
        ("GET", "/A1-P/none", 404),
    ]
    assert (kept[0].request_body, kept[0].response_body) == (b"{}", b'{"size":2}')
    assert len(kept[1].request_body) == MOST_BODY_BYTES
    assert not any(b"sesame" in one.SerializeToString() for one in kept)
