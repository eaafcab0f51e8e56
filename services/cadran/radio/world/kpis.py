"""What is measured each frame, and how."""

from typing import Literal, Self

from pydantic import Field, model_validator

from cadran.radio.world.section import Fraction, Positive, Section


class KpiOptions(Section):
    """What is measured each frame, and how."""

    achievable_rate: bool = Field(
        False,
        description="Compute the achievable rate C_i of Eq (1) for every UE (it costs time). Off, "
        "ue_rate_bps is NaN.",
    )
    rate: Literal["equal_airtime", "won_rbs"] = Field(
        "equal_airtime",
        description="ASSUMED: C_i over all RBs of the slice shared equally among its UEs, or only over the "
        "RBs won in the frame (literal e_{u,k}; zero for UEs that won none).",
    )
    latency: Literal["md1", "literal", "measured"] = Field(
        "md1",
        description="ASSUMED: URLLC packet latency by an M/D/1 queue inside the frame; literally 1 ms + "
        "(backlog + one packet) / C_i; or measured: the oldest byte that was delivered in the frame or still "
        "waits (meaningful with several TTIs per frame).",
    )
    latency_cap_s: Positive = Field(
        0.010, description="ASSUMED: modelled URLLC latency is clipped here (one frame)."
    )
    average: Fraction = Field(
        0.1,
        description="ASSUMED: weight of the newest frame in the moving averages of arrivals and channels.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.latency == "literal" and not self.achievable_rate:
            raise ValueError("kpis.latency literal needs kpis.achievable_rate true")
        return self
