"""Link budget, propagation and fading."""

from typing import Literal

from pydantic import Field

from cadran.radio.world.section import NonNegative, Positive, Probability, Section

PathLoss = Literal["power_law", "uma", "umi", "inf_sl", "inf_dl", "inf_sh", "inf_dh"]


class Channel(Section):
    """What lies between a radio unit and a UE."""

    tx_power_dbm: float = Field(
        56.0, ge=-30, le=90, description="Power of one radio unit over all RBs (Table 1)."
    )
    noise_density_dbm_per_hz: float = Field(
        -173.0,
        ge=-200,
        le=-100,
        description="Table 1's -173 dBm, read per Hz: per 200 kHz it would be below thermal noise.",
    )
    noise_figure_db: float = Field(7.0, ge=0, le=30, description="ASSUMED: UE receiver below 6 GHz.")
    path_loss: PathLoss = Field(
        "power_law",
        description="power_law: reference loss and d^-eta (the paper); the others by TR 38.901 Table "
        "7.4.1-1.",
    )
    path_loss_exponent: float = Field(
        3.5,
        ge=1.5,
        le=6,
        description="ASSUMED: eta of d^-eta; between UMi LOS (2.1) and NLOS (3.53 in TR 38.901). Only for "
        "power_law.",
    )
    reference_loss_db: float = Field(
        43.3,
        ge=0,
        le=120,
        description="ASSUMED: free-space loss at 1 m and 3.5 GHz, 20 log10(4 pi f / c); the bare d^-eta of "
        "the paper would give SNRs above 80 dB. Only for power_law; it does not follow carrier_hz.",
    )
    carrier_hz: float = Field(
        3.5e9,
        ge=0.5e9,
        le=100e9,
        description="ASSUMED: carrier frequency, band n78 (TR 38.901: 0.5 to 100 GHz).",
    )
    bs_height_m: Positive | None = Field(
        None, description="Antenna height of the radio unit; by default 25 (UMa), 10 (UMi), 1.5 or 8 (InF)."
    )
    ue_height_m: float = Field(1.5, ge=1, le=22.5, description="Antenna height of a UE (TR 38.901: 1.5 m).")
    shadowing_db: NonNegative | None = Field(
        6.0,
        le=20,
        description="ASSUMED: standard deviation of log-normal shadowing (UMa NLOS in TR 38.901 Table 7.5-6; "
        "the paper names none); null: that of the path loss model and the link's state.",
    )
    shadowing_distance_m: Positive | None = Field(
        None, description="Decorrelation distance of shadowing; by default that of the path loss model."
    )
    shadowing_site_correlation: Probability = Field(
        0.0,
        description="Correlation of shadowing between sites at one place (TR 38.901: 0; TR 36.942: 0.5).",
    )
    penetration: Literal["none", "low", "high", "below_6ghz", "by_carrier"] = Field(
        "by_carrier",
        description="Loss into buildings for indoor UEs, TR 38.901 clause 7.4.3: low or high loss model, the "
        "one of Table 7.4.3-3, or that one below 6 GHz and low above.",
    )
    antenna: Literal["omni", "sector"] = Field(
        "omni", description="Radio unit: the same gain all around, or the 65 degree element of Table 7.3-1."
    )
    antenna_gain_dbi: float = Field(0.0, ge=-10, le=40, description="Largest antenna gain of a radio unit.")
    downtilt_deg: float = Field(0.0, ge=-90, le=90, description="Of a sector antenna, below the horizon.")
    min_coupling_loss_db: NonNegative = Field(
        0.0,
        description="Coupling loss, antenna gain included, is at least this (TR 36.942: 70 dB macro, 53 dB "
        "micro).",
    )
    fading: Literal["rayleigh", "jakes", "none"] = Field(
        "rayleigh",
        description="rayleigh: block Rayleigh, independent per link, RB and TTI (the paper); jakes: "
        "correlated in time by the UE's speed and in frequency by the delay spread, Rician for line of "
        "sight; none: gain 1.",
    )
    doppler_speed_mps: NonNegative = Field(
        0.833,
        description="ASSUMED: least speed that jakes fading moves with (3 km/h, TR 38.901 Table 7.2-1).",
    )
    delay_spread_s: NonNegative | None = Field(
        None, description="RMS delay spread of NLOS links; by default the median of the path loss model."
    )
    rician_k_db: float | None = Field(
        None,
        ge=-20,
        le=40,
        description="Rician K factor of LOS links; by default the mean of the path loss model. ASSUMED: the "
        "same for all LOS links.",
    )
