"""Two levels of decision at a DU: RBs for slices every few frames, RBs and power for users in each.

The form is that of arXiv 2512.13715. Numpy only, as the rest of this room.
"""

from cadran.problem.hierarchy.problem import (
    HierarchicalAssessment,
    HierarchicalProblem,
    LevelRewards,
    names_of,
)
from cadran.problem.hierarchy.reward import higher_returns
from cadran.problem.hierarchy.spec import HierarchySpec
from cadran.problem.hierarchy.transitions import (
    Frames,
    Transitions,
    higher_transitions,
    lower_transitions,
)
from cadran.problem.hierarchy.two_level import LevelPolicy, TwoLevelActor
from cadran.problem.hierarchy.users import UserGrants, UserMeasurements

__all__ = [
    "Frames",
    "HierarchicalAssessment",
    "HierarchicalProblem",
    "HierarchySpec",
    "LevelPolicy",
    "LevelRewards",
    "Transitions",
    "TwoLevelActor",
    "UserGrants",
    "UserMeasurements",
    "higher_returns",
    "higher_transitions",
    "lower_transitions",
    "names_of",
]
