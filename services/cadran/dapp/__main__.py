"""`python -m cadran.dapp`: the dApp of one DU as a process."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cadran import __version__
from cadran.dapp.metrics import DappMetrics
from cadran.dapp.service import DappService
from cadran.dapp.settings import ENVIRONMENT_PREFIX, DappSettings
from cadran.problem import ProblemSpec
from cadran.problem.hierarchy import HierarchySpec
from cadran.runtime import Document, optional_section, read_document, section
from cadran.runtime.command_line import run_service, service_parser
from cadran.runtime.http import Health, listening
from cadran.runtime.lifecycle import EXIT_FAILED, run
from cadran.runtime.link_metrics import LinkMetrics
from cadran.runtime.logging import configure_logging
from cadran.runtime.metrics import new_registry
from cadran.runtime.tracing import tracing
from cadran.wire.impairments import ImpairmentsSpec
from cadran.wire.link import LinkSettings
from cadran.wire.links import link_settings
from cadran.wire.trace.recorder import E3, Described, Recorder, RecorderSpec


def parser() -> argparse.ArgumentParser:
    """The command line; every flag is a setting, and may come from the environment or a file instead."""
    flags = {
        "scenario": "FILE",
        "du": "N",
        "seed": "N",
        "e3-connect": "HOST:PORT",
        "http": "HOST:PORT",
        "record": "FILE",
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
    hierarchy = optional_section(document, "hierarchy", HierarchySpec)
    impaired = section(document, "impairments", ImpairmentsSpec)
    rng = np.random.default_rng([settings.seed, settings.du, E3])
    with settings.recording(lambda path, size: _recorder(settings, document, path, size)) as recorder:
        return _serve(settings, spec, hierarchy, link_settings(E3, recorder, impaired.e3, rng))


def _recorder(settings: DappSettings, document: Document, path: Path, size: int) -> Recorder:
    described = Described("dapp", __version__, document.name, document.sha256, settings.seed)
    return Recorder(path, described, RecorderSpec(size))


def _serve(
    settings: DappSettings, spec: ProblemSpec, hierarchy: HierarchySpec | None, link: LinkSettings
) -> int:
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
            link=link,
        )
        cause = await service.run()
        log.error("another dApp serves this DU", cause=str(cause))
        return EXIT_FAILED

    with listening(settings.http, registry, health), tracing("dapp", du=settings.du) as tracer:
        return run(serve, health)


if __name__ == "__main__":
    sys.exit(main())
