"""Recorded messages of services: shown, and played against a service."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cadran.cli.options import EXIT_FAILED
from cadran.runtime import ConfigError
from cadran.runtime.addresses import parse_address

if TYPE_CHECKING:
    from cadran.wire.trace.replay import Outcome

app = typer.Typer(help="Recorded E2, E3 and A1 messages of a service.", no_args_is_help=True)

_MOST_DIFFERENCES = 20
#: What a service can be played over; the first unless said.
_INTERFACES = {"xapp": ("e2", "a1"), "ransim": ("e3", "e2"), "dapp": ("e3",)}

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
    from cadran.wire.trace.file import DamageError, read
    from cadran.wire.trace.text import Wanted, lines

    wanted = Wanted(interface, du, kind, from_s, to_s)
    try:
        with file.open("rb") as opened:
            for line in lines(read(opened)):
                if wanted.holds(line):
                    typer.echo(line.json() if as_json else line.text())
    except BrokenPipeError:
        # Who reads has seen enough. Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror or error}") from error
    except DamageError as error:
        typer.echo(f"{file}: {error}", err=True)
        raise typer.Exit(EXIT_FAILED) from error


@app.command()
def replay(
    file: File,
    address: Annotated[
        str,
        typer.Argument(
            metavar="HOST:PORT",
            help="Where the service listens; for a dapp, and for ransim over E2, where to listen for it.",
        ),
    ],
    against: Annotated[Literal["xapp", "ransim", "dapp"], typer.Option(help="The service under test.")],
    interface: Annotated[
        Literal["e2", "e3", "a1"] | None,
        typer.Option(help="Of ransim e3 or e2, of xapp e2 or a1: the first unless said."),
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast/--paced", help="Not waiting for the recorded times, only for answers.")
    ] = False,
) -> None:
    """Play the peer's side of a recording to one service, in clear text; exit status 1 on a difference."""
    from cadran.wire.trace.file import DamageError
    from cadran.wire.trace.script import ReplayError

    has = _INTERFACES[against]
    if interface is not None and interface not in has:
        raise ConfigError(f"--interface {interface}: {against} has only {' and '.join(has)}")
    try:
        target = str(parse_address(address))
    except ValueError as error:
        raise ConfigError(str(error)) from error
    try:
        outcome = _played(file, against, interface or has[0], target, fast)
    except (OSError, DamageError, ReplayError) as error:
        raise ConfigError(f"{file}: {error}") from error
    for difference in outcome.differences[:_MOST_DIFFERENCES]:
        typer.echo(difference, err=True)
    count = len(outcome.differences)
    result = "as recorded" if not count else f"{count} difference{'s' if count > 1 else ''}"
    typer.echo(f"{result}: {outcome.played} messages played, {outcome.compared} answers compared and alike")
    if count:
        raise typer.Exit(EXIT_FAILED)


def _played(
    file: Path, against: Literal["xapp", "ransim", "dapp"], interface: str, target: str, fast: bool
) -> Outcome:
    from cadran.wire.gen.trace.v1 import trace_pb2
    from cadran.wire.trace.file import read
    from cadran.wire.trace.replay import Pace, connect_and_play, listen_and_play
    from cadran.wire.trace.script import scripts

    with file.open("rb") as opened:
        if interface == "a1":
            from cadran.rest.replay import play, requests

            return asyncio.run(play(requests(read(opened)), target, Pace(fast)))
        number = trace_pb2.INTERFACE_E2 if interface == "e2" else trace_pb2.INTERFACE_E3
        played = scripts(read(opened), against, number)
    listens = (against, interface) in (("xapp", "e2"), ("ransim", "e3"))
    return asyncio.run((connect_and_play if listens else listen_and_play)(played, target, Pace(fast)))
