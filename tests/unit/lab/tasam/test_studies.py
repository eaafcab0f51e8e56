"""What holds of every study, whatever came out."""

from dataclasses import replace

import pytest

from cadran.lab.experiment import varied
from cadran.lab.report import write_tables
from cadran.lab.study import Study
from cadran.lab.tasam.beyond import best
from cadran.lab.tasam.figures import curvature, curves, spread
from cadran.lab.tasam.presets import PRESETS
from cadran.lab.tasam.rows import BASELINES, CORE
from cadran.lab.tasam.scale import FIG8
from cadran.lab.tasam.studies import STUDIES
from cadran.lab.tasam.table2 import STUDY as TABLE2
from cadran.lab.tasam.table3 import STUDY as TABLE3

from .made_up import MadeUpArchive, context, made_up

each = pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)


@each
@pytest.mark.usefixtures("_undrawn")
def test_it_answers_in_sentences_over_tables_with_files_of_their_own(study: Study, tmp_path):
    section = study.analyse(made_up(study))
    assert section.name == study.name
    assert section.answer
    for sentence in section.answer:
        assert sentence.endswith(".")
        assert "nan" not in sentence
    assert len(write_tables(tmp_path, (section,))) == len(section.tables)


@pytest.mark.parametrize("study", [TABLE2, curvature.STUDY, best.STUDY], ids=lambda study: study.name)
@pytest.mark.usefixtures("_undrawn")
def test_the_same_results_give_the_same_section(study: Study):
    assert study.analyse(made_up(study)) == study.analyse(made_up(study))


@pytest.mark.parametrize(
    "study",
    [study for study in STUDIES.values() if "frame-oracle" in study.baselines],
    ids=lambda one: one.name,
)
@pytest.mark.usefixtures("_undrawn")
def test_it_does_without_yardsticks_that_refuse_its_world(study: Study):
    archive = MadeUpArchive(refused=("frame-oracle", "bound", "greedy"))
    section = study.analyse(made_up(study, archive))
    assert not any("oracle" in sentence for sentence in section.answer)


@pytest.mark.parametrize("preset", PRESETS)
@each
def test_its_runs_are_told_apart_and_fit_every_preset(study: Study, preset):
    cells = study.cells(context(preset, "cpu"))
    places = [(cell.method, cell.setting, cell.seed) for cell in cells]
    assert len(set(places)) == len(places)


@each
def test_rows_of_table_2_have_the_more_seeds_and_conditions_fit_the_worlds(study: Study):
    cells = study.cells(context())
    for cell in cells:
        assert cell.seed in ((0, 1, 2) if cell.method in CORE else (0, 1))
    assert len(study.exams(cells)) >= len(cells)


def keys(study: Study, preset: str = "repaired") -> set[str]:
    return {cell.key for cell in study.cells(context(preset))}


def test_figures_share_their_runs():
    assert keys(spread.STUDY) < keys(curves.STUDY)
    assert keys(STUDIES["fig10"]) == keys(STUDIES["fig11"]) < keys(curvature.STUDY)


def test_tables_share_their_runs():
    core = {cell.key for cell in TABLE3.cells(context()) if cell.method in CORE}
    assert core < keys(TABLE2)


def test_six_dus_of_figure_8_are_those_of_the_tables():
    six = {cell.key for cell in FIG8.cells(context()) if cell.setting == "dus=6" and cell.method in CORE}
    assert six < keys(TABLE2)


def test_figure_8_has_the_same_ues_and_the_same_demand_whatever_the_dus():
    worlds = {cell.setting: cell.experiment.world for cell in FIG8.cells(context())}
    assert {world.ues for world in worlds.values()} == {200}
    assert {round(world.load.scale * world.dus, 9) for world in worlds.values()} == {6.0}


def test_tables_stand_between_heuristics_and_yardsticks():
    assert TABLE2.baselines == TABLE3.baselines == BASELINES


def test_a_glance_has_one_reading_of_alpha_and_other_budgets_both():
    settings = {
        budget: {cell.setting for cell in TABLE2.cells(context("literal", budget))}
        for budget in ("smoke", "cpu")
    }
    assert settings == {
        "smoke": {"alpha=weighted_norm"},
        "cpu": {"alpha=static", "alpha=weighted_norm"},
    }


def test_the_reading_of_alpha_that_the_command_line_names_is_the_only_one():
    both = context("table1", "paper")
    chosen = varied(both.experiment, ("problem.eq8.alpha=static",))
    named = replace(both, experiment=chosen, asked=frozenset({"problem.eq8.alpha"}))
    assert {cell.key for cell in TABLE2.cells(named)} == {
        cell.key for cell in TABLE2.cells(both) if cell.setting == "alpha=static"
    }


@pytest.mark.usefixtures("_undrawn")
def test_our_best_agent_is_chosen_by_the_tuning_episodes_alone():
    held_out = {"rich-wide": 2.0}
    archive = MadeUpArchive(
        level=lambda name, setting, condition: held_out.get(name, 1.0),
        tuning=lambda name: 2.0 if name == "rich-far" else 1.0,
    )
    section = best.STUDY.analyse(made_up(best.STUDY, archive))
    assert "rich-far is best" in section.answer[0]
    assert not any("rich-wide" in sentence for sentence in section.answer[:3])
