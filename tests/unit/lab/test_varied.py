"""An experiment with overrides is the one that its scenario gives with the same overrides."""

from __future__ import annotations

from pathlib import Path

import pytest

from cadran.lab.experiment import load_experiment, varied
from cadran.lab.study.cell import determinants
from cadran.problem.hierarchy import HierarchySpec
from cadran.runtime import ConfigError

SCENARIOS = Path(__file__).parents[3] / "scenarios"


@pytest.mark.parametrize("name", ["smoke", "demo", "3gpp", "tasam-table1"])
@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("world.load.scale=0.7",),
        ("learner.gamma=0.5", "learner.sam.gate=none", "link.report_delay_frames=2"),
        ("world.preset=3gpp", "problem.reward=delivered", "problem.action=slice_quota"),
        ("name=other", "clock.push_delay_frames=3"),
    ],
)
def test_overrides_mean_the_same_before_and_after_loading(name: str, overrides: tuple[str, ...]) -> None:
    path = SCENARIOS / f"{name}.yaml"
    experiment = load_experiment(path)
    assert varied(experiment, overrides) == load_experiment(path, overrides)
    assert experiment == load_experiment(path), "the one given has changed"


@pytest.mark.parametrize("overrides", [(), ("hierarchy.decision_frames=5",), ("hierarchy.power_floor=0.5",)])
def test_a_hierarchy_is_varied_as_other_sections_are(overrides: tuple[str, ...]) -> None:
    path = SCENARIOS / "meta.yaml"
    assert varied(load_experiment(path), overrides) == load_experiment(path, overrides)


def test_changes_add_up() -> None:
    path = SCENARIOS / "smoke.yaml"
    first, second = ("world.load.scale=0.7",), ("world.load.factor_max=1.1",)
    step_by_step = varied(varied(load_experiment(path), first), second)
    assert step_by_step == load_experiment(path, (*first, *second))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("world.duss=2", ("--set world.duss", "dus")),
        ("world.dus=0", ("--set world.dus", "1")),
        ("worlds.dus=2", ("worlds", "world")),
        ("problem.reward=eq8", ("smoke", "achievable_rate")),
        ("hierarchy.decision_frame=5", ("--set hierarchy.decision_frame", "decision_frames")),
    ],
)
def test_a_bad_override_is_one_line(override: str, said: tuple[str, ...]) -> None:
    experiment = load_experiment(SCENARIOS / "smoke.yaml")
    with pytest.raises(ConfigError) as error:
        varied(experiment, (override,))
    assert all(word in str(error.value) for word in said)
    assert "\n" not in str(error.value)


def test_a_hierarchy_is_there_only_where_it_is_asked_for() -> None:
    smoke = load_experiment(SCENARIOS / "smoke.yaml")
    assert smoke.hierarchy is None
    assert "hierarchy" not in smoke.sections
    slower = varied(smoke, ("hierarchy.decision_frames=5",))
    assert slower.sections["hierarchy"] == HierarchySpec(decision_frames=5)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("world.mac.allocation=rbg", ("meta", "hierarchy", "world.mac.allocation")),
        ("world.preset=3gpp", ("meta", "hierarchy", "world.mac.allocation")),
    ],
)
def test_a_hierarchy_needs_a_mac_that_can_follow_it(override: str, said: tuple[str, ...]) -> None:
    experiment = load_experiment(SCENARIOS / "meta.yaml")
    with pytest.raises(ConfigError) as error:
        varied(experiment, (override,))
    assert all(word in str(error.value) for word in said)


def test_what_determines_a_result_tells_of_a_hierarchy_only_where_there_is_one() -> None:
    smoke, meta = (load_experiment(SCENARIOS / f"{name}.yaml") for name in ("smoke", "meta"))
    assert set(determinants(smoke)) == {"world", "problem_spec", "link"}
    assert determinants(meta)["hierarchy"]["decision_frames"] == 10
