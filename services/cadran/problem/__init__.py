"""What is observed, decided and rewarded: one mathematics for the lab, the dApp and the xApp (numpy only)."""

from cadran.problem.action import Assignment, Quota, quota_rbs
from cadran.problem.measurements import SLICES, Frame, Measurements
from cadran.problem.problem import Assessment, Problem
from cadran.problem.spec import DeliveredSpec, Eq8Spec, ProblemSpec

__all__ = [
    "SLICES",
    "Assessment",
    "Assignment",
    "DeliveredSpec",
    "Eq8Spec",
    "Frame",
    "Measurements",
    "Problem",
    "ProblemSpec",
    "Quota",
    "quota_rbs",
]
