"""The file of recorded messages: entries of protobuf, each with its length before it and a checksum in it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from google.protobuf.message import DecodeError

from cadran.wire.gen.trace.v1 import trace_pb2

FORMAT = "cadran-trace"
VERSION = 1
#: Of an entry's length: far more than the longest PDU.
MOST_ENTRY_BYTES = 16 * 2**20
_VARINT_BYTES = 5


class DamageError(ValueError):
    """The file cannot be read from here on.

    Attributes:
        offset: bytes from the file's begin to the entry that cannot be read.
    """

    def __init__(self, offset: int, text: str) -> None:
        super().__init__(f"byte {offset}: {text}")
        self.offset = offset


@dataclass(frozen=True)
class Stored:
    """A record and where its entry begins in the file."""

    offset: int
    record: trace_pb2.Record


def framed(record: trace_pb2.Record) -> bytes:
    """One record as it stands in the file."""
    data = record.SerializeToString()
    entry = trace_pb2.Entry(crc32=zlib.crc32(data), record=data).SerializeToString()
    return _varint(len(entry)) + entry


def read(file: BinaryIO) -> Iterator[Stored]:
    """The records of a file in order, its header first.

    Raises:
        DamageError: it is no such file, of another version, or cut off or corrupt from a place on; all
            records before that place have come.
    """
    offset = 0
    while True:
        head = file.read(1)
        if not head:
            if offset == 0:
                raise DamageError(0, "the file is empty")
            return
        stored = Stored(offset, _record(file, head, offset))
        if offset == 0:
            _check_header(stored.record)
        offset = file.tell()
        yield stored


def read_header(path: Path) -> trace_pb2.Header:
    """The header of a file. Raises `DamageError` and OSError."""
    with path.open("rb") as file:
        for stored in read(file):
            return stored.record.header
    raise DamageError(0, "the file is empty")


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _length(file: BinaryIO, head: bytes, offset: int) -> int:
    value = shift = 0
    while True:
        value |= (head[0] & 0x7F) << shift
        if head[0] < 0x80:
            break
        shift += 7
        head = file.read(1)
        if shift >= 7 * _VARINT_BYTES or not head:
            raise DamageError(offset, "the length of an entry is cut off or corrupt")
    if not 0 < value <= MOST_ENTRY_BYTES:
        raise DamageError(offset, f"an entry of {value} bytes; 1 to {MOST_ENTRY_BYTES} are possible")
    return value


def _record(file: BinaryIO, head: bytes, offset: int) -> trace_pb2.Record:
    length = _length(file, head, offset)
    data = file.read(length)
    if len(data) < length:
        raise DamageError(offset, f"an entry of {length} bytes is cut off after {len(data)}")
    try:
        entry = trace_pb2.Entry.FromString(data)
        if zlib.crc32(entry.record) != entry.crc32:
            raise DamageError(offset, "an entry's checksum does not fit its content")
        record = trace_pb2.Record.FromString(entry.record)
    except (DecodeError, UnicodeDecodeError) as error:  # the latter from protobuf's Python implementation
        raise DamageError(offset, f"an entry is no protobuf message: {error}") from error
    if record.WhichOneof("record") is None:
        raise DamageError(offset, "an entry holds no record of this version")
    return record


def _check_header(record: trace_pb2.Record) -> None:
    if not record.HasField("header") or record.header.format != FORMAT:
        raise DamageError(0, f"not a {FORMAT} file: it does not begin with a header")
    if record.header.version != VERSION:
        raise DamageError(0, f"format version {record.header.version}; this software reads {VERSION}")
