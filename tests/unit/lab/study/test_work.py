"""A job's results are kept one by one; what cannot be computed leaves the rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cadran.lab.experiment import varied
from cadran.lab.study import work
from cadran.lab.study.cell import Baseline, Cell, Exam
from cadran.lab.study.jobs import ExamJob, TrainingJob
from cadran.lab.study.references import BOUND, ORACLE, REFERENCES
from cadran.lab.study.results import Results
from cadran.lab.study.study import HELD_OUT, Study
from cadran.lab.study.work import Archive, perform
from cadran.lab.training import Run, TrainingPlan
from cadran.learn import DivergedError
from made_cells import EXPERIMENT, cell

TINY = varied(EXPERIMENT, ("world.rbs=10", "world.ues=6", "world.episode_frames=4", "world.load.scale=0.1"))


def kept(folder: Path) -> set[str]:
    return {path.name for path in (folder / "cells").iterdir()}


def test_a_run_that_diverges_costs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def train(runs: Sequence[Run], plan: TrainingPlan, **options: Any) -> list[int]:
        if any(run.seed in (1, 3) for run in runs):
            raise DivergedError("not finite")
        return [run.seed for run in runs]

    monkeypatch.setattr(work, "train", train)
    monkeypatch.setattr(work, "save_trained", lambda folder, trained: None)
    cells = tuple(cell("sac", seed) for seed in range(5))
    with pytest.raises(DivergedError, match=r"sac with seed 1: not finite; sac with seed 3"):
        perform(TrainingJob(cells), tmp_path, lambda part: None)
    assert kept(tmp_path) == {one.key for one in cells if one.seed not in (1, 3)}


def examined(folder: Path, name: str, conditions: dict[str, Sequence[str]]) -> tuple[Archive, list[Exam]]:
    study = Study("made", "", "", lambda context: [], lambda results: results, (name,), conditions)  # type: ignore
    cells = [Cell("sac", TINY, TINY.learner, 0, cell().plan)]
    exams = [exam for exam in study.exams(cells) if isinstance(exam.subject, Baseline)]
    assert [exam.condition for exam in exams] == [HELD_OUT, *conditions]
    perform(ExamJob(tuple(exams)), folder, lambda part: None)
    return Archive(folder), exams


@pytest.mark.parametrize(
    "name", [name for name in REFERENCES if name not in ("best-static", "tuned-priority")]
)
def test_every_reference_can_be_examined(tmp_path: Path, name: str) -> None:
    archive, (exam,) = examined(tmp_path, name, {})
    reward = archive.held_out(exam).episode_reward
    assert reward.shape == (exam.episodes,)
    assert np.isfinite(reward).all()


def test_nobody_exceeds_the_bound(tmp_path: Path) -> None:
    bound, best = (
        archive.held_out(exams[0]).episode_reward
        for archive, exams in (examined(tmp_path, name, {}) for name in (BOUND, ORACLE))
    )
    assert (bound >= best).all()


def test_a_world_that_a_reference_is_not_made_for_is_left_out(tmp_path: Path) -> None:
    archive, exams = examined(tmp_path, ORACLE, {"slots": ("world.preset=3gpp",)})
    assert archive.refusal(exams[0]) is None
    assert "ttis_per_frame" in str(archive.refusal(exams[1]))
    results = Results(None, [], exams, archive)  # type: ignore[arg-type]
    assert results.baselines == ()
    assert list(results.refused) == [ORACLE]


def test_baselines_stand_in_every_setting_once() -> None:
    busy = varied(TINY, ("world.load.scale=0.2",))
    plan = cell().plan
    cells = [
        Cell(method, place, place.learner, seed, plan, setting=setting)
        for setting, place in (("low", TINY), ("high", busy))
        for method in ("sac", "tasam")
        for seed in range(3)
    ]
    study = Study("made", "", "", lambda context: [], lambda results: results, ("pf",), {"x": ()})  # type: ignore
    exams = study.exams(cells)
    assert len(exams) == 2 * (len(cells) + 2)
    for exam in exams:
        assert exam.experiment == exam.subject.experiment == {"low": TINY, "high": busy}[exam.subject.setting]
