"""An order is worked out before anything is computed; what cannot be carried out is one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cadran.cli.lab import app
from cadran.lab.meta.studies import BUDGETS, STUDIES, Order, plan_studies
from cadran.lab.study import LocalEngine
from cadran.runtime import ConfigError

from .made_up import SCENARIO

ORDER = Order(
    studies=list(STUDIES.values()),
    scenario=SCENARIO,
    overrides=("world.rbs=50",),
    budget=BUDGETS["smoke"],
    seeds=3,
    iterations=9,
    engine=LocalEngine(1),
    out=Path("nowhere"),
    command="cadran lab meta all",
)


def test_budget_and_order_decide_what_is_tried() -> None:
    plan = plan_studies(ORDER)
    trials = [trial for own in plan.trials for trial in own]
    assert {trial.run.seed for trial in trials} == {0, 1, 2}
    assert {trial.training.plan.iterations for trial in trials if trial.training} == {9}
    assert {trial.run.experiment.world.rbs for trial in trials} == {50}
    sizes = {(trial.run.experiment.world.dus, trial.run.experiment.world.ues) for trial in trials}
    assert sizes == set(ORDER.budget.sizes)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (replace(ORDER, iterations=4), r"--iterations 4: must be above the 4 that only collect"),
        (replace(ORDER, overrides=("world.rbs=-1",)), r"world\.rbs"),
        (replace(ORDER, overrides=("disturbance.noise=1",)), r"noise"),
        (replace(ORDER, scenario=Path("nothing.yaml")), r"nothing\.yaml"),
    ],
    ids=["iterations", "value", "key", "file"],
)
def test_what_cannot_be_carried_out_is_one_line(changed: Order, line: str) -> None:
    with pytest.raises(ConfigError, match=line) as error:
        plan_studies(changed)
    assert "\n" not in str(error.value)


def test_the_command_lists_every_study_with_its_question() -> None:
    said = CliRunner().invoke(app, ["meta", "--list"])
    assert said.exit_code == 0
    for study in STUDIES.values():
        assert f"{study.name:12} {study.question}" in said.stdout


@pytest.mark.parametrize("names", [[], ["nothing"]])
def test_a_study_must_be_named_and_there(names: list[str]) -> None:
    said = CliRunner().invoke(app, ["meta", *names])
    assert isinstance(said.exception, ConfigError)
    assert "baselines" in str(said.exception)
