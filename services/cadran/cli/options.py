"""What several commands share: options, exit statuses, and telling of progress."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

EXIT_FAILED = 1
EXIT_CONFIG = 2
EXIT_INTERRUPTED = 130

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


def compile_radio() -> None:
    """Compiles the radio where that has not been done; in a process of its own, which says so and ends."""
    from cadran.radio import warm

    if not warm.compiled():
        subprocess.run([sys.executable, "-m", warm.__name__], check=True)


def progress(text: str) -> None:
    """A line about what is being done, beside the output."""
    typer.echo(f"  {text}", err=True)
