"""`python -m cadran.dapp`: the dApp of one DU as a process."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry

from cadran.dapp.metrics import DappMetrics
from cadran.dapp.service import DappService
from cadran.dapp.settings import ENVIRONMENT_PREFIX, DappSettings
from cadran.problem import ProblemSpec
from cadran.problem.hierarchy import HierarchySpec
from cadran.runtime import Address, ConfigError, load_settings, optional_section, read_document, section
from cadran.runtime.http import Health, HttpServer
from cadran.runtime.lifecycle import EXIT_CONFIG, EXIT_FAILED, run
from cadran.runtime.link_metrics import LinkMetrics
from cadran.runtime.logging import configure_logging
from cadran.runtime.metrics import new_registry


def parser() -> argparse.ArgumentParser:
    """The command line; every flag is a setting, and may come from the environment or a file instead."""
    made = argparse.ArgumentParser(prog="cadran dapp", description="The dApp that decides for one DU.")
    made.add_argument("--config", type=Path, help="settings file (YAML)")
    made.add_argument("--scenario", help="scenario file (YAML)")
    made.add_argument(
        "--set", action="append", dest="overrides", metavar="KEY=VALUE", help="change the scenario"
    )
    made.add_argument("--du", help="index of the DU to serve")
    made.add_argument("--seed", help="seed of the exploration noise")
    made.add_argument("--e3-connect", help="host:port of the DU's E3 agent")
    made.add_argument("--http", help="host:port of metrics and health")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the service; returns the process's exit status."""
    flags = vars(parser().parse_args(arguments))
    config = flags.pop("config")
    try:
        settings = load_settings(DappSettings, config, ENVIRONMENT_PREFIX, flags)
        document = read_document(settings.scenario, settings.overrides)
        spec = section(document, "problem", ProblemSpec)
        return _serve(settings, spec, optional_section(document, "hierarchy", HierarchySpec))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CONFIG


def _http(listen: Address, registry: CollectorRegistry, health: Health) -> HttpServer:
    try:
        return HttpServer(listen, registry, health)
    except OSError as error:
        raise ConfigError(f"--http {listen}: cannot listen: {error.strerror or error}") from error


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
        )
        cause = await service.run()
        log.error("another dApp serves this DU", cause=str(cause))
        return EXIT_FAILED

    with _http(settings.http, registry, health):
        return run(serve, health)


if __name__ == "__main__":
    sys.exit(main())
