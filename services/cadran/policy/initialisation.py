"""The initialisation artefact: what a DU's two levels start from before they adapt (arXiv 2512.13715).

A sealed blob of kind ``initialisation``, described by ``InitialisationMeta``. Its tensors are those that
adapting needs: ``<level>/<part>/<name>`` for each level and each part of a level's networks, shaped as
the learner gives them out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from cadran.policy.meta import LEVELS, PolicyCause, PolicyError
from cadran.policy.sealed import (
    Tensors,
    digest,
    read_description,
    read_tensors,
    require_digest,
    require_finite,
    seal,
)

FORMAT: Final = "cadran-initialisation-1"
PARTS: Final = ("actor", "critic", "target_actor", "target_critic")
_KIND: Final = "initialisation"

Level = Literal["higher", "lower"]
Count = Annotated[int, Field(ge=0)]
Size = Annotated[int, Field(ge=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LevelShape(_Part):
    """Networks of one level."""

    observation_dim: Size = Field(description="length of what the level sees")
    action_dim: Size = Field(description="length of what it decides by; each entry lies in (0, 1)")
    hidden: tuple[Size, ...] = Field(min_length=1, description="widths of the hidden layers")
    activation: Literal["relu", "tanh", "crelu"] = Field(description="of the hidden layers")
    layer_norm: bool = Field(description="whether each hidden layer is normalised before its activation")


class Stream(_Part):
    """Experience of one DU that had been read when an initialisation was cut."""

    du: Count
    rows: Count = Field(description="transitions ever read")


class Lineage(_Part):
    """Where an initialisation comes from."""

    parent: Count | None = Field(description="version that the same learner gave out before; null: none")
    iterations: Count = Field(description="meta-iterations made when it was cut")
    region: str = Field(description="name under which the experience is kept")
    streams: tuple[Stream, ...] = Field(description="experience read, one entry per DU")


class Evaluation(_Part):
    """Scores of an initialisation, paired with those of the best one promoted until then."""

    against: Count | None = Field(description="version that it was compared with; null: there was none")
    score: str = Field(description="what was measured, higher is better")
    scores: tuple[FiniteFloat, ...] = Field(min_length=1, description="its scores, one per repetition")
    scores_against: tuple[FiniteFloat, ...] = Field(description="the other's in the same repetitions")

    @model_validator(mode="after")
    def _paired(self) -> Evaluation:
        if len(self.scores_against) != (0 if self.against is None else len(self.scores)):
            raise ValueError("scores_against: one per score, or none if there was nothing to compare with")
        return self


class InitialisationMeta(_Part):
    """Description of one initialisation."""

    version: Size = Field(description="position in the registry's sequence")
    created_unix_s: FiniteFloat = Field(description="wall clock, seconds since 1970")
    problem: dict[str, str] = Field(description="names of observation, action and reward")
    decision_frames: Size = Field(description="frames from one higher decision to the next")
    levels: dict[Level, LevelShape] = Field(description="networks of both levels")
    lineage: Lineage
    metrics: dict[str, FiniteFloat] = Field(description="what meta-training measured when it was cut")
    evaluation: Evaluation | None = Field(description="null: it was not evaluated")
    sha256: str = Field(default="", description="of the tensors, hex; set by `encode_initialisation`")

    @model_validator(mode="after")
    def _both_levels(self) -> InitialisationMeta:
        if set(self.levels) != set(LEVELS):
            raise ValueError(f"levels: must be {' and '.join(LEVELS)}, not {', '.join(self.levels)}")
        return self

    def to_json(self) -> str:
        """Canonical JSON text: the same metadata always gives the same characters."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))


def encode_initialisation(meta: InitialisationMeta, tensors: Tensors) -> bytes:
    """Serialise an initialisation.

    Args:
        meta: its description; ``sha256`` is computed here, whatever it held.
        tensors: float32 arrays, named as the module says.

    Returns:
        The artefact; the same input gives the same bytes.

    Raises:
        PolicyError: SHAPE_MISMATCH or NOT_FINITE.
    """
    _check(tensors)
    described = meta.model_copy(update={"sha256": digest(tensors)})
    return seal(_KIND, FORMAT, described.to_json(), tensors)


def decode_initialisation(data: bytes) -> tuple[InitialisationMeta, dict[str, NDArray[np.float32]]]:
    """Read and verify an artefact.

    Args:
        data: what `encode_initialisation` returned.

    Returns:
        Its description and tensors.

    Raises:
        PolicyError: CORRUPT, INCOMPATIBLE (another format), HASH_MISMATCH, SHAPE_MISMATCH or NOT_FINITE.
    """
    text = read_description(_KIND, FORMAT, data)
    try:
        meta = InitialisationMeta.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise PolicyError(PolicyCause.CORRUPT, f"description: {where}: {first['msg']}") from error
    tensors = read_tensors(data)
    _check(tensors)
    require_digest(tensors, meta.sha256)
    return meta, tensors


def of_level(tensors: Tensors, level: str) -> dict[str, NDArray[np.float32]]:
    """One level's tensors, named ``<part>/<name>``."""
    prefix = f"{level}/"
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def of_levels(levels: Mapping[str, Tensors]) -> dict[str, NDArray[np.float32]]:
    """Inverse of `of_level` for all levels."""
    return {f"{level}/{name}": value for level, held in levels.items() for name, value in held.items()}


def _check(tensors: Tensors) -> None:
    """Names, types and finiteness. Shapes are the learner's to check: it alone knows its critics."""
    held = {tuple(name.split("/", 2)[:2]) for name in tensors}
    needed = {(level, part) for level in LEVELS for part in PARTS}
    if held != needed:
        odd = ", ".join("/".join(part) for part in sorted(held ^ needed))
        raise PolicyError(PolicyCause.SHAPE_MISMATCH, f"parts missing or not expected: {odd}")
    for name, value in tensors.items():
        if value.dtype != np.float32:
            raise PolicyError(PolicyCause.SHAPE_MISMATCH, f"{name} is {value.dtype}, must be float32")
        require_finite(name, value)
