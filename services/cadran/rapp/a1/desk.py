"""Policies as the non-RT RIC wants them, brought to the near-RT RIC and kept alike there.

A change goes to the near-RT RIC first and counts when it has answered. What it refuses is refused with its
own words. Without an answer nothing is changed here, and what may have come of it there is taken back at the
next synchronisation. Whenever the near-RT RIC was away, everything that it holds of ours is compared and put
right; policies that others created there are left alone.
"""

from __future__ import annotations

import asyncio
import errno
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from jsonschema import Draft7Validator
from jsonschema.exceptions import SchemaError, best_match
from referencing import Registry
from referencing.exceptions import Unresolvable

from cadran.rapp.a1.client import A1Client, PolicyType, RicAwayError, RicRefusedError
from cadran.rapp.a1.models import PolicyObjectInformation, RicState, ServiceRegistrationInfo
from cadran.rapp.a1.store import HeldPolicy, Memory, read_memory, write_memory
from cadran.rest import StatusError

_STORAGE_FULL = (errno.ENOSPC, errno.EDQUOT)
_AGAIN = {"Retry-After": "5"}


@dataclass(frozen=True)
class DeskSpec:
    """Choices.

    Attributes:
        ric_id: Name of the near-RT RIC.
        sync_period_s: Time between two looks, unless it was changed.
        most_policies: Held at most.
        most_services: Registered at most.
    """

    ric_id: str
    sync_period_s: float
    most_policies: int
    most_services: int


class ManagementObserver(Protocol):
    """Whoever wants to know of what happens; called in the event loop."""

    def state_changed(self, ric_id: str, state: RicState, reason: str) -> None:
        """The near-RT RIC is in another state."""

    def put_right(self, action: str, policy_id: str, reason: str) -> None:
        """A synchronisation ``created``, ``replaced``, ``deleted`` or ``dropped`` a policy, or was
        refused."""

    def expired(self, service_id: str, allowed_s: int) -> None:
        """A service was silent for longer than this, and went with its policies."""

    def held(self, policies: int) -> None:
        """So many policies are held."""

    def stored(self, error: OSError | None) -> None:
        """The file was written, or the disk refused."""

    def available(self, ric_id: str, services: dict[str, ServiceRegistrationInfo]) -> None:
        """The near-RT RIC is available (again): services that want to know are to be told."""


class ManagementDesk:
    """Takes policies and services; used from one event loop.

    Args:
        path: The file of what is remembered.
        client: The near-RT RIC; None: there is none.
        spec: Choices.
        observer: Hears of events.
        now_s: Seconds that only rise.

    Attributes:
        spec: As given.
        state: Of the near-RT RIC.
        reason: Why it is not available; empty if it is.

    Raises:
        ConfigError: The file cannot be read.
    """

    def __init__(
        self,
        path: Path,
        client: A1Client | None,
        spec: DeskSpec,
        observer: ManagementObserver,
        now_s: Callable[[], float],
    ) -> None:
        self.spec = spec
        self.state: RicState = "UNAVAILABLE"
        self.reason = "not asked yet"
        self._path = path
        self._client = client
        self._observer = observer
        self._now_s = now_s
        self._memory = read_memory(path)
        self._working = asyncio.Lock()
        self._refused: dict[str, str] = {}  # policies that the near-RT RIC refuses to take back, and why
        self._active_s = dict.fromkeys(self._memory.services, now_s())
        observer.held(len(self._memory.policies))

    # ------------------------------------------------------------------------------------- looking

    @property
    def memory(self) -> Memory:
        """What is remembered."""
        return self._memory

    @property
    def rics(self) -> list[str]:
        """Names of the near-RT RICs."""
        return [] if self._client is None else [self.spec.ric_id]

    @property
    def sync_period_s(self) -> float:
        """Time between two looks."""
        return self._memory.sync_period_s or self.spec.sync_period_s

    def require_ric(self, ric_id: str) -> None:
        """Raises `StatusError` 404 for a near-RT RIC that is unknown."""
        if ric_id not in self.rics:
            raise StatusError(404, f"no near-RT RIC '{ric_id}': there is {', '.join(self.rics) or 'none'}")

    def policy_type(self, type_id: str) -> PolicyType:
        """A policy type. Raises `StatusError` 404."""
        found = self._memory.types.get(type_id)
        if found is None:
            known = ", ".join(sorted(self._memory.types)) or "none yet"
            raise StatusError(404, f"no policy type '{type_id}': the near-RT RIC has told of {known}")
        return found

    def policy(self, policy_id: str) -> HeldPolicy:
        """A policy. Raises `StatusError` 404."""
        if policy_id not in self._memory.policies:
            raise StatusError(404, f"no policy '{policy_id}'")
        return self._memory.policies[policy_id]

    async def status(self, policy_id: str) -> dict[str, Any]:
        """What the near-RT RIC says of a policy.

        Raises:
            StatusError: 404 no such policy, 503 the near-RT RIC does not answer.
        """
        held = self.policy(policy_id)
        try:
            found = await self._ric().status(held.type_id, policy_id)
        except RicAwayError as error:
            raise StatusError(503, str(error), _AGAIN) from error
        except RicRefusedError as error:
            raise StatusError(error.status, str(error)) from error
        if found is not None:
            return found
        reason = self._refused.get(policy_id, "it is given to it at the next synchronisation")
        details = f"the near-RT RIC does not hold it: {reason}"
        return {"enforceStatus": "NOT_ENFORCED", "enforceReason": "OTHER_REASON", "details": details}

    def _ric(self) -> A1Client:
        if self._client is None:
            raise StatusError(503, "no near-RT RIC is configured (--xapp HOST:PORT names it)")
        return self._client

    # ------------------------------------------------------------------------------------- policies

    async def create(self, wanted: PolicyObjectInformation) -> HeldPolicy:
        """Create a policy.

        Raises:
            StatusError: It is not; nothing was changed.
        """
        self.require_ric(wanted.nearRtRicId)
        self._check(wanted.policyTypeId, wanted.policyObject)
        held = HeldPolicy(
            policy_id=wanted.policyId or str(uuid.uuid4()),
            type_id=wanted.policyTypeId,
            policy=wanted.policyObject,
            service_id=wanted.serviceId,
            transient=wanted.transient,
        )
        self._require_available()
        async with self._working:
            self._require_room(held.policy_id)
            await self._bring(held)
        return held

    async def _bring(self, held: HeldPolicy) -> None:
        """Give a new policy to the near-RT RIC, noted beforehand so that it can be taken back."""
        key = (held.type_id, held.policy_id)
        if await self._called(self._ric().policy(*key)) is not None:
            raise StatusError(409, f"the near-RT RIC holds a policy '{held.policy_id}' of somebody else")
        await self._remember(self._memory.changed(doubtful=self._memory.doubtful | {key}))
        try:
            await self._called(self._ric().put(held.type_id, held.policy_id, held.policy))
        except StatusError as error:
            if error.status != 503:
                await self._remember(self._memory.changed(doubtful=self._memory.doubtful - {key}))
            raise
        policies = {**self._memory.policies, held.policy_id: held}
        await self._remember(self._memory.changed(policies=policies, doubtful=self._memory.doubtful - {key}))

    def _require_room(self, policy_id: str) -> None:
        memory = self._memory
        if policy_id in memory.policies:
            raise StatusError(409, f"there is a policy '{policy_id}'")
        if policy_id in {doubtful for _, doubtful in memory.doubtful}:
            raise StatusError(423, f"policy '{policy_id}' is being taken back at the near-RT RIC", _AGAIN)
        if len(memory.policies) + len(memory.doubtful) >= self.spec.most_policies:
            raise StatusError(507, f"{self.spec.most_policies} policies are held, and no more are taken")

    async def update(self, policy_id: str, policy: dict[str, Any]) -> None:
        """Replace a policy's object.

        Raises:
            StatusError: It is not; nothing was changed.
        """
        self._check(self.policy(policy_id).type_id, policy)
        self._require_available()
        async with self._working:
            held = self.policy(policy_id).model_copy(update={"policy": policy})
            await self._called(self._ric().put(held.type_id, policy_id, policy))
            await self._remember(self._memory.changed(policies={**self._memory.policies, policy_id: held}))

    async def delete(self, policy_id: str) -> None:
        """Delete a policy.

        Raises:
            StatusError: It is not; nothing was changed.
        """
        self.policy(policy_id)
        self._require_available()
        async with self._working:
            await self._delete(self.policy(policy_id))

    async def _delete(self, held: HeldPolicy) -> None:
        await self._called(self._ric().delete(held.type_id, held.policy_id))
        left = {key: one for key, one in self._memory.policies.items() if key != held.policy_id}
        await self._remember(self._memory.changed(policies=left))
        self._refused.pop(held.policy_id, None)

    async def clear(self) -> int:
        """Delete all policies; returns how many. Raises `StatusError`."""
        self._require_available()
        async with self._working:
            policies = list(self._memory.policies.values())
            for held in policies:
                await self._delete(held)
        return len(policies)

    def _check(self, type_id: str, policy: dict[str, Any]) -> None:
        """Hold a policy to the schema that the near-RT RIC gave. Raises `StatusError` 400."""
        schema = self.policy_type(type_id).policySchema
        try:
            Draft7Validator.check_schema(schema)
            # A registry of its own: references to elsewhere are not fetched.
            validator = Draft7Validator(schema, registry=Registry())
            found = best_match(validator.iter_errors(policy))
        except (SchemaError, Unresolvable, re.error, ValueError, RecursionError) as error:
            raise StatusError(502, f"the schema of {type_id} cannot be used: {str(error)[:200]}") from error
        if found is not None:
            where = ".".join(str(part) for part in found.absolute_path) or "policyObject"
            raise StatusError(400, f"{where}: {found.message[:300]}")

    def _require_available(self) -> None:
        if self.state == "SYNCHRONIZING":
            raise StatusError(423, "the near-RT RIC is being synchronised", _AGAIN)
        if self.state == "UNAVAILABLE":
            raise StatusError(503, f"the near-RT RIC is not available: {self.reason}", _AGAIN)

    async def _called(self, call: Any) -> Any:
        """What a call to the near-RT RIC gives; without an answer a synchronisation is due."""
        try:
            return await call
        except RicRefusedError as error:
            raise StatusError(error.status, f"the near-RT RIC refuses: {error}") from error
        except RicAwayError as error:
            self._become("UNAVAILABLE", str(error))
            raise StatusError(503, f"{error}; nothing was changed", _AGAIN) from error

    async def _remember(self, memory: Memory) -> None:
        """It counts when it is on disk; if the disk refuses, a synchronisation puts the near-RT RIC right."""
        try:
            await asyncio.to_thread(write_memory, self._path, memory)
        except OSError as error:
            self._observer.stored(error)
            self._become("UNAVAILABLE", f"to be synchronised: {error}")
            status = 507 if error.errno in _STORAGE_FULL else 503
            raise StatusError(status, f"the disk refuses: {error.strerror or error}") from error
        self._observer.stored(None)
        self._memory = memory
        self._observer.held(len(memory.policies))

    # ------------------------------------------------------------------------------------- services

    async def register(self, service: ServiceRegistrationInfo) -> bool:
        """Register a service, or replace its registration; returns whether it is new."""
        async with self._working:
            services = self._memory.services
            new = service.serviceId not in services
            if new and len(services) >= self.spec.most_services:
                most = self.spec.most_services
                raise StatusError(507, f"{most} services are registered, and no more are taken")
            await self._remember(self._memory.changed(services={**services, service.serviceId: service}))
            self._active_s[service.serviceId] = self._now_s()
        return new

    def require_service(self, service_id: str) -> ServiceRegistrationInfo:
        """A registered service. Raises `StatusError` 404."""
        if service_id not in self._memory.services:
            raise StatusError(404, f"no service '{service_id}' is registered")
        return self._memory.services[service_id]

    def keep_alive(self, service_id: str) -> None:
        """A service is there. Raises `StatusError` 404."""
        self.require_service(service_id)
        self._active_s[service_id] = self._now_s()

    def silent_s(self, service_id: str) -> float:
        """Time since a service was last heard of."""
        return self._now_s() - self._active_s[service_id]

    async def unregister(self, service_id: str) -> None:
        """Remove a service and its policies. Raises `StatusError`."""
        self.require_service(service_id)
        async with self._working:
            await self._unregister(service_id)

    async def _unregister(self, service_id: str) -> None:
        owned = [one for one in self._memory.policies.values() if one.service_id == service_id]
        if owned:
            self._require_available()
        for held in owned:
            await self._delete(held)
        services = {key: one for key, one in self._memory.services.items() if key != service_id}
        await self._remember(self._memory.changed(services=services))
        self._active_s.pop(service_id, None)

    async def _expire(self) -> None:
        for service_id, service in list(self._memory.services.items()):
            allowed = service.keepAliveIntervalSeconds
            if 0 < allowed < self.silent_s(service_id):
                await self._unregister(service_id)
                self._observer.expired(service_id, allowed)

    async def configure(self, sync_period_s: float) -> None:
        """Change the time between two looks. Raises `StatusError`."""
        async with self._working:
            await self._remember(self._memory.changed(sync_period_s=sync_period_s))

    # ------------------------------------------------------------------------------------- keeping alike

    async def run(self) -> None:
        """Synchronise again and again until cancelled."""
        if self._client is None:
            self._become("UNAVAILABLE", "none is configured")
            return
        try:
            while True:
                await self.look()
                await asyncio.sleep(self.sync_period_s)
        finally:
            await self._client.close()

    async def look(self) -> None:
        """Compare with the near-RT RIC and put right; all of it where it was away, else what is missing."""
        whole = self.state != "AVAILABLE"
        async with self._working:
            try:
                await self._synchronise(whole)
                self._become("AVAILABLE", "")
                await self._expire()  # deletes policies, which needs a near-RT RIC that is available
            except (RicAwayError, RicRefusedError) as error:
                self._become("UNAVAILABLE", str(error))
            except StatusError as error:  # the disk, or the near-RT RIC while a service expired
                self._become("UNAVAILABLE", str(error))
        if whole and self.state == "AVAILABLE":
            self._observer.available(self.spec.ric_id, dict(self._memory.services))

    async def _synchronise(self, whole: bool) -> None:
        client = self._ric()
        ids = await client.types()
        if whole:
            self._become("SYNCHRONIZING", "")
            types = {type_id: await client.policy_type(type_id) for type_id in ids}
            if types != self._memory.types:
                await self._remember(self._memory.changed(types=types))
        there = {(type_id, name) for type_id in ids for name in await client.ids(type_id)}
        await self._take_back(there)
        for held in list(self._memory.policies.values()):
            await self._match(held, (held.type_id, held.policy_id) in there, whole)

    async def _take_back(self, there: set[tuple[str, str]]) -> None:
        doubtful = self._memory.doubtful
        for type_id, policy_id in sorted(doubtful & there):
            await self._ric().delete(type_id, policy_id)
            self._observer.put_right("deleted", policy_id, "its creation was never acknowledged")
        if doubtful:
            await self._remember(self._memory.changed(doubtful=frozenset()))

    async def _match(self, held: HeldPolicy, there: bool, whole: bool) -> None:
        if there and not (whole and await self._differs(held)):
            self._refused.pop(held.policy_id, None)
            return
        if not there and held.transient:
            left = {key: one for key, one in self._memory.policies.items() if key != held.policy_id}
            await self._remember(self._memory.changed(policies=left))
            self._observer.put_right("dropped", held.policy_id, "transient, and the near-RT RIC lost it")
            return
        await self._give_again(held, "replaced" if there else "created")

    async def _differs(self, held: HeldPolicy) -> bool:
        return await self._ric().policy(held.type_id, held.policy_id) != held.policy

    async def _give_again(self, held: HeldPolicy, action: str) -> None:
        try:
            await self._ric().put(held.type_id, held.policy_id, held.policy)
        except RicRefusedError as error:
            if self._refused.get(held.policy_id) != str(error):
                self._observer.put_right("refused", held.policy_id, str(error))
            self._refused[held.policy_id] = str(error)
        else:
            self._refused.pop(held.policy_id, None)
            self._observer.put_right(action, held.policy_id, "the near-RT RIC did not hold it so")

    def _become(self, state: RicState, reason: str) -> None:
        changed, self.state, self.reason = state != self.state, state, reason
        if changed:
            self._observer.state_changed(self.spec.ric_id, state, reason)
