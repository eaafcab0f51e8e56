"""Traffic offered to the slices."""

from typing import Literal, Self

from pydantic import Field, model_validator

from cadran.radio.world.section import Positive, Section

Source = Literal["poisson", "ftp3", "periodic", "xr", "beta_burst", "full_buffer"]


class Load(Section):
    """Sources per slice, with loads that differ between DUs and move in time."""

    sources: tuple[Source, Source, Source] = Field(
        ("poisson", "poisson", "poisson"),
        description="poisson: packets of packet_bits; ftp3: files of ftp_file_bytes (FTP model 3, TR "
        "36.889); periodic: one packet per UE and period_s; xr: video frames (TR 38.838); beta_burst: "
        "Poisson with the Beta(3, 4) intensity of TR 37.868; full_buffer: queues never run empty.",
    )
    scale: float = Field(1.0, ge=0, le=100, description="Multiplies the mean load of every slice.")
    mean_bps: tuple[float, float, float] = Field(
        (22e6, 6e6, 6e6),
        description="ASSUMED: mean offered load of a DU per slice (poisson, ftp3, beta_burst); together a "
        "little below what 6 DUs at reuse 1 carry, so that slices compete.",
    )
    packet_bits: tuple[int, int, int] = Field(
        (40_000, 800, 256),
        description="ASSUMED: packet of a slice: eMBB 5 kB file part, mMTC 100 B, URLLC 32 B (TR 38.913 "
        "clause 7.9); multiples of 8.",
    )
    factor_min: Positive = Field(
        0.2, description="ASSUMED: smallest load factor of a (DU, slice); for poisson, ftp3 and beta_burst."
    )
    factor_max: Positive = Field(3.0, description="ASSUMED: largest load factor of a (DU, slice).")
    dwell_frames: float = Field(
        25.0,
        ge=1,
        description="ASSUMED: mean number of frames between redraws of a load factor (log-uniform).",
    )
    step_frame: int | None = Field(
        None,
        ge=0,
        description="Frame of an episode, from 0, from which on loads are multiplied by step_factor; none: "
        "they never are.",
    )
    step_factor: float = Field(
        1.0,
        ge=0,
        le=100,
        description="Multiplies every load factor from step_frame on (poisson, ftp3 and beta_burst); queues "
        "stay as long as they were.",
    )
    profile: Literal["random", "day", "measured"] = Field(
        "random",
        description="Load factors in time: redrawn at random; one day's curve, the same at all DUs; or "
        "measured ones, handed to the radio.",
    )
    profile_step_s: Positive = Field(
        1.0, description="Simulated seconds per step of a day (24 x 4 steps) or of a measured profile."
    )
    ftp_file_bytes: int = Field(
        500_000, ge=1, le=10**8, description="File of FTP model 3 (TR 36.889: 0.5 MB)."
    )
    period_s: Positive = Field(
        0.002, description="ASSUMED: periodic: time between packets of a UE (TR 38.824)."
    )
    xr_bps: Positive = Field(30e6, description="XR video rate of a UE (TR 38.838: 30 Mbit/s).")
    xr_fps: Positive = Field(60.0, le=500, description="XR video frames per second (TR 38.838: 60).")
    xr_size_std: float = Field(
        0.105,
        ge=0,
        le=0.5,
        description="Standard deviation of a frame's size over its mean, cut at 0.5 and 1.5.",
    )
    xr_jitter_s: float = Field(
        0.002, ge=0, le=0.01, description="Standard deviation of a frame's jitter, cut at twice that."
    )
    burst_period_s: Positive = Field(10.0, description="beta_burst: length of one burst (TR 37.868: 10 s).")
    buffer_s: tuple[float, float, float] = Field(
        (0.6, 0.4, 0.04),
        description="ASSUMED: queue limit of a UE, in seconds of its mean load; beyond it bytes drop.",
    )
    delay_budget_s: tuple[Positive, Positive, Positive] = Field(
        (0.300, 0.300, 0.005),
        description="ASSUMED: packet delay budget of a slice, in whole TTIs but at least one (5QI 8, 8 and "
        "85 in TS 23.501 Table 5.7.4-1).",
    )
    discard_late: bool = Field(False, description="Bytes that waited longer than the budget are dropped.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.factor_min > self.factor_max:
            raise ValueError(f"load.factor_min {self.factor_min} is above load.factor_max {self.factor_max}")
        if self.step_frame is None and self.step_factor != 1:
            raise ValueError(f"load.step_factor {self.step_factor}: needs load.step_frame, when it begins")
        if any(value < 0 for value in self.mean_bps):
            raise ValueError(f"load.mean_bps {self.mean_bps}: allowed are values >= 0")
        if any(bits < 8 or bits % 8 for bits in self.packet_bits):
            raise ValueError(f"load.packet_bits {self.packet_bits}: allowed are positive multiples of 8")
        if any(value <= 0 for value in self.buffer_s):
            raise ValueError(f"load.buffer_s {self.buffer_s}: allowed are values > 0")
        return self
