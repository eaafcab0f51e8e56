"""Running the testbed and its services, and evaluating what they learned."""

from __future__ import annotations

import math
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cadran.cli.options import (
    EXIT_FAILED,
    Json,
    Load,
    Overrides,
    Scenario,
    Seed,
    Trace,
    compile_radio,
    progress,
)
from cadran.runtime import ConfigError
from cadran.runtime.durations import SECONDS

if TYPE_CHECKING:
    from cadran.lab.evaluation import Evaluation
    from cadran.testbed.folder import RunFolder
    from cadran.testbed.summary import RunSummary

_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(up)
    app.command("eval")(evaluate_policy)
    for service in (ransim, dapp, xapp, rapp):
        app.command(context_settings=_PASS_ON)(service)


class PaceName(StrEnum):
    """How frames follow each other."""

    fast = "fast"
    realtime = "realtime"


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
    tls: Annotated[
        bool, typer.Option("--tls", help="Mutual TLS; certificates and REST tokens in the run folder.")
    ] = False,
    trace: Trace = None,
    load: Load = None,
    join_du: Annotated[
        list[str] | None,
        typer.Option(
            metavar="N@T[:cold]",
            help="With a hierarchy: DU N's dApp starts T after the first frame, e.g. 6@90s; cold: from fresh "
            "networks. May be repeated.",
        ),
    ] = None,
    overrides: Overrides = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; default runs/<time>.")] = None,
    evaluate: Annotated[
        int | None, typer.Option(min=2, metavar="N", help="Then compare on N held-out episodes.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Start the testbed: RAN, a dApp per DU, xApp, Redis and, with a hierarchy, rApp, on loopback."""
    from cadran.testbed.joins import parse_join
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
        tls=tls,
        trace=trace,
        load=load,
        join_dus=tuple(parse_join(text) for text in join_du or ()),
        evaluate=evaluate is not None,
        out=out,
        live=not as_json,
    )
    testbed = Testbed(settings)
    compile_radio()
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
    compile_radio()
    if policy in BASELINES:
        chosen = baseline(policy, world, spec, seed, packets, profile)
        result = evaluate(
            world,
            spec,
            [chosen],
            episodes=episodes,
            seed=seed,
            progress=progress,
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
            progress=progress,
            trace_bytes_per_tti=packets,
            load_profile=profile,
        )
    if as_json:
        typer.echo(result.to_json())
    else:
        _print_evaluation(result)


def ransim(context: typer.Context) -> None:
    """Run the RAN simulator alone (`cadran ransim --help`)."""
    from cadran.ransim.__main__ import main as run

    raise typer.Exit(run(context.args))


def dapp(context: typer.Context) -> None:
    """Run one dApp alone (`cadran dapp --help`)."""
    from cadran.dapp.__main__ import main as run

    raise typer.Exit(run(context.args))


def xapp(context: typer.Context) -> None:
    """Run the xApp alone (`cadran xapp --help`)."""
    from cadran.xapp.__main__ import main as run

    raise typer.Exit(run(context.args))


def rapp(context: typer.Context) -> None:
    """Run the rApp alone (`cadran rapp --help`)."""
    from cadran.rapp.__main__ import main as run

    raise typer.Exit(run(context.args))


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if match is None or not 0 < float(match[1]) < math.inf:
        raise ConfigError(f"--duration {text}: a number above 0 with s, m or h, e.g. 90s or 2m")
    return float(match[1]) * SECONDS[match[2]]


def _evaluate_run(
    folder: RunFolder, summary: RunSummary, episodes: int, trace: Path | None, load: str | None, quiet: bool
) -> None:
    from cadran.testbed.compare import evaluate_run

    if summary.ended_by == "stopped":
        progress("stopped before its end: not evaluated")
        return
    result = evaluate_run(folder, episodes, summary.seed, progress, trace, load)
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
