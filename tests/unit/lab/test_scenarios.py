from pathlib import Path

import pytest

from cadran.envs import problem_of
from cadran.lab.experiment import load_experiment
from cadran.lab.policies import best_static_split

SCENARIOS = Path(__file__).parents[3] / "scenarios"


@pytest.mark.parametrize(
    ("name", "dus", "ues", "rbs", "observation_dim"),
    [
        ("smoke", 2, 12, 20, 27),
        ("demo", 6, 200, 100, 42),
        ("tasam-table1", 6, 200, 100, 206),
        ("tasam-literal", 6, 200, 100, 206),
        ("tasam-repaired", 6, 200, 100, 27),
        ("3gpp", 6, 120, 106, 27),
        ("meta", 7, 30, 100, 27),
    ],
)
def test_each_scenario_is_valid_and_has_the_size_it_promises(name, dus, ues, rbs, observation_dim):
    experiment = load_experiment(SCENARIOS / f"{name}.yaml")
    world = experiment.world
    assert experiment.name == name
    assert (world.dus, world.ues, world.rbs) == (dus, ues, rbs)
    assert problem_of(world, experiment.problem_spec).observation_dim == observation_dim


@pytest.mark.parametrize("name", ["demo", "tasam-table1", "tasam-repaired", "3gpp"])
def test_in_the_shipped_worlds_the_best_static_split_serves_every_slice(name):
    experiment = load_experiment(SCENARIOS / f"{name}.yaml")
    short = experiment.world.model_copy(update={"episode_frames": 8})
    split = best_static_split(short, experiment.problem_spec, seed=5).detail
    assert min(int(percent) for percent in split.removesuffix(" %").split("/")) > 0
