"""Experiments in one process."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cadran.cli.options import EXIT_FAILED, EXIT_INTERRUPTED, Overrides, compile_radio
from cadran.runtime import ConfigError

if TYPE_CHECKING:
    from cadran.lab.study import Answer, Engine, Question

Q = TypeVar("Q", bound="Question")

app = typer.Typer(help="Experiments in one process.", no_args_is_help=True)


Names = Annotated[
    list[str] | None, typer.Argument(metavar="NAME...", help="Studies, or all; --list shows them.")
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1, help="Runs at once at most; default as many as cores, of the cluster with Ray; 1 on a GPU."
    ),
]
ShowList = Annotated[bool, typer.Option("--list", help="List the studies, and end.")]


class BudgetName(StrEnum):
    """How much a study may cost."""

    smoke = "smoke"
    cpu = "cpu"
    paper = "paper"
    gpu = "gpu"


class MetaBudgetName(StrEnum):
    """How much a study of meta-learning may cost."""

    smoke = "smoke"
    cpu = "cpu"


class PresetName(StrEnum):
    """Readings of arXiv 2511.15002."""

    literal = "literal"
    table1 = "table1"
    repaired = "repaired"


class DeviceName(StrEnum):
    """What networks train on."""

    cpu = "cpu"
    cuda = "cuda"


class EngineName(StrEnum):
    """Where runs train."""

    local = "local"
    ray = "ray"


EngineOption = Annotated[
    EngineName,
    typer.Option(help="local: processes on this machine; ray: the machines of a Ray cluster (cadran[ray])."),
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        help="The Ray cluster; default RAY_ADDRESS, else the one of this machine, started where none runs.",
    ),
]


@app.command("tasam")
def lab_tasam(
    names: Names = None,
    show_list: ShowList = False,
    budget: Annotated[
        BudgetName,
        typer.Option(
            help="smoke: minutes on 2 cores; cpu: hours; paper: Algorithm 1 as printed; gpu: the same with "
            "ten updates an iteration."
        ),
    ] = BudgetName.smoke,
    preset: Annotated[
        PresetName | None,
        typer.Option(
            help="literal: the paper's words; table1: its sizes, its reward made computable; repaired: in "
            "a form that learns. Default: the budget's."
        ),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Seeds of every row, instead of the budget's.")
    ] = None,
    iterations: Annotated[
        int | None, typer.Option(min=1, help="Iterations of every run, instead of the budget's.")
    ] = None,
    workers: Workers = None,
    engine: EngineOption = EngineName.local,
    ray_address: RayAddress = None,
    stack: Annotated[
        int | None, typer.Option(min=1, help="Most runs that train in one call, instead of the budget's.")
    ] = None,
    device: Annotated[DeviceName, typer.Option(help="What networks train on.")] = DeviceName.cpu,
    overrides: Overrides = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of results and report, runs/tasam-<budget>-<preset> by default; what is there is "
            "not computed again."
        ),
    ] = None,
) -> None:
    """Tables and figures of arXiv 2511.15002 and what lies beyond, re-done with statistics.

    Interrupted or killed, the same command goes on where it was.
    """
    from cadran.lab.study import BUDGETS, Order, plan_studies, run_studies
    from cadran.lab.tasam.presets import preset as reading
    from cadran.lab.tasam.studies import STUDIES

    if show_list:
        _print_list(STUDIES)
        return
    chosen = BUDGETS[budget.value]
    name = chosen.preset if preset is None else preset.value
    order = Order(
        studies=_choose(names or [], STUDIES),
        preset=name,
        scenario=reading(name).path(),
        overrides=tuple(overrides or ()),
        budget=chosen,
        seeds=seeds,
        iterations=iterations,
        stack=stack,
        engine=_engine(engine, workers, ray_address, device),
        device=device.value,
        out=out or Path("runs") / f"tasam-{chosen.name}-{name}",
        command=shlex.join(["cadran", *sys.argv[1:]]),
    )
    plan = plan_studies(order)
    _answer("tasam", lambda: run_studies(plan))


@app.command("meta")
def lab_meta(
    names: Names = None,
    show_list: ShowList = False,
    budget: Annotated[
        MetaBudgetName, typer.Option(help="smoke: minutes on 2 cores; cpu: five seeds.")
    ] = MetaBudgetName.smoke,
    scenario: Annotated[Path, typer.Option(help="Scenario file (YAML).")] = Path("scenarios/meta.yaml"),
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Seeds of every method, instead of the budget's.")
    ] = None,
    iterations: Annotated[
        int | None, typer.Option(min=1, help="Iterations of every training, instead of the budget's.")
    ] = None,
    workers: Workers = None,
    engine: EngineOption = EngineName.local,
    ray_address: RayAddress = None,
    overrides: Overrides = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of results and report, runs/meta-<budget> by default; what is there is not computed "
            "again."
        ),
    ] = None,
) -> None:
    """Meta-learning across DUs (arXiv 2512.13715): what an initialisation is worth to a network that joins.

    Interrupted or killed, the same command goes on where it was.
    """
    from cadran.lab.meta.studies import BUDGETS, STUDIES, Order, plan_studies, run_studies

    if show_list:
        _print_list(STUDIES)
        return
    order = Order(
        studies=_choose(names or [], STUDIES),
        scenario=scenario,
        overrides=tuple(overrides or ()),
        budget=BUDGETS[budget.value],
        seeds=seeds,
        iterations=iterations,
        engine=_engine(engine, workers, ray_address),
        out=out or Path("runs") / f"meta-{budget.value}",
        command=shlex.join(["cadran", *sys.argv[1:]]),
    )
    plan = plan_studies(order)
    _answer("meta", lambda: run_studies(plan))


def _engine(
    name: EngineName, workers: int | None, ray_address: str | None, device: DeviceName = DeviceName.cpu
) -> Engine:
    """What the options ask for.

    Raises:
        ConfigError: They contradict each other, or Ray is not installed.
    """
    from cadran.lab.study import LocalEngine

    if name is EngineName.local:
        if ray_address is not None:
            raise ConfigError(f"--ray-address {ray_address}: goes with --engine ray only")
        return LocalEngine(workers or (1 if device is DeviceName.cuda else os.cpu_count() or 1))
    if device is not DeviceName.cpu:
        raise ConfigError(f"--device {device.value}: allowed with --engine ray is cpu")
    try:
        from cadran.lab.study.ray_engine import RayEngine
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "ray":
            raise
        raise ConfigError("--engine ray: Ray is not installed; install cadran[ray]") from error
    return RayEngine(ray_address, workers)


def _answer(name: str, run: Callable[[], Answer]) -> None:
    """Run studies and print what came of it; failures are one line and an exit status."""
    from cadran.lab.study import StudyFailed

    compile_radio()
    try:
        answer = run()
    except StudyFailed as error:
        typer.echo(f"cadran lab {name}: {error}", err=True)
        raise typer.Exit(EXIT_FAILED) from error
    except KeyboardInterrupt as interrupt:
        typer.echo("interrupted; the same command goes on from here", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from interrupt
    _print_answer(answer)


def _print_list(studies: Mapping[str, Question]) -> None:
    for study in studies.values():
        typer.echo(f"{study.name:12} {study.question}")


def _choose(names: Sequence[str], studies: Mapping[str, Q]) -> list[Q]:
    """Studies by name, each once, in the order of the command line."""
    known = ", ".join(studies)
    if not names:
        raise ConfigError(f"NAME...: which study? There are all, {known}")
    for name in names:
        if name != "all" and name not in studies:
            raise ConfigError(f"{name}: no study has this name; there are all, {known}")
    wanted = studies if "all" in names else dict.fromkeys(names)
    return [studies[name] for name in wanted]


def _print_answer(answer: Answer) -> None:
    for section in answer.sections:
        typer.echo(f"\n{section.title}")
        for sentence in section.answer:
            typer.echo(f"  {sentence}")
    typer.echo("\nTables:")
    for table in answer.tables:
        typer.echo(f"  {table}")
    typer.echo(f"Report: {answer.page}")
