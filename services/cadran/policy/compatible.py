"""Whether a policy that is sound in itself is one for a given DU now."""

from __future__ import annotations

from collections.abc import Mapping

from cadran.policy.meta import LEVELS, NetworkMeta, PolicyCause, PolicyError, PolicyMeta, TwoLevelMeta

Dims = tuple[int, int]
"""Numbers that an actor takes, and numbers that it decides by."""


def require_compatible(
    meta: PolicyMeta,
    *,
    du: int,
    observation_dim: int,
    action_dim: int,
    problem: Mapping[str, str],
    current_version: int | None,
) -> None:
    """Refuse a policy that is sound in itself but not one for this DU now.

    Args:
        meta: description of the policy on offer.
        du: the DU that would run it.
        observation_dim: length of the DU's observation.
        action_dim: length of the DU's action.
        problem: the DU's names of observation, action decoding and reward.
        current_version: version now running; None when none is, or when an older one is wanted (roll-back).

    Raises:
        PolicyError: INCOMPATIBLE, SHAPE_MISMATCH or STALE_VERSION.
    """
    _require_du(meta, du)
    _require_dims(meta, (observation_dim, action_dim), "the DU")
    _require_problem(meta, problem)
    _require_newer(meta, current_version)


def require_compatible_levels(
    meta: TwoLevelMeta,
    *,
    du: int,
    levels: Mapping[str, Dims],
    decision_frames: int,
    problem: Mapping[str, str],
    current_version: int | None,
) -> None:
    """As ``require_compatible``, for a policy of two levels.

    Args:
        meta: description of the policy on offer.
        du: the DU that would run it.
        levels: what each of the two levels, "higher" and "lower", takes and decides by at the DU.
        decision_frames: frames between two decisions of the higher level at the DU.
        problem: the DU's names of observation, action decoding and reward.
        current_version: version now running; None when none is, or when an older one is wanted (roll-back).

    Raises:
        PolicyError: INCOMPATIBLE, SHAPE_MISMATCH or STALE_VERSION.
    """
    _require_du(meta, du)
    for level in LEVELS:
        _require_dims(getattr(meta, level), levels[level], f"the DU's {level} level")
    _require_problem(meta, problem)
    if meta.decision_frames != decision_frames:
        raise PolicyError(
            PolicyCause.INCOMPATIBLE,
            f"its higher level decides every {meta.decision_frames} frames, the DU's every {decision_frames}",
        )
    _require_newer(meta, current_version)


def _require_du(meta: PolicyMeta | TwoLevelMeta, du: int) -> None:
    if meta.du != du:
        raise PolicyError(PolicyCause.INCOMPATIBLE, f"made for DU {meta.du}, this is DU {du}")


def _require_dims(network: PolicyMeta | NetworkMeta, dims: Dims, whose: str) -> None:
    if (network.observation_dim, network.action_dim) != dims:
        raise PolicyError(
            PolicyCause.SHAPE_MISMATCH,
            f"maps {network.observation_dim} inputs to {network.action_dim} actions, "
            f"{whose} needs {dims[0]} to {dims[1]}",
        )


def _require_problem(meta: PolicyMeta | TwoLevelMeta, problem: Mapping[str, str]) -> None:
    if dict(meta.problem) != dict(problem):
        raise PolicyError(
            PolicyCause.INCOMPATIBLE, f"trained for {dict(meta.problem)}, the DU runs {dict(problem)}"
        )


def _require_newer(meta: PolicyMeta | TwoLevelMeta, current_version: int | None) -> None:
    if current_version is not None and meta.version <= current_version:
        raise PolicyError(
            PolicyCause.STALE_VERSION,
            f"version {meta.version} is not newer than {current_version}, which is running",
        )
