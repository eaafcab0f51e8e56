"""`python -m cadran.dapp`: the dApp of one DU as a process."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import numpy as np

from cadran.dapp.metrics import DappMetrics
from cadran.dapp.service import DappService
from cadran.dapp.settings import ENVIRONMENT_PREFIX, DappSettings
from cadran.problem import ProblemSpec
from cadran.problem.hierarchy import HierarchySpec
from cadran.runtime import optional_section, read_document, section
from cadran.runtime.command_line import run_service, service_parser
from cadran.runtime.http import Health, listening
from cadran.runtime.lifecycle import EXIT_FAILED, run
from cadran.runtime.link_metrics import LinkMetrics
from cadran.runtime.logging import configure_logging
from cadran.runtime.metrics import new_registry
from cadran.runtime.tracing import tracing


def parser() -> argparse.ArgumentParser:
    """The command line; every flag is a setting, and may come from the environment or a file instead."""
    flags = {
        "scenario": "FILE",
        "du": "N",
        "seed": "N",
        "e3-connect": "HOST:PORT",
        "http": "HOST:PORT",
        "tls-ca": "FILE",
        "tls-cert": "FILE",
        "tls-key": "FILE",
    }
    return service_parser("cadran dapp", "The dApp that decides for one DU.", DappSettings, flags)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the service; returns the process's exit status."""
    return run_service(parser(), arguments, DappSettings, ENVIRONMENT_PREFIX, _run)


def _run(settings: DappSettings) -> int:
    document = read_document(settings.scenario, settings.overrides)
    spec = section(document, "problem", ProblemSpec)
    return _serve(settings, spec, optional_section(document, "hierarchy", HierarchySpec))


def _serve(settings: DappSettings, spec: ProblemSpec, hierarchy: HierarchySpec | None) -> int:
    log = configure_logging("dapp", settings.du)
    registry = new_registry("dapp")
    health = Health(["e3", "policy"])

    async def serve() -> int:
        service = DappService(
            settings=settings,
            spec=spec,
            hierarchy=hierarchy,
            # Only waits between attempts to connect are drawn here; they differ from life to life on purpose.
            rng=np.random.default_rng([settings.seed, settings.du, time.time_ns()]),
            metrics=DappMetrics(registry),
            link_metrics=LinkMetrics(registry, "e3"),
            health=health,
            log=log,
            tracer=tracer,
        )
        cause = await service.run()
        log.error("another dApp serves this DU", cause=str(cause))
        return EXIT_FAILED

    with listening(settings.http, registry, health), tracing("dapp", du=settings.du) as tracer:
        return run(serve, health)


if __name__ == "__main__":
    sys.exit(main())
