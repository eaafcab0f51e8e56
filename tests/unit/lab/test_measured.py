"""Policies are tuned and compared under the traffic that was measured, where one was."""

import numpy as np
import pytest

from cadran.lab.evaluation import evaluate
from cadran.lab.policies.baselines import baseline
from cadran.lab.policies.rules import RulePolicy
from cadran.problem import ProblemSpec
from cadran.problem.heuristics import pf_all
from cadran.radio import World

from .worlds import WORLD

SPEC = ProblemSpec()

LOAD = WORLD.load.model_copy(update={"profile": "measured", "profile_step_s": 0.05})
MEASURED = WORLD.model_copy(update={"load": LOAD})
QUIET, BUSY = np.array([1.0, 1.0]), np.array([0.0, 0.0, 0.0, 0.0, 1.0])


def reward(world: World, **measured: np.ndarray) -> float:
    policies = [RulePolicy("pf", pf_all)]
    result = evaluate(world, SPEC, policies, episodes=4, seed=2, **measured)
    return result.results[0].reward.value


def test_an_evaluation_plays_what_was_measured():
    even = reward(MEASURED, load_profile=QUIET)
    assert even == reward(MEASURED, load_profile=2 * QUIET)
    assert even != reward(MEASURED, load_profile=BUSY)
    heavy = np.full(3, 100_000)
    assert reward(MEASURED, load_profile=QUIET, trace_bytes_per_tti=heavy) < even
    with pytest.raises(ValueError, match="load_profile"):
        reward(MEASURED)


@pytest.mark.parametrize("name", ["best-static", "tuned-priority"])
def test_rules_are_tuned_under_what_was_measured(name):
    assert baseline(name, MEASURED, SPEC, 1, load_profile=BUSY).detail
    with pytest.raises(ValueError, match="load_profile"):
        baseline(name, MEASURED, SPEC, 1)
