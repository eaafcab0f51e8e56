"""The tasks: DUs with their own UEs, slice mix, load and speed, drawn as networks of DUs.

arXiv 2512.13715 treats each DU as a task and names no distribution; all numbers here are ASSUMED.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from cadran.radio import SLICES, DuProfile, World

Kind = Literal["training", "held_out", "stadium", "industrial", "homogeneous"]
"""``training``: the distribution that initialisations are trained on; new networks of it are drawn with other
seeds. ``held_out``: loads above it and skewed mixes. ``stadium``: crowds of eMBB. ``industrial``: mMTC and
URLLC, hardly any eMBB. ``homogeneous``: DUs alike in mix, load and speed; URLLC's budgets are no part of a
network, but of the problem."""

Positive = Annotated[float, Field(gt=0, le=100)]
Range = tuple[Positive, Positive]
Mix = tuple[Positive, Positive, Positive]

_PURPOSE = 7


class TaskSpec(BaseModel):
    """The scenario's ``tasks`` section: from what networks of DUs are drawn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mix_concentration: Mix = Field(
        (2.0, 2.0, 2.0),
        description="Dirichlet parameters of a DU's mix of slices (eMBB, mMTC, URLLC); ASSUMED: wide, but "
        "seldom without a slice",
    )
    load: Range = Field(
        (0.5, 1.5), description="load of a DU, uniform, multiplies world.load.scale; ASSUMED: factor 3 apart"
    )
    ue_spread: float = Field(
        0.3,
        ge=0,
        lt=1,
        description="UEs of a DU differ from the mean over DUs by about this share at most; ASSUMED: 3 to 6 "
        "of 30 at 7 DUs",
    )
    load_swing: float = Field(
        1.5,
        ge=1,
        le=10,
        description="load factors of a slice move in time between its mean over this and times it; ASSUMED",
    )
    speeds_mps: tuple[Positive, ...] = Field(
        (0.833, 4.17, 8.33),
        min_length=1,
        description="speed classes, equally likely; ASSUMED: 3, 15 and 30 km/h",
    )
    held_out_load: Range = Field(
        (1.5, 2.0), description="load of held_out networks; ASSUMED: above training's"
    )
    held_out_concentration: Mix = Field(
        (0.7, 0.7, 0.7), description="mix of held_out networks; ASSUMED: one slice often dominates"
    )
    stadium_mix: Mix = Field(
        (20.0, 2.0, 2.0), description="Dirichlet parameters of a stadium; ASSUMED: video of a crowd"
    )
    industrial_mix: Mix = Field(
        (1.0, 10.0, 10.0), description="Dirichlet parameters of a plant; ASSUMED: sensors and control loops"
    )
    site_load: Range = Field((1.2, 1.8), description="load of stadium and industrial networks; ASSUMED")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for name in ("load", "held_out_load", "site_load"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name} ({low}, {high}): the first must not be above the second")
        return self


def draw_network(
    world: World, spec: TaskSpec, kind: Kind, seed: int, dus: int | None = None, ues: int | None = None
) -> World:
    """A network of DUs, each drawn on its own.

    Args:
        world: what all networks share; UEs stand still under jakes fading, which speeds are those of.
        spec: the distribution.
        kind: which part of it.
        seed: determines the network, 0 <= seed < 2**63.
        dus: number of DUs; None: the world's.
        ues: number of UEs in all; None: the world's.

    Returns:
        The world with a profile for each DU.

    Raises:
        ValueError: no such kind, or DUs, UEs and places do not fit together.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"network: kind is {kind!r}, must be one of {', '.join(get_args(Kind))}")
    rng = np.random.default_rng([seed, _PURPOSE, get_args(Kind).index(kind)])
    count, total = dus or world.dus, ues or world.ues
    if not count <= total <= count * SLICES * world.max_ues_per_slice // 2:
        raise ValueError(
            f"network: {total} UEs for {count} DUs of {SLICES} x {world.max_ues_per_slice} places; "
            "allowed is from one UE per DU to half of all places"
        )
    if kind == "homogeneous":
        mixes = np.full((count, SLICES), 1.0 / SLICES)
        loads = np.full(count, np.mean(spec.load))
        speeds = np.full(count, spec.speeds_mps[len(spec.speeds_mps) // 2])
    else:
        concentration, load = _distribution(spec, kind)
        mixes = rng.dirichlet(concentration, size=count)
        loads = rng.uniform(*load, size=count)
        speeds = rng.choice(spec.speeds_mps, size=count)
    sizes = _sizes(count, total, 0.0 if kind == "homogeneous" else spec.ue_spread, rng)
    profiles = [
        _profile(world, spec, int(size), mix, float(load), float(speed))
        for size, mix, load, speed in zip(sizes, mixes, loads, speeds, strict=True)
    ]
    given = world.model_dump(exclude_unset=True) | {"dus": count, "ues": total, "profiles": profiles}
    return World.model_validate(given)


def _distribution(spec: TaskSpec, kind: Kind) -> tuple[Sequence[float], Range]:
    """Dirichlet parameters of the mix, and the range of loads."""
    if kind == "held_out":
        return spec.held_out_concentration, spec.held_out_load
    if kind == "stadium":
        return spec.stadium_mix, spec.site_load
    if kind == "industrial":
        return spec.industrial_mix, spec.site_load
    return spec.mix_concentration, spec.load


def _sizes(dus: int, total: int, spread: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """UEs of each DU: uniform within the spread, then one by one added or taken until the sum is right."""
    mean = total / dus
    low, high = max(1, int(np.floor(mean * (1 - spread)))), int(np.ceil(mean * (1 + spread)))
    sizes = rng.integers(low, high + 1, size=dus)
    while (excess := int(sizes.sum()) - total) != 0:
        step = -1 if excess > 0 else 1
        free = np.flatnonzero(sizes > low) if step < 0 else np.flatnonzero(sizes < high)
        sizes[rng.choice(free)] += step
    return np.asarray(sizes, dtype=np.int64)


def _profile(
    world: World, spec: TaskSpec, ues: int, mix: NDArray[np.float64], load: float, speed_mps: float
) -> DuProfile:
    """A DU whose slices have UEs and load in proportion to its mix."""
    per_slice = _parts(ues, mix, world.max_ues_per_slice)
    centre = SLICES * mix * load
    low = np.clip(centre / spec.load_swing, world.load.factor_min, world.load.factor_max)
    high = np.clip(centre * spec.load_swing, world.load.factor_min, world.load.factor_max)
    windows = [(float(a), float(b)) for a, b in zip(low, high, strict=True)]
    return DuProfile(
        ues=(int(per_slice[0]), int(per_slice[1]), int(per_slice[2])),
        load=(windows[0], windows[1], windows[2]),
        speed_mps=speed_mps,
    )


def _parts(total: int, mix: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Whole parts of ``total`` by largest remainder, none above ``most``; the rest goes to the smallest."""
    exact = total * mix
    parts = np.floor(exact).astype(np.int64)
    for s in np.argsort(parts - exact, kind="stable")[: total - int(parts.sum())]:
        parts[s] += 1
    while (over := int((parts - most).max())) > 0:
        parts[np.argmax(parts)] -= over
        parts[np.argmin(parts)] += over
    return parts
