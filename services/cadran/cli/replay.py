"""Experience at rest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cadran.cli.options import EXIT_FAILED
from cadran.runtime import ConfigError

app = typer.Typer(help="Experience at rest.", no_args_is_help=True)


@app.command("export")
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
