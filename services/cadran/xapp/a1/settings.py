"""What a deployment may choose of A1-P."""

from __future__ import annotations

from pydantic import BaseModel, Field

from cadran.rest.callbacks import LOOPBACK_AND_PRIVATE, CallbackHosts


class A1Settings(BaseModel):
    """Policies of the non-RT RIC: bounds, window of measurement, notifications."""

    a1_policies_most: int = Field(default=100, ge=1, le=10_000, description="A1 policies held at most")
    a1_policy_bytes: int = Field(
        default=16_384, ge=256, le=1_048_576, description="size of an A1 policy at most"
    )
    a1_window_s: float = Field(
        default=10.0,
        ge=0.01,
        le=3600,
        description="time of the RAN over which measurements tell whether an A1 policy is enforced",
    )
    a1_status_period_s: float = Field(
        default=1.0, ge=0.01, le=60, description="time between two looks at whether A1 policies are enforced"
    )
    a1_notify_hosts: CallbackHosts = Field(
        default=LOOPBACK_AND_PRIVATE,
        description="networks and names of hosts that may be notified of an A1 policy's status; by default "
        "loopback and private networks",
    )
    a1_notify_timeout_s: float = Field(
        default=2.0, gt=0, le=60, description="wait for the answer to a notification"
    )
    a1_notify_attempts: int = Field(
        default=5, ge=1, le=100, description="attempts to deliver a notification, after growing waits"
    )
    a1_test_control: bool = Field(
        default=False, description="true: serve the API that forces answers and delays of A1-P, for tests"
    )
