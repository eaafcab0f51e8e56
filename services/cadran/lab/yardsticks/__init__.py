"""Where learning stands: the best decision of a frame, what nobody can exceed, and what rounding loses."""

from cadran.lab.yardsticks.frame_oracle import FrameOracle

__all__ = ["FrameOracle"]
