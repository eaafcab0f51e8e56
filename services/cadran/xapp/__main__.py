"""``python -m cadran.xapp``: reads settings, puts the xApp together, runs it, ends cleanly on SIGTERM."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cadran import __version__
from cadran.runtime.command_line import run_service, service_parser
from cadran.runtime.lifecycle import run
from cadran.runtime.logging import configure_logging
from cadran.runtime.metrics import new_registry
from cadran.runtime.tracing import tracing
from cadran.wire.links import link_settings
from cadran.wire.trace.recorder import E2, Described, Recorder, RecorderSpec
from cadran.xapp.settings import ENVIRONMENT_PREFIX, XappSettings

if TYPE_CHECKING:
    from cadran.xapp.scenario import Scenario

_ABOUT = "The xApp: ends E2 of every DU, learns from what its dApp reports, and delivers policies."
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
        "record": "FILE",
        "tls-ca": "FILE",
        "tls-cert": "FILE",
        "tls-key": "FILE",
        "log-level": "LEVEL",
        "log-format": "FORMAT",
    }
    made = service_parser("cadran xapp", _ABOUT, XappSettings, flags)
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
        parts = Assembly(settings, scenario, new_registry("xapp"), health, tracer, link, recorder)
        return await parts.xapp().run()

    with (
        settings.recording(lambda path, size: _recorder(settings, scenario, path, size)) as recorder,
        tracing("xapp") as tracer,
    ):
        rng = np.random.default_rng([settings.seed, E2])
        link = link_settings(E2, recorder, scenario.impairments.e2, rng)
        return run(serve, health, _GRACE_S)


def _recorder(settings: XappSettings, scenario: Scenario, path: Path, size: int) -> Recorder:
    described = Described("xapp", __version__, scenario.name, scenario.sha256, settings.seed)
    return Recorder(path, described, RecorderSpec(size))


if __name__ == "__main__":
    sys.exit(main())
