"""Where radio units stand and where UEs are dropped."""

from typing import Literal

from pydantic import Field

from cadran.radio.world.section import Positive, Probability, Section


class Layout(Section):
    """Sites, sectors and the drop of UEs."""

    kind: Literal["grid", "rings"] = Field(
        "grid",
        description="ASSUMED: hexagonal sites in rows of a near-square grid (6 DUs: 3 x 2), or as a centre "
        "with rings around it; the paper gives no geometry.",
    )
    sectors: Literal[1, 3] = Field(
        1, description="DUs per site: one all around, or three that point 120 degrees apart."
    )
    wrap_around: bool = Field(
        False,
        description="Only for complete rings (1, 7, 19 ... sites): copies of the layout stand around it, and "
        "each link uses the nearest copy, so that no cell lies at an edge.",
    )
    inter_site_distance_m: Positive = Field(
        500.0, description="ASSUMED: urban macro spacing (TR 38.901 Table 7.2-1 UMa: 500 m)."
    )
    min_distance_m: Positive = Field(
        10.0, description="ASSUMED: shortest distance used in the path loss (TR 38.901: UMi 10 m, UMa 35 m)."
    )
    indoor_fraction: Probability = Field(
        0.0,
        description="Share of UEs that are indoors (TR 38.901 Table 7.2-1: 0.8 for UMa and UMi); they stay "
        "so while they move: use walking speeds, or 0, with mobility.",
    )
