"""What a run that learns online in one process does not take."""

from __future__ import annotations

from pathlib import Path

import pytest

from cadran.lab.experiment import load_experiment
from cadran.lab.online import OnlineRun
from cadran.runtime import ConfigError

SCENARIOS = Path(__file__).parents[3] / "scenarios"


@pytest.mark.parametrize(
    ("override", "named"), [("hierarchy.decision_frames=5", "hierarchy"), ("link.report_loss=0.1", "link")]
)
def test_a_scenario_that_it_cannot_learn_in_is_refused(override: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        OnlineRun(load_experiment(SCENARIOS / "smoke.yaml", (override,)), 0)
