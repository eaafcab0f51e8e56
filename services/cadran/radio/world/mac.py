"""The scheduler of a DU."""

from typing import Literal

from pydantic import Field

from cadran.radio.world.section import Section

Scheduler = Literal["pf", "rr", "max_cqi", "edf", "mlwdf"]


class Mac(Section):
    """Granularity, order within a slice, and what happens to idle RBs."""

    allocation: Literal["per_rb", "rbg"] = Field(
        "per_rb",
        description="Unit of a grant: one RB, or an RB group, whose fading is taken as flat. Decisions per "
        "RB need per_rb.",
    )
    rbg_rbs: int | None = Field(
        None,
        ge=1,
        le=16,
        description="RBs of a group; by default TS 38.214 Table 5.1.2.2.1-1 configuration 1 (2, 4, 8 or 16).",
    )
    schedulers: tuple[Scheduler, Scheduler, Scheduler] = Field(
        ("pf", "pf", "mlwdf"),
        description="ASSUMED: per slice: pf (rate over mean rate), rr (round robin), max_cqi (rate), edf "
        "(oldest byte first) or mlwdf (pf weighted by the age of the oldest byte).",
    )
    pf_average: Literal["channel", "served"] = Field(
        "channel",
        description="ASSUMED: mean rate in pf and mlwdf: of the channel (right where traffic, not the "
        "scheduler, limits what a UE is served), or of what it was served.",
    )
    pf_window_ttis: int = Field(
        100, ge=2, le=10_000, description="ASSUMED: time constant of the served average, in TTIs."
    )
    idle_rbs: Literal["silent", "active"] = Field(
        "silent",
        description="RBs of a quota without backlog: silent, or active (they transmit padding and so "
        "interfere: the full-buffer reading of the paper's Eq (1)).",
    )
