"""Movement of UEs, and handover between DUs."""

from cadran.radio.mobility.motion import Motion, row_steps, start_motion
from cadran.radio.mobility.update import move

__all__ = ["Motion", "move", "row_steps", "start_motion"]
