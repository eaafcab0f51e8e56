"""What DUs start their adaptation from: an initialisation as it was delivered, for the DUs of a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from cadran.learn import CheckpointError, MetaLearner, Networks
from cadran.learn.ddpg import DdpgShape
from cadran.learn.meta import LEVELS, Level
from cadran.policy import PolicyCause, PolicyError
from cadran.policy.initialisation import InitialisationMeta, LevelShape, decode_initialisation, of_level
from cadran.problem.hierarchy import HierarchicalProblem

LevelNetworks = Mapping[Level, Networks]
"""Networks of one task by level."""


class Origin(BaseModel):
    """Which initialisation networks are or come from."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"version": 8, "sha256": "9f2c51e0" * 8}]},
    )

    version: int = Field(description="in the registry that it was delivered from")
    sha256: str = Field(description="of its tensors, hex")


@dataclass(frozen=True)
class Initialisation:
    """Networks to adapt from.

    Attributes:
        origin: Where they come from.
        networks: Of one task, by level.
    """

    origin: Origin
    networks: LevelNetworks


def read_initialisation(data: bytes, problem: HierarchicalProblem, learner: MetaLearner) -> Initialisation:
    """An initialisation out of its artefact.

    Args:
        data: The artefact of `policy.initialisation`.
        problem: What it must have been learned for.
        learner: Whose networks it must have.

    Raises:
        PolicyError: CORRUPT, HASH_MISMATCH, NOT_FINITE, SHAPE_MISMATCH or INCOMPATIBLE.
    """
    meta, tensors = decode_initialisation(data)
    _require_problem(meta, problem)
    networks: dict[Level, Networks] = {}
    for level in LEVELS:
        shape = learner.levels[level].shape
        _require_shape(level, meta.levels[level], shape)
        try:
            networks[level] = Networks.from_arrays(shape, of_level(tensors, level))
        except CheckpointError as error:
            raise PolicyError(PolicyCause.SHAPE_MISMATCH, f"{level} level: {error}") from error
        if networks[level].tasks != 1:
            text = f"{level} level: networks of {networks[level].tasks} tasks, an initialisation is of one"
            raise PolicyError(PolicyCause.SHAPE_MISMATCH, text)
    return Initialisation(Origin(version=meta.version, sha256=meta.sha256), networks)


def _require_problem(meta: InitialisationMeta, problem: HierarchicalProblem) -> None:
    if meta.problem != problem.names:
        text = f"learned for {meta.problem}, the DUs work on {problem.names}"
        raise PolicyError(PolicyCause.INCOMPATIBLE, text)
    if meta.decision_frames != problem.spec.decision_frames:
        text = (
            f"its higher level decides every {meta.decision_frames} frames, "
            f"that of the DUs every {problem.spec.decision_frames}"
        )
        raise PolicyError(PolicyCause.INCOMPATIBLE, text)


def _require_shape(level: Level, theirs: LevelShape, ours: DdpgShape) -> None:
    differing = [
        f"{name} {getattr(theirs, name)} instead of {getattr(ours, name)}"
        for name in LevelShape.model_fields
        if getattr(theirs, name) != getattr(ours, name)
    ]
    if differing:
        raise PolicyError(PolicyCause.SHAPE_MISMATCH, f"{level} level: {', '.join(differing)}")
