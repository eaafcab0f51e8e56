"""The processes of one run, in the order of their start, with their command lines."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cadran.replay.redis_server import redis_command
from cadran.testbed.folder import RunFolder
from cadran.testbed.ports import LOOPBACK, free_ports
from cadran.testbed.secured import Secured
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
LATE_DUS = "CADRAN_RANSIM_LATE_DUS"
JOIN_POLL_S = 0.1
REDIS_STAGE, XAPP_STAGE, RAPP_STAGE, DAPP_STAGE, RANSIM_STAGE = range(5)


@dataclass(frozen=True)
class Addresses:
    """Where the services of a run listen, all on loopback, as ``host:port``."""

    e2: str
    e3: str
    ransim_http: str
    xapp_rest: str
    rapp_rest: str
    dapp_http: tuple[str, ...]
    redis_port: int

    def scrape_targets(self, rapp: bool, tls: bool = False) -> dict[str, str]:
        """Service name to the URL of its Prometheus metrics, with an rApp or not, REST over TLS or not."""
        dapps = {f"dapp-{du}": address for du, address in enumerate(self.dapp_http)}
        served = {"ransim": self.ransim_http, "xapp": self.xapp_rest, **dapps}
        if rapp:
            served["rapp"] = self.rapp_rest
        secured = ("xapp", "rapp") if tls else ()
        return {
            name: f"{'https' if name in secured else 'http'}://{address}/metrics"
            for name, address in served.items()
        }


def allocate(dus: int) -> Addresses:
    """Chooses free loopback ports for a run with ``dus`` DUs."""
    ports = free_ports(6 + dus)
    e2, e3, ransim, xapp, rapp, _, *dapps = (f"{LOOPBACK}:{port}" for port in ports)
    return Addresses(e2, e3, ransim, xapp, rapp, tuple(dapps), redis_port=ports[5])


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
        hierarchical: whether decisions have two levels, so that there is an rApp.
        served_s: tells how long frames have been served.
        secured: certificates, tokens and passwords; None: an open run.
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
    hierarchical: bool
    served_s: Callable[[], float]
    secured: Secured | None = None


def children(plan: Plan) -> list[Child]:
    """The processes of a run.

    Redis (if it is the run's own), the xApp, the rApp (where decisions have two levels), a dApp per DU, and
    the RAN, whose end is the run's end.
    """
    joins = {join.du: join.after_s for join in plan.settings.join_dus}
    rapp = [_child(plan, "rapp", RAPP_STAGE, _always(_rapp(plan)))] if plan.hierarchical else []
    dapps = [_child(plan, f"dapp-{du}", DAPP_STAGE, _always(_dapp(plan, du))) for du in range(plan.dus)]
    return [
        *_redis(plan),
        _child(plan, "xapp", XAPP_STAGE, _always(_xapp(plan))),
        *rapp,
        *(replace(dapp, begins=_begins(plan, joins.get(du))) for du, dapp in enumerate(dapps)),
        _child(plan, "ransim", RANSIM_STAGE, lambda _: _ransim(plan), ends_run=True),
    ]


def _begins(plan: Plan, after_s: float | None) -> Callable[[], Awaitable[None]] | None:
    """Waits until frames have been served for so long."""
    if after_s is None:
        return None

    async def served() -> None:
        while plan.served_s() <= after_s:
            await asyncio.sleep(JOIN_POLL_S)

    return served


def _redis(plan: Plan) -> list[Child]:
    server = plan.redis_server
    if server is None:
        return []
    secrets = plan.secured.redis_server() if plan.secured else None
    return [
        Child(
            "redis",
            _always(redis_command(server, plan.addresses.redis_port, plan.folder.redis, secrets)),
            plan.folder.logs / "redis.log",
            stage=REDIS_STAGE,
            ready=plan.redis_ready,
        )
    ]


def _child(
    plan: Plan, name: str, stage: int, command: Callable[[int], Sequence[str]], ends_run: bool = False
) -> Child:
    log = plan.folder.logs / f"{name}.log"
    environment = {
        **ONE_THREAD,
        "CADRAN_XAPP_REDIS_REGION": plan.redis_region,
        "CADRAN_RAPP_REDIS_REGION": plan.redis_region,
        LATE_DUS: json.dumps([join.du for join in plan.settings.join_dus]),
    }
    if plan.secured is not None:
        environment |= plan.secured.environment(name)
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
    cold = [str(join.du) for join in plan.settings.join_dus if join.cold]
    command += ["--cold-dus", *cold] if cold else []
    return command if plan.settings.learn else [*command, "--no-learn"]


def _rapp(plan: Plan) -> list[str]:
    command = _service(
        "rapp",
        plan,
        {
            "--rest": plan.addresses.rapp_rest,
            "--redis": plan.redis_url,
            "--state-dir": plan.folder.rapp,
            "--xapp": plan.addresses.xapp_rest,
        },
    )
    return command if plan.settings.learn else [*command, "--no-learn"]


def _service(module: str, plan: Plan, flags: Mapping[str, object]) -> list[str]:
    common = {"--scenario": plan.folder.scenario, "--seed": plan.settings.seed}
    given = {flag: value for flag, value in {**common, **flags}.items() if value is not None}
    words = [word for flag, value in given.items() for word in (flag, str(value))]
    return [sys.executable, "-m", f"cadran.{module}", *words]
