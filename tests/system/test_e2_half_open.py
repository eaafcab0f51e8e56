"""An E2 association whose network goes silent ends at both ends, and the node comes back by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from ric import Ric, free_port

from cadran.envs import problem_of
from cadran.problem import ProblemSpec
from cadran.radio import World
from cadran.wire.e2_node import E2Node
from cadran.wire.e2_server import E2Server
from xapp_du import Du

WORLD = World.model_validate({"dus": 1, "ues": 6, "max_ues_per_slice": 4, "rbs": 20, "episode_frames": 5})
# Keep-alive asks after ten seconds and gives up five seconds later; the machine may be busy. It took seventy
# while the time-out of pings was left at gRPC's minute.
AT_MOST_S = 60.0


class Wire:
    """A TCP connection between a node and its RIC that can be made to swallow everything."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._open = asyncio.Event()
        self._open.set()
        self._running: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self.accepted = 0

    def silence(self) -> None:
        """From now on nothing arrives at either end of the connections that there are."""
        self._open.clear()

    def heal(self) -> None:
        """New connections work; the old ones stay dead."""
        for task in self._running:
            task.cancel()
        self._open.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        self._writers += [writer, other_writer]
        pairs = ((reader, other_writer), (other_reader, writer))
        self._running |= {asyncio.create_task(self._pump(*pair)) for pair in pairs}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._open.wait()
            writer.write(data)
            await writer.drain()
        writer.close()

    async def stop(self) -> None:
        for task in self._running:
            task.cancel()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in self._writers), return_exceptions=True)


@asynccontextmanager
async def wire_to(port: int) -> AsyncIterator[tuple[Wire, int]]:
    wire, own = Wire(port), free_port()
    server = await asyncio.start_server(wire.serve, "127.0.0.1", own)
    try:
        yield wire, own
    finally:
        await wire.stop()
        server.close()


class Watching(Ric):
    """Notes when associations come and go."""

    def __init__(self, problem: object) -> None:
        super().__init__(problem, lambda du: b"")  # type: ignore[arg-type]
        self.nodes: list[E2Node] = []
        self.closed_s: list[float] = []

    def on_connected(self, node: E2Node) -> None:
        self.nodes.append(node)
        super().on_connected(node)

    def on_closed(self, node: E2Node, cause: object) -> None:
        self.closed_s.append(time.monotonic())


@pytest.mark.timeout(300)
async def test_a_silent_network_ends_the_association_and_the_node_comes_back() -> None:
    problem = problem_of(WORLD, ProblemSpec())
    ric = Watching(problem)
    server = E2Server("127.0.0.1:0", ric)
    async with wire_to(await server.start()) as (wire, port):
        du = Du(problem, 0, port)
        await du.until(lambda: du.reports_wanted)
        await asyncio.gather(*ric._tasks)
        silent_s = time.monotonic()
        wire.silence()
        async with asyncio.timeout(AT_MOST_S):
            while not (du.closures and ric.closed_s):
                await asyncio.sleep(0.05)
        assert time.monotonic() - silent_s >= 5.0  # not at the first silence
        assert du.session is None
        wire.heal()
        async with asyncio.timeout(AT_MOST_S):
            while len(ric.nodes) < 2 or not du.reports_wanted:
                await asyncio.sleep(0.05)
        assert np.isclose(ric.nodes[1].request.ran_facts.frame_s, problem.frame.frame_s)
        await du.stop()
    await server.stop()
