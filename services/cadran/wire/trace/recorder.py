"""Keeps the messages of one service in a file, off the path of the event loop.

What the service does per message is to put it on a list; a thread writes the list to the file. A list that is
full takes no more until the thread has caught up, and what it did not take stands in the file as a gap.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cadran.wire.gen.trace.v1 import trace_pb2
from cadran.wire.trace.file import FORMAT, VERSION, framed

E2, E3 = trace_pb2.INTERFACE_E2, trace_pb2.INTERFACE_E3
SENT, RECEIVED = trace_pb2.DIRECTION_SENT, trace_pb2.DIRECTION_RECEIVED
MOST_BODY_BYTES = 65536
_MOST_FILES = 1000
_WRITE_EVERY_S = 0.05
#: What a waiting record costs besides its message.
_OVERHEAD_BYTES = 64

_log = logging.getLogger("cadran.wire")


@dataclass(frozen=True)
class Described:
    """What the header of a file says of the service that records.

    Attributes:
        service: ransim, dapp or xapp.
        version: of the software.
        scenario: its name.
        scenario_sha256: of its content, hex.
        seed: of the service.
        epoch: of the RAN; 0: the service learns it from its peers.
    """

    service: str
    version: str
    scenario: str
    scenario_sha256: str
    seed: int
    epoch: int = 0

    def header(self) -> trace_pb2.Header:
        """As it stands in the file."""
        return trace_pb2.Header(
            format=FORMAT,
            version=VERSION,
            service=self.service,
            service_version=self.version,
            scenario=self.scenario,
            scenario_sha256=self.scenario_sha256,
            seed=self.seed,
            epoch=self.epoch,
        )


@dataclass(frozen=True)
class RecorderSpec:
    """Bounds of a recorder.

    Attributes:
        file_bytes: the file's greatest size; at it the recording ends, and the file says so.
        waiting_bytes: messages that wait for the thread.
    """

    file_bytes: int = 2**28
    waiting_bytes: int = 2**24


Make = Callable[[], trace_pb2.Record]


class Recorder:
    """Writes one file until it is closed. An existing file stays: the name then gets a number.

    Args:
        path: the file.
        described: for the header.
        spec: bounds.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path, described: Described, spec: RecorderSpec | None = None) -> None:
        self._spec = spec or RecorderSpec()
        self.path, self._file = _new_file(path)
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, int, int, Make]] = deque()  # bytes, monotonic, wall, the record
        self._waiting_bytes = 0
        self._lost = self._lost_bytes = 0
        self._associations = 0
        self._written_bytes = 0
        self._over = False
        self._stop = threading.Event()
        self.put(0, lambda: trace_pb2.Record(header=described.header()))
        self._thread = threading.Thread(target=self._write, name="recorder", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what waits, and end."""
        self._stop.set()
        self._thread.join()

    def tap(self, interface: trace_pb2.Interface) -> InterfaceTap:
        """What records the streams of one interface."""
        return InterfaceTap(self, interface)

    def exchange(self, exchange: trace_pb2.Exchange) -> None:
        """Record one A1 request with its answer."""
        size = len(exchange.request_body) + len(exchange.response_body)
        self.put(size, lambda: trace_pb2.Record(exchange=exchange))

    def number(self) -> int:
        """The number of a new association."""
        self._associations += 1
        return self._associations

    def put(self, size: int, make: Make) -> None:
        """Take a record with a message of `size` bytes, to be made by the thread; never waits.

        Records without a message, few and needed to read the others, are taken whatever waits.
        """
        if self._over:
            return
        times = time.monotonic_ns(), time.time_ns()
        crucial = size == 0
        size += _OVERHEAD_BYTES
        with self._lock:
            if not crucial and self._waiting_bytes + size > self._spec.waiting_bytes:
                self._lost += 1
                self._lost_bytes += size - _OVERHEAD_BYTES
                return
            if self._lost:
                self._note_gap(*times)
            self._waiting.append((size, *times, make))
            self._waiting_bytes += size

    def _note_gap(self, monotonic_ns: int, wall_ns: int) -> None:
        gap = trace_pb2.Gap(records=self._lost, bytes=self._lost_bytes)
        self._lost = self._lost_bytes = 0
        self._waiting.append((0, monotonic_ns, wall_ns, lambda: trace_pb2.Record(gap=gap)))

    def _write(self) -> None:
        with self._file:
            try:
                while not self._stop.wait(_WRITE_EVERY_S):
                    self._drain()
                self._drain()
            except OSError as error:
                self._end(f"recording ends: {self.path}: {error.strerror or error}")

    def _drain(self) -> None:
        if self._over:
            return
        if self._stop.is_set() and self._lost:
            with self._lock:
                self._note_gap(time.monotonic_ns(), time.time_ns())
        for _ in range(len(self._waiting)):
            with self._lock:
                size, monotonic_ns, wall_ns, make = self._waiting.popleft()
                self._waiting_bytes -= size
            record = make()
            record.monotonic_ns, record.wall_ns = monotonic_ns, wall_ns
            if not self._append(record):
                break
        self._file.flush()

    def _append(self, record: trace_pb2.Record) -> bool:
        data = framed(record)
        limit = self._spec.file_bytes
        if self._written_bytes + len(data) > limit:
            record = trace_pb2.Record(
                full=trace_pb2.Full(limit_bytes=limit),
                monotonic_ns=record.monotonic_ns,
                wall_ns=record.wall_ns,
            )
            self._file.write(framed(record))
            self._end(f"recording ends: {self.path} has reached its limit of {limit} bytes")
            return False
        self._file.write(data)
        self._written_bytes += len(data)
        return True

    def _end(self, why: str) -> None:
        self._over = True
        with self._lock:
            self._waiting.clear()
        _log.warning(why)


class InterfaceTap:
    """Records the streams of one interface.

    Args:
        recorder: where to.
        interface: which one.
    """

    def __init__(self, recorder: Recorder, interface: trace_pb2.Interface) -> None:
        self._recorder = recorder
        self._interface = interface

    def opened(self, peer: str) -> _Association:
        """A stream with this peer begins."""
        return _Association(self._recorder, self._interface, peer)


class _Association:
    """Records one stream."""

    def __init__(self, recorder: Recorder, interface: trace_pb2.Interface, peer: str) -> None:
        self._put = recorder.put
        self._interface = interface
        number = self._number = recorder.number()
        opened = trace_pb2.Opened(association=number, interface=interface, peer=peer)
        self._put(0, lambda: trace_pb2.Record(opened=opened))

    def sent(self, data: bytes) -> None:
        """A PDU was handed to the stream."""
        self._pdu(SENT, data)

    def received(self, data: bytes) -> None:
        """A PDU came."""
        self._pdu(RECEIVED, data)

    def closed(self) -> None:
        """The stream is over."""
        closed = trace_pb2.Closed(association=self._number)
        self._put(0, lambda: trace_pb2.Record(closed=closed))

    def _pdu(self, direction: trace_pb2.Direction, data: bytes) -> None:
        self._put(len(data), lambda: self._made(direction, data))

    def _made(self, direction: trace_pb2.Direction, data: bytes) -> trace_pb2.Record:
        pdu = trace_pb2.Pdu(
            association=self._number, interface=self._interface, direction=direction, data=data
        )
        return trace_pb2.Record(pdu=pdu)


def _new_file(path: Path) -> tuple[Path, BinaryIO]:
    """A file of this name, or with the first free number after it."""
    for number in range(_MOST_FILES):
        candidate = path if number == 0 else path.with_name(f"{path.name}.{number}")
        try:
            handle = os.open(candidate, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        return candidate, os.fdopen(handle, "wb")
    raise OSError(errno.EEXIST, f"{_MOST_FILES} files of this name exist", str(path))
