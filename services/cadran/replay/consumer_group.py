"""Named readers of a region in Redis: how far each has read every DU's rows, kept on the server.

The rows stand in rings, each under an absolute index for ever, so a reader's place is one number per DU and
nothing is copied for it. A group is a hash `cadran:{region}:replay:group:<name>` of `reader` (a token of the
process that reads for it now) and, per DU, the index up to which rows are acknowledged. A group has one
reader: who joins last. The one before is told at its next acknowledgement, so a process that was taken for
dead cannot speak for the group beside its successor. A server that was emptied does not know the group: who
acknowledges first is its reader.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import Any

import redis
from redis.exceptions import NoScriptError, RedisError

from cadran.replay.redis_protocol import REGION_PATTERN, Layout, Script
from cadran.replay.schema import ReplayError, ReplayUnavailable

_REPLACED = "CADRANREPLACED"

# Indices are below 2^53, so Lua's numbers hold them. A position never falls.
_ACKNOWLEDGE = Script(
    f"""
local reader = redis.call('HGET', KEYS[1], 'reader')
if not reader then redis.call('HSET', KEYS[1], 'reader', ARGV[1])
elseif reader ~= ARGV[1] then return redis.error_reply('{_REPLACED}') end
for du = 0, #ARGV - 2 do
  local before = tonumber(redis.call('HGET', KEYS[1], du) or '0')
  if tonumber(ARGV[du + 2]) > before then redis.call('HSET', KEYS[1], du, ARGV[du + 2]) end
end
return 1
"""
)


class ReaderReplacedError(ReplayError):
    """Another process reads for the group now; this one must stop."""


class ConsumerGroup:
    """One process's membership in a group.

    Args:
        client: the server's client.
        layout: the region.
        name: of the group; letters, digits, `.`, `_` and `-`.

    Raises:
        ReplayError: the name cannot stand in a key.
    """

    def __init__(self, client: redis.Redis, layout: Layout, name: str) -> None:
        if not re.fullmatch(REGION_PATTERN, name):
            raise ReplayError(f"consumer group '{name}': must be 1 to 64 letters, digits, '.', '_' or '-'")
        self._client: Any = client
        self._dus = layout.dus
        self._name = name
        self._key = f"cadran:{{{layout.region}}}:replay:group:{name}"
        self._token = uuid.uuid4().hex

    def known(self) -> bool:
        """Whether anybody ever joined the group, as far as the server remembers: not if it was emptied.

        Raises:
            ReplayUnavailable: the server does not answer.
        """
        try:
            return bool(self._client.exists(self._key))
        except RedisError as error:
            raise self._away(error) from error

    def join(self) -> list[int]:
        """Become the group's reader; per DU, the index up to which the group has acknowledged rows.

        Raises:
            ReplayUnavailable: the server does not answer.
        """
        try:
            change = self._client.pipeline(transaction=True)
            change.hset(self._key, "reader", self._token)
            change.hmget(self._key, [str(du) for du in range(self._dus)])
            replies = change.execute()
        except RedisError as error:
            raise self._away(error) from error
        return [int(position or 0) for position in replies[1]]

    def acknowledge(self, positions: Sequence[int]) -> None:
        """Say that rows below these indices, one per DU, are kept; a second time changes nothing.

        Raises:
            ReaderReplacedError: another process joined since; nothing was changed.
            ReplayUnavailable: the server does not answer; trying again is safe.
        """
        if len(positions) != self._dus:
            raise ReplayError(f"{len(positions)} positions for {self._dus} DUs")
        call = (1, self._key, self._token, *positions)
        try:
            self._run(call)
        except RedisError as error:
            if _REPLACED in str(error):
                raise ReaderReplacedError(
                    f"consumer group '{self._name}': another process reads for it now"
                ) from error
            raise self._away(error) from error

    def _run(self, call: tuple[Any, ...]) -> None:
        try:
            self._client.execute_command("EVALSHA", _ACKNOWLEDGE.sha1, *call)
        except NoScriptError:  # a new or restarted server
            self._client.execute_command("EVAL", _ACKNOWLEDGE.text, *call)

    def _away(self, error: RedisError) -> ReplayUnavailable:
        return ReplayUnavailable(f"consumer group '{self._name}' in Redis does not answer: {error}")
