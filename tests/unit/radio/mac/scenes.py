"""One DU in one TTI, drawn at random, and what the scheduler makes of it."""

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from cadran.radio.mac import EDF, MAX_CQI, MLWDF, PF, RR, Grants, Waiting, new_workspace, schedule

SLICES = 3
ENDLESS = 1 << 40


@dataclass(frozen=True)
class Scene:
    """The arguments of ``schedule``; ``waiting`` and ``grants`` of a scene are never changed."""

    csi: NDArray[np.int32]
    waiting: Waiting
    unit_rbs: NDArray[np.int64]
    schedulers: tuple[int, int, int]
    ues: NDArray[np.int32]
    dedicated: NDArray[np.int32]
    least: NDArray[np.int32]
    most: NDArray[np.int32]
    assigned: NDArray[np.int8]
    next_place: NDArray[np.int16]
    ue_rbs: NDArray[np.int16]
    ue_power: NDArray[np.float32]
    mode: int = 0
    pad: bool = False

    @property
    def places(self) -> int:
        return self.csi.shape[1]

    @property
    def rbs(self) -> int:
        return int(self.unit_rbs.sum())


@dataclass(frozen=True)
class Outcome:
    """What ``schedule`` wrote."""

    slice_of_unit: NDArray[np.int8]
    ue_of_unit: NDArray[np.int16]
    held: NDArray[np.int64]
    next_place: NDArray[np.int16]
    waiting: Waiting
    quota: NDArray[np.int32]
    service: NDArray[np.float64]

    @property
    def served_slice(self) -> NDArray[np.int64]:
        places = self.waiting.bits.shape[1]
        return np.where(self.ue_of_unit >= 0, self.ue_of_unit.astype(np.int64) // places, -1)


def play(scene: Scene) -> Outcome:
    """Schedule a copy of the scene."""
    units = len(scene.unit_rbs)
    waiting = Waiting(*(array.copy() for array in scene.waiting))
    grants = Grants(
        np.full(units, 7, dtype=np.int8),
        np.full(units, 7, dtype=np.int16),
        np.full(SLICES, 7, dtype=np.int64),
        scene.next_place.copy(),
    )
    quota, service = np.zeros(SLICES, dtype=np.int32), np.zeros(SLICES)
    schedule(
        scene.csi,
        waiting,
        grants,
        scene.unit_rbs,
        np.array(scene.schedulers),
        scene.pad,
        scene.ues,
        scene.mode,
        scene.dedicated,
        scene.least,
        scene.most,
        scene.assigned,
        scene.ue_rbs,
        scene.ue_power,
        quota,
        service,
        new_workspace(scene.places, units),
    )
    return Outcome(
        grants.slice_of_unit, grants.ue_of_unit, grants.held, grants.next_place, waiting, quota, service
    )


def nobody(places: int) -> Waiting:
    """No UE waits."""
    zeros = [np.zeros((SLICES, places), dtype=np.int64) for _ in range(5)]
    ones = [np.ones((SLICES, places), dtype=np.float32) for _ in range(2)]
    sizes = [np.zeros(SLICES, dtype=np.int64) for _ in range(2)]
    return Waiting(zeros[0], sizes[0], zeros[1], *ones, zeros[2], zeros[3], sizes[1], zeros[4])


def await_data(waiting: Waiting, s: int, bits: dict[int, int]) -> None:
    """Let the UEs on these places of slice ``s`` wait with so many bits."""
    waiting.size[s] = len(bits)
    waiting.places[s, : len(bits)] = sorted(bits)
    for u, amount in bits.items():
        waiting.bits[s, u] = amount


def await_repeats(waiting: Waiting, s: int, rbs: dict[int, int]) -> None:
    """Let the UEs on these places of slice ``s`` wait for a repetition on so many RBs, in this order."""
    waiting.repeat_size[s] = len(rbs)
    for index, (u, need) in enumerate(rbs.items()):
        waiting.repeats[s, index] = u
        waiting.repeat_rbs[s, u] = need


def plain_scene(rbs: int, places: int, group: int = 1, csi: int = 100) -> Scene:
    """Every UE carries ``csi`` bits on every unit, nobody waits, quotas are shared by all."""
    unit_rbs = np.array([min(group, rbs - first) for first in range(0, rbs, group)], dtype=np.int64)
    return Scene(
        csi=np.full((SLICES, places, len(unit_rbs)), csi, dtype=np.int32),
        waiting=nobody(places),
        unit_rbs=unit_rbs,
        schedulers=(PF, PF, PF),
        ues=np.full(SLICES, places, dtype=np.int32),
        dedicated=np.zeros(SLICES, dtype=np.int32),
        least=np.zeros(SLICES, dtype=np.int32),
        most=np.full(SLICES, rbs, dtype=np.int32),
        assigned=np.zeros(len(unit_rbs), dtype=np.int8),
        next_place=np.zeros(SLICES, dtype=np.int16),
        ue_rbs=np.zeros((SLICES, places), dtype=np.int16),
        ue_power=np.ones((SLICES, places), dtype=np.float32),
    )


def with_quotas(scene: Scene, dedicated: list[int], least: list[int], most: list[int]) -> Scene:
    """The scene under another decision."""
    arrays = (np.array(values, dtype=np.int32) for values in (dedicated, least, most))
    return replace(scene, **dict(zip(("dedicated", "least", "most"), arrays, strict=True)))


def random_grants(
    rng: np.random.Generator, ues: NDArray[np.int32], places: int, rbs: int
) -> dict[str, object]:
    """RBs and power of UEs, at most ``rbs`` in all: a scene's fields of mode 2."""
    taken = np.arange(places) < ues[:, None]
    wishes = rng.multinomial(rng.integers(0, rbs + 1), np.full(SLICES * places, 1 / (SLICES * places)))
    return {
        "ue_rbs": (wishes.reshape(SLICES, places) * taken).astype(np.int16),
        "ue_power": rng.choice([0.1, 0.5, 0.77, 1.0], (SLICES, places)).astype(np.float32),
        "mode": 2,
    }


def random_waiting(
    rng: np.random.Generator, ues: NDArray[np.int32], places: int, load: int, repeats: bool
) -> Waiting:
    """Some UEs wait for data, others (with ``repeats``) for a repetition; ages and factors often tie."""
    waiting = nobody(places)
    for s in range(SLICES):
        kinds = rng.integers(0, 4 if repeats else 3, ues[s])
        data = np.flatnonzero((kinds == 1) | (kinds == 2))
        again = rng.permutation(np.flatnonzero(kinds == 3))
        await_data(waiting, s, {int(u): int(rng.integers(1, load + 1)) for u in data})
        await_repeats(waiting, s, {int(u): int(rng.integers(1, 6)) for u in again})
        waiting.age[s] = rng.integers(0, 4, places)
        waiting.metric[s] = rng.choice([0.25, 0.5, 0.7, 1.0], places)
        waiting.weight[s] = waiting.metric[s] * rng.choice([1, 1, 3], places)
    return waiting


def random_scene(
    rng: np.random.Generator,
    places: int,
    rbs: int,
    group: int = 1,
    load: int = 500,
    repeats: bool = True,
    mode: int = 0,
    pad: bool = False,
) -> Scene:
    """A scene with any legal decision and any schedulers; bits per unit take few values, so that UEs tie."""
    scene = plain_scene(rbs, places, group)
    units = len(scene.unit_rbs)
    ues = rng.integers(0, places + 1, SLICES).astype(np.int32)
    cuts = np.sort(rng.integers(0, rbs + 1, SLICES))
    least = np.diff(cuts, prepend=0) * rng.integers(0, 2, SLICES)
    schedulers = rng.choice([PF, RR, MAX_CQI, EDF, MLWDF], SLICES)
    scene = replace(
        scene,
        csi=rng.choice([0, 40, 70, 100], (SLICES, places, units)).astype(np.int32),
        waiting=random_waiting(rng, ues, places, load, repeats),
        schedulers=(int(schedulers[0]), int(schedulers[1]), int(schedulers[2])),
        ues=ues,
        dedicated=rng.integers(0, least + 1).astype(np.int32),
        least=least.astype(np.int32),
        most=rng.integers(least, rbs + 1).astype(np.int32),
        assigned=rng.integers(-1, SLICES, units).astype(np.int8),
        next_place=rng.integers(0, places, SLICES).astype(np.int16),
        mode=mode,
        pad=pad,
    )
    return scene if mode != 2 else replace(scene, **random_grants(rng, ues, places, rbs))


def user_scene(rng: np.random.Generator, places: int, rbs: int, pad: bool, load: int = 500) -> Scene:
    """A scene in which the RBs of each UE are decided."""
    return random_scene(rng, places, rbs, load=load, repeats=False, mode=2, pad=pad)


@st.composite
def scenes(
    draw: st.DrawFn, groups: tuple[int, ...] = (1, 1, 2, 3, 8), repeats: bool = True, mode: int | None = None
) -> Scene:
    """Scenes with 1 to 7 places per slice and 1 to 24 RBs."""
    return random_scene(
        np.random.default_rng(draw(st.integers(0, 2**32))),
        draw(st.integers(1, 7)),
        draw(st.integers(1, 24)),
        draw(st.sampled_from(groups)),
        draw(st.sampled_from([60, 500, 5000])),
        repeats,
        draw(st.sampled_from([0, 1])) if mode is None else mode,
        draw(st.booleans()),
    )


@st.composite
def user_scenes(draw: st.DrawFn) -> Scene:
    """Scenes in which the RBs of each UE are decided."""
    return user_scene(
        np.random.default_rng(draw(st.integers(0, 2**32))),
        draw(st.integers(1, 7)),
        draw(st.integers(1, 24)),
        draw(st.booleans()),
        draw(st.sampled_from([60, 500, 5000])),
    )
