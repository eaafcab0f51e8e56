"""A key changes exactly if something changes that determines the result."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.lab.experiment import Experiment, varied
from cadran.lab.study import cell as cells
from cadran.lab.study.cell import Baseline, Cell, digest
from cadran.lab.training import TrainingPlan
from cadran.learn import LearnerSpec
from cadran.runtime import ClockSpec
from made_cells import EXPERIMENT, PLAN, cell, exam

SMALL = st.integers(1, 50)
LEARNERS = st.fixed_dictionaries(
    {},
    optional={
        "gamma": st.sampled_from([0.1, 0.9, 0.99]),
        "hidden": st.sampled_from([(8,), (8, 8), (16, 8)]),
        "lr": st.sampled_from([1e-4, 3e-4]),
        "tau": st.sampled_from([0.1, 0.01]),
        "replay_capacity": st.integers(1000, 1003),
    },
).map(lambda changes: LearnerSpec.model_validate(changes))
PLACES = st.sampled_from(
    [
        varied(EXPERIMENT, overrides)
        for overrides in (
            (),
            ("world.dus=3",),
            ("world.load.scale=2",),
            ("problem.observation=paper",),
            ("link.report_loss=0.1",),
            ("link.policy_delay_frames=1",),
        )
    ]
)
PLANS = st.builds(
    TrainingPlan,
    iterations=SMALL,
    envs=st.integers(1, 3),
    frames_per_iteration=st.integers(1, 3),
    updates_per_iteration=st.integers(1, 3),
    evaluate_every=SMALL,
    evaluation_episodes=st.integers(2, 4),
    held_out_episodes=st.just(2),
)
CELLS = st.builds(
    Cell,
    method=st.sampled_from(["sac", "tasam"]),
    experiment=PLACES,
    learner=LEARNERS,
    seed=st.integers(0, 5),
    plan=PLANS,
    agents=st.sampled_from(["per_du", "central"]),
    setting=st.sampled_from(["", "dus=2"]),
    device=st.sampled_from(["cpu", "cuda"]),
)
LABELS = {"method", "setting"}


def _facts(one: Cell) -> dict[str, Any]:
    return {field.name: getattr(one, field.name) for field in fields(Cell) if field.name not in LABELS}


@given(CELLS, CELLS)
def test_two_cells_share_a_key_exactly_if_they_differ_in_labels_only(one: Cell, other: Cell) -> None:
    assert (one.key == other.key) == (_facts(one) == _facts(other))


@given(CELLS, CELLS, st.data())
def test_one_changed_fact_changes_the_key(one: Cell, other: Cell, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([field.name for field in fields(Cell)]))
    changed = replace(one, **{name: getattr(other, name)})
    differs = name not in LABELS and getattr(one, name) != getattr(other, name)
    assert (changed.key != one.key) == differs


@pytest.mark.parametrize(
    "changed",
    [
        replace(EXPERIMENT, name="other"),
        replace(EXPERIMENT, clock=ClockSpec(push_delay_frames=9)),
        replace(EXPERIMENT, learner=LearnerSpec(gamma=0.5)),
    ],
)
def test_what_training_does_not_use_leaves_the_key(changed: Experiment) -> None:
    assert replace(cell(), experiment=changed).key == cell().key


def test_the_size_of_the_exam_leaves_the_training() -> None:
    larger = replace(cell(), plan=replace(PLAN, held_out_episodes=99))
    assert larger.key == cell().key


def test_a_new_format_makes_all_results_new(monkeypatch: pytest.MonkeyPatch) -> None:
    cell_key, exam_key = cell().key, exam(cell()).key
    monkeypatch.setattr(cells, "FORMAT", cells.FORMAT + 1)
    assert cell().key != cell_key
    assert exam(cell()).key != exam_key


@given(st.dictionaries(st.text(), st.integers() | st.text(), min_size=2), st.randoms())
def test_order_does_not_matter(facts: dict[str, Any], random: Any) -> None:
    names = list(facts)
    random.shuffle(names)
    shuffled = {name: facts[name] for name in names}
    assert digest({"inner": facts, "x": 1}) == digest({"x": 1, "inner": shuffled})


def test_a_key_is_the_same_in_another_process() -> None:
    script = "from made_cells import cell, exam; print(cell().key, exam(cell()).key)"
    paths = [path for path in sys.path if path]
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}; {script}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert said == [cell().key, exam(cell()).key]


def test_an_exam_is_named_by_subject_place_and_episodes() -> None:
    plain = exam(cell())
    others = [
        exam(cell(seed=1)),
        exam(cell(), "held-out", "world.load.scale=2"),
        replace(plain, episodes=3),
        replace(plain, seed=1),
        exam(Baseline("pf", EXPERIMENT)),
        exam(Baseline("equal", EXPERIMENT)),
        replace(exam(Baseline("pf", varied(EXPERIMENT, ("world.load.scale=2",)))), experiment=EXPERIMENT),
    ]
    keys = {plain.key, *(other.key for other in others)}
    assert len(keys) == 1 + len(others)
    assert replace(plain, condition="other name").key == plain.key


def test_cells_of_one_program_differ_in_what_stacks_only() -> None:
    assert cell(seed=1, l2=1e-3).program == cell().program
    for other in (
        cell(hidden=(8,)),
        cell(iterations=11),
        replace(cell(), agents="central"),
        replace(cell(), device="cuda"),
        replace(cell(), experiment=varied(EXPERIMENT, ("world.load.scale=2",))),
    ):
        assert other.program != cell().program
