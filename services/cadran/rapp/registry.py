"""Initialisations at rest: versions on disk, and which of them is promoted.

Layout: one file per version (``v00000012.safetensors``, a sealed artefact that describes itself) and
``stages.json``, which holds what an artefact cannot know: its stage, why, and the order of promotions. Each
file is written whole or not at all, the artefact first. A version whose stage was not written yet is a
candidate that nobody has judged; a stage whose artefact is gone is forgotten. A registry that is filled from
a copy says so in ``stages.json`` until it is complete.

Stages: a *candidate* was never promoted; one version at most is *promoted*; a *retired* one was. A roll-back
goes to the version promoted before, and pins it: later candidates are registered and judged, but not promoted
until the pin is released or a person promotes one, because a learner that goes on would otherwise undo the
roll-back at its next version.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cadran.policy import PolicyError
from cadran.policy.initialisation import InitialisationMeta, decode_initialisation
from cadran.runtime.files import atomic_write

_STAGES = "stages.json"
NOT_JUDGED = "not judged yet"
"""Why a version stands where it does before anybody has decided on it."""


class Stage(StrEnum):
    """Where a version stands."""

    CANDIDATE = "candidate"
    PROMOTED = "promoted"
    RETIRED = "retired"


class UnknownVersionError(LookupError):
    """A version that the registry does not hold; the text names what it does hold."""


class RefusedError(ValueError):
    """A change that the registry does not make; the text says why."""


class DamagedError(RefusedError):
    """A version whose file cannot be read any more; the text says why."""


class Standing(BaseModel):
    """A version's stage, since when, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Stage
    reason: str
    since_unix_s: float


class RegistryState(BaseModel):
    """What ``stages.json`` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    newest: int = Field(default=0, ge=0, description="highest version ever given; none is used again")
    filling: bool = Field(default=False, description="whether artefacts of a copy are still to come")
    pinned: bool = Field(default=False, description="true after a roll-back")
    promotions: tuple[int, ...] = Field(
        default=(),
        description="versions that were promoted and not rolled back; the last one is promoted now",
    )
    best: int | None = Field(
        default=None,
        description="the one of these that candidates are compared with; null, or not one of these: the last",
    )
    standings: dict[int, Standing] = Field(default_factory=dict, description="by version")


class Entry(NamedTuple):
    """One version: what its artefact says, its file's size, and where it stands."""

    meta: InitialisationMeta
    path: Path
    size_bytes: int
    standing: Standing


class Registry:
    """Versions and stages under one directory; safe to call from several threads.

    Attributes:
        refused: One line for each file that was found unusable at opening.
    """

    def __init__(self, root: Path, kept: int, unix_s: Callable[[], float]) -> None:
        """Open or create the registry.

        Args:
            root: Directory of its files; one process at a time.
            kept: Newest versions kept; the promoted one, the one before it and the best are kept in any case.
            unix_s: Wall clock.
        """
        self._root = root
        self._kept = kept
        self._unix_s = unix_s
        self._lock = threading.RLock()
        self._held: dict[int, tuple[InitialisationMeta, Path, int]] = {}
        self._state = RegistryState()
        self.refused: list[str] = []
        root.mkdir(parents=True, exist_ok=True)
        for torn in root.glob(".*.partial"):
            torn.unlink()
        for path in sorted(root.glob("v*.safetensors")):
            self._take_up(path)
        self._read_state()

    def _take_up(self, path: Path) -> None:
        """One file found at start; an unsound one is left alone and named in ``refused``."""
        data = path.read_bytes()
        try:
            meta, _ = decode_initialisation(data)
        except PolicyError as error:
            self.refused.append(f"{path}: {error}")
        else:
            self._held[meta.version] = (meta, path, len(data))

    def _read_state(self) -> None:
        path = self._root / _STAGES
        state = RegistryState()
        try:
            if path.exists():
                state = RegistryState.model_validate_json(path.read_bytes())
        except ValidationError as error:
            self.refused.append(f"{path}: {error.errors()[0]['msg']}")
        self._state = self._sound(state)

    def _sound(self, state: RegistryState) -> RegistryState:
        """The state without what is gone; if that is the promoted artefact, the one before it takes over."""
        promotions = tuple(version for version in state.promotions if version in self._held)
        standings = {version: held for version, held in state.standings.items() if version in self._held}
        if promotions and promotions[-1] != state.promotions[-1]:
            reason = f"initialisation {state.promotions[-1]} cannot be read"
            standings[promotions[-1]] = self._stand(Stage.PROMOTED, reason)
        newest = max([state.newest, *self._held])
        return RegistryState(
            newest=newest,
            filling=state.filling,
            pinned=state.pinned,
            promotions=promotions,
            best=state.best if state.best in promotions else None,
            standings=standings,
        )

    # ----------------------------------------------------------------------------------------- reading

    @property
    def state(self) -> RegistryState:
        """Stages and promotions as of now."""
        with self._lock:
            return self._state

    @property
    def promoted_version(self) -> int | None:
        """The version that DUs should start from; None before the first promotion."""
        with self._lock:
            return self._state.promotions[-1] if self._state.promotions else None

    @property
    def best_version(self) -> int | None:
        """The version that candidates are compared with; None before the first promotion."""
        with self._lock:
            return self._state.best or self.promoted_version

    @property
    def pinned(self) -> bool:
        """Whether a roll-back holds later versions back."""
        return self.state.pinned

    @property
    def next_version(self) -> int:
        """The number that the next version must have."""
        return self.state.newest + 1

    def entries(self) -> list[Entry]:
        """All versions held, oldest first."""
        with self._lock:
            return [self.entry(version) for version in sorted(self._held)]

    def entry(self, version: int) -> Entry:
        """One version.

        Raises:
            UnknownVersionError: Not held.
        """
        with self._lock:
            self._check(version)
            return Entry(*self._held[version], self._standing(version))

    def artifact(self, version: int) -> bytes:
        """The artefact's bytes, from disk and verified.

        Raises:
            UnknownVersionError: Not held.
            DamagedError: The file is gone or was altered since it was taken up.
        """
        with self._lock:
            self._check(version)
            meta, path, _ = self._held[version]
            try:
                data = path.read_bytes()
                found, _ = decode_initialisation(data)
            except (OSError, PolicyError) as error:
                raise DamagedError(f"initialisation {version} cannot be read: {path}: {error}") from error
        if found.sha256 != meta.sha256:
            raise DamagedError(f"initialisation {version} cannot be read: {path}: it is another one")
        return data

    def _standing(self, version: int) -> Standing:
        not_judged = Standing(
            stage=Stage.CANDIDATE, reason=NOT_JUDGED, since_unix_s=self._held[version][0].created_unix_s
        )
        return self._state.standings.get(version, not_judged)

    def _check(self, version: int) -> None:
        if version not in self._held:
            held = ", ".join(map(str, sorted(self._held))) or "none yet"
            raise UnknownVersionError(f"no initialisation {version}: held are {held}")

    # ---------------------------------------------------------------------------------------- changing

    def register(self, artifact: bytes) -> Entry:
        """Store a new version as a candidate.

        Raises:
            PolicyError: The artefact is refused (corrupt, not finite, ...); nothing is stored.
            RefusedError: Its version is not `next_version`; nothing is stored.
            OSError: The disk refuses; nothing is stored.
        """
        meta, _ = decode_initialisation(artifact)
        with self._lock:
            if meta.version != self.next_version:
                raise RefusedError(f"version {meta.version}: the next one is {self.next_version}")
            self._store(meta, artifact)
            self._prune()
            try:
                self._commit({meta.version: self._stand(Stage.CANDIDATE, NOT_JUDGED)})
            except OSError:
                self._remove(meta.version)
                raise
            return self.entry(meta.version)

    def _store(self, meta: InitialisationMeta, artifact: bytes) -> None:
        path = self._root / f"v{meta.version:08d}.safetensors"
        atomic_write(path, artifact)
        self._held[meta.version] = (meta, path, len(artifact))

    def refuse(self, version: int, reason: str) -> Entry:
        """Write down why a version was not promoted; its stage stays.

        Raises:
            UnknownVersionError: Not held.
        """
        with self._lock:
            stage = self.entry(version).standing.stage
            self._commit({version: self._stand(stage, reason)})
            return self.entry(version)

    def promote(self, version: int, reason: str, over: int | None, *, best: bool = False) -> Entry:
        """Make a version the one that DUs start from; ends a pin.

        Args:
            version: The version.
            reason: Why, for people.
            over: The version promoted now, as whoever decided this knows it; None for none.
            best: Whether candidates are compared with it from now on.

        Raises:
            UnknownVersionError: Not held.
            DamagedError: Its file cannot be read.
            RefusedError: It is promoted already, or another than ``over`` is.
        """
        with self._lock:
            self.artifact(version)
            before = self.promoted_version
            if before == version:
                raise RefusedError(f"initialisation {version} is promoted already")
            if before != over:
                raise RefusedError(f"initialisation {before} was promoted meanwhile")
            changed = {version: self._stand(Stage.PROMOTED, reason)}
            if before is not None:
                changed[before] = self._stand(Stage.RETIRED, f"initialisation {version} was promoted")
            earlier = [held for held in self._state.promotions if held != version]
            compared = version if best else self.best_version
            self._commit(changed, promotions=[*earlier, version], pinned=False, best=compared)
            return self.entry(version)

    def roll_back(self, version: int | None = None) -> Entry:
        """Promote a version again that was promoted before, and pin it.

        Args:
            version: One of those; None takes the last before the present one.

        Raises:
            UnknownVersionError: Not held.
            DamagedError: Its file cannot be read.
            RefusedError: It was never promoted, or there is nothing to go back to.
        """
        with self._lock:
            if version is not None:
                self._check(version)
            *earlier, present = self._state.promotions or (0,)
            if not earlier or (version is not None and version not in earlier):
                known = ", ".join(map(str, earlier)) or "none"
                raise RefusedError(f"nothing to go back to: initialisations promoted before are {known}")
            wanted = version if version is not None else earlier[-1]
            self.artifact(wanted)
            changed = {
                present: self._stand(Stage.RETIRED, f"rolled back to {wanted}"),
                wanted: self._stand(Stage.PROMOTED, f"rolled back from {present}"),
            }
            self._commit(changed, promotions=earlier[: earlier.index(wanted) + 1], pinned=True)
            return self.entry(wanted)

    def release(self) -> None:
        """End a pin: later versions may be promoted again."""
        with self._lock:
            self._commit({}, pinned=False)

    @property
    def lacks_its_copy(self) -> bool:
        """Whether it holds nothing yet, or was ended while it was filled from a copy."""
        with self._lock:
            return self._state.filling or not self._held

    def restore(self, state: RegistryState, artifacts: Mapping[int, bytes]) -> None:
        """Take everything from a copy, into a registry that lacks it.

        What is to come is written down first, so one that is ended amid this is filled at its next start, and
        numbers go on where the copy's were even if that is gone by then.

        Raises:
            PolicyError: An artefact is refused; nothing was changed.
        """
        metas = {version: decode_initialisation(data)[0] for version, data in artifacts.items()}
        with self._lock:
            newest = max(self._state.newest, state.newest)
            self._write(self._state.model_copy(update={"newest": newest, "filling": True}))
            for version in sorted(artifacts):
                self._store(metas[version], artifacts[version])
            self._write(self._sound(state.model_copy(update={"newest": newest, "filling": False})))

    def _stand(self, stage: Stage, reason: str) -> Standing:
        return Standing(stage=stage, reason=reason, since_unix_s=self._unix_s())

    def _commit(
        self,
        changed: Mapping[int, Standing],
        *,
        promotions: Sequence[int] | None = None,
        pinned: bool | None = None,
        best: int | None = None,
    ) -> None:
        """Write a change as a whole; it counts when it is on disk."""
        before = self._state
        state = RegistryState(
            newest=max([before.newest, *self._held]),
            pinned=before.pinned if pinned is None else pinned,
            promotions=tuple(before.promotions if promotions is None else promotions),
            best=before.best if best is None else best,
            standings={**before.standings, **changed},
        )
        self._write(self._sound(state))

    def _write(self, state: RegistryState) -> None:
        atomic_write(self._root / _STAGES, state.model_dump_json().encode())
        self._state = state

    def _prune(self) -> None:
        """Artefacts go first: a stage without one is forgotten, one without a stage would look new."""
        needed = {*self._state.promotions[-2:], self._state.best}
        for version in sorted(self._held)[: -self._kept]:
            if version not in needed:
                self._remove(version)

    def _remove(self, version: int) -> None:
        self._held.pop(version)[1].unlink(missing_ok=True)
