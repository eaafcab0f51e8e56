"""Shapes of the A1 policy management API, named as in O-RAN.WG2.R1AP and the O-RAN SC's management
service."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

RicState = Literal["UNAVAILABLE", "SYNCHRONIZING", "AVAILABLE"]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]{1,128}$")]
_POLICY: dict[str, Any] = {
    "scope": {"sliceId": {"sst": 1, "plmnId": {"mcc": "001", "mnc": "01"}}},
    "sliceSlaObjectives": {"guaDlThptPerSlice": 5000},
}


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StatusInfo(_Shape):
    """The service answers."""

    status: str = "success"


class RicInfo(_Shape):
    """A near-RT RIC."""

    ricId: str
    managedElementIds: list[str] = Field(description="its gNBs; not told apart here")
    state: RicState
    policyTypeIds: list[str] = Field(description="policy types that it knows")


class RicInfoList(_Shape):
    """All near-RT RICs."""

    rics: list[RicInfo]


class PolicyTypeInformation(_Shape):
    """A policy type of a near-RT RIC."""

    policyTypeId: str
    nearRtRicId: str


class PolicyObjectInformation(_Shape):
    """A policy to create."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "nearRtRicId": "near-rt-ric",
                    "policyTypeId": "ORAN_SliceSLATarget_1.0.0",
                    "policyId": "embb-guarantee",
                    "policyObject": _POLICY,
                }
            ]
        },
    )
    nearRtRicId: Id
    policyTypeId: Id
    policyObject: dict[str, Any] = Field(description="as the schema of the policy type says")
    policyId: Id | None = Field(default=None, description="left out: one is made up")
    serviceId: Id | Literal[""] = Field(default="", description="service that owns it")
    transient: bool = Field(
        default=False, description="true: it is dropped when the near-RT RIC has lost it, not given again"
    )


class PolicyInformation(_Shape):
    """A policy that is held."""

    policyId: str
    nearRtRicId: str


class ServiceRegistrationInfo(_Shape):
    """A service (an rApp) to supervise."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"serviceId": "planner", "keepAliveIntervalSeconds": 60}]},
    )
    serviceId: Id
    keepAliveIntervalSeconds: int = Field(
        default=0, ge=0, le=86_400, description="silent for longer: it and its policies are removed; 0: never"
    )
    callbackUrl: str = Field(
        default="", max_length=1024, description="told when a near-RT RIC is available (again); empty: nobody"
    )


class ServiceStatus(ServiceRegistrationInfo):
    """A service as it is registered."""

    timeSinceLastActivitySeconds: int


class ServiceStatusList(_Shape):
    """Registered services."""

    serviceList: list[ServiceStatus]


class RicConfiguration(_Shape):
    """How a near-RT RIC is reached."""

    ricId: str
    address: str


class Configuration(_Shape):
    """What the service is configured with."""

    rics: list[RicConfiguration]
    syncPeriodSeconds: float


class ConfigurationChange(_Shape):
    """What of it can be changed while it runs."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"syncPeriodSeconds": 5}]}
    )
    syncPeriodSeconds: float = Field(
        ge=0.01, le=3600, allow_inf_nan=False, description="time between two looks at the near-RT RIC"
    )
