"""What a radio unit consumes."""

from pydantic import Field

from cadran.radio.world.section import NonNegative, Section


class Energy(Section):
    """Two states, as TR 38.864 clause 5.1 has them: transmitting, and micro sleep in a TTI without any RB."""

    active_w: NonNegative = Field(
        130.0,
        description="ASSUMED: transmitting, without the part that follows the output (EARTH, macro, one "
        "transceiver of up to 20 W; beyond, the line is stretched).",
    )
    per_output_w: NonNegative = Field(
        4.7, description="ASSUMED: W consumed per W transmitted (EARTH, macro)."
    )
    sleep_w: NonNegative = Field(75.0, description="ASSUMED: in a TTI without transmission (EARTH, macro).")
