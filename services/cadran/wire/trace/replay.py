"""Plays one side of a recorded E2 or E3 conversation to a service, and compares what comes back.

Of each association of the recording there is a script: what the peer of the service under test sent, in
order, with what the service answered between. A message is played when its time has come and when the
answers that came before it in the recording have come again, for a bounded time. Compared is what the
messages determine:
kinds, causes and response codes of answers, and decisions of a dApp; an answer that depends on when, or on
what a service has learned, is neither waited for nor compared.

The service chooses numbers of its own for its requests; answers to them are played with these.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import grpc

from cadran.wire.e2_session import E2_SERVICE
from cadran.wire.e3_session import E3_SERVICE, serialise
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from cadran.wire.gen.trace.v1 import trace_pb2
from cadran.wire.link import GRPC_OPTIONS
from cadran.wire.stream import STREAM_ERRORS, ByteStream, describe, first_pdu, start_server
from cadran.wire.trace.script import Pdu, Script, Step, essence, kind_of
from cadran.wire.trace.text import du_of, pdu_of

_NAMES = {trace_pb2.INTERFACE_E2: E2_SERVICE, trace_pb2.INTERFACE_E3: E3_SERVICE}

#: Answers that what was played determines.
DETERMINED = frozenset(
    {
        *("setup_request", "setup_response", "dapp_control_action", "policy_status", "message_ack"),
        *("subscription_request", "subscription_response", "subscription_delete_response"),
        *("e2_setup_request", "e2_setup_response", "e2_setup_failure"),
        *("ric_subscription_request", "ric_subscription_response", "ric_subscription_failure"),
        *("ric_subscription_delete_response", "ric_subscription_delete_failure"),
        *("ric_control_acknowledge", "ric_control_failure", "reset_response"),
        *("ric_service_update_acknowledge", "ric_service_update_failure"),
        *("e2_node_configuration_update_acknowledge", "e2_node_configuration_update_failure"),
        "error_indication",
    }
)
#: Waited for, so that a dApp's decisions find their frames, but measured by another life of the world.
AWAITED = frozenset({"indication_message"})
#: Nobody may have asked for these this time: what an xApp orders depends on what it has learned.
_ANSWERS_TO_UNDETERMINED = frozenset({"ric_control_acknowledge", "ric_control_failure"})
_BEAT_S = 1.0
_CLOSE_S = 5.0


@dataclass
class Outcome:
    """What came of a replay.

    Attributes:
        played: messages sent to the service.
        compared: answers that were as recorded.
        differences: one line each.
    """

    played: int = 0
    compared: int = 0
    differences: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Pace:
    """How fast a script is played.

    Attributes:
        fast: as soon as the answers before have come; else not before the recorded time.
        answer_s: longest wait for an answer.
        connect_s: longest wait for a service that connects.
    """

    fast: bool
    answer_s: float = 15.0
    connect_s: float = 60.0


class Player:
    """Plays one script on one stream.

    Args:
        script: what to play.
        pace: how fast.
        outcome: where to count.
        setup: what has been read of the stream.
    """

    def __init__(self, script: Script, pace: Pace, outcome: Outcome, setup: Pdu | None = None) -> None:
        self._script = script
        self._pace = pace
        self._outcome = outcome
        self._heard: deque[Pdu] = deque() if setup is None else deque([setup])
        self._came, self._begun = asyncio.Event(), asyncio.Event()
        self._writing = asyncio.Lock()
        self._over = False
        self._ids: dict[tuple[str, Any], Any] = {}
        self._deterministic: dict[int, bool] = {}

    async def play(self, stream: ByteStream, half_close: Callable[[], Awaitable[None]] | None = None) -> None:
        """Play to the end, then say in the outcome what else came that is determined.

        Args:
            stream: the association.
            half_close: on the connecting side, says that nothing more is written; the service then reads what
                was written last before the stream is torn down.
        """
        reader = asyncio.create_task(self._read(stream))
        tasks = [reader, asyncio.create_task(self._beat(stream))]
        began_s = time.monotonic()
        try:
            for step in self._script.steps:
                if not step.played:
                    await self._expect(step)
                    continue
                if kind_of(step.pdu) == "heartbeat" or kind_of(step.pdu) in _ANSWERS_TO_UNDETERMINED:
                    continue
                if not self._pace.fast:
                    await asyncio.sleep(max(0.0, step.at_s - (time.monotonic() - began_s)))
                await self._write(stream, self._translated(step))
                self._note(step)
                self._outcome.played += 1
                self._begun.set()
            if half_close is not None:
                with suppress(*STREAM_ERRORS):  # the service was faster
                    await half_close()
                await asyncio.wait([reader], timeout=_CLOSE_S)
        except STREAM_ERRORS as error:
            self._differ(f"the stream ended: {describe(error)}")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        # A dApp that could not keep up then has dropped decisions which it sends now.
        surplus = DETERMINED - {"dapp_control_action"}
        more = Counter(kind for pdu in self._heard if (kind := kind_of(pdu)) in surplus)
        for kind, count in more.items():
            self._differ(f"{count} more {kind}")

    async def _write(self, stream: ByteStream, data: bytes) -> None:
        async with self._writing:
            await stream.write(data)

    async def _beat(self, stream: ByteStream) -> None:
        """Keep the lease of E3 while an answer is awaited; recorded heartbeats would come too late."""
        if self._script.interface != trace_pb2.INTERFACE_E3:
            return
        await self._begun.wait()
        for sequence in itertools.count(1):
            await asyncio.sleep(_BEAT_S)
            await self._write(stream, serialise(0, "heartbeat", e3ap_pb2.Heartbeat(sequence=sequence)))

    async def _read(self, stream: ByteStream) -> None:
        try:
            while isinstance(data := await stream.read(), bytes):
                recorded = trace_pb2.Pdu(interface=self._script.interface, data=data)
                if (pdu := pdu_of(recorded)) is not None:
                    self._heard.append(pdu)
                    self._came.set()
        except STREAM_ERRORS:
            pass  # the end of the stream, which what is missing then tells
        finally:
            self._over = True
            self._came.set()

    async def _expect(self, step: Step) -> None:
        kind = kind_of(step.pdu)
        if kind not in DETERMINED | AWAITED:
            return
        heard = await self._next(kind, _frame(step.pdu))
        if heard is None:
            self._differ(f"no {kind}, recorded as: {essence(step.pdu, False)}")
            return
        if kind in AWAITED:
            return
        self._pair(step.pdu, heard)
        decisions = self._acts_without_chance(step.pdu)
        wanted, found = essence(step.pdu, decisions), essence(heard, decisions)
        if wanted == found:
            self._outcome.compared += 1
        else:
            self._differ(f"{found} instead of {wanted}")

    async def _next(self, kind: str, frame: int | None) -> Pdu | None:
        """The next message of this kind (a decision: for this frame), waited for; None: it does not come."""
        try:
            async with asyncio.timeout(self._pace.answer_s):
                while True:
                    for pdu in self._heard:
                        if kind_of(pdu) == kind and _frame(pdu) == frame:
                            self._heard.remove(pdu)
                            return pdu
                    if self._over:
                        return None
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            return None

    def _note(self, step: Step) -> None:
        if isinstance(step.pdu, e3ap_pb2.E3Pdu) and step.pdu.HasField("indication_message"):
            indication = step.pdu.indication_message
            self._deterministic[indication.frame] = indication.deterministic

    def _acts_without_chance(self, pdu: Pdu | None) -> bool:
        if not isinstance(pdu, e3ap_pb2.E3Pdu) or not pdu.HasField("dapp_control_action"):
            return False
        return self._deterministic.get(pdu.dapp_control_action.frame, False)

    def _pair(self, recorded: Pdu | None, heard: Pdu) -> None:
        """Remember under which numbers the service asks now for what it asked then."""
        for name in ("ric_request_id", "transaction_id"):
            then, now = _number(recorded, name), _number(heard, name)
            if then is not None and now is not None:
                self._ids[name, then] = now

    def _translated(self, step: Step) -> bytes:
        """A message with what it has to have this time, as bytes."""
        if kind_of(step.pdu) == "setup_response":
            return _in_lock_step(step.data)
        for name in ("ric_request_id", "transaction_id"):
            now = self._ids.get((name, _number(step.pdu, name)))
            if now is not None and step.pdu is not None:
                changed = deepcopy(step.pdu)
                message = getattr(changed, kind_of(step.pdu))
                if name == "transaction_id":
                    message.transaction_id = now
                else:
                    message.ric_request_id.ParseFromString(now)
                return changed.SerializeToString()
        return step.data

    def _differ(self, text: str) -> None:
        self._outcome.differences.append(f"DU {self._script.du}: {text}")


def _in_lock_step(setup_response: bytes) -> bytes:
    """A DU's answer to a dApp's setup that says it waits for decisions, as a replay does.

    Otherwise a dApp on a busy machine takes indications for outdated, and leaves out what it would decide.
    """
    pdu = e3ap_pb2.E3Pdu.FromString(setup_response)
    pdu.setup_response.lockstep = True
    return pdu.SerializeToString()


def _frame(pdu: Pdu | None) -> int | None:
    """Of a decision; None of every other message."""
    if not isinstance(pdu, e3ap_pb2.E3Pdu) or not pdu.HasField("dapp_control_action"):
        return None
    return pdu.dapp_control_action.frame


def _number(pdu: Pdu | None, name: str) -> Any:
    if not isinstance(pdu, e2ap_pb2.E2apPdu) or (kind := pdu.WhichOneof("pdu")) is None:
        return None
    message = getattr(pdu, kind)
    if name not in message.DESCRIPTOR.fields_by_name:
        return None
    value = getattr(message, name)
    return value if name == "transaction_id" else value.SerializeToString()


async def connect_and_play(played: list[Script], target: str, pace: Pace) -> Outcome:
    """Play to a service that listens: the associations of a DU one after the other, DUs side by side."""
    outcome = Outcome()

    async def one_du(du: int) -> None:
        for script in (script for script in played if script.du == du):
            async with grpc.aio.insecure_channel(target, options=GRPC_OPTIONS) as channel:
                method = f"/{_NAMES[script.interface]}/Connect"
                call = channel.stream_stream(method, _as_is, _as_is)(None)
                await Player(script, pace, outcome).play(call, call.done_writing)
                call.cancel()

    await asyncio.gather(*(one_du(du) for du in sorted({script.du for script in played})))
    return outcome


async def listen_and_play(played: list[Script], listen: str, pace: Pace) -> Outcome:
    """Play to a service that connects, each time it does; ends when all is played, or it does not come.

    A DU's associations are played one after the other; for which DU a stream is, its setup request says.

    Raises:
        OSError: the address cannot be listened on.
    """
    outcome = Outcome()
    waiting, playing = list(played), 0
    changed = asyncio.Event()
    interface = played[0].interface

    async def serve(stream: ByteStream) -> None:
        nonlocal playing
        setup = pdu_of(trace_pb2.Pdu(interface=interface, data=await first_pdu(stream, pace.answer_s)))
        du = None if setup is None else du_of(setup)
        script = next((script for script in waiting if script.du == du), None)
        if script is None or setup is None:
            return
        waiting.remove(script)
        playing += 1
        try:
            await Player(script, pace, outcome, setup).play(stream)
        finally:
            playing -= 1
            changed.set()

    server, _ = await start_server(listen, _NAMES[interface], serve, None)
    try:
        while waiting or playing:
            changed.clear()
            try:
                async with asyncio.timeout(pace.connect_s):
                    await changed.wait()
            except TimeoutError:
                if not playing:
                    break
    finally:
        await server.stop(1.0)
    outcome.differences += [f"DU {script.du}: the service did not connect" for script in waiting]
    return outcome


def _as_is(data: bytes) -> bytes:
    return data
