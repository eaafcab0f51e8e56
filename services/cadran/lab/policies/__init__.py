"""Policies that an evaluation compares: rules, tuned rules, a clairvoyant reference, learned actors."""

from cadran.lab.policies.base import InWorld, LabPolicy, world_of
from cadran.lab.policies.baselines import BASELINES, baseline
from cadran.lab.policies.greedy import OneStepGreedy
from cadran.lab.policies.learned import LearnedPolicy, load_actors
from cadran.lab.policies.rules import RandomActions, RulePolicy
from cadran.lab.policies.tuning import best_muted_split, best_static_split, tuned_priority

__all__ = [
    "BASELINES",
    "InWorld",
    "LabPolicy",
    "LearnedPolicy",
    "OneStepGreedy",
    "RandomActions",
    "RulePolicy",
    "baseline",
    "best_muted_split",
    "best_static_split",
    "load_actors",
    "tuned_priority",
    "world_of",
]
