"""What the synchronous and the asynchronous Redis store share: keys, scripts, arguments and replies.

Per DU there are two keys, with one hash tag so that a Redis Cluster keeps them together:

- `cadran:{region/du}:replay:ring`: a string of capacity x row_bytes; row i stands at slot i % capacity;
- `cadran:{region/du}:replay:head`: a hash of `format` (schema fingerprint and capacity), `count` (rows ever
  stored) and `last` (the first 12 bytes of the last row: its identity).

`cadran:{region}:replay:about` is a hash that tells a reader how to read the rest: `format` and `dus`.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cadran.replay.schema import Identity, ReplayError, Rows, TransitionSchema
from cadran.replay.store import Slice, check_cursor, check_sizes

_IDENTITY = struct.Struct("<QI")

_APPEND_BYTES = 1 << 20
"""Most bytes of one append, so that the server, which runs one script at a time, is never held for long."""
_MOST_STRING_BYTES = 512 << 20
"""Redis keeps no longer string (proto-max-bulk-len)."""
_WRONG_FORMAT = "CADRANFORMAT"
REGION_PATTERN = r"[A-Za-z0-9._-]{1,64}"
"""Names of regions, in full: they stand in keys."""

_CHECK_FORMAT = f"""
local head = redis.call('HMGET', KEYS[2], 'format', 'count', 'last')
if head[1] and head[1] ~= ARGV[1] then
  return redis.error_reply('{_WRONG_FORMAT} ' .. head[1])
end
local capacity, row_bytes = tonumber(ARGV[2]), tonumber(ARGV[3])
local count = tonumber(head[2] or '0')
"""

# An identity is epoch (u8) and frame (u4). Lua's numbers are doubles, so the epoch is compared in two halves.
APPEND_SCRIPT = (
    _CHECK_FORMAT
    + """
local rows = ARGV[4]
local low, high, frame = -1, -1, -1
if head[3] then low, high, frame = struct.unpack('<I4I4I4', head[3]) end
local kept = {}
for at = 1, #rows, row_bytes do
  local l, h, f = struct.unpack('<I4I4I4', rows, at)
  if h > high or (h == high and (l > low or (l == low and f > frame))) then
    kept[#kept + 1] = at
    low, high, frame = l, h, f
  end
end
local stored = #kept
if stored == 0 then return {0, count} end
local last = string.sub(rows, kept[stored], kept[stored] + 11)
if stored * row_bytes < #rows then
  for i = 1, stored do kept[i] = string.sub(rows, kept[i], kept[i] + row_bytes - 1) end
  rows = table.concat(kept)
end
local slot = count % capacity
local fitting = math.min(stored, capacity - slot) * row_bytes
redis.call('SETRANGE', KEYS[1], slot * row_bytes, string.sub(rows, 1, fitting))
if fitting < #rows then redis.call('SETRANGE', KEYS[1], 0, string.sub(rows, fitting + 1)) end
count = count + stored
redis.call('HSET', KEYS[2], 'format', ARGV[1], 'count', string.format('%.0f', count), 'last', last)
return {stored, count}
"""
)

# Rows from a cursor on that stand together in the ring; the reader asks again for those beyond its end.
TAIL_SCRIPT = (
    _CHECK_FORMAT
    + """
local start = math.max(tonumber(ARGV[4]), count - capacity)
local slot = start % capacity
local readable = math.min(count - start, capacity - slot, tonumber(ARGV[5]))
if readable <= 0 then return {start, count, ''} end
return {start, count, redis.call('GETRANGE', KEYS[1], slot * row_bytes, (slot + readable) * row_bytes - 1)}
"""
)


@dataclass(frozen=True)
class Script:
    """A Lua script and the name that Redis knows it by."""

    text: str

    @cached_property
    def sha1(self) -> str:
        """EVALSHA's argument: the SHA-1 of the text, which names it and protects nothing."""
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


APPEND = Script(APPEND_SCRIPT)
TAIL = Script(TAIL_SCRIPT)


@dataclass(frozen=True)
class Layout:
    """Names and sizes of one region's replay in Redis.

    Attributes:
        region: name of the RAN region whose experience this is; letters, digits, `.`, `_` and `-`.
        schema: layout of a row.
        dus: number of DUs, at least 1.
        capacity: rows kept per DU, at least 1.
    """

    region: str
    schema: TransitionSchema
    dus: int
    capacity: int

    def __post_init__(self) -> None:
        check_region(self.region)
        check_sizes(self.dus, self.capacity)
        ring_bytes = self.capacity * self.schema.row_bytes
        if ring_bytes > _MOST_STRING_BYTES:
            most = _MOST_STRING_BYTES // self.schema.row_bytes
            raise ReplayError(
                f"replay capacity of {self.capacity} rows: a DU's ring would take {ring_bytes} bytes; "
                f"Redis keeps at most {most} rows of {self.schema.row_bytes} bytes"
            )

    @property
    def format(self) -> str:
        """What writers and readers must agree on."""
        return f"{self.schema.fingerprint}/{self.capacity}"

    def keys(self, du: int) -> tuple[str, str]:
        """The DU's ring and head."""
        if not 0 <= du < self.dus:
            raise ReplayError(f"DU {du}: this replay holds DUs 0 to {self.dus - 1}")
        name = f"cadran:{{{self.region}/{du}}}:replay"
        return f"{name}:ring", f"{name}:head"

    def append_calls(self, du: int, rows: Rows) -> Iterator[tuple[Any, ...]]:
        """Keys and arguments of the append script, one call per piece of bounded size."""
        data = self.schema.encode(rows)
        size = self.schema.row_bytes
        step = min(self.capacity, max(1, _APPEND_BYTES // size)) * size
        for at in range(0, len(data), step):
            yield (2, *self.keys(du), self.format, self.capacity, size, data[at : at + step])

    def tail_call(self, du: int, cursor: int, limit: int) -> tuple[Any, ...]:
        """Keys and arguments of the tail script."""
        return (2, *self.keys(du), self.format, self.capacity, self.schema.row_bytes, cursor, limit)

    def tail_reply(self, du: int, cursor: int, reply: Sequence[Any]) -> Slice:
        """The tail script's reply as rows."""
        start, count, data = reply
        check_cursor(du, cursor, count)
        return Slice(start, self.schema.decode(data), count)

    def wrong_format(self, found: str) -> ReplayError:
        """The error for a region that was written with another format."""
        return ReplayError(
            f"replay region '{self.region}' holds rows of format {found}, this service uses {self.format}: "
            "choose another region or another database, or use the scenario that wrote it"
        )


def check_region(region: str) -> None:
    """Raise `ReplayError` unless the name can stand in a key."""
    if not re.fullmatch(REGION_PATTERN, region):
        raise ReplayError(f"replay region '{region}': must be 1 to 64 letters, digits, '.', '_' or '-'")


def about_key(region: str) -> str:
    """The hash that tells how to read a region."""
    return f"cadran:{{{region}}}:replay:about"


def parse_format(text: str) -> tuple[TransitionSchema, int]:
    """Schema and capacity from a format."""
    fingerprint, _, capacity = text.partition("/")
    if not re.fullmatch("[0-9]{1,15}", capacity):
        raise ReplayError(f"replay format '{text}': not one that this version can read")
    return TransitionSchema.from_fingerprint(fingerprint), int(capacity)


def parse_identity(data: bytes) -> Identity:
    """(epoch, frame) from the 12 bytes that the head keeps.

    Raises:
        ReplayError: not 12 bytes.
    """
    if len(data) != _IDENTITY.size:
        raise ReplayError(f"the last row's identity has {len(data)} bytes, not {_IDENTITY.size}")
    epoch, frame = _IDENTITY.unpack(data)
    return epoch, frame


def format_in(error: Exception) -> str | None:
    """The format that a script found instead of its own; None if the error is another one."""
    match = re.search(rf"{_WRONG_FORMAT} (\S+)", str(error))
    return match.group(1) if match else None
