"""docker-compose.yml, brought up under a name and ports of its own, and taken down without a trace."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
DUS = 6
SERVICES = ("redis", "ransim", *(f"dapp-{du}" for du in range(DUS)), "xapp", "rapp")
ALIVE = "/ric/v1/health/alive"


class NoEngineError(RuntimeError):
    """There is nothing here to run containers with."""


def client() -> list[str]:
    """The command of Compose: CADRAN_COMPOSE, else the engine's plugin, else `docker-compose`."""
    given = os.environ.get("CADRAN_COMPOSE")
    if given:
        return shlex.split(given)
    for command in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(command[0])
            and not subprocess.run([*command, "version"], capture_output=True).returncode
        ):
            return command
    raise NoEngineError("no Compose: install docker-compose, or name its command in CADRAN_COMPOSE")


def engine(*arguments: str) -> str:
    """What `docker` answers."""
    try:
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise NoEngineError("no Docker engine: install one, and start it") from error
    except subprocess.CalledProcessError as error:
        raise NoEngineError(f"docker {arguments[0]}: {error.stderr.strip()}") from error
    return done.stdout


@dataclass
class Stack:
    """One deployment.

    Attributes:
        project: its name, which no other deployment has.
        environment: what it is told, beside the defaults.
    """

    project: str
    environment: Mapping[str, str]
    command: list[str] = field(default_factory=client)

    def compose(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run Compose; with its errors in the failure's text."""
        done = subprocess.run(
            [*self.command, "--project-name", self.project, *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
        )
        assert not (check and done.returncode), f"{arguments}: {done.stdout}\n{done.stderr}"
        return done

    def containers(self) -> dict[str, dict[str, Any]]:
        """What the engine knows of each service's container."""
        label = f"label=com.docker.compose.project={self.project}"
        names = engine("ps", "--all", "--quiet", "--filter", label).split()
        found = json.loads(engine("inspect", *names)) if names else []
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}

    def health(self, service: str) -> str:
        """`healthy`, `unhealthy`, `starting`, or how its process ended."""
        state = self.containers()[service]["State"]
        health = state.get("Health")
        return str(health["Status"] if health and state["Running"] else state["Status"])

    def inside(self, service: str, *command: str) -> str:
        """The output of a command in a service's container, as the service's own user."""
        return self.compose("exec", "-T", service, *command).stdout

    def python(self, service: str, script: str, *arguments: str) -> str:
        """The output of a script in a service's container."""
        return self.inside(service, "python", "-IS", "-c", script, *arguments)

    def rest(self, service: str, path: str) -> Any:
        """The JSON that a service answers on its published port."""
        answer = httpx.get(self.url(service) + path, timeout=60.0)
        answer.raise_for_status()
        return answer.json()

    def url(self, service: str) -> str:
        """Where the host reaches a service."""
        return f"http://127.0.0.1:{self.environment[f'CADRAN_{service.upper()}_PORT']}"

    def left(self) -> list[str]:
        """Containers, networks and volumes of this deployment that are there."""
        label = f"label=com.docker.compose.project={self.project}"
        containers = engine("ps", "--all", "--quiet", "--filter", label).split()
        networks = engine("network", "ls", "--quiet", "--filter", label).split()
        volumes = engine("volume", "ls", "--quiet", "--filter", label).split()
        return [*containers, *networks, *volumes]


def wait_until(holds: Callable[[], bool], within_s: float, what: str) -> float:
    """Wait for a condition; returns how long it took [s]."""
    started_s = time.monotonic()
    while not holds():
        assert time.monotonic() - started_s < within_s, f"not within {within_s:g} s: {what}"
        time.sleep(0.5)
    return time.monotonic() - started_s
