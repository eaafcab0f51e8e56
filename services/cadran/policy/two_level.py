"""The two-level policy: two actors in one artefact, a slow one that sets goals and a fast one that follows.

Tensors are those of an actor each, named ``higher/...`` and ``lower/...``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal

from cadran.policy.actor import Actor
from cadran.policy.initialisation import of_level, of_levels
from cadran.policy.meta import LEVELS, PolicyCause, PolicyError, TwoLevelMeta
from cadran.policy.sealed import Tensors, digest, read_tensors, require_digest, require_shapes, seal

KIND: Final = "policy"
FORMAT: Final = "cadran-two-level-1"


@dataclass(frozen=True)
class TwoLevelPolicy:
    """Two actors that act as one; who sees what and when is the decision problem's business.

    Attributes:
        higher: decides every ``decision_frames`` frames.
        lower: decides in every frame, once for each slice.
        decision_frames: frames from one decision of the higher level to the next.
        kind: tells it from a single actor.
    """

    kind: ClassVar[Literal["two-level"]] = "two-level"

    higher: Actor
    lower: Actor
    decision_frames: int


def encode_two_level(meta: TwoLevelMeta, levels: Mapping[str, Tensors]) -> bytes:
    """Serialise a two-level policy.

    Args:
        meta: its description; ``sha256`` is computed here, whatever it held.
        levels: "higher" and "lower", each an actor's float32 arrays, named and shaped as ``tensor_shapes``
            gives them.

    Returns:
        The artefact; the same input gives the same bytes.

    Raises:
        PolicyError: SHAPE_MISMATCH or NOT_FINITE.
    """
    tensors = of_levels(levels)
    require_shapes(meta.tensor_shapes, tensors)
    return seal(KIND, FORMAT, replace(meta, sha256=digest(tensors)).to_json(), tensors)


def decode_two_level(data: bytes, text: str) -> tuple[TwoLevelMeta, TwoLevelPolicy]:
    """The policy in a blob of this format.

    Args:
        data: the blob.
        text: its description, verified.

    Raises:
        PolicyError: CORRUPT, HASH_MISMATCH, SHAPE_MISMATCH or NOT_FINITE.
    """
    try:
        meta = TwoLevelMeta.from_json(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError(PolicyCause.CORRUPT, str(error)) from error
    tensors = read_tensors(data)
    require_shapes(meta.tensor_shapes, tensors)
    require_digest(tensors, meta.sha256)
    higher, lower = (Actor(getattr(meta, level), of_level(tensors, level)) for level in LEVELS)
    return meta, TwoLevelPolicy(higher, lower, meta.decision_frames)
