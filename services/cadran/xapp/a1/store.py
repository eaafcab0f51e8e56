"""A1 policies at rest: one file, replaced as a whole, so that a restart finds what was acknowledged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from cadran.runtime import ConfigError
from cadran.runtime.files import atomic_write

FILE = "a1-policies.json"


class HeldPolicy(BaseModel):
    """One policy as the non-RT RIC gave it.

    Attributes:
        type_id: Policy type.
        policy_id: Chosen by the non-RT RIC; unique within its type.
        policy: The policy object.
        destination: URI for notifications of status; None: none wanted.
        created_unix_s: When it was created.
        changed_unix_s: When it was last given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type_id: str
    policy_id: str
    policy: dict[str, Any]
    destination: str | None
    created_unix_s: float
    changed_unix_s: float

    @property
    def key(self) -> tuple[str, str]:
        """Type and id."""
        return self.type_id, self.policy_id


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    policies: tuple[HeldPolicy, ...]


class PolicyFile:
    """The file; writes block.

    Args:
        path: Where it is, or will be.
    """

    _VERSION = 1

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[tuple[str, str], HeldPolicy]:
        """All policies, oldest first; none where there is no file.

        Raises:
            ConfigError: The file is not what `write` leaves: policies must not be forgotten silently.
        """
        try:
            stored = _File.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (ValidationError, OSError) as error:
            raise ConfigError(f"{self._path}: {_first_line(error)}; {self._advice()}") from error
        if stored.version != self._VERSION:
            raise ConfigError(f"{self._path}: version {stored.version} is unknown; {self._advice()}")
        return {policy.key: policy for policy in stored.policies}

    @staticmethod
    def _advice() -> str:
        return "move it away to start without A1 policies"

    def write(self, policies: Mapping[tuple[str, str], HeldPolicy]) -> None:
        """Replace the file.

        Raises:
            OSError: The disk refuses; the old file stands.
        """
        whole = _File(version=self._VERSION, policies=tuple(policies.values()))
        atomic_write(self._path, whole.model_dump_json().encode())


def _first_line(error: ValidationError | OSError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return str(error.strerror or error)
