"""The processes of one run, in the order of their start, with their command lines."""

import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cadran.replay.redis_server import redis_command
from cadran.testbed.folder import RunFolder
from cadran.testbed.ports import LOOPBACK, free_ports
from cadran.testbed.settings import TestbedSettings
from cadran.testbed.supervisor import Child

# One thread for each process' arithmetic: the processes themselves are what runs side by side.
ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
}
# A frame in real time leaves the dApps a few milliseconds, and the cores are few: who decides goes before who
# learns. At the fast pace the RAN waits for decisions, and the learner keeps the xApp's own choice.
LEARNER_NICE = "CADRAN_XAPP_LEARNER_NICE"
REALTIME_LEARNER_NICE = "19"
REDIS_STAGE, XAPP_STAGE, DAPP_STAGE, RANSIM_STAGE = range(4)


@dataclass(frozen=True)
class Addresses:
    """Where the services of a run listen, all on loopback, as ``host:port``."""

    e2: str
    e3: str
    ransim_http: str
    xapp_rest: str
    dapp_http: tuple[str, ...]
    redis_port: int

    def scrape_targets(self) -> dict[str, str]:
        """Service name to the URL of its Prometheus metrics."""
        dapps = {f"dapp-{du}": address for du, address in enumerate(self.dapp_http)}
        served = {"ransim": self.ransim_http, "xapp": self.xapp_rest, **dapps}
        return {name: f"http://{address}/metrics" for name, address in served.items()}


def allocate(dus: int) -> Addresses:
    """Chooses free loopback ports for a run with ``dus`` DUs."""
    ports = free_ports(5 + dus)
    served = [f"{LOOPBACK}:{port}" for port in ports]
    return Addresses(served[0], served[1], served[2], served[3], tuple(served[5:]), ports[4])


@dataclass(frozen=True)
class Remaining:
    """What is left of the run when the RAN starts; None where that does not end the run."""

    frames: int | None
    duration_s: float | None


@dataclass(frozen=True)
class Plan:
    """Everything the command lines depend on.

    Attributes:
        redis_url: the Redis that keeps the experience.
        redis_region: name under which it is kept there.
        redis_ready: answers whether that Redis serves.
        redis_server: the program to start as that Redis; None where it runs already.
        remaining: tells, each time the RAN starts, how much of the run is left.
    """

    settings: TestbedSettings
    folder: RunFolder
    dus: int
    addresses: Addresses
    redis_url: str
    redis_region: str
    redis_ready: Callable[[], Awaitable[bool]]
    redis_server: Path | None
    remaining: Callable[[], Remaining]


def children(plan: Plan) -> list[Child]:
    """Redis (if it is the run's own), the xApp, a dApp per DU, and the RAN, whose end is the run's end."""
    services = [
        _child(plan, "xapp", XAPP_STAGE, _always(_xapp(plan))),
        *(_child(plan, f"dapp-{du}", DAPP_STAGE, _always(_dapp(plan, du))) for du in range(plan.dus)),
        _child(plan, "ransim", RANSIM_STAGE, lambda _: _ransim(plan), ends_run=True),
    ]
    return [*_redis(plan), *services]


def _redis(plan: Plan) -> list[Child]:
    server = plan.redis_server
    if server is None:
        return []
    return [
        Child(
            "redis",
            _always(redis_command(server, plan.addresses.redis_port, plan.folder.redis)),
            plan.folder.logs / "redis.log",
            stage=REDIS_STAGE,
            ready=plan.redis_ready,
        )
    ]


def _child(
    plan: Plan, name: str, stage: int, command: Callable[[int], Sequence[str]], ends_run: bool = False
) -> Child:
    log = plan.folder.logs / f"{name}.log"
    environment = {**ONE_THREAD, "CADRAN_XAPP_REDIS_REGION": plan.redis_region}
    if plan.settings.pace == "realtime":
        environment[LEARNER_NICE] = os.environ.get(LEARNER_NICE, REALTIME_LEARNER_NICE)
    return Child(name, command, log, environment=environment, stage=stage, ends_run=ends_run)


def _always(command: Sequence[str]) -> Callable[[int], Sequence[str]]:
    return lambda _: command


def _ransim(plan: Plan) -> list[str]:
    settings, left = plan.settings, plan.remaining()
    return _service(
        "ransim",
        plan,
        {
            "--e3-listen": plan.addresses.e3,
            "--e2-connect": plan.addresses.e2,
            "--http": plan.addresses.ransim_http,
            "--pace": settings.pace,
            "--frames": left.frames,
            "--duration": left.duration_s,
            "--trace": settings.trace,
            "--load": settings.load,
            "--status-dir": plan.folder.ransim_status.parent,
        },
    )


def _dapp(plan: Plan, du: int) -> list[str]:
    http = plan.addresses.dapp_http[du]
    return _service("dapp", plan, {"--du": du, "--e3-connect": plan.addresses.e3, "--http": http})


def _xapp(plan: Plan) -> list[str]:
    command = _service(
        "xapp",
        plan,
        {
            "--e2-listen": plan.addresses.e2,
            "--rest": plan.addresses.xapp_rest,
            "--redis": plan.redis_url,
            "--state-dir": plan.folder.xapp,
            "--policy": plan.settings.policy,
        },
    )
    return command if plan.settings.learn else [*command, "--no-learn"]


def _service(module: str, plan: Plan, flags: Mapping[str, object]) -> list[str]:
    common = {"--scenario": plan.folder.scenario, "--seed": plan.settings.seed}
    given = {flag: value for flag, value in {**common, **flags}.items() if value is not None}
    words = [word for flag, value in given.items() for word in (flag, str(value))]
    return [sys.executable, "-m", f"cadran.{module}", *words]
