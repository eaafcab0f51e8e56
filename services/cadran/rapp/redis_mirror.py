"""The registry's copy in Redis, for readers elsewhere and for a new state directory.

Keys, under one hash tag: ``cadran:{region}:rapp:registry`` is a hash of ``state`` (``RegistryState`` as
JSON), ``promoted`` (the version; empty: none), and what `policy.catalogue` has for readers that want no
artefacts;
``cadran:{region}:rapp:initialisations`` is a hash from version to artefact. The disk is the truth: the copy
is brought up to it as a whole, in one transaction.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import redis
from pydantic import ValidationError
from redis.exceptions import RedisError

from cadran.policy import PolicyError
from cadran.policy.catalogue import CATALOGUE_FIELD, SEEN_FIELD, catalogue_key
from cadran.rapp.catalogue import catalogue_of
from cadran.rapp.registry import DamagedError, Registry, RegistryState
from cadran.replay import ReplayError, ReplayUnavailable
from cadran.replay.redis_protocol import check_region


class RedisMirror:
    """Copies a registry to Redis and back.

    Args:
        client: The server's client.
        region: Name of the region whose experience the initialisations come from.
        unix_s: Wall clock.
    """

    def __init__(self, client: redis.Redis, region: str, unix_s: Callable[[], float] = time.time) -> None:
        check_region(region)
        self._client: Any = client
        self._unix_s = unix_s
        self._about = catalogue_key(region)
        self._artifacts = f"cadran:{{{region}}}:rapp:initialisations"
        self._pushing = threading.Lock()  # or an older state could come after a newer one

    def push(self, registry: Registry) -> None:
        """Bring the copy up to the registry; a second time changes nothing.

        A registry that lacks its copy is filled first: the server may have been away when it was opened. A
        version whose file cannot be read any more is left out.

        Raises:
            ReplayUnavailable: The server does not answer; the copy is as it was.
            ReplayError: The copy cannot be read.
        """
        with self._pushing:
            self._push(registry)

    def _push(self, registry: Registry) -> None:
        self.restore(registry)
        state, entries = registry.state, registry.entries()
        held = {entry.meta.version for entry in entries}
        promoted = state.promotions[-1] if state.promotions else ""
        try:
            there = {_version(field) for field in self._client.hkeys(self._artifacts)}
            change = self._client.pipeline(transaction=True)
            for version in held - there:
                with suppress(DamagedError):
                    change.hset(self._artifacts, version, registry.artifact(version))
            for version in there - held:
                change.hdel(self._artifacts, version)
            about = {
                "state": state.model_dump_json(),
                "promoted": promoted,
                CATALOGUE_FIELD: catalogue_of(registry).model_dump_json(),
                SEEN_FIELD: self._unix_s(),
            }
            change.hset(self._about, mapping=about)
            change.execute()
        except RedisError as error:
            raise ReplayUnavailable(f"the registry's copy in Redis does not answer: {error}") from error

    def seen(self) -> None:
        """Say that the registry's keeper is at work, though nothing has changed.

        Raises:
            ReplayUnavailable: The server does not answer.
        """
        try:
            self._client.hset(self._about, SEEN_FIELD, self._unix_s())
        except RedisError as error:
            raise ReplayUnavailable(f"the registry's copy in Redis does not answer: {error}") from error

    def restore(self, registry: Registry) -> int:
        """Fill a registry that lacks its copy; returns the number of versions taken.

        Raises:
            ReplayUnavailable: The server does not answer.
            ReplayError: The copy cannot be read.
        """
        if not registry.lacks_its_copy:
            return 0
        try:
            stored = self._client.hget(self._about, "state")
            artifacts = self._client.hgetall(self._artifacts)
        except RedisError as error:
            raise ReplayUnavailable(f"the registry's copy in Redis does not answer: {error}") from error
        if stored is None:
            return 0
        try:
            state = RegistryState.model_validate_json(stored)
            registry.restore(state, {_version(field): data for field, data in artifacts.items()})
        except (ValidationError, PolicyError) as error:
            raise ReplayError(f"the registry's copy in Redis cannot be read: {error}") from error
        return len(artifacts)


def _version(field: bytes) -> int:
    """The version that a field of the copy is named after. Raises `ReplayError` where it is no number."""
    if not re.fullmatch(b"[0-9]{1,15}", field):
        raise ReplayError(f"the registry's copy in Redis cannot be read: version {field[:40]!r}")
    return int(field)
