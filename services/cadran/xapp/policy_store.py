"""Policies at rest: versions of each DU on disk, and which one the DU should run.

Layout: one directory as ``policy.save`` writes it, so that it can be given to any ``--policy`` option,
and in it ``targets.json``. An artefact describes itself, so the list of versions is read from
the artefacts; the target file holds what they cannot know: the version each DU should run, the number of
its delivery, and whether it is pinned.

A delivery is one decision "this DU should now run that version". Its number only grows, also when the
version goes back, so a dApp can tell a roll-back (newer delivery of an older version) from a delayed
artefact. A roll-back pins the DU: newer versions are still stored, but not delivered until
:meth:`PolicyStore.release`, because a learner that goes on would otherwise undo the operator's decision
at its next publication.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from cadran.policy import PolicyError, PolicyMeta, TwoLevelMeta, decode, save
from cadran.runtime.files import atomic_write

_TARGETS = "targets.json"
_LEAP = 100_000
"""Deliveries that an older xApp is taken to have made at most, beyond those known here."""


class UnknownVersionError(LookupError):
    """A DU or a version that the store does not hold; the text names what it does hold."""


@dataclass(frozen=True)
class Target:
    """What a DU should run.

    Attributes:
        version: Policy version.
        delivery: Number of the delivery, growing by 1 with each change of mind, from 1.
        pinned: True after a roll-back: newer versions are not delivered until released.
    """

    version: int
    delivery: int
    pinned: bool


_STORED = TypeAdapter(dict[int, Target])


@dataclass(frozen=True)
class StoredVersion:
    """One artefact of one DU: what its metadata says, its file, and its size in bytes."""

    meta: PolicyMeta | TwoLevelMeta
    path: Path
    size_bytes: int


class PolicyStore:
    """Versions and targets of every DU under one directory; safe to call from several threads."""

    def __init__(self, root: Path, dus: int, kept: int) -> None:
        """Open or create the store.

        Args:
            root: Directory ``policies`` of the state directory.
            dus: Number of DUs, addressed 0..dus-1.
            kept: Newest versions kept per DU; the target is kept in any case.
        """
        self._root = root
        self._kept = kept
        self._lock = threading.RLock()
        self._versions: list[dict[int, StoredVersion]] = [{} for _ in range(dus)]
        self._targets: list[Target | None] = [None] * dus
        self.refused: list[str] = []
        root.mkdir(parents=True, exist_ok=True)
        for path in sorted(root.glob("du*-v*.safetensors")):
            self._take_up(path)
        self._read_targets()

    def _take_up(self, path: Path) -> None:
        """One file found at start; an unsound one is left alone and named in ``refused``."""
        data = path.read_bytes()
        try:
            meta, _ = decode(data)
        except PolicyError as error:
            self.refused.append(f"{path}: {error}")
            return
        if meta.du < self.dus:
            self._versions[meta.du][meta.version] = StoredVersion(meta, path, len(data))

    def _read_targets(self) -> None:
        path = self._root / _TARGETS
        try:
            targets = _STORED.validate_json(path.read_bytes()) if path.exists() else {}
        except ValidationError as error:
            self.refused.append(f"{path}: {error.errors(include_url=False)[0]['msg']}")
            return
        for du, versions in enumerate(self._versions):
            target = targets.get(du)
            if target is not None and versions:
                held = target.version in versions
                self._targets[du] = target if held else _next(target, max(versions), pinned=False)

    def _set_targets(self, changed: Mapping[int, Target]) -> None:
        """They count when they are on disk."""
        targets = [changed.get(du, target) for du, target in enumerate(self._targets)]
        told = {du: asdict(target) for du, target in enumerate(targets) if target}
        atomic_write(self._root / _TARGETS, json.dumps(told).encode())
        self._targets = targets

    def _set_target(self, du: int, target: Target) -> Target:
        self._set_targets({du: target})
        return target

    @property
    def dus(self) -> int:
        """Number of DUs."""
        return len(self._targets)

    def newest_version(self) -> int:
        """Highest version held for any DU; 0 when there is none."""
        with self._lock:
            return max((version for versions in self._versions for version in versions), default=0)

    def publish(self, artefacts: Sequence[bytes], held: Collection[int] = ()) -> dict[int, Target]:
        """Store artefacts (their metadata name DU and version); each becomes its DU's target unless pinned.

        Args:
            artefacts: The policies.
            held: DUs whose target stays, as if they were pinned; one without a target gets its first.

        Returns:
            The target of each artefact's DU afterwards, in their order: the old one if the DU is pinned.

        Raises:
            PolicyError: An artefact is refused (corrupt, not finite, ...); nothing is stored.
            UnknownVersionError: A DU does not exist here; nothing is stored.
            OSError: The disk refuses; targets are as they were, and the call may be repeated.
        """
        metas = [decode(data)[0] for data in artefacts]
        with self._lock:
            for meta in metas:
                self._check_du(meta.du)
            changed = {}
            for meta, data in zip(metas, artefacts, strict=True):
                path = save(self._root, data)
                self._versions[meta.du][meta.version] = StoredVersion(meta, path, len(data))
                before = self._targets[meta.du]
                if before is None or not (before.pinned or meta.du in held):
                    changed[meta.du] = _next(before, meta.version, pinned=False)
            self._set_targets(changed)
            for meta in metas:
                self._prune(meta.du)
            return {meta.du: target for meta in metas if (target := self._targets[meta.du])}

    def _prune(self, du: int) -> None:
        held = self._versions[du]
        target = self._targets[du]
        for version in sorted(held)[: -self._kept]:
            if target is None or version != target.version:
                held.pop(version).path.unlink(missing_ok=True)

    def rollback(self, du: int, version: int | None = None) -> Target:
        """Make an older version the target again, as a new delivery, and pin the DU to it.

        Args:
            du: The DU.
            version: A version held; None takes the newest below the present target.

        Raises:
            UnknownVersionError: No such DU, or no such version held.
        """
        with self._lock:
            wanted = self.require_older(du, version)
            return self._set_target(du, _next(self._targets[du], wanted, pinned=True))

    def require_older(self, du: int, version: int | None) -> int:
        """The version that `rollback` would go back to. Raises as it does."""
        with self._lock:
            self._check_du(du)
            wanted = version if version is not None else self._previous(du)
            self._check_version(du, wanted)
            return wanted

    def _previous(self, du: int) -> int:
        target = self._targets[du]
        older = [held for held in self._versions[du] if target and held < target.version]
        if not older:
            raise UnknownVersionError(f"DU {du} has no version older than its target to go back to")
        return max(older)

    def release(self, du: int) -> Target:
        """End a pin: the newest version becomes the target, as a new delivery.

        Raises:
            UnknownVersionError: No such DU, or it has no version at all.
        """
        with self._lock:
            self._check_du(du)
            target = self._targets[du]
            if target is None:
                raise UnknownVersionError(f"DU {du} has no policy yet")
            newest = max(self._versions[du])
            if not target.pinned and target.version == newest:
                return target
            return self._set_target(du, _next(target, newest, pinned=False))

    def renumber(self, du: int) -> Target:
        """Give the target a much higher delivery number, for a dApp that has seen higher ones than ours.

        Raises:
            UnknownVersionError: No such DU, or it has no version at all.
        """
        with self._lock:
            self._check_du(du)
            target = self._targets[du]
            if target is None:
                raise UnknownVersionError(f"DU {du} has no policy yet")
            return self._set_target(du, replace(target, delivery=target.delivery + _LEAP))

    def target(self, du: int) -> Target | None:
        """What the DU should run; None before its first version."""
        with self._lock:
            self._check_du(du)
            return self._targets[du]

    def versions(self, du: int) -> Sequence[StoredVersion]:
        """Versions held for a DU, oldest first."""
        with self._lock:
            self._check_du(du)
            return [self._versions[du][version] for version in sorted(self._versions[du])]

    def version(self, du: int, version: int) -> StoredVersion:
        """One version's description.

        Raises:
            UnknownVersionError: Not held.
        """
        with self._lock:
            self._check_version(du, version)
            return self._versions[du][version]

    def artifact(self, du: int, version: int) -> bytes:
        """The artefact's bytes, from disk.

        Raises:
            UnknownVersionError: Not held.
        """
        with self._lock:
            self._check_version(du, version)
            return self._versions[du][version].path.read_bytes()

    def _check_du(self, du: int) -> None:
        if not 0 <= du < self.dus:
            raise UnknownVersionError(f"no DU {du}: there are DUs 0..{self.dus - 1}")

    def _check_version(self, du: int, version: int) -> None:
        self._check_du(du)
        held = self._versions[du]
        if version not in held:
            raise UnknownVersionError(
                f"DU {du} holds no version {version}: it holds "
                + (f"{min(held)}..{max(held)} ({len(held)} versions)" if held else "none yet")
            )


def _next(before: Target | None, version: int, *, pinned: bool) -> Target:
    """The target that follows another: one delivery later."""
    return Target(version, before.delivery + 1 if before else 1, pinned)
