"""Readers of what services keep on disk and in Redis: a damaged file is refused in one line, or skipped."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cadran.policy.catalogue import Catalogue
from cadran.rapp import checkpoints as rapp_checkpoints
from cadran.rapp.a1.store import Memory, read_memory
from cadran.rapp.kept_rows import KeptRows
from cadran.rapp.redis_mirror import RedisMirror
from cadran.rapp.registry import Registry
from cadran.replay import ReplayError
from cadran.replay.npz import read_export
from cadran.rest.tokens import TokenFile
from cadran.runtime import ConfigError
from cadran.runtime.checkpoints import CheckpointError
from cadran.xapp import checkpoints as xapp_checkpoints
from cadran.xapp.a1.store import HeldPolicy, PolicyFile
from cadran.xapp.console.past import read_past
from cadran.xapp.console.registry import RegistryWatch
from cadran.xapp.guard.audit import AuditLog, AuditSpec
from cadran.xapp.guard.breaker import BreakerSpec
from cadran.xapp.guard.breaker_desk import BreakerDesk, DeskSpec
from cadran.xapp.guard.control import Event
from cadran.xapp.guard.rest import AuditLine
from cadran.xapp.policy_store import PolicyStore

from .made import SCHEMA, initialisation, policy
from .target import Target, reads

_HELD = HeldPolicy(
    type_id="ORAN_SliceSLATarget_1.0.0", policy_id="p", policy={"scope": {}}, destination=None,
    created_unix_s=1.0, changed_unix_s=1.0,
)  # fmt: skip
_EVENT = Event(1.0, 0, "operator", "somebody", "policy", "allowed", "none", "", {"version": 1})


class _Deaf:
    """Hears of nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


def _in_file(
    name: str, read: Callable[[Path], object], beside: dict[str, bytes] | None = None
) -> Callable[[bytes], None]:
    """Reads a folder in which one file holds the input."""

    def run(data: bytes) -> None:
        with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
            root = Path(folder)
            for other, content in (beside or {}).items():
                (root / other).write_bytes(content)
            (root / name).write_bytes(data)
            read(root)

    return run


def _registry(root: Path) -> None:
    registry = Registry(root, 5, lambda: 1.0)
    assert registry.artifact(1)
    registry.register(initialisation(registry.next_version))
    registry.promote(1, "asked for", registry.promoted_version) if registry.promoted_version != 1 else None
    assert registry.promoted_version == 1


def _registry_artifact(root: Path) -> None:
    registry = Registry(root, 5, lambda: 1.0)
    assert len(registry.refused) + len(registry.entries()) == 1


def _policy_store(root: Path) -> None:
    store = PolicyStore(root, 2, 5)
    target = store.target(0)
    for _ in range(2):
        store.publish([policy(store.newest_version() + 1)])
    assert target is None or store.target(0) != target or target.pinned


def _breakers(root: Path) -> None:
    spec = DeskSpec(BreakerSpec(), "act", True, (1.0, 0.5, 2.0), 0.01, 0.1)
    BreakerDesk(spec, 2, root, lambda event: None, _Deaf(), lambda: 1.0)


def _audit(root: Path) -> None:
    log = AuditLog(root, AuditSpec(2**20, 2), _Deaf())
    log.append(_EVENT)
    log.close()
    lines = [AuditLine(**line) for line in log.newest]
    assert lines[0].source == "operator"


def _kept_rows(root: Path) -> None:
    kept = KeptRows(root, SCHEMA, 2, 4, 2)
    for du in range(2):
        kept.rows(du)


class _Redis:
    """A server that holds one value for everything, as text and as a hash."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def hget(self, *_: object) -> bytes:
        return self._data

    def hgetall(self, *_: object) -> dict[bytes, bytes]:
        return {self._data[:1]: initialisation(), b"1": self._data}


class _AsyncRedis(_Redis):
    async def type(self, _: str) -> bytes:
        return b"hash"

    async def hstrlen(self, *_: object) -> int:
        return len(self._data)

    async def hmget(self, *_: object) -> tuple[bytes, bytes]:
        return self._data, self._data


def _mirror(data: bytes) -> None:
    with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
        registry: Any = Registry(Path(folder), 5, lambda: 1.0)
        RedisMirror(_Redis(data), "fuzz").restore(registry)  # type: ignore[arg-type]


def _catalogue(data: bytes) -> None:
    asyncio.run(RegistryWatch(_AsyncRedis(data), "fuzz").look())  # type: ignore[arg-type]


def _targets_seed() -> bytes:
    return json.dumps({0: {"version": 1, "delivery": 3, "pinned": True}}).encode()


def _checkpoint_seeds() -> tuple[bytes, bytes]:
    xapp = xapp_checkpoints.Checkpoint(1, 2, (3, 4), {"state": {}}, b"learner", 5.0)
    rapp = rapp_checkpoints.Checkpoint(1, (2, 3), {}, {"loss": 0.5}, b"learner", 6.0)
    return xapp_checkpoints.encode(xapp), rapp_checkpoints.encode(rapp)


def _a1_file_seed() -> bytes:
    with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
        path = Path(folder) / "file"
        PolicyFile(path).write({_HELD.key: _HELD})
        return path.read_bytes()


def _audit_seed() -> bytes:
    with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
        log = AuditLog(Path(folder), AuditSpec(2**20, 2), _Deaf())
        log.append(_EVENT)
        log.close()
        return (Path(folder) / "audit.jsonl").read_bytes()


def targets() -> list[Target]:
    """All readers of state."""
    of_xapp, of_rapp = _checkpoint_seeds()
    stages = b'{"newest": 1, "promotions": [1], "standings": {}}'
    past = b'{"time_s": 1, "critic_loss": 1, "beta": 1, "sam_share": [0, 1], "reward": [null, 1]}\n'
    head = json.dumps({"form": f"{SCHEMA.fingerprint}/2/6", "places": [{}, {"count": 5}]}).encode()
    return [
        reads(
            "registry-stages",
            _in_file("stages.json", _registry, {"v00000001.safetensors": initialisation()}),
            (),
            [stages],
        ),
        reads(
            "registry-artifact",
            _in_file("v00000001.safetensors", _registry_artifact),
            (),
            [initialisation()],
        ),
        reads("registry-mirror", _mirror, (ReplayError,), [stages, initialisation()]),
        reads("registry-catalogue", _catalogue, (), [Catalogue.model_construct().model_dump_json().encode()]),
        reads(
            "policy-targets",
            _in_file("targets.json", _policy_store, {"du0-v00000001.safetensors": policy()}),
            (),
            [_targets_seed()],
        ),
        reads(
            "breakers",
            _in_file("breakers.json", _breakers),
            (ValueError,),
            [b'{"0": {"state": "open", "manual": true, "proven": true, "wait_s": 3.0}}'],
        ),
        reads("audit", _in_file("audit.jsonl", _audit), (), [_audit_seed()]),
        reads("a1-file", _in_file("a", lambda root: PolicyFile(root / "a").read()), (ConfigError,),
              [_a1_file_seed()]),
        reads("a1-management-file", _in_file("a", lambda root: read_memory(root / "a")), (ConfigError,),
              [Memory().model_dump_json().encode()]),
        reads("progress", _in_file("p", lambda root: read_past(root / "p", 2)), (), [past]),
        reads("kept-rows", _in_file("head.json", _kept_rows), (ReplayError,), [head]),
        reads("export", _in_file("e.npz", lambda root: read_export(root / "e.npz")), (ReplayError,), [b"PK"]),
        reads("tokens", _in_file("t", lambda root: TokenFile(root / "t").caller("x" * 40)), (ConfigError,),
              [b"read somebody " + b"y" * 40 + b"\n"]),
        reads("xapp-checkpoint", xapp_checkpoints.decode, (CheckpointError,), [of_xapp]),
        reads("rapp-checkpoint", rapp_checkpoints.decode, (CheckpointError,), [of_rapp]),
    ]  # fmt: skip
