"""From SINR to bits."""

from typing import Literal, Self

from pydantic import Field, model_validator

from cadran.radio.world.section import Positive, Section


class Link(Section):
    """Channel state information, link adaptation and HARQ."""

    adaptation: Literal["shannon", "mcs"] = Field(
        "shannon",
        description="shannon: log2(1 + SINR), capped, never in error (the paper); mcs: transport blocks of "
        "TS 38.214 with errors, outer loop and HARQ.",
    )
    max_spectral_efficiency: Positive = Field(
        7.4063,
        le=20,
        description="ASSUMED: bit/s/Hz ceiling of shannon, 256QAM rate 948/1024 (TS 38.214 Table 5.2.2.1-3).",
    )
    mcs_table: Literal[1, 2] = Field(
        2, description="TS 38.214 Table 5.1.3.1-1 (64QAM) or -2 (256QAM), with the CQI table of that number."
    )
    data_symbols: int = Field(
        12, ge=1, le=14, description="ASSUMED: OFDM symbols of a slot that carry data, of 14."
    )
    dmrs_res: int = Field(
        12, ge=0, le=48, description="ASSUMED: resource elements per RB and slot that carry DM-RS."
    )
    csi_period_ttis: int = Field(
        1,
        ge=1,
        le=64,
        description="TTIs between two reports of a UE (paper: it knows its channel at all times).",
    )
    csi_delay_ttis: int = Field(
        0, ge=0, le=32, description="Age of the fading in a report when it is first used, in TTIs."
    )
    csi_interference: Literal["mean", "measured"] = Field(
        "mean",
        description="What a report knows of interference: its mean over fading, or its value at the time.",
    )
    bler_targets: tuple[Positive, Positive, Positive] = Field(
        (0.1, 0.1, 0.001),
        description="ASSUMED: error rate of first transmissions per slice that the outer loop holds.",
    )
    outer_loop_step_db: Positive = Field(
        0.5,
        le=3,
        description="ASSUMED: step down after an error; up by step x target / (1 - target); within 15 dB in "
        "all.",
    )
    harq_retransmissions: int = Field(
        3, ge=0, le=3, description="ASSUMED: most repetitions of a transport block; then it is lost."
    )
    harq_rtt_ttis: Literal[4, 8, 16] = Field(
        8, description="ASSUMED: TTIs from a transmission to its repetition, and HARQ processes of a UE."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if any(target >= 1 for target in self.bler_targets):
            raise ValueError(f"link.bler_targets {self.bler_targets}: allowed are values above 0 and below 1")
        elements = 12 * self.data_symbols
        if elements <= self.dmrs_res:
            raise ValueError(
                f"link.dmrs_res {self.dmrs_res}: the data symbols of an RB have {elements} elements, "
                "allowed is less"
            )
        return self
