"""Notifications arrive, in order, at allowed hosts, or are given up in bounded time."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI, Request, Response

from cadran.rest import listen, serving
from cadran.rest.callbacks import LOOPBACK_AND_PRIVATE, CallbackRules
from cadran.rest.notifier import Notifier, NotifierSpec
from cadran.runtime import Address
from cadran.runtime.retry import RetrySpec

QUICK = NotifierSpec(attempts=3, timeout_s=60.0, most=2, retry=RetrySpec(0.01, 0.02))


@dataclass
class Receiver:
    """Answers with the statuses that are given, then with 204; -1 never answers."""

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    got: list[object] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)

    async def receive(self, request: Request) -> Response:
        self.got.append(await request.json())
        self.hosts.append(request.headers["host"])
        status = self.statuses.pop(0) if self.statuses else 204
        if status < 0:
            await asyncio.sleep(30)
        headers = {"location": "http://127.0.0.1:1/"} if status == 307 else None
        return Response(status_code=status, headers=headers)


@dataclass
class Results:
    """Writes down what became of messages."""

    seen: list[tuple[str, str]] = field(default_factory=list)

    def notified(self, result: str, uri: str, reason: str) -> None:
        self.seen.append((result, reason))

    async def until(self, *results: str) -> list[str]:
        async with asyncio.timeout(60):
            while [result for result, _ in self.seen] != list(results):
                await asyncio.sleep(0.005)
        return [reason for _, reason in self.seen]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = FastAPI()
    app.add_api_route("/status", receiver.receive, methods=["POST"])
    with listen(Address("127.0.0.1", 0)) as listening:
        receiver.port = listening.getsockname()[1]
        async with serving(app, listening):
            yield receiver


@asynccontextmanager
async def notifying(
    results: Results, allowed: tuple[str, ...] = LOOPBACK_AND_PRIVATE, spec: NotifierSpec = QUICK
) -> AsyncIterator[Notifier]:
    notifier = Notifier(CallbackRules(allowed), spec, results)
    running = asyncio.create_task(notifier.run())
    try:
        yield notifier
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_message_arrives(host: str) -> None:
    results = Results()
    async with receiving() as receiver, notifying(results) as notifier:
        notifier.tell("p", f"http://{host}:{receiver.port}/status", {"enforceStatus": "ENFORCED"})
        await results.until("delivered")
    assert receiver.got == [{"enforceStatus": "ENFORCED"}]
    assert receiver.hosts == [f"{host}:{receiver.port}"]


async def test_failures_are_repeated_a_bounded_number_of_times() -> None:
    results = Results()
    async with receiving() as receiver, notifying(results) as notifier:
        receiver.statuses = [500, 307]
        notifier.tell("p", f"http://127.0.0.1:{receiver.port}/status", {"n": 1})
        reasons = await results.until("repeated", "repeated", "delivered")
        assert reasons[:2] == ["answered 500", "answered 307"]
        results.seen.clear()
        receiver.statuses = [500] * 9
        notifier.tell("p", f"http://127.0.0.1:{receiver.port}/status", {"n": 2})
        await results.until("repeated", "repeated", "failed")
        assert receiver.got == [{"n": 1}] * 3 + [{"n": 2}] * 3


async def test_a_receiver_that_never_answers_is_left_after_the_time_out_and_holds_nobody_up() -> None:
    results = Results()
    spec = NotifierSpec(attempts=3, timeout_s=3.0, most=2, retry=RetrySpec(0.01, 0.02))
    async with receiving() as receiver, notifying(results, spec=spec) as notifier:
        receiver.statuses = [-1]
        notifier.tell("slow", f"http://127.0.0.1:{receiver.port}/status", {"n": 1})
        notifier.tell("quick", f"http://127.0.0.1:{receiver.port}/status", {"n": 2})
        reasons = await results.until("delivered", "repeated", "delivered")
        assert "no answer within 3 s" in reasons[1]


async def test_only_the_newest_message_of_a_subject_waits_and_it_comes_last() -> None:
    results = Results()
    spec = NotifierSpec(attempts=3, timeout_s=60.0, most=2, retry=RetrySpec(0.2, 0.2))
    async with receiving() as receiver, notifying(results, spec=spec) as notifier:
        uri = f"http://127.0.0.1:{receiver.port}/status"
        receiver.statuses = [500]
        notifier.tell("p", uri, {"n": 1})
        await results.until("repeated")
        for number in (2, 3, 4):
            notifier.tell("p", uri, {"n": number})
        await results.until("repeated", "delivered")
        assert receiver.got == [{"n": 1}, {"n": 4}]


async def test_what_waits_is_bounded_and_can_be_forgotten() -> None:
    results = Results()
    notifier = Notifier(CallbackRules(LOOPBACK_AND_PRIVATE), QUICK, results)
    for subject in ("a", "b", "c"):
        notifier.tell(subject, "http://127.0.0.1:1/", {})
    assert (notifier.waiting, results.seen) == (2, [("dropped", "2 messages wait")])
    notifier.forget("a")
    assert notifier.waiting == 1


@pytest.mark.parametrize("host", ["127.0.0.01", "0177.0.0.1", "127.1"])
async def test_an_address_that_readers_disagree_about_is_not_called_and_ends_nothing(host: str) -> None:
    results = Results()
    async with receiving() as receiver, notifying(results) as notifier:
        notifier.tell("odd", f"http://{host}:{receiver.port}/status", {"n": 1})
        await results.until("forbidden")
        notifier.tell("p", f"http://127.0.0.1:{receiver.port}/status", {"n": 2})
        await results.until("forbidden", "delivered")
    assert receiver.got == [{"n": 2}]


async def test_a_resolver_that_hangs_holds_up_nothing_else_of_the_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, answering = threading.Event(), threading.Event()

    def hangs(*_: object, **__: object) -> list[object]:
        asked.set()
        answering.wait()
        return []

    results = Results()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    try:
        async with notifying(results) as notifier:
            notifier.tell("p", "http://hangs.example/", {})
            async with asyncio.timeout(60):
                while not asked.is_set():
                    await asyncio.sleep(0.005)
                assert await asyncio.to_thread(lambda: "written") == "written"
    finally:
        answering.set()


async def test_a_name_is_called_only_where_its_address_is_allowed() -> None:
    results = Results()
    async with receiving() as receiver, notifying(results, ("10.0.0.0/8",)) as notifier:
        notifier.tell("p", f"http://localhost:{receiver.port}/status", {})
        await results.until("forbidden")
        assert receiver.got == []
    results.seen.clear()
    async with receiving() as receiver, notifying(results, ("localhost",)) as notifier:
        notifier.tell("p", f"http://localhost:{receiver.port}/status", {})
        await results.until("delivered")
