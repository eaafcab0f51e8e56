"""`python -m cadran.ransim`: the RAN simulator as a process."""

from __future__ import annotations

import argparse
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cadran import __version__
from cadran.envs import hierarchical_problem_of, problem_of
from cadran.envs.link import LinkSpec, require_ideal
from cadran.problem import Problem, ProblemSpec, Quota
from cadran.problem.hierarchy import HierarchicalProblem, HierarchySpec
from cadran.radio import World
from cadran.ransim.ladder import DecisionLadder
from cadran.ransim.measured import MeasuredTraffic, measured_traffic
from cadran.ransim.metrics import RansimMetrics
from cadran.ransim.ran import Ran
from cadran.ransim.service import Links, RansimService
from cadran.ransim.settings import ENVIRONMENT_PREFIX, RansimSettings
from cadran.ransim.statistics import EPISODE_FIELDS
from cadran.ransim.status_files import StatusFiles
from cadran.runtime import (
    Address,
    ClockSpec,
    ConfigError,
    Document,
    optional_section,
    read_document,
    section,
)
from cadran.runtime.command_line import run_service, service_parser
from cadran.runtime.disk import DiskWatch
from cadran.runtime.http import Health, listening
from cadran.runtime.lifecycle import run
from cadran.runtime.link_metrics import LinkMetrics
from cadran.runtime.logging import configure_logging
from cadran.runtime.metrics import new_registry
from cadran.runtime.tracing import tracing
from cadran.wire.impairments import ImpairmentsSpec
from cadran.wire.links import link_settings
from cadran.wire.trace.recorder import E2, E3, Described, Recorder, RecorderSpec


def parser() -> argparse.ArgumentParser:
    """The command line; every flag is a setting, and may come from the environment or a file instead."""
    flags = {
        "scenario": "FILE",
        "seed": "N",
        "e3-listen": "HOST:PORT",
        "e2-connect": "HOST:PORT",
        "http": "HOST:PORT",
        "pace": "PACE",
        "frames": "N",
        "trace": "FILE",
        "load": "FILE[:COLUMN]",
        "status-dir": "DIR",
        "record": "FILE",
        "tls-ca": "FILE",
        "tls-cert": "FILE",
        "tls-key": "FILE",
    }
    about = "The RAN simulator with its E3 and E2 agents."
    made = service_parser("cadran ransim", about, RansimSettings, flags)
    length = RansimSettings.model_fields["duration_s"].description
    made.add_argument("--duration", dest="duration_s", metavar="S", help=length)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the service; returns the process's exit status."""
    return run_service(parser(), arguments, RansimSettings, ENVIRONMENT_PREFIX, _run)


def _run(settings: RansimSettings) -> int:
    document = read_document(settings.scenario, settings.overrides)
    world = section(document, "world", World)
    spec = section(document, "problem", ProblemSpec)
    hierarchy = optional_section(document, "hierarchy", HierarchySpec)
    clock = section(document, "clock", ClockSpec)
    impaired = section(document, "impairments", ImpairmentsSpec)
    require_ideal(section(document, "link", LinkSpec), str(document.path))
    _check(settings, clock)
    _check_free(settings.e3_listen)
    measured = measured_traffic(world, settings.trace, settings.load)
    problem = _problem(world, spec, hierarchy)
    # Milliseconds of the wall clock: rises from one life of the RAN to the next without a store.
    epoch = int(1e3 * time.time())
    with settings.recording(lambda path, size: _recorder(settings, document, epoch, path, size)) as recorder:
        rngs = {interface: np.random.default_rng([settings.seed, interface]) for interface in (E2, E3)}
        links = Links(
            link_settings(E2, recorder, impaired.e2, rngs[E2]),
            link_settings(E3, recorder, impaired.e3, rngs[E3]),
        )
        return _serve(settings, clock, problem, measured, epoch, links)


def _recorder(settings: RansimSettings, document: Document, epoch: int, path: Path, size: int) -> Recorder:
    described = Described("ransim", __version__, document.name, document.sha256, settings.seed, epoch)
    return Recorder(path, described, RecorderSpec(size))


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
    absence = None if settings.e2_connect is None else round(settings.ric_absence_s / world.frame_s)
    ladders = tuple(
        DecisionLadder(fallback, clock.max_decision_age_frames, absence) for _ in range(world.dus)
    )
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


def _status_files(settings: RansimSettings, metrics: RansimMetrics) -> StatusFiles | None:
    folder = settings.status_dir
    if folder is None:
        return None
    try:
        return StatusFiles(folder, EPISODE_FIELDS, DiskWatch(metrics.disk_refusals, health=None))
    except OSError as error:
        raise ConfigError(f"--status-dir {folder}: cannot be made: {error.strerror or error}") from error


def _serve(
    settings: RansimSettings,
    clock: ClockSpec,
    problem: Problem | HierarchicalProblem,
    measured: MeasuredTraffic,
    epoch: int,
    links: Links,
) -> int:
    log = configure_logging("ransim")
    registry = new_registry("ransim")
    health = Health(["frames"])
    metrics = RansimMetrics(registry, problem.frame.dus)
    files = _status_files(settings, metrics)
    ran = _ran(settings, clock, measured, isinstance(problem, HierarchicalProblem))

    async def serve() -> int:
        service = RansimService(
            settings=settings,
            clock=clock,
            ran=ran,
            problem=problem,
            epoch=epoch,
            rng=np.random.default_rng([settings.seed, epoch]),
            metrics=metrics,
            e2_counters=LinkMetrics(registry, "e2"),
            e3_counters=LinkMetrics(registry, "e3"),
            health=health,
            log=log,
            files=files,
            tracer=tracer,
            links=links,
        )
        return await service.run()

    with listening(settings.http, registry, health), tracing("ransim") as tracer:
        return run(serve, health)


if __name__ == "__main__":
    sys.exit(main())
