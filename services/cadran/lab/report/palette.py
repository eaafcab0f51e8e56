"""Colours: one for each slice, the same in every figure and view.

They are safe for colour-blind eyes (after Okabe and Ito).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colours for one kind of background.

    Attributes:
        page: the background.
        ink: letters and axes.
        grid: lines behind the curves.
        slices: eMBB, mMTC, URLLC.
        sampled: what is acted by sampling; also policies other than the learned one.
        deterministic: what is acted by the policy's mean; also the learned policy.
        learner: the learner's own measures.
    """

    page: str
    ink: str
    grid: str
    slices: tuple[str, str, str]
    sampled: str
    deterministic: str
    learner: str


LIGHT = Palette(
    page="#FFFFFF",
    ink="#1B1F24",
    grid="#E5E7EB",
    slices=("#0072B2", "#E69F00", "#009E73"),
    sampled="#7B8794",
    deterministic="#C2410C",
    learner="#5B4B9A",
)
DARK = Palette(
    page="#1D1D1D",
    ink="#E8EAED",
    grid="#383838",
    slices=("#56B4E9", "#F0B93A", "#3CCB9B"),
    sampled="#9AA5B1",
    deterministic="#FF9D66",
    learner="#B3A6F2",
)
