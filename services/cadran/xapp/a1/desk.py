"""The policies in force: taken, kept, acted on, and judged by what is measured.

A policy counts from the moment that its file is on disk. It is acted on as a whole or not at all: one
statement without effect, or a scope that is not here, and nothing of it moves a threshold or a limit; its
status says so.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cadran.problem import Frame, ProblemSpec
from cadran.rest import StatusError
from cadran.xapp.a1.bounds import Bounds
from cadran.xapp.a1.conflicts import conflict
from cadran.xapp.a1.effects import Standing, thresholds
from cadran.xapp.a1.enforcement import Status, measured_status, not_enforced, standing
from cadran.xapp.a1.measured import MeasuredWindow
from cadran.xapp.a1.policy_types import InvalidPolicyError, PolicyType
from cadran.xapp.a1.statements import read
from cadran.xapp.a1.store import HeldPolicy, PolicyFile
from cadran.xapp.kpm_board import KpmReport

Key = tuple[str, str]
_STORAGE_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class DeskSpec:
    """Choices; times in seconds.

    Attributes:
        reward: The scenario's reward.
        frame: Facts of the RAN.
        most: Policies at most, of all types.
        status_period_s: Time between two looks at what was measured.
    """

    reward: ProblemSpec
    frame: Frame
    most: int
    status_period_s: float


@dataclass(frozen=True)
class Surroundings:
    """Whom the desk speaks to.

    Attributes:
        rejudge: Takes, for each DU, what its reward is computed with from now on.
        plmn_of: PLMN of a DU's E2 node, digits; None: it is not associated.
        unix_s: Wall clock.
    """

    rejudge: Callable[[Sequence[ProblemSpec]], None]
    plmn_of: Callable[[int], str | None]
    unix_s: Callable[[], float]


class A1Observer(Protocol):
    """Whoever wants to know of policies; called in the event loop."""

    def policies_changed(self, statuses: Mapping[Key, Status]) -> None:
        """The policies, or the status of one, are others than before."""

    def status_changed(self, policy: HeldPolicy, status: Status) -> None:
        """A policy's status is another than before, or its first."""

    def deleted(self, policy: HeldPolicy) -> None:
        """A policy is gone."""

    def stored(self, error: OSError | None) -> None:
        """The file was written, or the disk refused."""


@dataclass
class _Entry:
    """A policy with what it comes to."""

    held: HeldPolicy
    judged: Standing | Status
    status: Status | None = None


class A1Desk:
    """Takes policies and tells of them; used from one event loop.

    Args:
        types: The policy types by id.
        file: Where policies are kept.
        window: What was measured.
        bounds: Keeps the guard's limits.
        spec: Choices.
        around: Whom it speaks to.
        observer: Hears of events.

    Attributes:
        types: As given.
        refused: Stored policies that do not fit their type any more, and why; they are not in force.

    Raises:
        ConfigError: The file cannot be read.
    """

    def __init__(
        self,
        types: Mapping[str, PolicyType],
        file: PolicyFile,
        window: MeasuredWindow,
        bounds: Bounds,
        spec: DeskSpec,
        around: Surroundings,
        observer: A1Observer,
    ) -> None:
        self.types = types
        self.refused: list[str] = []
        self._file = file
        self._window = window
        self._bounds = bounds
        self._spec = spec
        self._around = around
        self._observer = observer
        self._writing = asyncio.Lock()
        self._entries: dict[Key, _Entry] = {}
        for key, held in file.read().items():
            self._take_up(key, held)
        self._act()

    def _take_up(self, key: Key, held: HeldPolicy) -> None:
        try:
            judged = self._judged(held.type_id, held.policy)
        except (StatusError, InvalidPolicyError) as error:
            self.refused.append(f"{held.type_id}/{held.policy_id}: {error}")
        else:
            self._entries[key] = _Entry(held, judged)

    # ------------------------------------------------------------------------------------- looking

    def policy_type(self, type_id: str) -> PolicyType:
        """A policy type.

        Raises:
            StatusError: 404.
        """
        if type_id not in self.types:
            raise StatusError(404, f"no policy type '{type_id}': there are {', '.join(sorted(self.types))}")
        return self.types[type_id]

    def ids(self, type_id: str) -> list[str]:
        """Ids of the policies of a type. Raises `StatusError` 404 for a type that is unknown."""
        self.policy_type(type_id)
        return [policy_id for type_, policy_id in self._entries if type_ == type_id]

    def policy(self, type_id: str, policy_id: str) -> HeldPolicy:
        """One policy. Raises `StatusError` 404."""
        return self._entry(type_id, policy_id).held

    def status(self, type_id: str, policy_id: str) -> Status:
        """Its status as of now. Raises `StatusError` 404."""
        entry = self._entry(type_id, policy_id)
        return self._status(entry.held.key, entry.judged)

    def all(self) -> list[tuple[HeldPolicy, Status]]:
        """Every policy with its status as last judged, oldest first."""
        return [(entry.held, self._of(entry)) for entry in self._entries.values()]

    def _of(self, entry: _Entry) -> Status:
        return entry.status or self._status(entry.held.key, entry.judged)

    def _entry(self, type_id: str, policy_id: str) -> _Entry:
        self.policy_type(type_id)
        entry = self._entries.get((type_id, policy_id))
        if entry is None:
            raise StatusError(404, f"no policy '{policy_id}' of type {type_id}")
        return entry

    # ------------------------------------------------------------------------------------- changing

    async def put(self, type_id: str, policy_id: str, policy: Mapping[str, Any], to: str | None) -> bool:
        """Create or replace a policy.

        Args:
            type_id: Its type.
            policy_id: Its id.
            policy: The policy object.
            to: URI for notifications; None: none wanted.

        Returns:
            Whether it was created.

        Raises:
            StatusError: 400 it does not fit its type, 404 no such type, 409 it contradicts another, 503 and
                507 the disk refuses or no more are taken; nothing was changed.
        """
        try:
            judged = self._judged(type_id, policy)
        except InvalidPolicyError as error:
            raise StatusError(400, str(error)) from error
        async with self._writing:
            key, now_s = (type_id, policy_id), self._around.unix_s()
            before = self._entries.get(key)
            if before is None and len(self._entries) >= self._spec.most:
                raise StatusError(507, f"{self._spec.most} policies are held, and no more are taken")
            self._require_peace(key, judged)
            held = HeldPolicy(
                type_id=type_id,
                policy_id=policy_id,
                policy=dict(policy),
                destination=to,
                created_unix_s=before.held.created_unix_s if before else now_s,
                changed_unix_s=now_s,
            )
            await self._write({**self._held(), key: held})
            self._entries[key] = _Entry(held, judged)
            self._act()
        return before is None

    def _judged(self, type_id: str, policy: Mapping[str, Any]) -> Standing | Status:
        self.policy_type(type_id).check(policy)
        return standing(read(type_id, policy), self._spec.reward, self._spec.frame.dus)

    def _require_peace(self, key: Key, judged: Standing | Status) -> None:
        if isinstance(judged, Status):
            return
        for other, one in self._standing().items():
            found = conflict(judged, one) if other != key else None
            if found is not None:
                raise StatusError(409, f"policy '{other[1]}' of type {other[0]} stands against it: {found}")

    async def delete(self, type_id: str, policy_id: str) -> None:
        """Remove a policy; what it changed is as before.

        Raises:
            StatusError: 404 there is none, 503 and 507 the disk refuses.
        """
        async with self._writing:
            held = self._entry(type_id, policy_id).held
            await self._write({key: one for key, one in self._held().items() if key != held.key})
            del self._entries[held.key]
            self._observer.deleted(held)
            self._act()

    async def clear(self) -> int:
        """Remove all policies; returns how many there were.

        Raises:
            StatusError: 503 and 507, the disk refuses.
        """
        async with self._writing:
            await self._write({})
            gone, self._entries = self._entries, {}
            for entry in gone.values():
                self._observer.deleted(entry.held)
            self._act()
        return len(gone)

    def _held(self) -> dict[Key, HeldPolicy]:
        return {key: entry.held for key, entry in self._entries.items()}

    async def _write(self, policies: dict[Key, HeldPolicy]) -> None:
        try:
            await asyncio.to_thread(self._file.write, policies)
        except OSError as error:
            self._observer.stored(error)
            full = error.errno in _STORAGE_FULL
            raise StatusError(507 if full else 503, f"the disk refuses: {error.strerror or error}") from error
        self._observer.stored(None)

    # ------------------------------------------------------------------------------------- acting

    def _standing(self) -> dict[Key, Standing]:
        return {
            key: entry.judged for key, entry in self._entries.items() if isinstance(entry.judged, Standing)
        }

    def _act(self) -> None:
        """Let thresholds and limits be what the policies ask for, and judge these."""
        policies = self._standing()
        self._around.rejudge(thresholds(self._spec.reward, self._spec.frame, list(policies.values())))
        self._bounds.stand({origin(key): policy for key, policy in policies.items()})
        self._judge_anew()
        self._tell()

    def measured(self, du: int, report: KpmReport) -> None:
        """A DU reported measurements."""
        self._window.take(du, report)
        self._bounds.measured(du)

    async def run(self) -> None:
        """Judge all policies again and again until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(self._spec.status_period_s)

    def look(self) -> None:
        """Judge all policies."""
        for du in range(self._spec.frame.dus):
            if self._around.plmn_of(du) is None:
                self._window.forget(du)
        self._judge_anew()

    def _judge_anew(self) -> None:
        changed = False
        for key, entry in self._entries.items():
            status = self._status(key, entry.judged)
            if entry.status is None or status.reason != entry.status.reason:
                changed = True
                self._observer.status_changed(entry.held, status)
            entry.status = status
        if changed:
            self._tell()

    def _tell(self) -> None:
        self._observer.policies_changed({held.key: status for held, status in self.all()})

    def _status(self, key: Key, judged: Standing | Status) -> Status:
        if isinstance(judged, Status):
            return judged
        unfit = self._bounds.unfit(origin(key))
        if unfit is not None:
            return not_enforced("OTHER_REASON", unfit)
        return measured_status(judged, self._window, self._around.plmn_of)


def origin(key: Key) -> str:
    """How a policy is called among the guard's limits."""
    return f"a1:{key[0]}/{key[1]}"
