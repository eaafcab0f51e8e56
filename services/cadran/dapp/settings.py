"""Settings of the dApp service."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from cadran.runtime import Address, AddressField
from cadran.runtime.service_settings import RecordSettings, ServiceSettings

ENVIRONMENT_PREFIX = "CADRAN_DAPP_"
_HOST_NAME = "hostname"


def _du_named(value: object) -> object:
    """The ordinal that an orchestrator put at the end of the host's name, where the word asks for it."""
    if value != _HOST_NAME:
        return value
    host = socket.gethostname()
    # The dash keeps a container's random name, which may end in digits as well, from passing for a DU.
    ordinal = re.search(r"-([0-9]+)$", host.partition(".")[0])
    if ordinal is None:
        raise ValueError(f"the host's name '{host}' does not end in an ordinal, as cadran-dapp-3 does")
    return int(ordinal[1])


class DappSettings(RecordSettings, ServiceSettings):
    """Everything a dApp needs besides the scenario's problem; flags > environment > file > defaults."""

    scenario: Path = Field(
        description="scenario file (YAML); the dApp reads its `problem`, `hierarchy`, `impairments`"
    )
    du: Annotated[int, BeforeValidator(_du_named)] = Field(
        ge=0,
        le=99,
        description="index of the DU that this dApp serves; hostname: the ordinal at the end of the host's "
        "name, 3 on cadran-dapp-3",
    )
    seed: int = Field(default=0, ge=0, lt=2**63, description="seed of the exploration noise")
    e3_connect: AddressField = Field(
        default=Address("127.0.0.1", 36422), description="host:port of the DU's E3 agent"
    )
    http: AddressField = Field(
        default=Address("127.0.0.1", 8092), description="host:port of metrics and health"
    )
    policy_max_age_s: float = Field(
        default=600.0,
        gt=0,
        le=604_800,
        description="a policy acts for so long without a sign of the near-RT RIC, an acknowledgement or a "
        "policy; then the DU is told, and schedules by itself",
    )
    report_rows: int = Field(default=20, ge=1, le=256, description="transitions in one report")
    report_period_s: float = Field(
        default=0.2, gt=0, le=60, description="longest wait of a transition for its report to fill"
    )
    buffered_rows: int = Field(
        default=20_000,
        ge=1,
        le=1_000_000,
        description="transitions kept until acknowledged; beyond it the oldest are dropped and counted",
    )
    unacknowledged_rows: int = Field(
        default=2_000, ge=1, le=100_000, description="transitions sent and not acknowledged at a time"
    )
    retry_after_s: float = Field(
        default=0.3, gt=0, le=60, description="wait before transitions that were refused are sent again"
    )
    resend_after_s: float = Field(
        default=2.0,
        gt=0,
        le=600,
        description="transitions are sent again when no acknowledgement came for so long",
    )
