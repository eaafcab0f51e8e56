"""What is known about a policy besides its weights, and why one may be refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Final

ACTIVATIONS: Final = ("relu", "tanh", "crelu")

LEVELS: Final = ("higher", "lower")
"""The actors of a two-level policy."""

_MOST: Final = 2**32 - 1
"""Of any integer: what the wire has room for."""
_GREATEST: Final = sys.float_info.max


class PolicyCause(StrEnum):
    """Why a policy was refused."""

    CORRUPT = "corrupt"
    HASH_MISMATCH = "hash_mismatch"
    SHAPE_MISMATCH = "shape_mismatch"
    NOT_FINITE = "not_finite"
    STALE_VERSION = "stale_version"
    INCOMPATIBLE = "incompatible"


class PolicyError(ValueError):
    """A policy that must not run.

    Attributes:
        cause: the kind of fault, fit for a protocol cause or a metric label.
        text: one line saying what is wrong and what is allowed.
    """

    def __init__(self, cause: PolicyCause, text: str) -> None:
        super().__init__(f"policy refused ({cause}): {text}")
        self.cause = cause
        self.text = text


@dataclass(frozen=True)
class PolicyMeta:
    """Description of one actor.

    Attributes:
        du: index of the DU that the actor was trained for, >= 0.
        version: position in the DU's sequence of policies, >= 0; a newer policy has a larger one.
        created_unix_s: wall-clock time of creation, seconds since 1970.
        observation_dim: length of the observation vector.
        action_dim: length of the action vector; each entry lies in (0, 1).
        hidden: widths of the hidden layers, from input to output.
        activation: ``relu``, ``tanh``, or ``crelu`` (relu of x and of -x, side by side; arXiv 1603.05201).
        layer_norm: whether each hidden layer is normalised before its activation.
        problem: names of the observation, action decoding and reward that the actor was trained with.
        log_std_min: lower clip of the log-standard-deviation head.
        log_std_max: upper clip of the log-standard-deviation head.
        sha256: hex digest of the tensors' bytes in order of name; set by ``encode``.
        updates: learner updates made before this policy was cut.
        effective_frame: first frame that may be decided with this policy.
    """

    du: int
    version: int
    created_unix_s: float
    observation_dim: int
    action_dim: int
    hidden: tuple[int, ...]
    activation: str
    layer_norm: bool
    problem: Mapping[str, str]
    log_std_min: float = -5.0
    log_std_max: float = 2.0
    sha256: str = ""
    updates: int = 0
    effective_frame: int = 0

    def __post_init__(self) -> None:
        """Check types and ranges.

        Raises:
            ValueError: naming the field and what is allowed.
        """
        _check(self, _COMMON_RULES | _NETWORK_RULES)

    def to_json(self) -> str:
        """Canonical JSON text: the same metadata always gives the same characters."""
        return _canonical(self)

    @classmethod
    def from_json(cls, text: str) -> PolicyMeta:
        """Read what ``to_json`` wrote.

        Raises:
            ValueError: not JSON, a field missing, unknown or out of range.
        """
        return cls(**_network_fields(cls, json.loads(text)))

    @property
    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the actor's tensors."""
        return _shapes_of(self)


@dataclass(frozen=True)
class NetworkMeta:
    """Shape of one actor among several: the fields of that name of ``PolicyMeta``."""

    observation_dim: int
    action_dim: int
    hidden: tuple[int, ...]
    activation: str
    layer_norm: bool
    log_std_min: float = -5.0
    log_std_max: float = 2.0

    def __post_init__(self) -> None:
        """Check types and ranges.

        Raises:
            ValueError: naming the field and what is allowed.
        """
        _check(self, _NETWORK_RULES)

    @property
    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the actor's tensors."""
        return _shapes_of(self)


@dataclass(frozen=True)
class TwoLevelMeta:
    """Description of two actors that act as one: a slow one that sets goals, a fast one that follows them.

    Attributes:
        du, version, created_unix_s, problem, sha256, updates, effective_frame: as of ``PolicyMeta``.
        decision_frames: frames from one decision of the higher level to the next, >= 1.
        higher: shape of the higher level's actor.
        lower: shape of the lower level's actor, which acts once for each slice.
    """

    du: int
    version: int
    created_unix_s: float
    problem: Mapping[str, str]
    decision_frames: int
    higher: NetworkMeta
    lower: NetworkMeta
    sha256: str = ""
    updates: int = 0
    effective_frame: int = 0

    def __post_init__(self) -> None:
        """Check types and ranges.

        Raises:
            ValueError: naming the field and what is allowed.
        """
        _check(self, _COMMON_RULES | {"decision_frames": _SIZE})

    def to_json(self) -> str:
        """Canonical JSON text: the same metadata always gives the same characters."""
        return _canonical(self)

    @classmethod
    def from_json(cls, text: str) -> TwoLevelMeta:
        """Read what ``to_json`` wrote.

        Raises:
            ValueError: not JSON, a field missing, unknown or out of range.
        """
        data = _exact_fields(cls, json.loads(text))
        for level in LEVELS:
            data[level] = NetworkMeta(**_network_fields(NetworkMeta, data[level]))
        return cls(**data)

    @property
    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of both actors' tensors, ``higher/...`` and ``lower/...``."""
        return {
            f"{level}/{name}": shape
            for level in LEVELS
            for name, shape in getattr(self, level).tensor_shapes.items()
        }


def tensor_shapes(
    observation_dim: int,
    action_dim: int,
    hidden: tuple[int, ...],
    layer_norm: bool,
    activation: str = "relu",
) -> dict[str, tuple[int, ...]]:
    """Names and shapes of an actor's tensors; weights are ``[in, out]``.

    Args:
        observation_dim: length of the observation.
        action_dim: length of the action.
        hidden: widths of the hidden layers.
        layer_norm: whether each hidden layer carries a layer norm.
        activation: of the hidden layers; ``crelu`` doubles what the next layer sees.

    Returns:
        ``layers.{i}.weight|bias``, with layer norm also ``layers.{i}.norm.weight|bias``, then ``mean.*``
        and ``log_std.*``, in the order of evaluation.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    width = observation_dim
    for index, units in enumerate(hidden):
        shapes[f"layers.{index}.weight"] = (width, units)
        shapes[f"layers.{index}.bias"] = (units,)
        if layer_norm:
            shapes[f"layers.{index}.norm.weight"] = (units,)
            shapes[f"layers.{index}.norm.bias"] = (units,)
        width = 2 * units if activation == "crelu" else units
    for head in ("mean", "log_std"):
        shapes[f"{head}.weight"] = (width, action_dim)
        shapes[f"{head}.bias"] = (action_dim,)
    return shapes


def _shapes_of(network: PolicyMeta | NetworkMeta) -> dict[str, tuple[int, ...]]:
    return tensor_shapes(
        network.observation_dim, network.action_dim, network.hidden, network.layer_norm, network.activation
    )


def _canonical(meta: PolicyMeta | TwoLevelMeta) -> str:
    return json.dumps(asdict(meta), sort_keys=True, separators=(",", ":"), allow_nan=False)


def _exact_fields(cls: type, data: Any) -> dict[str, Any]:
    """``data`` if it is a mapping of exactly the fields of a class."""
    names = {field.name for field in fields(cls)}
    if not isinstance(data, dict) or set(data) != names:
        raise ValueError(f"policy metadata: exactly the fields {', '.join(sorted(names))} are allowed")
    return data


def _network_fields(cls: type, data: Any) -> dict[str, Any]:
    """As ``_exact_fields``, for a class with ``hidden``, which JSON knows as a list."""
    found = _exact_fields(cls, data)
    if isinstance(found["hidden"], list):
        found["hidden"] = tuple(found["hidden"])
    return found


def _check(meta: PolicyMeta | NetworkMeta | TwoLevelMeta, rules: _Rules) -> None:
    for name, (allowed, test) in rules.items():
        value = getattr(meta, name)
        if not test(value):
            raise ValueError(f"policy metadata: {name} is {value!r}, must be {allowed}")
    if not isinstance(meta, TwoLevelMeta) and not meta.log_std_min < meta.log_std_max:
        raise ValueError(
            "policy metadata: "
            f"log_std_min is {meta.log_std_min}, must be below log_std_max {meta.log_std_max}"
        )


def _is_int(value: Any, minimum: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and minimum <= value <= _MOST


def _is_finite(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -_GREATEST <= value <= _GREATEST  # not isfinite: integers of JSON may be beyond any float


def _are_names(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(k, str) and isinstance(v, str) for k, v in value.items()
    )


_COUNT = (f"an integer in 0..{_MOST}", lambda value: _is_int(value, 0))
_SIZE = (f"an integer in 1..{_MOST}", lambda value: _is_int(value, 1))
_FINITE = ("a finite number", _is_finite)
_Rules = Mapping[str, tuple[str, Callable[[Any], bool]]]
_COMMON_RULES: Final[dict[str, tuple[str, Callable[[Any], bool]]]] = {
    "du": _COUNT,
    "version": _COUNT,
    "created_unix_s": _FINITE,
    "problem": ("a mapping of names to names", _are_names),
    "sha256": ("a string", lambda value: isinstance(value, str)),
    "updates": _COUNT,
    "effective_frame": _COUNT,
}
_NETWORK_RULES: Final[dict[str, tuple[str, Callable[[Any], bool]]]] = {
    "observation_dim": _SIZE,
    "action_dim": _SIZE,
    "hidden": (
        "a tuple of one or more integers >= 1",
        lambda value: isinstance(value, tuple) and bool(value) and all(_is_int(units, 1) for units in value),
    ),
    "activation": (
        " or ".join(ACTIVATIONS),
        lambda value: isinstance(value, str) and value in ACTIVATIONS,
    ),
    "layer_norm": ("true or false", lambda value: isinstance(value, bool)),
    "log_std_min": _FINITE,
    "log_std_max": _FINITE,
}
