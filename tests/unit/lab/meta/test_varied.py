"""An experiment of meta-learning with overrides is the one that its scenario gives with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cadran.lab.meta.experiment import load_meta_experiment, varied_meta
from cadran.runtime import ConfigError

META = Path(__file__).parents[4] / "scenarios" / "meta.yaml"


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("name=other", "hierarchy.decision_frames=5", "meta.inner_steps=2"),
        ("ddpg.gamma=0.5", "disturbance.preempting=true", "world.dus=5", "world.ues=20"),
    ],
)
def test_overrides_mean_the_same_before_and_after_loading(overrides: tuple[str, ...]) -> None:
    experiment = load_meta_experiment(META)
    assert varied_meta(experiment, overrides) == load_meta_experiment(META, overrides)
    assert experiment == load_meta_experiment(META), "the one given has changed"


def test_a_bad_override_is_one_line() -> None:
    with pytest.raises(ConfigError, match=r"--set disturbance\.preemptin"):
        varied_meta(load_meta_experiment(META), ("disturbance.preemptin=true",))
