"""Running studies in a folder: what is missing is computed, then everything is analysed and reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cadran.lab.meta import MetaPlan, load_meta_experiment
from cadran.lab.meta.studies.archive import Archive
from cadran.lab.meta.studies.budget import Budget
from cadran.lab.meta.studies.cells import Training, Trial
from cadran.lab.meta.studies.jobs import jobs_of
from cadran.lab.meta.studies.manifest import manifest
from cadran.lab.meta.studies.results import Results
from cadran.lab.meta.studies.study import Context, Study
from cadran.lab.meta.studies.work import perform
from cadran.lab.study.engine import Engine
from cadran.lab.study.folder import SESSIONS, Answer, compute, publish, working_in
from cadran.lab.study.session import sessions
from cadran.runtime import ConfigError


@dataclass(frozen=True)
class Order:
    """What the command line asks for.

    Attributes:
        studies: At least one.
        scenario: Its file.
        overrides: Changes of it, ``section.key=value``.
        budget: How much it may cost.
        seeds: Of every method; None: as the budget says.
        iterations: Of every training; None: as the budget says.
        engine: Where runs train.
        out: Folder of results and report.
        command: As it was typed, for the record.
    """

    studies: Sequence[Study]
    scenario: Path
    overrides: Sequence[str]
    budget: Budget
    seeds: int | None
    iterations: int | None
    engine: Engine
    out: Path
    command: str


@dataclass(frozen=True)
class Plan:
    """An order with all that follows from it before anything is computed: the trials of each study."""

    order: Order
    context: Context
    trials: Sequence[Sequence[Trial]]


def plan_studies(order: Order) -> Plan:
    """Work out what an order needs.

    Raises:
        ConfigError: The order cannot be carried out.
    """
    context = Context(
        experiment=load_meta_experiment(order.scenario, order.overrides),
        budget=order.budget,
        plan=_plan(order),
        shots=order.budget.shots,
        seeds=tuple(range(order.seeds or order.budget.seeds)),
    )
    return Plan(order, context, [_trials(study, context) for study in order.studies])


def run_studies(plan: Plan) -> Answer:
    """Compute what is missing in the folder, analyse and report.

    Raises:
        ConfigError: The folder cannot be used.
        StudyFailed: A job failed; what was computed is kept.
        KeyboardInterrupt: Ctrl-C; what was computed is kept.
    """
    order = plan.order
    with working_in(order.out) as session:
        archive = Archive(order.out)
        archive.sweep()
        trials = [trial for own in plan.trials for trial in own]
        compute(jobs_of(trials), perform, order.out, order.engine, archive.has, session)
        sections = [
            study.analyse(Results(plan.context, own, archive))
            for study, own in zip(order.studies, plan.trials, strict=True)
        ]
        # The report is the end; it states the time of this session as well.
        session.end("finished")
        record = manifest(
            command=order.command,
            studies=[study.name for study in order.studies],
            scenario=order.scenario,
            overrides=order.overrides,
            context=plan.context,
            trained_on=order.engine.about,
            sessions=sessions(order.out / SESSIONS),
            training_cpu_s=_training_cpu_s(archive, trials),
        )
        title = "Meta-HRL: " + ", ".join(study.name for study in order.studies)
        return publish(order.out, title, record.facts(), sections, record.record())


def _plan(order: Order) -> MetaPlan:
    """How initialisations train; a training that only warms up would weigh no task."""
    plan = order.budget.plan
    if order.iterations is None:
        return plan
    if order.iterations <= plan.warmup_iterations:
        raise ConfigError(
            f"--iterations {order.iterations}: must be above the {plan.warmup_iterations} that only collect"
        )
    return replace(plan, iterations=order.iterations)


def _trials(study: Study, context: Context) -> Sequence[Trial]:
    trials = study.trials(context)
    places = Counter(
        (trial.run.method, trial.setting, trial.condition, trial.run.seed, trial.place) for trial in trials
    )
    twice = [place for place, count in places.items() if count > 1]
    if twice:
        raise ValueError(f"study {study.name}: method, setting, condition, seed and place twice: {twice[0]}")
    return trials


def _training_cpu_s(archive: Archive, trials: Sequence[Trial]) -> float:
    """Processor time of all trainings, each once [s]."""
    trainings: dict[str, Training] = {
        trial.training.key: trial.training for trial in trials if trial.training is not None
    }
    return sum(sum(asdict(archive.trained(cell).cost).values()) for cell in trainings.values())
