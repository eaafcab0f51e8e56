"""Movement and handover."""

from typing import Literal, Self

from pydantic import Field, model_validator

from cadran.radio.world.section import NonNegative, Positive, Section


class Handover(Section):
    """Event A3 of TS 38.331 clause 5.5.4.4, on filtered RSRP."""

    enabled: bool = Field(True, description="Whether UEs that move may change their DU.")
    offset_db: float = Field(3.0, ge=-15, le=15, description="ASSUMED: a3-Offset.")
    hysteresis_db: float = Field(1.0, ge=0, le=15, description="ASSUMED: hysteresis.")
    time_to_trigger_s: NonNegative = Field(0.160, le=5.12, description="ASSUMED: how long A3 must hold.")
    filter_k: int = Field(
        4, ge=0, le=19, description="ASSUMED: filterCoefficient k: weight 0.5^(k/4) of a new measurement."
    )
    interruption_s: NonNegative = Field(
        0.030, le=1, description="ASSUMED: a UE is not served for so long after a handover."
    )


class Mobility(Section):
    """How UEs move. Positions, gains and handovers are updated together every ``update_frames``."""

    kind: Literal["static", "random_waypoint", "corridor", "directions"] = Field(
        "static",
        description="static; random_waypoint; corridor: along straight roads through the layout; directions: "
        "straight on, with a turn of 0, 15, 30 or 60 degrees to either side at each change.",
    )
    speed_min_mps: NonNegative = Field(
        10.0, le=200, description="Slowest UE (Table 1: uniform in 10 to 20 m/s)."
    )
    speed_max_mps: Positive = Field(20.0, le=200, description="Fastest UE (Table 1).")
    pause_s: NonNegative = Field(0.0, description="ASSUMED: random_waypoint: rest at a waypoint.")
    turn_every_s: Positive = Field(5.0, description="ASSUMED: directions: mean time between two changes.")
    update_frames: int = Field(
        4, ge=1, le=1000, description="ASSUMED: frames between two updates (4: the 40 ms of an L1 sample)."
    )
    handover: Handover = Handover()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.speed_min_mps > self.speed_max_mps:
            raise ValueError(
                f"mobility.speed_min_mps {self.speed_min_mps} is above mobility.speed_max_mps "
                f"{self.speed_max_mps}"
            )
        return self
