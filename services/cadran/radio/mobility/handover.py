"""A UE changes its DU, with all that belongs to it.

A handover copies every array of ``state.ues`` to the first free place at the target and closes the gap that
it leaves with the last place. What the target cannot know or the standard drops is set anew:

- HARQ ends: MAC is reset at a handover (TS 38.331 clause 5.3.5.5.2, TS 38.321 clause 5.12). No byte is lost,
  as the source forwards to the target what was not acknowledged (data forwarding, TS 38.300 clause
  9.2.3.2.2): each block in HARQ goes back to the head of the UE's queue as one entry, with the mean time of
  arrival of its bytes, rounded down. Entries stay in order of their age: an entry is never younger than the
  one behind it. If the ring is full the oldest entry takes the bytes. The queue may then exceed its limit;
  nothing more enters until it is below.
- The report and the outer loop start again: both belong to the link to the source.
- A3 counts from zero, relative to the new DU.
"""

from math import ceil

import numpy as np

from cadran.radio.state import PER_UE_KPIS, State, Ues
from cadran.radio.world import World

Place = tuple[int, int, int, int]
"""Environment, DU, slice, place."""

_HARQ = tuple(name for name in Ues._fields if name.startswith("harq_"))
_KPIS_OF_UES = ("mean_se", "backlog_rbs", "arrival_rbs")
"""Measured over the UEs of a slice: 0 where there is none."""
_NO_UE = -1
_NO_REPORT = -1


def request_handover(world: World, state: State, e: int, c: int, s: int, u: int, target: int) -> bool:
    """Hand a UE over to DU ``target`` if the slice has room there, and count the request.

    After a refusal A3 counts for this target from zero, so the next request comes no sooner than after
    another time to trigger. After a handover the UE is not served for ``interruption_s``.

    Returns:
        Whether it was handed over.
    """
    state.kpis.handovers_requested[e, c] += 1
    if state.core.ues[e, target, s] >= world.max_ues_per_slice:
        state.ues.a3_frames[e, c, s, u, target] = 0
        return False
    place = handover_ue(state, e, c, s, u, target)
    now = int(state.core.frame[e]) * world.ttis_per_frame
    state.ues.deaf_until[place] = now + ceil(world.mobility.handover.interruption_s / world.tti_s - 1e-9)
    state.kpis.handovers_succeeded[e, c] += 1
    return True


def handover_ue(state: State, e: int, c: int, s: int, u: int, target: int) -> Place:
    """Move the UE in place ``u`` of (DU ``c``, slice ``s``) to DU ``target``, which must have room.

    Books the bytes that move, and keeps ``kpis`` in line with the new places: its attached UEs, queued bytes
    and values per UE.

    Returns:
        Its new place.
    """
    old, last = (e, c, s, u), (e, c, s, int(state.core.ues[e, c, s]) - 1)
    new = (e, target, s, int(state.core.ues[e, target, s]))
    _book(state, old, new)
    measured = [getattr(state.kpis, name) for name in PER_UE_KPIS]
    for array in (*state.ues, *measured):
        array[new] = array[old]
        array[old] = array[last]
    for array in state.ues:
        array[last] = 0
    state.ues.id[last] = _NO_UE
    for array in measured:
        array[last] = np.nan if array.dtype.kind == "f" else 0
    _rename_served(state, old, last)
    _forward_harq(state.ues, new)
    state.ues.csi_tti[new] = _NO_REPORT
    state.ues.olla[new] = 0
    state.ues.a3_frames[new] = 0
    return new


def _book(state: State, old: Place, new: Place) -> None:
    moved = state.ues.queued[old] + state.ues.in_flight[old]
    state.ledger.moved_out_bytes[old[:3]] += moved
    state.ledger.moved_in_bytes[new[:3]] += moved
    state.kpis.queued_bytes[old[:3]] -= moved
    state.kpis.queued_bytes[new[:3]] += moved
    for ues in (state.core.ues, state.kpis.ues):
        ues[old[:3]] -= 1
        ues[new[:3]] += 1
    if state.core.ues[old[:3]] == 0:
        for name in _KPIS_OF_UES:
            getattr(state.kpis, name)[old[:3]] = 0


def _rename_served(state: State, old: Place, last: Place) -> None:
    """Keep the record of the last TTI's grants right: who closed the gap has a new name."""
    e, c, s, u = old
    places = state.ues.id.shape[3]
    served = state.core.ue_of_unit[e, c]
    gone, renamed = served == s * places + u, served == s * places + last[3]
    served[renamed] = s * places + u
    served[gone] = _NO_UE


def _forward_harq(ues: Ues, place: Place) -> None:
    """Put the blocks in HARQ back into the queue, oldest at the head, and free all processes."""
    sizes = ues.harq_bytes[place]
    blocks = np.flatnonzero(sizes)
    waited = -(-ues.harq_age[place][blocks] // sizes[blocks])
    arrived = ues.harq_tti[place][blocks] - waited
    for index in np.argsort(-arrived, kind="stable"):
        _put_at_head(ues, place, int(sizes[blocks[index]]), int(arrived[index]))
    ues.queued[place] += ues.in_flight[place]
    ues.in_flight[place] = 0
    for name in _HARQ:
        getattr(ues, name)[place] = 0


def _put_at_head(ues: Ues, place: Place, amount: int, tti: int) -> None:
    entries = ues.entry_bytes.shape[-1]
    head, count = int(ues.entry_head[place]), int(ues.entry_count[place])
    if count > 0:
        tti = min(tti, int(ues.entry_tti[(*place, head)]))
    if count < entries:
        head = (head - 1) % entries
        ues.entry_head[place], ues.entry_count[place] = head, count + 1
        ues.entry_bytes[(*place, head)] = 0
    ues.entry_bytes[(*place, head)] += amount
    ues.entry_tti[(*place, head)] = tti
