"""What a deployment may choose of A1 policy management."""

from __future__ import annotations

from pydantic import BaseModel, Field

from cadran.rest.callbacks import LOOPBACK_AND_PRIVATE, CallbackHosts


class A1ManagementSettings(BaseModel):
    """The near-RT RIC is the xApp that the setting ``xapp`` names."""

    a1_ric_id: str = Field(
        default="near-rt-ric", pattern=r"^[A-Za-z0-9._~-]{1,128}$", description="name of the near-RT RIC"
    )
    a1_sync_period_s: float = Field(
        default=5.0,
        ge=0.01,
        le=3600,
        description="time between two looks at whether the near-RT RIC holds what it should",
    )
    a1_attempts: int = Field(
        default=3, ge=1, le=20, description="attempts of a call to the near-RT RIC, after short waits"
    )
    a1_policies_most: int = Field(default=100, ge=1, le=10_000, description="A1 policies held at most")
    a1_services_most: int = Field(default=100, ge=1, le=10_000, description="services registered at most")
    a1_policy_bytes: int = Field(
        default=16_384, ge=256, le=1_048_576, description="size of a request with an A1 policy at most"
    )
    a1_notify_hosts: CallbackHosts = Field(
        default=LOOPBACK_AND_PRIVATE,
        description="networks and names of hosts that services may be called back at; by default loopback "
        "and private networks",
    )
    a1_test_control: bool = Field(
        default=False,
        description="true: serve the API that forces answers and delays of A1 policy management, for tests",
    )
