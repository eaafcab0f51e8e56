"""Requests of one association that wait for their answers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from cadran.wire.causes import Cause, ClosedError, ExpiredError, WireError
from cadran.wire.gen.e2ap.v1 import e2ap_pb2

K = TypeVar("K", bound=Hashable)

# A request that was repeated is answered more than once; so many answered ones are remembered.
_ANSWERED = 64


class Pending(Generic[K]):
    """Waits by key, each with a deadline.

    Args:
        ended: done when the association ends.
        timeout_s: how long an answer may take.
    """

    def __init__(self, ended: asyncio.Future[Cause], timeout_s: float) -> None:
        self._ended = ended
        self._timeout_s = timeout_s
        self._waiting: dict[K, asyncio.Future[e2ap_pb2.E2apPdu]] = {}
        self._answered: deque[K] = deque(maxlen=_ANSWERED)

    def __contains__(self, key: K) -> bool:
        return key in self._waiting or key in self._answered

    def waits(self, key: K) -> bool:
        """Whether an answer to this request is waited for, and has not come."""
        answer = self._waiting.get(key)
        return answer is not None and not answer.done()

    async def ask(self, key: K, what: str, send: Callable[[], None], sendings: int = 1) -> e2ap_pb2.E2apPdu:
        """Send a request and wait for the PDU that answers it.

        Args:
            key: what the answer is found by.
            what: of whom and what, for people.
            send: sends the request.
            sendings: how often it is sent, evenly over the time, while there is no answer.

        Raises:
            ExpiredError: ric_request/control-timer-expired, no answer in time.
            ClosedError: the association ended first, or was reset.
            RefusedError: the peer answered with an error indication.
        """
        if self._ended.done():
            raise ClosedError(self._ended.result())
        answer: asyncio.Future[e2ap_pb2.E2apPdu] = asyncio.get_running_loop().create_future()
        self._waiting[key] = answer
        either: list[asyncio.Future[Any]] = [answer, self._ended]
        try:
            for _ in range(sendings):
                send()
                share_s = self._timeout_s / sendings
                await asyncio.wait(either, timeout=share_s, return_when=asyncio.FIRST_COMPLETED)
                if answer.done():
                    return answer.result()
                if self._ended.done():
                    raise ClosedError(self._ended.result())
            text = f"{what} was not answered in {self._timeout_s:g} s"
            raise ExpiredError(Cause("ric_request", "control-timer-expired", text))
        finally:
            if self._waiting.get(key) is answer:  # not what asks by the same key since the answer came
                del self._waiting[key]
            if answer.done():
                answer.exception()  # looked at, also where the wait itself was cancelled
            if answer.done() and sendings > 1:
                self._answered.append(key)

    def answer(self, key: K, pdu: e2ap_pb2.E2apPdu) -> None:
        """An answer came; one more to a request that was sent repeatedly is ignored.

        Raises:
            WireError: ric_request/request-id-unknown, no one waits for it.
        """
        waiting = self._waiting.get(key)
        if waiting is not None and not waiting.done():
            waiting.set_result(pdu)
        elif waiting is None and key not in self._answered:
            text = f"no one waits for an answer to request {key}"
            raise WireError(Cause("ric_request", "request-id-unknown", text))

    def fail(self, key: K, error: WireError) -> bool:
        """End a wait with an error; False when no one waits."""
        waiting = self._waiting.get(key)
        if waiting is None or waiting.done():
            return False
        waiting.set_exception(error)
        return True

    def fail_all(self, cause: Cause) -> None:
        """End every wait: the association was reset."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ClosedError(cause))
