"""Running studies in a folder: what is missing is computed, then everything is analysed and reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cadran.lab.experiment import load_experiment, varied
from cadran.lab.report import Section
from cadran.lab.study.budget import Budget
from cadran.lab.study.cell import Cell, Exam
from cadran.lab.study.engine import Engine
from cadran.lab.study.folder import SESSIONS, Answer, compute, publish, working_in
from cadran.lab.study.jobs import CellJob, exam_jobs, training_jobs
from cadran.lab.study.manifest import manifest
from cadran.lab.study.references import REFERENCES
from cadran.lab.study.results import Results
from cadran.lab.study.session import Session, sessions
from cadran.lab.study.study import Context, Study
from cadran.lab.study.work import Archive, perform
from cadran.runtime import ConfigError, overridden_names

_CAPACITY = "learner.replay_capacity"


@dataclass(frozen=True)
class Order:
    """What the command line asks for.

    Attributes:
        studies: At least one.
        preset: Name of the preset.
        scenario: Its file.
        overrides: Changes of it, ``section.key=value``.
        budget: How much it may cost.
        seeds: Seeds of every row; None: as the budget says.
        iterations: Of every run; None: as the budget says.
        stack: Most runs that train in one call; None: as the budget says.
        engine: Where runs train.
        device: ``cpu`` or ``cuda``.
        out: Folder of results and report.
        command: As it was typed, for the record.
    """

    studies: Sequence[Study]
    preset: str
    scenario: Path
    overrides: Sequence[str]
    budget: Budget
    seeds: int | None
    iterations: int | None
    stack: int | None
    engine: Engine
    device: str
    out: Path
    command: str


@dataclass(frozen=True)
class Planned:
    """A study with its cells and exams."""

    study: Study
    cells: Sequence[Cell]
    exams: Sequence[Exam]


@dataclass(frozen=True)
class Plan:
    """An order with all that follows from it before anything is computed."""

    order: Order
    context: Context
    studies: Sequence[Planned]


def plan_studies(order: Order) -> Plan:
    """Work out what an order needs.

    Raises:
        ConfigError: The order cannot be carried out.
    """
    context = _context(order)
    return Plan(order, context, [_planned(study, context) for study in order.studies])


def run_studies(plan: Plan) -> Answer:
    """Compute what is missing in the folder, analyse and report.

    Raises:
        ConfigError: The folder or the device cannot be used.
        StudyFailed: A job failed; what was computed is kept.
        KeyboardInterrupt: Ctrl-C; what was computed is kept.
    """
    out = plan.order.out
    with working_in(out) as session:
        archive = Archive(out)
        archive.sweep()
        _compute(plan, archive, session)
        results = [Results(plan.context, own.cells, own.exams, archive) for own in plan.studies]
        sections = [own.study.analyse(its) for own, its in zip(plan.studies, results, strict=True)]
        # The report is the end; it states the time of this session as well.
        session.end("finished")
        left_out = {
            f"{name} in {own.study.name}": reason
            for own, its in zip(plan.studies, results, strict=True)
            for name, reason in its.refused.items()
        }
        return _report(plan, archive, sections, left_out)


def _planned(study: Study, context: Context) -> Planned:
    cells = study.cells(context)
    places = Counter((cell.method, cell.setting, cell.seed) for cell in cells)
    twice = [place for place, count in places.items() if count > 1]
    if twice:
        raise ValueError(f"study {study.name}: method, setting and seed twice: {twice[0]}")
    unknown = [name for name in study.baselines if name not in REFERENCES]
    if unknown:
        raise ValueError(f"study {study.name}: nothing is called {unknown[0]}")
    return Planned(study, cells, study.exams(cells))


def _context(order: Order) -> Context:
    given = order.budget.presets[order.preset]
    changed = {"iterations": order.iterations} if order.iterations is not None else {}
    experiment = load_experiment(order.scenario, order.overrides)
    asked = overridden_names(order.overrides)
    if given.replay_share != 1.0 and _CAPACITY not in asked:
        learner = experiment.learner
        capacity = max(learner.warmup_transitions, round(given.replay_share * learner.replay_capacity))
        experiment = varied(experiment, (f"{_CAPACITY}={capacity}",))
    return Context(
        preset=order.preset,
        experiment=experiment,
        budget=order.budget,
        plan=replace(given.plan, **changed),
        core_seeds=tuple(range(order.seeds or order.budget.core_seeds)),
        seeds=tuple(range(order.seeds or order.budget.seeds)),
        device=order.device,
        asked=asked,
    )


def _compute(plan: Plan, archive: Archive, session: Session) -> None:
    order, budget = plan.order, plan.context.budget
    if order.stack is not None:
        # Who asks for a number gets it, whatever memory it takes.
        budget = replace(budget, stack=order.stack, wide_stack=order.stack, replay_bytes=2**63)
    trainings = training_jobs([cell for own in plan.studies for cell in own.cells], budget)
    exams = exam_jobs([exam for own in plan.studies for exam in own.exams], trainings)
    jobs: list[CellJob] = [*trainings, *exams]
    if order.device == "cuda" and any(job.without(archive.has) for job in jobs):
        _require_cuda()
    compute(jobs, perform, order.out, order.engine, archive.has, session)


def _require_cuda() -> None:
    import torch

    if not torch.cuda.is_available():
        raise ConfigError("--device cuda: PyTorch sees no GPU here; allowed is cpu")


def _report(plan: Plan, archive: Archive, sections: Sequence[Section], left_out: Mapping[str, str]) -> Answer:
    order = plan.order
    cells = {cell.key: cell for own in plan.studies for cell in own.cells}.values()
    record = manifest(
        command=order.command,
        studies=[study.name for study in order.studies],
        scenario=order.scenario,
        overrides=order.overrides,
        context=plan.context,
        trained_on=order.engine.about,
        left_out=left_out,
        sessions=sessions(order.out / SESSIONS),
        training_cpu_s=sum(_own_cpu_s(archive, cell) for cell in cells),
    )
    title = "TA-SAM: " + ", ".join(study.name for study in order.studies)
    return publish(order.out, title, record.facts(), sections, record.record())


def _own_cpu_s(archive: Archive, cell: Cell) -> float:
    """A run's share of the processor time of the call that trained it [s]."""
    cost = archive.trained(cell).cost
    return cost.cpu_s / cost.runs
