"""The `cadran` command: parses, calls, prints. What it calls is imported when it is called."""

from __future__ import annotations

import json
import math
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cadran import __version__
from cadran.runtime import ConfigError

if TYPE_CHECKING:
    from cadran.lab.evaluation import Evaluation
    from cadran.lab.study import Answer, Study
    from cadran.testbed.folder import RunFolder
    from cadran.testbed.radio_validation.report import Validation
    from cadran.testbed.summary import RunSummary

EXIT_FAILED = 1
EXIT_CONFIG = 2
EXIT_INTERRUPTED = 130
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}

app = typer.Typer(
    name="cadran",
    help="Learned radio-resource control for O-RAN: a RIC testbed on one machine, and its parts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
replay_app = typer.Typer(help="Experience at rest.", no_args_is_help=True)
app.add_typer(replay_app, name="replay")
validate_app = typer.Typer(help="The simulator against theory and measurements.", no_args_is_help=True)
app.add_typer(validate_app, name="validate")
lab_app = typer.Typer(help="Experiments in one process.", no_args_is_help=True)
app.add_typer(lab_app, name="lab")

Scenario = Annotated[Path, typer.Option("--scenario", help="Scenario file (YAML).")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change the scenario, e.g. world.dus=2."),
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, max=2**63 - 1, help="Seed of world, exploration and learner.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


Trace = Annotated[Path | None, typer.Option("--trace", help="Packet trace (time in s, bytes) for eMBB.")]
Load = Annotated[
    str | None,
    typer.Option(
        "--load", metavar="FILE[:COLUMN]", help="Measured load over time (CSV) that the sources follow."
    ),
]


class PaceName(StrEnum):
    """How frames follow each other."""

    fast = "fast"
    realtime = "realtime"


class BenchName(StrEnum):
    """What can be measured."""

    radio = "radio"
    loop = "loop"
    replay = "replay"
    learn = "learn"
    dapp = "dapp"


class BudgetName(StrEnum):
    """How much a study may cost."""

    smoke = "smoke"
    cpu = "cpu"
    paper = "paper"
    gpu = "gpu"


class PresetName(StrEnum):
    """Readings of arXiv 2511.15002."""

    literal = "literal"
    table1 = "table1"
    repaired = "repaired"


class DeviceName(StrEnum):
    """What networks train on."""

    cpu = "cpu"
    cuda = "cuda"


def main() -> None:
    """Runs the command line; bad configuration is one line on standard error and exit status 2."""
    try:
        status = app(standalone_mode=False)
    except typer.TyperException as error:
        # Without any argument the help has been shown, and there is no more to say.
        if said := error.format_message().strip():
            typer.echo(" ".join(said.split()), err=True)
        sys.exit(error.exit_code)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        sys.exit(EXIT_CONFIG)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("cadran"):
            raise
        typer.echo(f"cadran: needs the Python package {error.name}: install cadran[testbed]", err=True)
        sys.exit(EXIT_CONFIG)
    sys.exit(status)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cadran {__version__}")
        raise typer.Exit


@app.callback()
def _cadran(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Learned radio-resource control for O-RAN: a RIC testbed on one machine, and its parts."""


@app.command()
def up(
    scenario: Scenario,
    seed: Seed = 0,
    frames: Annotated[int | None, typer.Option(min=1, help="End after this many frames.")] = None,
    duration: Annotated[str | None, typer.Option(help="End after this long: 90, 90s, 2m, 1h.")] = None,
    pace: Annotated[
        PaceName, typer.Option(help="realtime: a frame per frame duration; fast: as fast as it goes.")
    ] = PaceName.realtime,
    learn: Annotated[bool, typer.Option("--learn/--no-learn", help="Learn online, or only act.")] = True,
    policy: Annotated[Path | None, typer.Option(help="Folder of policies to start from.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Run folder to go on from.")] = None,
    redis: Annotated[
        str | None, typer.Option(help="URL of a Redis that runs already; else one is started.")
    ] = None,
    trace: Trace = None,
    load: Load = None,
    overrides: Overrides = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; default runs/<time>.")] = None,
    evaluate: Annotated[
        int | None, typer.Option(min=2, metavar="N", help="Then compare on N held-out episodes.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Start the testbed: RAN, one dApp per DU, xApp and Redis, as processes on loopback."""
    from cadran.testbed.run import Testbed
    from cadran.testbed.settings import TestbedSettings
    from cadran.testbed.supervisor import ChildFailedError

    settings = TestbedSettings(
        scenario=scenario,
        overrides=tuple(overrides or ()),
        seed=seed,
        frames=frames,
        duration_s=None if duration is None else _seconds(duration),
        pace=pace.value,
        learn=learn,
        policy=policy,
        resume=resume,
        redis=redis,
        trace=trace,
        load=load,
        out=out,
        live=not as_json,
    )
    testbed = Testbed(settings)
    _compile_radio()
    try:
        summary = testbed.run()
    except ChildFailedError as error:
        typer.echo(f"cadran up: {error}", err=True)
        raise typer.Exit(EXIT_FAILED) from error
    if not as_json:
        _print_summary(summary)
    try:
        if evaluate is not None:
            _evaluate_run(testbed.folder, summary, evaluate, trace, load, quiet=as_json)
    finally:
        # The run was made, whatever comes of its evaluation.
        typer.echo(f"Report: {testbed.folder.report}", err=as_json)
        if as_json:
            typer.echo(summary.to_json())


@app.command("eval")
def evaluate_policy(
    scenario: Scenario,
    policy: Annotated[str, typer.Option(help="Folder of policies, or the name of a baseline.")],
    episodes: Annotated[int, typer.Option(min=2, help="Held-out episodes.")] = 24,
    seed: Seed = 0,
    trace: Trace = None,
    load: Load = None,
    overrides: Overrides = None,
    as_json: Json = False,
) -> None:
    """Evaluate a policy on held-out episodes; learned ones beside every baseline, paired."""
    from cadran.lab.evaluation import evaluate, evaluate_learned
    from cadran.lab.experiment import load_experiment
    from cadran.lab.policies.baselines import BASELINES, baseline
    from cadran.lab.policies.learned import load_actors
    from cadran.ransim.measured import measured_traffic

    experiment = load_experiment(scenario, overrides or ())
    world, packets, profile = measured_traffic(experiment.world, trace, load)
    spec = experiment.problem_spec
    _compile_radio()
    if policy in BASELINES:
        chosen = baseline(policy, world, spec, seed, packets, profile)
        result = evaluate(
            world,
            spec,
            [chosen],
            episodes=episodes,
            seed=seed,
            progress=_progress,
            trace_bytes_per_tti=packets,
            load_profile=profile,
        )
    elif not Path(policy).is_dir():
        raise ConfigError(f"--policy {policy}: neither a folder nor a baseline ({', '.join(BASELINES)})")
    else:
        actors = load_actors(Path(policy), experiment.problem(), world.dus)
        result = evaluate_learned(
            world,
            spec,
            actors,
            episodes=episodes,
            seed=seed,
            progress=_progress,
            trace_bytes_per_tti=packets,
            load_profile=profile,
        )
    if as_json:
        typer.echo(result.to_json())
    else:
        _print_evaluation(result)


@app.command(context_settings=_PASS_ON)
def ransim(context: typer.Context) -> None:
    """Run the RAN simulator alone (`cadran ransim --help`)."""
    from cadran.ransim.__main__ import main as run

    raise typer.Exit(run(context.args))


@app.command(context_settings=_PASS_ON)
def dapp(context: typer.Context) -> None:
    """Run one dApp alone (`cadran dapp --help`)."""
    from cadran.dapp.__main__ import main as run

    raise typer.Exit(run(context.args))


@app.command(context_settings=_PASS_ON)
def xapp(context: typer.Context) -> None:
    """Run the xApp alone (`cadran xapp --help`)."""
    from cadran.xapp.__main__ import main as run

    raise typer.Exit(run(context.args))


@replay_app.command("export")
def export_replay(
    out: Annotated[Path, typer.Option(help="File to write (.npz).")],
    run: Annotated[Path | None, typer.Option(help="Run folder whose experience is meant.")] = None,
    redis: Annotated[str | None, typer.Option(help="Or the URL of the Redis that keeps it.")] = None,
    region: Annotated[str, typer.Option(help="Region in that Redis.")] = "cadran",
) -> None:
    """Write the stored experience to a .npz file, one array per field and DU."""
    from cadran.replay import ReplayError, ReplayUnavailable
    from cadran.testbed.export import export_region, export_run
    from cadran.testbed.prepare import check_redis

    if out.suffix != ".npz" or not out.parent.is_dir():
        raise ConfigError(f"--out {out}: a file that ends in .npz, in a folder that exists")
    if (run is None) == (redis is None):
        raise ConfigError("--run DIR or --redis URL: one of the two says whose experience is meant")
    if redis is not None:
        check_redis(redis)
    try:
        rows = export_run(run, out) if run is not None else export_region(str(redis), region, out)
    except (ReplayError, ReplayUnavailable, OSError) as error:
        typer.echo(f"replay export: {error}", err=True)
        raise typer.Exit(EXIT_FAILED) from error
    typer.echo(f"{sum(rows)} transitions of {len(rows)} DUs written to {out}")


@app.command()
def bench(
    what: Annotated[
        BenchName,
        typer.Argument(
            help="radio: its full step beside a peer and a ceiling, and how the cost grows (2 minutes); "
            "loop: decisions through the services; replay: rows in and out of the stores; learn: an update; "
            "dapp: an inference, and its memory."
        ),
    ],
    scenario: Annotated[Path, typer.Option(help="Scenario of the loop.")] = Path("scenarios/demo.yaml"),
    as_json: Json = False,
) -> None:
    """Measure a part on this machine: one JSON object, for the radio also a table."""
    from cadran.testbed import benchmarks

    measure: dict[BenchName, Callable[[], dict[str, Any]]] = {
        BenchName.radio: benchmarks.radio,
        BenchName.loop: lambda: benchmarks.loop(scenario),
        BenchName.replay: benchmarks.replay,
        BenchName.learn: benchmarks.learn,
        BenchName.dapp: benchmarks.dapp,
    }
    if what in (BenchName.radio, BenchName.loop):
        _compile_radio()
    result = measure[what]()
    if what is BenchName.radio and not as_json:
        _print_radio_bench(result)
    else:
        typer.echo(json.dumps(result, indent=None if as_json else 2))


@validate_app.command("radio")
def validate_radio(
    out: Annotated[Path, typer.Option(help="Folder for the report and its figures.")] = Path(
        "runs/radio-validation"
    ),
    data: Annotated[
        Path | None, typer.Option(envvar="CADRAN_DATA", help="Folder of measured data to compare with.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Hold the radio against closed forms, tables, other implementations and measured data (a minute).

    Writes one HTML page and the figures. Exit status 1 if a check fails.
    """
    from cadran.testbed.radio_validation.report import validate_radio as validate

    _compile_radio()
    validation = validate(out, data, _progress)
    if as_json:
        typer.echo(json.dumps(validation.as_object()))
    else:
        _print_validation(validation)
    if not validation.passed:
        raise typer.Exit(EXIT_FAILED)


@lab_app.command("tasam")
def lab_tasam(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="Studies, or all; --list shows them.")
    ] = None,
    show_list: Annotated[bool, typer.Option("--list", help="List the studies, and end.")] = False,
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
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; default as many as cores, 1 on a GPU.")
    ] = None,
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
    from cadran.lab.study import BUDGETS, Order, StudyFailed, plan_studies, run_studies
    from cadran.lab.tasam.presets import preset as reading
    from cadran.lab.tasam.studies import STUDIES

    if show_list:
        for study in STUDIES.values():
            typer.echo(f"{study.name:12} {study.question}")
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
        workers=workers or (1 if device is DeviceName.cuda else os.cpu_count() or 1),
        device=device.value,
        out=out or Path("runs") / f"tasam-{chosen.name}-{name}",
        command=shlex.join(["cadran", *sys.argv[1:]]),
    )
    plan = plan_studies(order)
    _compile_radio()
    try:
        answer = run_studies(plan)
    except StudyFailed as error:
        typer.echo(f"cadran lab tasam: {error}", err=True)
        raise typer.Exit(EXIT_FAILED) from error
    except KeyboardInterrupt as interrupt:
        typer.echo("interrupted; the same command goes on from here", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from interrupt
    _print_answer(answer)


def _choose(names: Sequence[str], studies: Mapping[str, Study]) -> list[Study]:
    """Studies by name, each once, in the order of the command line."""
    known = ", ".join(studies)
    if not names:
        raise ConfigError(f"NAME...: which study? There are all, {known}")
    for name in names:
        if name != "all" and name not in studies:
            raise ConfigError(f"{name}: no study has this name; there are all, {known}")
    wanted = studies if "all" in names else dict.fromkeys(names)
    return [studies[name] for name in wanted]


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if match is None or not 0 < float(match[1]) < math.inf:
        raise ConfigError(f"--duration {text}: a number above 0 with s, m or h, e.g. 90s or 2m")
    return float(match[1]) * _SECONDS[match[2]]


def _compile_radio() -> None:
    """Compiles the radio where that has not been done; in a process of its own, which says so and ends."""
    from cadran.radio import warm

    if not warm.compiled():
        subprocess.run([sys.executable, "-m", warm.__name__], check=True)


def _progress(text: str) -> None:
    typer.echo(f"  {text}", err=True)


def _evaluate_run(
    folder: RunFolder, summary: RunSummary, episodes: int, trace: Path | None, load: str | None, quiet: bool
) -> None:
    from cadran.testbed.compare import evaluate_run

    if summary.ended_by == "stopped":
        _progress("stopped before its end: not evaluated")
        return
    result = evaluate_run(folder, episodes, summary.seed, _progress, trace, load)
    if not quiet:
        _print_evaluation(result)


def _print_summary(summary: RunSummary) -> None:
    from rich.console import Console

    from cadran.testbed.tables import summary_table

    Console().print(summary_table(summary))


def _print_evaluation(result: Evaluation) -> None:
    from rich.console import Console

    from cadran.testbed.tables import evaluation_table

    console = Console()
    console.print(evaluation_table(result))
    console.print(result.sentence)


def _print_radio_bench(result: dict[str, Any]) -> None:
    from rich.console import Console

    from cadran.testbed.radio_bench.table import bench_table

    Console().print(bench_table(result))


def _print_answer(answer: Answer) -> None:
    for section in answer.sections:
        typer.echo(f"\n{section.title}")
        for sentence in section.answer:
            typer.echo(f"  {sentence}")
    typer.echo("\nTables:")
    for table in answer.tables:
        typer.echo(f"  {table}")
    typer.echo(f"Report: {answer.page}")


def _print_validation(validation: Validation) -> None:
    from rich.console import Console

    from cadran.testbed.radio_validation.table import summary_table

    console = Console()
    console.print(summary_table(validation))
    console.print(validation.sentence)
    console.print(f"Report: {validation.page}", soft_wrap=True)


if __name__ == "__main__":
    main()
