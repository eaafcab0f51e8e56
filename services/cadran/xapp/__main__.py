"""``python -m cadran.xapp``: reads settings, puts the xApp together, runs it, ends cleanly on SIGTERM."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from cadran.runtime.command_line import run_service, service_parser
from cadran.runtime.lifecycle import run
from cadran.runtime.logging import configure_logging
from cadran.runtime.metrics import new_registry
from cadran.runtime.tracing import tracing
from cadran.xapp.settings import ENVIRONMENT_PREFIX, XappSettings

_GRACE_S = 10.0
"""Time for the last checkpoint after a signal."""


def parser() -> argparse.ArgumentParser:
    """The command line; what is not given comes from the environment, the file, or the defaults."""
    flags = {
        "scenario": "FILE",
        "seed": "N",
        "e2-listen": "HOST:PORT",
        "rest": "HOST:PORT",
        "redis": "URL",
        "redis-password-file": "FILE",
        "redis-ca": "FILE",
        "rest-tokens": "FILE",
        "state-dir": "DIR",
        "policy": "DIR",
        "kpm-period-s": "S",
        "checkpoint-period-s": "S",
        "learn": "",
        "resume": "",
        "tls-ca": "FILE",
        "tls-cert": "FILE",
        "tls-key": "FILE",
        "log-level": "LEVEL",
        "log-format": "FORMAT",
    }
    made = service_parser("cadran xapp", __doc__, XappSettings, flags)
    cold = XappSettings.model_fields["cold_dus"].description
    made.add_argument("--cold-dus", nargs="+", type=int, metavar="N", help=cold)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the xApp; returns the exit status (2: bad configuration, after one line on standard error)."""
    return run_service(parser(), arguments, XappSettings, ENVIRONMENT_PREFIX, _run)


def _run(settings: XappSettings) -> int:
    # Imported late: torch takes seconds, and a wrong flag should be told at once.
    from cadran.xapp.assembly import Assembly, new_health
    from cadran.xapp.scenario import load_scenario

    configure_logging("xapp", level=settings.log_level, style=settings.log_format)
    scenario = load_scenario(settings.scenario, settings.overrides)
    health = new_health()

    async def serve() -> int:
        return await Assembly(settings, scenario, new_registry("xapp"), health, tracer).xapp().run()

    with tracing("xapp") as tracer:
        return run(serve, health, _GRACE_S)


if __name__ == "__main__":
    sys.exit(main())
