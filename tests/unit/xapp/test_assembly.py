"""What the xApp says of itself as soon as it is put together; nothing is connected for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from cadran.xapp.assembly import Assembly, new_health
from cadran.xapp.scenario import load_scenario
from cadran.xapp.settings import XappSettings

SMOKE = Path(__file__).parents[3] / "scenarios" / "smoke.yaml"


@pytest.mark.parametrize("learn", [True, False])
def test_metrics_tell_whether_updates_are_to_be_made(tmp_path: Path, learn: bool) -> None:
    settings = XappSettings.model_validate({"scenario": SMOKE, "state_dir": tmp_path, "learn": learn})
    registry = CollectorRegistry()
    Assembly(settings, load_scenario(SMOKE, ()), registry, new_health()).xapp()
    assert registry.get_sample_value("cadran_xapp_learner_enabled") == learn
