"""What gRPC alone takes: one message to every peer process and an answer from each, with nothing computed.

The yardstick of the control loop on a machine whose speed drifts: measured in the same run, the loop's
latency and this one drift together, and their ratio stays. Run as a module with HOST:PORT BYTES, it is one
peer.
"""

import asyncio
import subprocess
import sys
import time

import grpc
import numpy as np

from cadran.wire.link import GRPC_OPTIONS
from cadran.wire.stream import ByteStream, start_server

SERVICE = "cadran.bench.BareRound"
WARM_UP_ROUNDS, ROUNDS = 200, 2000
PEERS_TIMEOUT_S, TIMEOUT_S_PER_PEER = 30.0, 5.0


def bare_round_ms(peers: int, asked_bytes: int, answered_bytes: int) -> dict[str, float]:
    """Milliseconds of a round of ``peers`` streams in as many processes: median, 99th percentile, longest.

    Args:
        peers: streams.
        asked_bytes: length of what each peer is sent.
        answered_bytes: length of its answer.
    """
    taken_ms = asyncio.run(_measure(peers, bytes(asked_bytes), answered_bytes))
    p50, p99, longest = np.quantile(taken_ms[WARM_UP_ROUNDS:], [0.5, 0.99, 1.0])
    return {"p50": float(p50), "p99": float(p99), "max": float(longest)}


async def _measure(peers: int, asked: bytes, answered_bytes: int) -> list[float]:
    """Takes ``WARM_UP_ROUNDS + ROUNDS`` rounds."""
    streams: list[ByteStream] = []
    all_here, over = asyncio.Event(), asyncio.Event()

    async def connected(stream: ByteStream) -> None:
        streams.append(stream)
        if len(streams) == peers:
            all_here.set()
        await over.wait()

    server, port = await start_server("127.0.0.1:0", SERVICE, connected, credentials=None)
    command = [sys.executable, "-m", "cadran.testbed.bare_round", f"127.0.0.1:{port}", str(answered_bytes)]
    processes = [subprocess.Popen(command) for _ in range(peers)]
    try:
        async with asyncio.timeout(PEERS_TIMEOUT_S + TIMEOUT_S_PER_PEER * peers):
            await all_here.wait()
        return [await _round(streams, asked) for _ in range(WARM_UP_ROUNDS + ROUNDS)]
    finally:
        over.set()
        await server.stop(grace=1.0)
        for process in processes:
            process.terminate()
            process.wait()


async def _round(streams: list[ByteStream], asked: bytes) -> float:
    started_s = time.perf_counter()
    await asyncio.gather(*(stream.write(asked) for stream in streams))
    await asyncio.gather(*(stream.read() for stream in streams))
    return 1e3 * (time.perf_counter() - started_s)


async def _answer(target: str, answer: bytes) -> None:
    """Answers every message of the server until it ends the stream."""
    async with grpc.aio.insecure_channel(target, options=GRPC_OPTIONS) as channel:
        call = channel.stream_stream(f"/{SERVICE}/Connect", _as_is, _as_is)(None)
        while isinstance(await call.read(), bytes):
            await call.write(answer)


def _as_is(data: bytes) -> bytes:
    return data


if __name__ == "__main__":
    asyncio.run(_answer(sys.argv[1], bytes(int(sys.argv[2]))))
