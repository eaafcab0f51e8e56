"""What policy management remembers: one file, replaced as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from cadran.rapp.a1.client import PolicyType
from cadran.rapp.a1.models import ServiceRegistrationInfo
from cadran.runtime import ConfigError
from cadran.runtime.files import atomic_write

FILE = "a1-management.json"


class HeldPolicy(BaseModel):
    """A policy that the near-RT RIC is to hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy_id: str
    type_id: str
    policy: dict[str, Any]
    service_id: str
    transient: bool


class Memory(BaseModel):
    """Everything that outlives the process.

    Attributes:
        policies: By id.
        services: By id.
        types: Policy types as the near-RT RIC told last, by id.
        doubtful: Type and id of policies that the near-RT RIC may hold although they are not in `policies`:
            they were being created when the answer, or this process, went missing. They are deleted there.
        sync_period_s: As changed while it ran; None: as of the settings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    policies: dict[str, HeldPolicy] = {}
    services: dict[str, ServiceRegistrationInfo] = {}
    types: dict[str, PolicyType] = {}
    doubtful: frozenset[tuple[str, str]] = frozenset()
    sync_period_s: float | None = None

    def changed(self, **fields: object) -> Memory:
        """The same with other fields."""
        return self.model_copy(update=fields)


def read_memory(path: Path) -> Memory:
    """What a file holds; an empty memory where there is none.

    Raises:
        ConfigError: The file is not what `write_memory` leaves: policies must not be forgotten silently.
    """
    try:
        found = Memory.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Memory()
    except (ValidationError, OSError) as error:
        text = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error.strerror
        raise ConfigError(f"{path}: {text}; move it away to start without A1 policies") from error
    if found.version != 1:
        raise ConfigError(f"{path}: version {found.version} is unknown; move it away to start without it")
    return found


def write_memory(path: Path, memory: Memory) -> None:
    """Replace the file. Raises `OSError` when the disk refuses; the old file stands."""
    atomic_write(path, memory.model_dump_json().encode())
