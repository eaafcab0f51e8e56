"""Where the first policies come from: a directory of artefacts, instead of fresh networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import safetensors.numpy

from cadran.learn import CheckpointError, Learner
from cadran.policy import PolicyError, decode_actor, encode, newest, require_compatible
from cadran.problem import Problem
from cadran.runtime import ConfigError


def load_policies(directory: Path, problem: Problem, dus: int, version: int) -> list[bytes]:
    """The newest artefact of every DU, numbered anew.

    Args:
        directory: As ``policy.save`` writes it.
        problem: What the policies must have been trained for.
        dus: Number of DUs.
        version: Version that they get.

    Raises:
        ConfigError: No such directory, a DU without a policy, or a policy that does not fit.
    """
    try:
        paths = newest(directory)
    except OSError as error:
        raise ConfigError(f"--policy {directory}: {error.strerror}") from error
    missing = [du for du in range(dus) if du not in paths]
    if missing:
        raise ConfigError(f"--policy {directory}: no policy for DUs {missing} of 0..{dus - 1}")
    return [_load(paths[du], du, problem, version) for du in range(dus)]


def _load(path: Path, du: int, problem: Problem, version: int) -> bytes:
    data = path.read_bytes()
    try:
        meta, _ = decode_actor(data)
        require_compatible(
            meta,
            du=du,
            observation_dim=problem.observation_dim,
            action_dim=problem.action_dim,
            problem=problem.names,
            current_version=None,
        )
    except PolicyError as error:
        raise ConfigError(f"--policy {path}: {error}") from error
    return encode(replace(meta, version=version, effective_frame=0), safetensors.numpy.load(data))


def start_from(learner: Learner, artefacts: list[bytes], source: Path) -> None:
    """Let the learner's actors start from artefacts; critics and optimisers stay fresh.

    Raises:
        ConfigError: The artefacts' networks are not those of the scenario's learner.
    """
    for agent, artefact in enumerate(artefacts):
        try:
            learner.load_actor(agent, safetensors.numpy.load(artefact))
        except CheckpointError as error:
            raise ConfigError(
                f"--policy {source}: DU {agent}: {error}; learning on needs the networks of the scenario's "
                "learner (or give --no-learn)"
            ) from error
