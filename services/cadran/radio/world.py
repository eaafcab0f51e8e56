"""The scenario's ``world`` section: everything that defines the simulated RAN, with units in the names.

Defaults are the world of arXiv 2511.15002 (Table 1). Where the paper is silent the description begins with
ASSUMED and gives the reason. Slices are ordered eMBB, mMTC, URLLC everywhere.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SLICES = 3
EMBB, MMTC, URLLC = 0, 1, 2

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(gt=0, le=1)]
Scheduler = Literal["pf", "rr", "backlog"]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Layout(_Section):
    """Where the DUs' radio units stand and where UEs are dropped."""

    kind: Literal["grid", "rings"] = Field(
        "grid",
        description="ASSUMED: hexagonal sites in rows of a near-square grid (6 DUs: 3 x 2), or as a centre "
        "with rings around it; the paper gives no geometry.",
    )
    inter_site_distance_m: Positive = Field(
        500.0, description="ASSUMED: urban macro spacing (TR 38.901 Table 7.2-1 UMa: 500 m)."
    )
    min_distance_m: Positive = Field(
        10.0, description="ASSUMED: shortest distance used in the path loss (TR 38.901 UMi: 10 m)."
    )


class Channel(_Section):
    """Link budget and fading."""

    tx_power_dbm: float = Field(
        56.0, ge=-30, le=90, description="Power of one radio unit over all RBs (Table 1)."
    )
    noise_density_dbm_per_hz: float = Field(
        -173.0,
        ge=-200,
        le=-100,
        description="Table 1's -173 dBm, read per Hz: per 200 kHz it would be below thermal noise.",
    )
    noise_figure_db: float = Field(
        7.0, ge=0, le=30, description="ASSUMED: UE receiver below 6 GHz (TR 38.901 calibration)."
    )
    path_loss_exponent: float = Field(
        3.5,
        ge=1.5,
        le=6,
        description="ASSUMED: eta of d^-eta; between UMi LOS (2.1) and NLOS (3.53 in TR 38.901).",
    )
    reference_loss_db: float = Field(
        43.3,
        ge=0,
        le=120,
        description="ASSUMED: free-space loss at 1 m and 3.5 GHz, 20 log10(4 pi f / c); the bare "
        "d^-eta of the paper would give SNRs above 80 dB.",
    )
    shadowing_db: float = Field(
        6.0,
        ge=0,
        le=20,
        description="ASSUMED: standard deviation of log-normal shadowing, independent per link "
        "(UMa NLOS in TR 38.901 Table 7.5-6); the paper names none.",
    )
    fading: Literal["rayleigh", "none"] = Field(
        "rayleigh",
        description="Block Rayleigh per link, RB and frame (paper), or none (a constant gain of 1).",
    )
    max_spectral_efficiency: Positive = Field(
        7.4063,
        le=20,
        description="ASSUMED: bit/s/Hz ceiling, 256QAM rate 948/1024 (TS 38.214 Table 5.2.2.1-3).",
    )


class Load(_Section):
    """Traffic: Poisson packets per slice, with loads that differ between DUs and move in time."""

    scale: float = Field(1.0, ge=0, le=100, description="Multiplies the mean load of every slice.")
    mean_bps: tuple[float, float, float] = Field(
        (22e6, 6e6, 6e6),
        description="ASSUMED: mean offered load of a DU per slice; together a little below what "
        "6 DUs at reuse 1 carry, so that slices compete.",
    )
    packet_bits: tuple[int, int, int] = Field(
        (40_000, 800, 256),
        description="ASSUMED: packet of a slice: eMBB 5 kB file part, mMTC 100 B, URLLC 32 B "
        "(TR 38.913 clause 7.9); multiples of 8.",
    )
    factor_min: Positive = Field(0.2, description="ASSUMED: smallest load factor of a (DU, slice).")
    factor_max: Positive = Field(3.0, description="ASSUMED: largest load factor of a (DU, slice).")
    dwell_frames: float = Field(
        25.0,
        ge=1,
        description="ASSUMED: mean number of frames between redraws of a load factor (log-uniform).",
    )
    buffer_s: tuple[float, float, float] = Field(
        (0.6, 0.4, 0.04),
        description="ASSUMED: queue limit of a UE, in seconds of its mean load; beyond it bytes drop.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.factor_min > self.factor_max:
            raise ValueError(f"load.factor_min {self.factor_min} is above load.factor_max {self.factor_max}")
        if any(value < 0 for value in self.mean_bps):
            raise ValueError(f"load.mean_bps {self.mean_bps}: allowed are values >= 0")
        if any(bits < 8 or bits % 8 for bits in self.packet_bits):
            raise ValueError(f"load.packet_bits {self.packet_bits}: allowed are positive multiples of 8")
        if any(value <= 0 for value in self.buffer_s):
            raise ValueError(f"load.buffer_s {self.buffer_s}: allowed are values > 0")
        return self


class Mac(_Section):
    """The scheduler of a DU."""

    schedulers: tuple[Scheduler, Scheduler, Scheduler] = Field(
        ("pf", "pf", "backlog"),
        description="ASSUMED: per slice: pf (rate over mean rate), rr (round robin) or backlog "
        "(pf weighted by the age of the oldest byte, as M-LWDF).",
    )
    idle_rbs: Literal["silent", "active"] = Field(
        "silent",
        description="RBs of a quota without backlog: silent, or active (they transmit padding and so "
        "interfere: the full-buffer reading of the paper's Eq (1)).",
    )


class KpiOptions(_Section):
    """What is measured each frame, and how."""

    achievable_rate: bool = Field(
        False,
        description="Compute the achievable rate C_i of Eq (1) for every UE (it costs time). "
        "Off, ue_rate_bps is NaN.",
    )
    rate: Literal["equal_airtime", "won_rbs"] = Field(
        "equal_airtime",
        description="ASSUMED: C_i over all RBs of the slice shared equally among its UEs, or only "
        "over the RBs won in the frame (literal e_{u,k}; zero for UEs that won none).",
    )
    latency: Literal["md1", "literal"] = Field(
        "md1",
        description="ASSUMED: URLLC packet latency by an M/D/1 queue inside the frame, or literally "
        "1 ms + (backlog + one packet) / C_i.",
    )
    latency_cap_s: Positive = Field(0.010, description="ASSUMED: URLLC latency is clipped here (one frame).")
    average: Fraction = Field(
        0.1,
        description="ASSUMED: weight of the newest frame in the moving averages of arrivals and channels.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.latency == "literal" and not self.achievable_rate:
            raise ValueError("kpis.latency literal needs kpis.achievable_rate true")
        return self


class World(_Section):
    """The simulated RAN. Frozen; unknown keys are errors."""

    dus: int = Field(6, ge=1, le=62, description="Number of DUs, each with one radio unit (paper: 6).")
    ues: int = Field(200, ge=1, le=4464, description="Number of UEs in all (paper: 200).")
    max_ues_per_slice: int = Field(
        24,
        ge=1,
        le=256,
        description="ASSUMED: UEs that one DU admits per slice; a UE attaches to the strongest DU with room.",
    )
    slice_weights: tuple[float, float, float] = Field(
        (1.0, 1.0, 1.0), description="ASSUMED: UEs per slice in proportion to these (equal thirds)."
    )
    rbs: int = Field(100, ge=1, le=275, description="Resource blocks of a DU (paper: 100).")
    rb_bandwidth_hz: Positive = Field(200e3, description="Bandwidth of an RB (paper: 200 kHz).")
    frame_s: Positive = Field(0.010, le=1.0, description="One decision and one radio step (block fading).")
    episode_frames: int = Field(100, ge=1, description="ASSUMED: frames between two drops of UEs.")
    queue_entries: Literal[8, 16, 32, 64, 128, 256] = Field(
        64,
        description="ASSUMED: frames of arrivals that a queue tells apart; beyond, new bytes take the age of "
        "the newest.",
    )
    layout: Layout = Layout()
    channel: Channel = Channel()
    load: Load = Load()
    mac: Mac = Mac()
    kpis: KpiOptions = KpiOptions()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if any(weight < 0 for weight in self.slice_weights) or sum(self.slice_weights) <= 0:
            raise ValueError(f"slice_weights {self.slice_weights}: allowed are values >= 0, not all zero")
        room = self.dus * self.max_ues_per_slice
        most = max(self.ues_per_slice)
        if most > room:
            raise ValueError(
                f"ues {self.ues}: a slice would hold {most} UEs, but {self.dus} DUs with max_ues_per_slice "
                f"{self.max_ues_per_slice} have room for {room}"
            )
        return self

    @property
    def ues_per_slice(self) -> tuple[int, int, int]:
        """UEs of each slice in the whole RAN, by largest remainder."""
        total = sum(self.slice_weights)
        exact = [self.ues * weight / total for weight in self.slice_weights]
        counts = [int(value) for value in exact]
        by_remainder = sorted(range(SLICES), key=lambda s: counts[s] - exact[s])
        for s in by_remainder[: self.ues - sum(counts)]:
            counts[s] += 1
        return counts[0], counts[1], counts[2]

    @property
    def tx_power_per_rb_w(self) -> float:
        """Transmit power of one RB in W: the radio unit's power split equally over the configured RBs."""
        return float(10 ** ((self.channel.tx_power_dbm - 30) / 10) / self.rbs)

    @property
    def noise_per_rb_w(self) -> float:
        """Noise power of one RB in W, noise figure included."""
        per_hz_dbm = self.channel.noise_density_dbm_per_hz + self.channel.noise_figure_db
        return float(10 ** ((per_hz_dbm - 30) / 10) * self.rb_bandwidth_hz)
