"""Where learning stands: the best decision of a frame, what nobody can exceed, and what rounding loses."""

from cadran.lab.yardsticks.frame_oracle import FrameOracle
from cadran.lab.yardsticks.relaxation_bound import relaxation_bound
from cadran.lab.yardsticks.threshold_gap import LEVELS, ThresholdGap, threshold_gap

__all__ = ["LEVELS", "FrameOracle", "ThresholdGap", "relaxation_bound", "threshold_gap"]
