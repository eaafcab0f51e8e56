"""What holds of every study, whatever came out."""

from __future__ import annotations

from pathlib import Path

import pytest

from cadran.lab.meta import METHODS
from cadran.lab.meta.studies import STUDIES, Study, pictures
from cadran.lab.meta.studies.jobs import jobs_of
from cadran.lab.meta.studies.paper import ADAPTIVE, UNIFORM
from cadran.lab.meta.studies.shift import HOMOGENEOUS
from cadran.lab.report import write_tables
from cadran.lab.report.csv_files import to_csv

from .made_up import EXPERIMENT, MadeUpArchive, context, made_up

each = pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)


@each
@pytest.mark.usefixtures("_undrawn")
def test_it_answers_in_sentences_over_tables_with_files_of_their_own(study: Study, tmp_path: Path) -> None:
    section = study.analyse(made_up(study))
    assert section.name == study.name
    for sentence in section.answer:
        assert sentence.endswith(".")
        assert "nan" not in sentence
        assert "inf" not in sentence
    assert len(write_tables(tmp_path, (section,))) == len(section.tables)
    assert not any(",nan" in to_csv(table) for table in section.tables)
    assert section == study.analyse(made_up(study))


@each
@pytest.mark.usefixtures("_undrawn")
def test_one_seed_is_enough_to_look_at_it_and_it_says_so(study: Study) -> None:
    section = study.analyse(made_up(study, of=context(seeds=1)))
    assert section.answer[0].startswith("Methods with one run")


@each
def test_its_trials_are_told_apart_and_have_seeds_of_their_own(study: Study) -> None:
    trials = study.trials(context())
    places = [(one.run.method, one.setting, one.condition, one.run.seed, one.place) for one in trials]
    assert len(set(places)) == len(places)
    assert len({one.key for one in trials}) == len(trials)
    for one in trials:
        assert one.place.seed not in {seed for seed in context().seeds}
        assert (one.training is None) == (METHODS[one.run.method].preparation == "none")


def test_studies_share_trainings_and_yardsticks() -> None:
    keys = {
        name: {key for job in jobs_of(study.trials(context())) for key in job.keys}
        for name, study in STUDIES.items()
    }
    both = keys["baselines"] & keys["ablation"]
    adaptive = [one for one in STUDIES["ablation"].trials(context()) if one.run.method in (ADAPTIVE, UNIFORM)]
    assert {one.key for one in adaptive} <= both
    assert {one.training.key for one in adaptive if one.training} <= both & keys["shots"] & keys["shift"]


@pytest.mark.parametrize(("adaptive", "said"), [(0.9, "holds here"), (0.8, "told"), (0.7, "reversed")])
@pytest.mark.usefixtures("_undrawn")
def test_the_ablation_says_whether_the_papers_order_holds(adaptive: float, said: str) -> None:
    archive = MadeUpArchive(level=lambda method: adaptive if method == ADAPTIVE else 0.8)
    study = STUDIES["ablation"]
    (sentence,) = [one for one in study.analyse(made_up(study, archive)).answer if one.startswith("That ")]
    assert said in sentence


@pytest.mark.usefixtures("_undrawn")
def test_the_papers_figures_stand_beside_ours() -> None:
    answers = " ".join(
        sentence
        for name in ("baselines", "ablation", "scale")
        for sentence in STUDIES[name].analyse(made_up(STUDIES[name])).answer
    )
    for figure in ("0.84", "0.78", "17", "28", "19.8 %", "69 %", "2 %", "73 %", "4 %"):
        assert figure in answers


def test_dus_all_alike_are_so_in_urllcs_budget_too_and_new_networks_are_as_ever() -> None:
    trials = [one for one in STUDIES["shift"].trials(context()) if one.setting == HOMOGENEOUS]
    assert trials
    for one in trials:
        assert one.training is not None
        assert one.training.run.kind == "homogeneous"
        assert one.training.run.experiment.problem_spec.delivered.budget_spread == 0
        assert one.run.experiment == EXPERIMENT
    assert EXPERIMENT.problem_spec.delivered.budget_spread > 0


def test_figures_are_drawn() -> None:
    results = made_up(STUDIES["ablation"])
    drawn = (
        pictures.adaptation(results, (ADAPTIVE, UNIFORM)),
        pictures.weights(results, ADAPTIVE, "lower", name="w"),
    )
    assert all(plot.png.startswith(b"\x89PNG") for plot in drawn)
