"""Lets somebody see the rows that come to rest, without ingest knowing."""

from __future__ import annotations

from collections.abc import Callable

from cadran.replay import Identity, Rows
from cadran.xapp.ingest import AsyncStore


class Tap:
    """A store that tells of each append after it has come to rest.

    Args:
        store: Does the work.
        told: Hears of the DU and its rows.
    """

    def __init__(self, store: AsyncStore, told: Callable[[int, Rows], None]) -> None:
        self._store = store
        self._told = told

    async def append(self, du: int, rows: Rows) -> int:
        """As of the store."""
        appended = await self._store.append(du, rows)
        self._told(du, rows)
        return appended

    async def last(self, du: int) -> Identity | None:
        """As of the store."""
        return await self._store.last(du)

    async def count(self, du: int) -> int:
        """As of the store."""
        return await self._store.count(du)
