"""What one DU serves, where DUs are told apart."""

from pydantic import Field

from cadran.radio.world.load import Load
from cadran.radio.world.section import Positive, Section

Window = tuple[Positive, Positive]


class DuProfile(Section):
    """UEs, loads and speed of one DU."""

    ues: tuple[int, int, int] = Field(
        description="UEs of each slice that stand where this DU is the strongest: 0 to "
        "max_ues_per_slice of each."
    )
    load: tuple[Window, Window, Window] | None = Field(
        None,
        description="Smallest and largest load factor of each slice here, within load.factor_min and "
        "load.factor_max; with load.profile random only. None: that whole range.",
    )
    speed_mps: Positive | None = Field(
        None,
        le=200,
        description="Speed of the jakes fading of this DU's UEs, which themselves stay where they are, in "
        "place of channel.doppler_speed_mps.",
    )


def check_profile(name: str, profile: DuProfile, places: int, load: Load) -> None:
    """See that ``profile`` fits into its world.

    Args:
        name: of the profile, for messages.
        profile: of one DU.
        places: UEs that a DU admits per slice.
        load: the world's.

    Raises:
        ValueError: too many UEs, or a window that is empty, out of range or of no use.
    """
    if any(not 0 <= ues <= places for ues in profile.ues):
        raise ValueError(f"{name}.ues {profile.ues}: allowed are 0 to max_ues_per_slice {places}")
    if profile.load is None:
        return
    if load.profile != "random":
        raise ValueError(f"{name}.load: needs load.profile random, not {load.profile}")
    for low, high in profile.load:
        if not load.factor_min <= low <= high <= load.factor_max:
            raise ValueError(
                f"{name}.load ({low}, {high}): allowed are windows (least, most) from load.factor_min "
                f"{load.factor_min} to load.factor_max {load.factor_max}"
            )
