"""States with UEs in random places, for tests of what moves between them."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.state import PER_UE_KPIS, State, empty_state
from cadran.radio.world import SLICES, World


def random_state(world: World, seed: int, envs: int = 1) -> State:
    """UEs attached at random, with random contents in every array, queues and HARQ consistent."""
    rng = np.random.default_rng(seed)
    state = empty_state(world, np.arange(envs, dtype=np.uint64))
    state.ues.id[:] = -1
    for name in ("ue_rate_bps", "ue_delay_s", "ue_mean_se"):
        getattr(state.kpis, name)[:] = np.nan
    for e in range(envs):
        for s, members in enumerate(world.ues_per_slice):
            for number in range(members):
                room = np.flatnonzero(state.core.ues[e, :, s] < world.max_ues_per_slice)
                _fill(state, (e, int(rng.choice(room)), s), number, rng)
    state.core.ue_of_unit[:] = -1
    state.kpis.ues[:] = state.core.ues
    state.kpis.queued_bytes[:] = state.queued.sum(axis=-1)
    return state


def _fill(state: State, slice_: tuple[int, int, int], number: int, rng: np.random.Generator) -> None:
    at = (*slice_, int(state.core.ues[slice_]))
    state.core.ues[slice_] += 1
    for array in state.ues:
        array[at] = rng.integers(1, 100, size=array[at].shape).astype(array.dtype)
    state.ues.id[at] = number
    _fill_queue(state, at, rng)
    for name in PER_UE_KPIS:
        getattr(state.kpis, name)[at] = 1 + rng.integers(100)


def _fill_queue(state: State, at: tuple[int, int, int, int], rng: np.random.Generator) -> None:
    ues = state.ues
    entries, processes = ues.entry_bytes.shape[-1], ues.harq_bytes.shape[-1]
    count, head = int(rng.integers(entries + 1)), int(rng.integers(entries))
    ring = (head + np.arange(count)) % entries
    ues.entry_bytes[at] = 0
    ues.entry_bytes[at][ring] = rng.integers(1, 1000, size=count)
    ues.entry_tti[at][ring] = np.sort(rng.integers(100, 200, size=count))
    ues.entry_head[at], ues.entry_count[at] = head, count
    ues.queued[at] = ues.entry_bytes[at].sum()
    busy = rng.random(processes) < 0.5
    ues.harq_bytes[at] = np.where(busy, rng.integers(1, 500, size=processes), 0)
    ues.harq_tti[at] = rng.integers(60, 210, size=processes)
    ues.harq_age[at] = ues.harq_bytes[at] * rng.integers(0, 50, size=processes)
    ues.in_flight[at] = ues.harq_bytes[at].sum()


def ids_are_dense(state: State) -> bool:
    """Whether exactly the first ``core.ues`` places hold UEs."""
    return bool((_taken(state) == (state.ues.id >= 0)).all())


def places_are_dense(state: State) -> bool:
    """Whether exactly the first ``core.ues`` places hold UEs and all else is 0."""
    free = ~_taken(state)
    empty = [not array[free].any() for array in state.ues._replace(id=state.ues.id + 1)]
    return ids_are_dense(state) and all(empty)


def _taken(state: State) -> NDArray[np.bool_]:
    return np.arange(state.ues.id.shape[-1]) < state.core.ues[..., None]


def members(state: State) -> list[list[tuple[int, int]]]:
    """(slice, id) of all UEs of each environment, sorted."""
    return [
        sorted((s, int(number)) for s in range(SLICES) for number in ids[:, s].ravel() if number >= 0)
        for ids in state.ues.id
    ]
