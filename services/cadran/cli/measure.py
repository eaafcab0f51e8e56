"""Measuring the parts on this machine, and holding the radio against theory."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cadran.cli.options import EXIT_FAILED, Json, compile_radio, progress

if TYPE_CHECKING:
    from cadran.testbed.radio_validation.report import Validation

validate_app = typer.Typer(help="The simulator against theory and measurements.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(bench)
    app.add_typer(validate_app, name="validate")


class BenchName(StrEnum):
    """What can be measured."""

    radio = "radio"
    loop = "loop"
    replay = "replay"
    learn = "learn"
    dapp = "dapp"
    sizing = "sizing"


def bench(
    what: Annotated[
        BenchName,
        typer.Argument(
            help="radio: its full step beside a peer and a ceiling, and how the cost grows (2 minutes); "
            "loop: E3, E2 and A1 with 1 to 60 DUs (10 minutes); replay: rows in and out of the stores; "
            "learn: an update; dapp: an inference, and its memory; "
            "sizing: processor, memory and Redis with 2 to 24 DUs."
        ),
    ],
    scenario: Annotated[Path, typer.Option(help="Scenario of the loop and of sizing.")] = Path(
        "scenarios/demo.yaml"
    ),
    dus: Annotated[
        list[int] | None,
        typer.Option(min=1, max=99, help="Loop: DUs, may be repeated; by default 1, 6, 24 and 60."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure a part on this machine: one JSON object, for the radio also a table."""
    from cadran.testbed import benchmarks
    from cadran.testbed.sizing import sizing

    measure: dict[BenchName, Callable[[], dict[str, Any]]] = {
        BenchName.radio: benchmarks.radio,
        BenchName.loop: lambda: benchmarks.loop(scenario, dus or (1, 6, 24, 60)),
        BenchName.replay: benchmarks.replay,
        BenchName.learn: benchmarks.learn,
        BenchName.dapp: benchmarks.dapp,
        BenchName.sizing: lambda: sizing(scenario),
    }
    if what in (BenchName.radio, BenchName.loop, BenchName.sizing):
        compile_radio()
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

    compile_radio()
    validation = validate(out, data, progress)
    if as_json:
        typer.echo(json.dumps(validation.as_object()))
    else:
        _print_validation(validation)
    if not validation.passed:
        raise typer.Exit(EXIT_FAILED)


def _print_radio_bench(result: dict[str, Any]) -> None:
    from rich.console import Console

    from cadran.testbed.radio_bench.table import bench_table

    Console().print(bench_table(result))


def _print_validation(validation: Validation) -> None:
    from rich.console import Console

    from cadran.testbed.radio_validation.table import summary_table

    console = Console()
    console.print(summary_table(validation))
    console.print(validation.sentence)
    console.print(f"Report: {validation.page}", soft_wrap=True)
