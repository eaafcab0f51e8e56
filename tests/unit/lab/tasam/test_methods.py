from pathlib import Path

import pytest

from cadran.lab.experiment import Experiment, load_experiment, varied
from cadran.lab.tasam.methods import METHODS, PARTS, RADII, THRESHOLDS, method, swept_radius, threshold_name
from cadran.lab.tasam.presets import PRESETS, preset
from cadran.learn import LearnerSpec
from cadran.runtime import ConfigError

SCENARIOS = Path(__file__).parents[4] / "scenarios"
UPDATES = 1000


@pytest.fixture(scope="module", params=PRESETS)
def experiment(request) -> Experiment:
    return load_experiment(preset(request.param).path(SCENARIOS))


def learner_of(experiment: Experiment, name: str, updates: int = UPDATES) -> LearnerSpec:
    return varied(experiment, method(name).settings(updates)).learner


@pytest.mark.parametrize("name", METHODS)
def test_every_method_fits_every_preset(experiment, name):
    learner = learner_of(experiment, name)
    assert learner.sam.decay_updates == UPDATES
    assert learner.batch_size == experiment.learner.batch_size


@pytest.mark.parametrize("name", ["sac", "central", "l2", "dropout", "spectral-norm", "plastic-kl", "td-lr"])
def test_what_is_called_sac_has_no_radius(experiment, name):
    learner = learner_of(experiment, name)
    assert learner.method == "sac"
    assert not learner.sam.actor_rho.active
    assert not learner.sam.critic_rho.active


def test_each_regularisation_changes_one_thing(experiment):
    plain = learner_of(experiment, "sac").model_dump()
    for name, key in {"l2": "l2", "dropout": "dropout", "spectral-norm": "spectral_norm"}.items():
        other = learner_of(experiment, name).model_dump()
        assert {field for field in plain if plain[field] != other[field]} == {key}


def test_parts_of_tasam_are_switched_off_one_by_one(experiment):
    full = learner_of(experiment, "tasam")
    assert full.sam.gate == "td_variance"
    assert full.sam.actor_rho.start > full.sam.actor_rho.final > 0
    no_selection = learner_of(experiment, "tasam-no-selection")
    assert no_selection == full.model_copy(update={"sam": full.sam.model_copy(update={"gate": "none"})})
    static = learner_of(experiment, "tasam-static-rho")
    assert static.sam.gate == "td_variance"
    assert static.sam.actor_rho.start == static.sam.actor_rho.final


@pytest.mark.parametrize("radius", RADII)
def test_a_sweep_perturbs_the_parts_that_it_names(experiment, radius):
    for part in PARTS:
        sam = learner_of(experiment, swept_radius(part, radius)).sam
        assert sam.actor_rho.start == sam.actor_rho.final == (0 if part == "critic" else radius)
        assert sam.critic_rho.start == sam.critic_rho.final == (0 if part == "actor" else radius)
        assert sam.gate == "none"


def test_the_threshold_of_one_is_tasam_itself(experiment):
    assert 1.0 in THRESHOLDS
    assert learner_of(experiment, threshold_name(1.0)) == learner_of(experiment, "tasam")


def test_in_the_literal_preset_tasam_has_the_papers_radius():
    literal = load_experiment(preset("literal").path(SCENARIOS))
    assert learner_of(literal, "tasam") == learner_of(literal, "tasam-paper-rho")


def test_plastic_resets_ten_times_whatever_the_training_is_long(experiment):
    assert learner_of(experiment, "plastic", 4000).reset_every_updates == 400
    assert learner_of(experiment, "plastic", 7).reset_every_updates == 1


def test_only_the_central_agent_decides_for_all():
    assert [one.name for one in METHODS.values() if one.agents == "central"] == ["central"]


def test_an_unknown_method_is_one_line_that_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"there is no 'tasm'; there are sac, central, tasam"):
        method("tasm")


def test_an_unknown_preset_is_one_line_that_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"there is no 'paper'; there are literal, table1, repaired"):
        preset("paper")


def test_a_preset_whose_file_is_missing_says_where_it_was_sought(tmp_path):
    with pytest.raises(ConfigError, match=r"tasam-literal\.yaml: no such file"):
        preset("literal").path(tmp_path)
