"""The scenario's ``world`` section: everything that defines the simulated RAN, with units in the names.

Defaults are the world of arXiv 2511.15002 (Table 1). Where the paper is silent the description begins with
ASSUMED and gives the reason. Slices are ordered eMBB, mMTC, URLLC everywhere.
"""

from typing import Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from cadran.radio.world.channel import Channel
from cadran.radio.world.energy import Energy
from cadran.radio.world.kpis import KpiOptions
from cadran.radio.world.layout import Layout
from cadran.radio.world.link import Link
from cadran.radio.world.load import Load
from cadran.radio.world.mac import Mac
from cadran.radio.world.mobility import Mobility
from cadran.radio.world.presets import PRESETS, overlay
from cadran.radio.world.profile import DuProfile, check_profile
from cadran.radio.world.section import SLICES, Positive, Section

MAX_TTIS_PER_EPISODE = 2**30


class World(Section):
    """The simulated RAN. Frozen; unknown keys are errors."""

    preset: Literal["paper", "3gpp", "3gpp-30khz"] = Field(
        "paper", description="Where the fields that are not given come from; see ``presets``."
    )

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
    frame_s: Positive = Field(0.010, le=1.0, description="One decision.")
    ttis_per_frame: int = Field(
        1,
        ge=1,
        le=100,
        description="Radio steps of a decision: 1 is block fading over the frame (the paper); 10 of 1 ms or "
        "20 of 0.5 ms are slots of TS 38.211.",
    )
    episode_frames: int = Field(100, ge=1, description="ASSUMED: frames between two drops of UEs.")
    queue_entries: Literal[8, 16, 32, 64, 128, 256] = Field(
        64,
        description="ASSUMED: TTIs of arrivals that a queue tells apart; beyond, new bytes take the age of "
        "the newest.",
    )
    layout: Layout = Layout()
    channel: Channel = Channel()
    link: Link = Link()
    load: Load = Load()
    mac: Mac = Mac()
    mobility: Mobility = Mobility()
    energy: Energy = Energy()
    kpis: KpiOptions = KpiOptions()
    profiles: tuple[DuProfile, ...] = Field(
        (),
        description="What each DU serves, one profile per DU; ues is then their sum. None: DUs are alike.",
    )

    @model_validator(mode="before")
    @classmethod
    def _over_preset(cls, data: Any) -> Any:
        """Fields that are not given come from the preset; an unknown one is left to the field's own check."""
        if isinstance(data, dict) and data.get("preset") in PRESETS:
            return overlay(PRESETS[data["preset"]], data)
        return data

    @model_serializer(mode="wrap")
    def _without_empty_profiles(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A world without profiles is written as worlds were before there were any, so that a result kept
        under its fields is found again.
        """
        data: dict[str, Any] = handler(self)
        if not self.profiles:
            data.pop("profiles", None)
        return data

    @model_validator(mode="after")
    def _profiles_fit(self) -> Self:
        if not self.profiles:
            return self
        if len(self.profiles) != self.dus:
            raise ValueError(
                f"profiles: {len(self.profiles)} given, allowed are none or {self.dus}, one per DU"
            )
        for c, profile in enumerate(self.profiles):
            check_profile(f"profiles.{c}", profile, self.max_ues_per_slice, self.load)
            still = self.mobility.kind == "static" and self.channel.fading == "jakes"
            if profile.speed_mps is not None and not still:
                raise ValueError(
                    f"profiles.{c}.speed_mps: needs mobility.kind static and channel.fading jakes, not "
                    f"{self.mobility.kind} and {self.channel.fading}"
                )
        if self.ues != sum(self.ues_per_slice):
            raise ValueError(
                f"ues {self.ues}: allowed is {sum(self.ues_per_slice)}, the sum over the profiles"
            )
        if len(set(self.slice_weights)) > 1:
            raise ValueError(f"slice_weights {self.slice_weights}: allowed without profiles only")
        return self

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
        if self.link.adaptation == "mcs" and self.ttis_per_frame == 1:
            raise ValueError("link.adaptation mcs needs slots: allowed is ttis_per_frame >= 2")
        if self.kpis.latency == "measured" and self.ttis_per_frame == 1:
            raise ValueError("kpis.latency measured needs slots: allowed is ttis_per_frame >= 2")
        step = self.load.step_frame
        if step is not None and step >= self.episode_frames:
            raise ValueError(
                f"load.step_frame {step}: allowed are frames of an episode, 0 to {self.episode_frames - 1}"
            )
        if self.episode_frames * self.ttis_per_frame > MAX_TTIS_PER_EPISODE:
            raise ValueError(f"episode_frames {self.episode_frames}: allowed are {MAX_TTIS_PER_EPISODE} TTIs")
        return self

    @property
    def ues_per_slice(self) -> tuple[int, int, int]:
        """UEs of each slice in the whole RAN: those of the profiles, or by largest remainder."""
        if self.profiles:
            embb, mmtc, urllc = zip(*(profile.ues for profile in self.profiles), strict=True)
            return sum(embb), sum(mmtc), sum(urllc)
        total = sum(self.slice_weights)
        exact = [self.ues * weight / total for weight in self.slice_weights]
        counts = [int(value) for value in exact]
        by_remainder = sorted(range(SLICES), key=lambda s: counts[s] - exact[s])
        for s in by_remainder[: self.ues - sum(counts)]:
            counts[s] += 1
        return counts[0], counts[1], counts[2]

    @property
    def doppler_speeds_mps(self) -> tuple[float, ...]:
        """Least speed that jakes fading moves with at each DU."""
        least = self.channel.doppler_speed_mps
        if not self.profiles:
            return (least,) * self.dus
        return tuple(least if profile.speed_mps is None else profile.speed_mps for profile in self.profiles)

    @property
    def tti_s(self) -> float:
        """Length of a transmission time interval in s."""
        return self.frame_s / self.ttis_per_frame

    @property
    def unit_rbs(self) -> tuple[int, ...]:
        """RBs of each unit of allocation: all 1, or of each RB group (the last one may be smaller)."""
        size = self._rbs_per_unit()
        return tuple(min(size, self.rbs - first) for first in range(0, self.rbs, size))

    def _rbs_per_unit(self) -> int:
        if self.mac.allocation == "per_rb":
            return 1
        if self.mac.rbg_rbs is not None:
            return self.mac.rbg_rbs
        bounds = ((36, 2), (72, 4), (144, 8), (275, 16))
        return next(size for last, size in bounds if self.rbs <= last)

    @property
    def tx_power_per_rb_w(self) -> float:
        """Transmit power of one RB in W: the radio unit's power split equally over the configured RBs."""
        return float(10 ** ((self.channel.tx_power_dbm - 30) / 10) / self.rbs)

    @property
    def noise_per_rb_w(self) -> float:
        """Noise power of one RB in W, noise figure included."""
        per_hz_dbm = self.channel.noise_density_dbm_per_hz + self.channel.noise_figure_db
        return float(10 ** ((per_hz_dbm - 30) / 10) * self.rb_bandwidth_hz)
