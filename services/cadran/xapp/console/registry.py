"""The rApp's registry as its copy in Redis tells of it: no other path leads from the rApp to this page.

What stands there was written by another service, so it is looked at with suspicion: bounded in size, read as
a whole or not at all, and whatever is wrong with it becomes words on the page.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import Any, Final

import redis.asyncio
from pydantic import ValidationError
from redis.exceptions import RedisError

from cadran.policy.catalogue import CATALOGUE_FIELD, MOST_BYTES, SEEN_FIELD, Catalogue, catalogue_key

PERIOD_S: Final = 2.0
"""Time between two looks: a version comes once in minutes."""


@dataclass(frozen=True)
class Sighting:
    """What one look found.

    Attributes:
        catalogue: The registry; None where there is none to show.
        seen_unix_s: When the rApp was last at work, by its own clock; None: it did not say.
        trouble: Why there is no catalogue, or why this one is old; None: nothing is wrong.
        absent: Whether no rApp has ever kept a registry here.
    """

    catalogue: Catalogue | None = None
    seen_unix_s: float | None = None
    trouble: str | None = None
    absent: bool = False


class RegistryWatch:
    """Looks again and again until cancelled.

    Args:
        client: The server's client; its time-outs bound each look.
        region: Name of the region, as the rApp knows it.
        period_s: Time between two looks.

    Attributes:
        sighting: The newest one.
    """

    def __init__(self, client: redis.asyncio.Redis, region: str, period_s: float = PERIOD_S) -> None:
        self._client: Any = client
        self._key = catalogue_key(region)
        self._period_s = period_s
        self.sighting = Sighting(trouble="not looked at yet")

    async def run(self) -> None:
        """Keep `sighting` new."""
        while True:
            await self.look()
            await asyncio.sleep(self._period_s)

    async def look(self) -> None:
        """Look once; of a server that does not answer, the page goes on showing what was seen before."""
        try:
            self.sighting = await self._found()
        except RedisError as error:
            old = self.sighting
            self.sighting = Sighting(old.catalogue, old.seen_unix_s, f"Redis does not answer: {error}")

    async def _found(self) -> Sighting:
        if await self._client.type(self._key) not in (b"hash", b"none"):
            return Sighting(trouble=f"damaged: {self._key} in Redis is no hash")
        size = await self._client.hstrlen(self._key, CATALOGUE_FIELD)
        if size > MOST_BYTES:
            return Sighting(trouble=f"damaged: {size} bytes, no catalogue has more than {MOST_BYTES}")
        text, seen = await self._client.hmget(self._key, CATALOGUE_FIELD, SEEN_FIELD)
        seen_unix_s = _time(seen)
        if text is None:
            absent = seen is None
            return Sighting(
                seen_unix_s=seen_unix_s, trouble=None if absent else "not told yet", absent=absent
            )
        try:
            return Sighting(Catalogue.model_validate_json(text), seen_unix_s)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            return Sighting(
                seen_unix_s=seen_unix_s, trouble=f"damaged: {where or 'as a whole'}: {first['msg']}"
            )


def _time(text: bytes | None) -> float | None:
    """Unix seconds out of their text; None if that is no such number."""
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None
