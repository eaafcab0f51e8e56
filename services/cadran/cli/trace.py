"""Recorded messages of services: shown, and played against a service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cadran.cli.options import EXIT_FAILED
from cadran.runtime import ConfigError

app = typer.Typer(help="Recorded E2, E3 and A1 messages of a service.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="What a service's setting `record` has written.")]


@app.command()
def show(
    file: File,
    interface: Annotated[
        Literal["e2", "e3", "a1"] | None, typer.Option(help="Only what belongs to it.")
    ] = None,
    du: Annotated[int | None, typer.Option(min=0, help="Only associations of this DU.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only messages of this name, e.g. ric_indication.")] = None,
    from_s: Annotated[
        float, typer.Option("--from", metavar="S", help="Only from then on: seconds since the file begins.")
    ] = 0.0,
    to_s: Annotated[float, typer.Option("--to", metavar="S", help="Only up to then.")] = float("inf"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Print recorded messages, one a line; where the file is damaged, say where, with exit status 1."""
    from cadran.wire.trace_file import DamageError, read
    from cadran.wire.trace_text import Wanted, lines

    wanted = Wanted(interface, du, kind, from_s, to_s)
    try:
        with file.open("rb") as opened:
            for line in lines(read(opened)):
                if wanted.holds(line):
                    typer.echo(line.json() if as_json else line.text())
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror or error}") from error
    except DamageError as error:
        typer.echo(f"{file}: {error}", err=True)
        raise typer.Exit(EXIT_FAILED) from error
