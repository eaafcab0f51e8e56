"""Recorded requests are made again, and answers that differ are told."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response

from cadran.rest.recorded import RecordedExchanges
from cadran.rest.replay import Request as Recorded
from cadran.rest.replay import play, requests
from cadran.wire.gen.trace.v1 import trace_pb2
from cadran.wire.trace.file import read
from cadran.wire.trace.recorder import Described, Recorder
from cadran.wire.trace.replay import Outcome, Pace
from cadran.wire.trace.script import ReplayError

FAST = Pace(fast=True, answer_s=30.0)
ITEM = "/A1-P/v2/policies/p 1"


class Shelf:
    """An API over what was put on a shelf, whose status tells how often it was asked."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.kept: dict[str, Any] = {}
        self.asked = 0
        self.app.add_api_route("/A1-P/v2/policies/{name}", self.put, methods=["PUT"])
        self.app.add_api_route("/A1-P/v2/policies/{name}", self.get, methods=["GET"])
        self.app.add_api_route("/A1-P/v2/policies/{name}/status", self.status, methods=["GET"])

    async def put(self, name: str, request: Request, response: Response) -> Any:
        if request.headers.get("content-type") != "application/json":
            raise HTTPException(415)
        response.status_code = 200 if name in self.kept else 201
        self.kept[name] = await request.json()
        return self.kept[name]

    async def get(self, name: str) -> Any:
        if name not in self.kept:
            raise HTTPException(404)
        return self.kept[name]

    async def status(self, name: str) -> dict[str, int]:
        self.asked += 1
        return {"asked": self.asked}


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        serves = asyncio.create_task(server.serve([listening]))
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serves


async def recorded(path: Path) -> Path:
    """A conversation with a shelf: refusals, a policy put twice, read, and its status."""
    recorder = Recorder(path, Described("xapp", "1", "smoke", "", seed=0))
    shelf = Shelf()
    shelf.app.add_middleware(RecordedExchanges, prefix="/A1-P", keep=recorder.exchange)
    async with serving(shelf.app) as at, httpx.AsyncClient(base_url=f"http://{at}") as client:
        await client.get(ITEM)
        await client.put(ITEM, content=b"{}", headers={"Content-Type": "text/plain"})
        await client.put(ITEM, json={"a": 1, "b": 2})
        await client.put(ITEM, json={"b": 3})
        await client.get(ITEM)
        await client.get(f"{ITEM}/status")
    recorder.close()
    return path


async def replayed(path: Path, shelf: Shelf, pace: Pace = FAST) -> Outcome:
    with path.open("rb") as file:
        made = requests(read(file))
    async with serving(shelf.app) as at:
        return await play(made, at, pace)


@pytest.mark.parametrize("fast", [True, False])
async def test_an_api_that_does_the_same_is_as_recorded(tmp_path: Path, fast: bool) -> None:
    shelf = Shelf()
    shelf.asked = 7  # what is measured may differ
    outcome = await replayed(await recorded(tmp_path / "t"), shelf, Pace(fast, answer_s=30.0))
    assert outcome == Outcome(played=6, compared=6, differences=[])
    assert shelf.kept == {"p 1": {"b": 3}}


async def test_another_status_and_another_body_are_told(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.kept["p 1"] = {"left": "over"}
    outcome = await replayed(await recorded(tmp_path / "t"), shelf)
    assert outcome.differences == [f"GET {ITEM}: 200 instead of 404", f"PUT {ITEM}: 200 instead of 201"]

    class Forgetful(Shelf):
        async def get(self, name: str) -> Any:
            return {} if name in self.kept else await super().get(name)

    outcome = await replayed(tmp_path / "t", Forgetful())
    assert outcome.differences == [f'GET {ITEM}: 200 with {{}} instead of {{"b":3}}']


async def test_a_service_that_is_not_there_is_told_at_each_request(tmp_path: Path) -> None:
    with (await recorded(tmp_path / "t")).open("rb") as file:
        made = requests(read(file))
    with socket.socket() as bound:  # and not listening
        bound.bind(("127.0.0.1", 0))
        outcome = await play(made, f"127.0.0.1:{bound.getsockname()[1]}", FAST)
    assert len(outcome.differences) == 6
    assert outcome.differences[0] == f"GET {ITEM}: no answer (ConnectError) instead of 404"


async def test_what_a_caller_has_sent_ends_no_replay() -> None:
    strange = trace_pb2.Exchange(method="GET", path=ITEM, content_type="caf\u00e9", status=404)
    unaskable = trace_pb2.Exchange(method="GET", path="/\ufffd" * 10_000, status=404)
    async with serving(Shelf().app) as at:
        outcome = await play([Recorded(0.0, strange), Recorded(0.0, unaskable)], at, FAST)
    assert outcome.compared == 1
    assert outcome.differences == [f"GET {unaskable.path}: no answer (InvalidURL) instead of 404"]


def test_a_file_without_requests_cannot_be_played(tmp_path: Path) -> None:
    Recorder(tmp_path / "t", Described("dapp", "1", "smoke", "", seed=0)).close()
    with (tmp_path / "t").open("rb") as file, pytest.raises(ReplayError, match="no A1 request"):
        requests(read(file))
