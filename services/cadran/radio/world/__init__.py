"""The scenario's ``world`` section, a module per part; see ``world``."""

from cadran.radio.world.profile import DuProfile
from cadran.radio.world.section import EMBB, MMTC, SLICES, URLLC
from cadran.radio.world.world import World

__all__ = ["EMBB", "MMTC", "SLICES", "URLLC", "DuProfile", "World"]
