"""The scenario's `link` section: delay and loss between the DUs and what learns for them.

Two paths, as on E2: reports go up (what a DU measured and did), policies come down (new actors). An actor
beside the DU is not on the link: it sees its own measurements at once and acts in the same frame.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from cadran.runtime import ConfigError

T = TypeVar("T")

DelayFrames = Annotated[int, Field(ge=0, le=50)]
Loss = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]


class LinkSpec(BaseModel):
    """Impairments of E2; the default is ideal.

    ASSUMED throughout: arXiv 2511.15002 leaves the effect of E2's delay and loss open. A near-RT loop has
    10 ms to 1 s (O-RAN.WG1), so 0 to 5 frames of 10 ms are usual and 50 is the far end. The delay is constant
    and loss strikes each message independently, without repetition.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    report_delay_frames: DelayFrames = Field(
        0, description="A report of frame f is there when frame f + this has ended [frames]."
    )
    policy_delay_frames: DelayFrames = Field(
        0,
        description="A policy sent for frame f acts from frame f + this on [frames]; until then the old one.",
    )
    report_loss: Loss = Field(0.0, description="Share of reports that never arrive.")
    policy_loss: Loss = Field(
        0.0, description="Share of policies that never arrive at a DU: it keeps the old one until the next."
    )

    @property
    def ideal(self) -> bool:
        """Whether everything arrives at once."""
        return self == LinkSpec()


def require_ideal(link: LinkSpec, where: str) -> None:
    """Refuses an impaired link where messages travel as fast as they can.

    Raises:
        ConfigError: The link is not ideal; ``where`` names the scenario.
    """
    if not link.ideal:
        raise ConfigError(
            f"{where}: link: delay and loss are modelled by the laboratory's training only; "
            "leave the section out"
        )


@dataclass(frozen=True)
class Arrival(Generic[T]):
    """What came out of a link.

    Attributes:
        frame: The frame in which it was sent.
        item: What was sent.
        arrived: In which lanes it arrived, bool ``[*lanes]``; in at least one.
    """

    frame: int
    item: T
    arrived: NDArray[np.bool_]


class LossyLink(Generic[T]):
    """A constant delay, and independent loss in each of several parallel lanes; order is kept.

    One item serves all lanes, say a batch of reports with a row for each DU. Without loss nothing is drawn,
    so an ideal link leaves the generator, and with it every other draw, as it was.

    Args:
        delay_frames: Frames from `push` to `arrivals`, at least 0.
        loss: Probability in [0, 1) that an item is lost in a lane.
        rng: Decides what is lost.
        lanes: Shape of the lanes; () is a single one.
    """

    def __init__(
        self, delay_frames: int, loss: float, rng: np.random.Generator, lanes: tuple[int, ...] = ()
    ) -> None:
        self._delay_frames = delay_frames
        self._loss = loss
        self._rng = rng
        self._lanes = lanes
        self._under_way: deque[Arrival[T]] = deque()
        self._last_frame = 0

    def push(self, frame: int, item: T) -> None:
        """Send an item in a frame, no earlier one than the last.

        Raises:
            ValueError: The frame lies before one in which something was already sent.
        """
        if frame < self._last_frame:
            raise ValueError(f"link: frame {frame} comes after frame {self._last_frame}")
        self._last_frame = frame
        arrived = np.ones(self._lanes, dtype=np.bool_)
        if self._loss > 0:
            arrived = np.asarray(self._rng.random(self._lanes) >= self._loss)
        if arrived.any():
            self._under_way.append(Arrival(frame, item, arrived))

    def arrivals(self, frame: int) -> list[Arrival[T]]:
        """All that is there at a frame and was not taken before, oldest first."""
        there = []
        while self._under_way and self._under_way[0].frame + self._delay_frames <= frame:
            there.append(self._under_way.popleft())
        return there
