"""The command as a whole: its parts, its version, and what its failures look like."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cadran import __version__
from cadran.cli import certs, lab, measure, replay, testbed, trace
from cadran.cli.options import EXIT_CONFIG
from cadran.runtime import ConfigError

app = typer.Typer(
    name="cadran",
    help="Learned radio-resource control for O-RAN: a RIC testbed on one machine, and its parts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
testbed.add_to(app)
measure.add_to(app)
app.add_typer(replay.app, name="replay")
app.add_typer(certs.app, name="certs")
app.add_typer(trace.app, name="trace")
app.add_typer(lab.app, name="lab")


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
