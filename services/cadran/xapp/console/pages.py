"""Routes of the console: the page, its files and the endpoint that feeds it."""

from __future__ import annotations

from fastapi import FastAPI, Response

from cadran import __version__
from cadran.rest import Role, page, page_environment, requires, static_files
from cadran.xapp.console.models import ConsoleState
from cadran.xapp.console.parts import ConsoleParts
from cadran.xapp.console.view import console_state
from cadran.xapp.rest_models import SLICE_NAMES

_PACKAGE = "cadran.xapp.console"
_SLICES = tuple(SLICE_NAMES[sst] for sst in (1, 3, 2))


def add_console(app: FastAPI, parts: ConsoleParts) -> None:
    """Serve the console at ``/`` and what it polls at ``/v1/console``."""
    environment = page_environment(_PACKAGE)
    app.include_router(static_files(_PACKAGE, "/console"))

    @app.get("/", include_in_schema=False, dependencies=[requires(Role.ANYONE)])
    async def index() -> Response:
        return page(
            environment,
            "console.html.j2",
            version=__version__,
            scenario=parts.scenario,
            frame=parts.frame,
            lockstep=parts.lockstep,
            targets=parts.targets(),
            slices=_SLICES,
            adapting=parts.adaptation is not None,
        )

    @app.get("/v1/console", tags=["console"], summary="All that the console shows, as of now")
    async def state() -> ConsoleState:
        return console_state(parts)
