"""Policy artefacts in chunks: split by the sender, put together again by the dApp within a bound."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from cadran.wire.causes import Cause, WireError
from cadran.wire.gen.e2sm.v1 import dapp_pb2

CHUNK_BYTES = 64 * 1024
MAX_ARTEFACT_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Artefact:
    """One policy artefact on its way.

    Attributes:
        du_id: index of the DU it is for.
        policy_id: name of the policy.
        version: of the policy.
        delivery: grows with each delivery to this DU.
        effective_frame: first frame to be decided with it; 0: at once.
        data: the artefact's bytes.
        traceparent: W3C trace context that travels with the last chunk; empty: none.
    """

    du_id: int
    policy_id: str
    version: int
    delivery: int
    effective_frame: int
    data: bytes
    traceparent: str = ""


def split(artefact: Artefact) -> Iterator[dapp_pb2.PolicyChunk]:
    """The chunks of an artefact in the order to be sent, each with at most 64 KiB.

    Raises:
        ValueError: the artefact is empty or longer than `MAX_ARTEFACT_BYTES`.
    """
    size = len(artefact.data)
    if not 0 < size <= MAX_ARTEFACT_BYTES:
        raise ValueError(f"an artefact of {size} bytes; 1..{MAX_ARTEFACT_BYTES} are allowed")
    digest = hashlib.sha256(artefact.data).digest()
    count = -(-size // CHUNK_BYTES)
    for index in range(count):
        yield dapp_pb2.PolicyChunk(
            du_id=artefact.du_id,
            policy_id=artefact.policy_id,
            version=artefact.version,
            delivery=artefact.delivery,
            sha256=digest,
            chunk_index=index,
            chunk_count=count,
            total_bytes=size,
            effective_frame=artefact.effective_frame,
            data=artefact.data[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES],
            traceparent=artefact.traceparent if index == count - 1 else "",
        )


class Assembler:
    """Puts chunks of one DU together, one artefact at a time.

    Holds at most `max_bytes`. A chunk 0 begins a new artefact and discards an unfinished one: the sender
    gave that up. Any other chunk that does not continue the artefact at hand is refused, and the artefact at
    hand is discarded, because the stream keeps its order and so something was lost.
    """

    def __init__(self, du_id: int, max_bytes: int = MAX_ARTEFACT_BYTES) -> None:
        self._du_id = du_id
        self._max_bytes = max_bytes
        self._head: dapp_pb2.PolicyChunk | None = None
        self._parts: list[bytes] = []

    def add(self, chunk: dapp_pb2.PolicyChunk) -> Artefact | None:
        """Take one chunk; returns the artefact with its last chunk, else None.

        Raises:
            WireError: policy/chunk-foreign (another DU, or another artefact than the one at hand),
                chunk-out-of-order, chunk-duplicate, too-large, corrupt (impossible sizes) or hash-mismatch.
        """
        try:
            self._check(chunk)
        except WireError as error:
            if error.cause.name != "chunk-duplicate":
                self.reset()
            raise
        if chunk.chunk_index == 0:
            self.reset()
            self._head = dapp_pb2.PolicyChunk()
            self._head.CopyFrom(chunk)
            self._head.ClearField("data")
        self._parts.append(chunk.data)
        return self._finish(chunk) if chunk.chunk_index == chunk.chunk_count - 1 else None

    def reset(self) -> None:
        """Forget the unfinished artefact, for example when the session ended."""
        self._head = None
        self._parts = []

    def _check(self, chunk: dapp_pb2.PolicyChunk) -> None:
        if chunk.du_id != self._du_id:
            raise _refused("chunk-foreign", f"the chunk is for DU {chunk.du_id}, this is DU {self._du_id}")
        if chunk.total_bytes > self._max_bytes:
            raise _refused("too-large", f"{chunk.total_bytes} bytes; at most {self._max_bytes}")
        if chunk.chunk_count != -(-chunk.total_bytes // CHUNK_BYTES) or len(chunk.sha256) != 32:
            raise _refused(
                "corrupt", f"{chunk.chunk_count} chunks for {chunk.total_bytes} bytes, or no SHA-256"
            )
        if chunk.chunk_index >= chunk.chunk_count or len(chunk.data) != _length(chunk):
            text = f"chunk {chunk.chunk_index} of {chunk.chunk_count} has {len(chunk.data)} bytes"
            raise _refused("corrupt", text)
        if chunk.chunk_index > 0:
            self._check_continues(chunk)

    def _check_continues(self, chunk: dapp_pb2.PolicyChunk) -> None:
        expected = len(self._parts)
        if self._head is None:
            raise _refused("chunk-out-of-order", f"chunk {chunk.chunk_index} comes first; 0 must")
        if _identity(chunk) != _identity(self._head):
            text = (
                f"{chunk.policy_id} version {chunk.version} amid {self._head.policy_id} {self._head.version}"
            )
            raise _refused("chunk-foreign", text)
        if chunk.chunk_index < expected:
            raise _refused("chunk-duplicate", f"chunk {chunk.chunk_index} came already; {expected} is next")
        if chunk.chunk_index > expected:
            raise _refused("chunk-out-of-order", f"chunk {chunk.chunk_index} came; {expected} is next")

    def _finish(self, chunk: dapp_pb2.PolicyChunk) -> Artefact:
        data = b"".join(self._parts)
        self.reset()
        if hashlib.sha256(data).digest() != chunk.sha256:
            text = (
                f"{chunk.policy_id} version {chunk.version}: the bytes do not have the SHA-256 they came with"
            )
            raise _refused("hash-mismatch", text)
        return Artefact(
            chunk.du_id, chunk.policy_id, chunk.version, chunk.delivery, chunk.effective_frame, data
        )


def _length(chunk: dapp_pb2.PolicyChunk) -> int:
    return min(CHUNK_BYTES, chunk.total_bytes - chunk.chunk_index * CHUNK_BYTES)


def _identity(chunk: dapp_pb2.PolicyChunk) -> tuple[object, ...]:
    return (
        chunk.policy_id,
        chunk.version,
        chunk.delivery,
        chunk.sha256,
        chunk.total_bytes,
        chunk.effective_frame,
    )


def _refused(name: str, text: str) -> WireError:
    return WireError(Cause("policy", name, text))
