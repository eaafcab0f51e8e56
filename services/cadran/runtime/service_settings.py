"""Settings that services share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cadran.runtime.logging import LogFormat, LogLevel
from cadran.runtime.settings import ConfigError
from cadran.runtime.tls import Tls, TlsFiles


class Closing(Protocol):
    """What has to be closed."""

    def close(self) -> None:
        """Come to an end."""


C = TypeVar("C", bound=Closing)


class RecordSettings(BaseModel):
    """Whether and where a service's messages are recorded."""

    record: Path | None = Field(
        default=None,
        description="file in which every E2, E3 and A1 message of the service is recorded, without HTTP "
        "headers; a file that exists stays, and the new one's name gets a number; none: nothing is recorded",
    )
    record_bytes: int = Field(
        default=2**28,
        ge=2**16,
        le=2**40,
        description="size in bytes at which the recording ends; the file and the log say so",
    )

    @contextmanager
    def recording(self, make: Callable[[Path, int], C]) -> Iterator[C | None]:
        """What `make` makes of file and size, closed at the end; None where nothing is recorded.

        Raises:
            ConfigError: the file cannot be made.
        """
        if self.record is None:
            yield None
            return
        try:
            recorder = make(self.record, self.record_bytes)
        except OSError as error:
            raise ConfigError(f"record = {self.record}: cannot be made: {error.strerror or error}") from error
        try:
            yield recorder
        finally:
            recorder.close()


class ServiceSettings(BaseModel):
    """What every service is told: the scenario, and what is different from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: Path = Field(description="scenario file (YAML) that all services of a testbed share")
    overrides: tuple[str, ...] = Field(default=(), description="scenario overrides, key.path=value")
    tls_ca: Path | None = Field(
        default=None,
        description="certificates (PEM) of the CA that peers' certificates must come from; with tls_cert and "
        "tls_key, everything that the service serves or connects to is mutual TLS, but metrics and health "
        "on a port of their own",
    )
    tls_cert: Path | None = Field(default=None, description="the service's certificate (PEM)")
    tls_key: Path | None = Field(default=None, description="its private key (PEM, mode 0600 or 0640)")

    @model_validator(mode="after")
    def _all_or_none(self) -> ServiceSettings:
        files = {"tls_ca": self.tls_ca, "tls_cert": self.tls_cert, "tls_key": self.tls_key}
        missing = [name for name, path in files.items() if path is None]
        if missing and len(missing) < len(files):
            raise ValueError(f"tls_ca, tls_cert and tls_key go together: {' and '.join(missing)} missing")
        return self

    def tls(self) -> Tls | None:
        """What the files hold; None: no TLS.

        Raises:
            ConfigError: they cannot be used.
        """
        if self.tls_ca is None or self.tls_cert is None or self.tls_key is None:
            return None
        return Tls(TlsFiles(self.tls_ca, self.tls_cert, self.tls_key))


class LearningServiceSettings(ServiceSettings):
    """What a service is told that learns in a thread beside its event loop."""

    thread_switch_s: float = Field(
        default=0.0005,
        ge=1e-5,
        le=0.1,
        description="interpreter's switch interval: how long the learner may keep the event loop waiting",
    )
    loss_limit: float = Field(
        default=1e6,
        gt=0,
        description="a loss beyond this magnitude counts as diverged, as does one that is not finite",
    )
    log_level: LogLevel = Field(default="info", description="least level that is logged")
    log_format: LogFormat = Field(
        default="json", description="json: one object per line; console: aligned text"
    )
