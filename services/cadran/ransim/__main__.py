"""`python -m cadran.ransim`: the RAN simulator as a process."""

from __future__ import annotations

import argparse
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry

from cadran.envs import hierarchical_problem_of, problem_of
from cadran.envs.link import LinkSpec, require_ideal
from cadran.problem import Problem, ProblemSpec, Quota
from cadran.problem.hierarchy import HierarchicalProblem, HierarchySpec
from cadran.radio import World
from cadran.ransim.ladder import DecisionLadder
from cadran.ransim.measured import MeasuredTraffic, measured_traffic
from cadran.ransim.metrics import RansimMetrics
from cadran.ransim.ran import Ran
from cadran.ransim.service import RansimService
from cadran.ransim.settings import ENVIRONMENT_PREFIX, RansimSettings
from cadran.runtime import (
    Address,
    ClockSpec,
    ConfigError,
    load_settings,
    optional_section,
    read_document,
    section,
)
from cadran.runtime.http import Health, HttpServer
from cadran.runtime.lifecycle import EXIT_CONFIG, run
from cadran.runtime.link_metrics import LinkMetrics
from cadran.runtime.logging import configure_logging
from cadran.runtime.metrics import new_registry


def parser() -> argparse.ArgumentParser:
    """The command line; every flag is a setting, and may come from the environment or a file instead."""
    made = argparse.ArgumentParser(
        prog="cadran ransim", description="The RAN simulator with its E3 and E2 agents."
    )
    made.add_argument("--config", type=Path, help="settings file (YAML)")
    made.add_argument("--scenario", help="scenario file (YAML)")
    made.add_argument(
        "--set", action="append", dest="overrides", metavar="KEY=VALUE", help="change the scenario"
    )
    made.add_argument("--seed", help="seed of layout, channel and traffic")
    made.add_argument("--e3-listen", help="host:port for the dApps")
    made.add_argument("--e2-connect", help="host:port of the near-RT RIC's E2 termination")
    made.add_argument("--http", help="host:port of metrics and health")
    made.add_argument("--pace", help="realtime or fast")
    made.add_argument("--frames", help="end after this many frames")
    made.add_argument("--duration", dest="duration_s", help="end after this long [s]")
    made.add_argument("--trace", help="packet trace that drives the eMBB slice")
    made.add_argument(
        "--load", metavar="FILE[:COLUMN]", help="measured load over time (CSV) that sources follow"
    )
    made.add_argument("--status-dir", help="folder of status.json and episodes.csv")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the service; returns the process's exit status."""
    flags = vars(parser().parse_args(arguments))
    config = flags.pop("config")
    try:
        settings = load_settings(RansimSettings, config, ENVIRONMENT_PREFIX, flags)
        document = read_document(settings.scenario, settings.overrides)
        world = section(document, "world", World)
        spec = section(document, "problem", ProblemSpec)
        hierarchy = optional_section(document, "hierarchy", HierarchySpec)
        clock = section(document, "clock", ClockSpec)
        require_ideal(section(document, "link", LinkSpec), str(document.path))
        _check(settings, clock)
        _check_free(settings.e3_listen)
        measured = measured_traffic(world, settings.trace, settings.load)
        return _serve(settings, clock, _problem(world, spec, hierarchy), measured)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CONFIG


def _check(settings: RansimSettings, clock: ClockSpec) -> None:
    if clock.lockstep and settings.e2_connect is None:
        raise ConfigError(
            "clock.lockstep: frames wait until a near-RT RIC has stored transitions; name it, --e2-connect"
        )


def _check_free(listen: Address) -> None:
    """Binds the E3 address once: when gRPC cannot, it adds lines of its own."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((listen.host, listen.port))
    except OSError as error:
        raise ConfigError(f"--e3-listen {listen}: cannot listen: {error.strerror or error}") from error


def _problem(
    world: World, spec: ProblemSpec, hierarchy: HierarchySpec | None
) -> Problem | HierarchicalProblem:
    try:
        if hierarchy is not None:
            return hierarchical_problem_of(world, spec, hierarchy)
        return problem_of(world, spec)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _ran(settings: RansimSettings, clock: ClockSpec, measured: MeasuredTraffic, for_users: bool) -> Ran:
    fallback = Quota(
        np.zeros(3, dtype=np.int32),
        np.array(settings.fallback_min_percent, dtype=np.int32),
        np.full(3, 100, dtype=np.int32),
    )
    world = measured.world
    ladders = tuple(DecisionLadder(fallback, clock.max_decision_age_frames) for _ in range(world.dus))
    try:
        return Ran(
            world,
            settings.seed,
            ladders,
            clock.deterministic_every,
            measured.trace_bytes_per_tti,
            measured.load_profile,
            for_users,
        )
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _http(listen: Address, registry: CollectorRegistry, health: Health) -> HttpServer:
    try:
        return HttpServer(listen, registry, health)
    except OSError as error:
        raise ConfigError(f"--http {listen}: cannot listen: {error.strerror or error}") from error


def _serve(
    settings: RansimSettings,
    clock: ClockSpec,
    problem: Problem | HierarchicalProblem,
    measured: MeasuredTraffic,
) -> int:
    log = configure_logging("ransim")
    registry = new_registry("ransim")
    health = Health(["frames"])
    ran = _ran(settings, clock, measured, isinstance(problem, HierarchicalProblem))
    # Milliseconds of the wall clock: rises from one life of the RAN to the next without a store.
    epoch = int(1e3 * time.time())

    async def serve() -> int:
        service = RansimService(
            settings=settings,
            clock=clock,
            ran=ran,
            problem=problem,
            epoch=epoch,
            rng=np.random.default_rng([settings.seed, epoch]),
            metrics=RansimMetrics(registry, problem.frame.dus),
            e2_counters=LinkMetrics(registry, "e2"),
            e3_counters=LinkMetrics(registry, "e3"),
            health=health,
            log=log,
        )
        return await service.run()

    with _http(settings.http, registry, health):
        return run(serve, health)


if __name__ == "__main__":
    sys.exit(main())
