"""What every contiguous block of RBs would bring its slice in the coming frame.

Under hard quotas that hand out all RBs the MAC gives eMBB the first k_1 RBs, URLLC the last k_3 and mMTC what
lies between, and each slice schedules its own block alone. With the neighbours fixed, a slice's outcome is
then a function of where its block begins and ends: of k_1, of k_3, and for mMTC of both. Within a block RBs
are granted one by one in ascending order, so the grants in [a, b) are the first b - a of those in [a, K), and
one pass of the MAC's own scheduler per first RB shows all blocks that begin there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import borrowing_kernel, kernel
from cadran.radio.mac import MLWDF, SE_FLOOR, Grants, Waiting, Workspace, new_workspace
from cadran.radio.mac.schedule import start
from cadran.radio.mac.serve import serve, serve_best
from cadran.radio.world import SLICES


class Splits(NamedTuple):
    """Ways to hand out all RBs of a DU to the slices, in blocks.

    Attributes:
        first: RB at which each slice's block begins, int64 ``[S, J]``.
        last: RB behind its end, int64 ``[S, J]``.
        order: Splits in the order of (first, last) of each slice, int64 ``[S, J]``.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    order: NDArray[np.int64]


class Rules(NamedTuple):
    """What a world's MAC and measurements follow; see ``radio.tables``.

    ``rates`` asks for achievable rates, over the RBs a UE won (``won_rbs``) or its slice's share of all.
    """

    schedulers: NDArray[np.int64]
    pad: bool
    rates: bool
    won_rbs: bool
    tti_s: float


class Scene(NamedTuple):
    """One environment at the moment of scheduling.

    Attributes:
        now: TTI about to be scheduled.
        ues: int32[C, S].
        next_place: int16[C, S], turns of the schedulers before the frame.
        mean: float64[C, S, U], means that proportional fair divides by, before the frame.
        queued, entry_bytes, entry_tti, entry_head, entry_count: queues with this frame's arrivals.
        csi: int32[C, S, U, K], bits that each RB is expected to carry.
        bits: int32[C, S, U, K], bits that it will carry.
    """

    now: int
    ues: NDArray[np.int32]
    next_place: NDArray[np.int16]
    mean: NDArray[np.float64]
    queued: NDArray[np.int64]
    entry_bytes: NDArray[np.int32]
    entry_tti: NDArray[np.int32]
    entry_head: NDArray[np.int16]
    entry_count: NDArray[np.int16]
    csi: NDArray[np.int32]
    bits: NDArray[np.int32]


def splits(slice_rbs: NDArray[np.int32]) -> Splits:
    """Blocks of int32 ``[J, S]`` RBs; each row adds up to all RBs of the DU."""
    last = np.cumsum(slice_rbs, axis=1, dtype=np.int64).T
    first = last - slice_rbs.T
    order = np.stack([np.lexsort((last[s], first[s])) for s in range(SLICES)])
    return Splits(np.ascontiguousarray(first), np.ascontiguousarray(last), order)


@kernel
def play_blocks(
    scene: Scene,
    rules: Rules,
    blocks: Splits,
    age_s: NDArray[np.float32],
    rate_bps: NDArray[np.float32],
    used: NDArray[np.int32],
    delivered: NDArray[np.int64],
) -> None:
    """Play the frame under every split, each DU alone.

    Args:
        scene: One environment.
        rules: Of its world.
        blocks: The splits.
        age_s: Age of each UE's oldest byte after the frame, written, float32[J, C, S, U].
        rate_bps: Achievable rate, written where ``rules.rates``, float32[J, C, S, U].
        used: RBs transmitted on, written, int32[J, C, S].
        delivered: Bytes received, written, int64[J, C, S].
    """
    dus, slices, places, units = scene.csi.shape
    work = new_workspace(places, units)
    waiting = _new_waiting(places)
    for c in range(dus):
        full = _queue_up(scene, rules, c)
        slice_of_unit, ue_of_unit = np.zeros(units, dtype=np.int8), np.zeros(units, dtype=np.int16)
        held, turns = np.zeros(slices, dtype=np.int64), scene.next_place[c].copy()
        grants = Grants(slice_of_unit, ue_of_unit, held, turns)
        shift = start(full, grants, rules.schedulers, work.mask)
        turns = turns.copy()
        padding = _padding(scene, rules, c, full, waiting, grants, work, shift)
        for s in range(slices):
            _play_slice(
                scene,
                rules,
                blocks,
                c,
                s,
                full,
                waiting,
                grants,
                turns,
                work,
                shift,
                padding,
                age_s,
                rate_bps,
                used,
                delivered,
            )


@kernel
def _new_waiting(places: int) -> Waiting:
    """Lists that nobody is on."""
    return Waiting(
        np.zeros((SLICES, places), dtype=np.int64),
        np.zeros(SLICES, dtype=np.int64),
        np.zeros((SLICES, places), dtype=np.int64),
        np.zeros((SLICES, places), dtype=np.float32),
        np.zeros((SLICES, places), dtype=np.float32),
        np.zeros((SLICES, places), dtype=np.int64),
        np.zeros((SLICES, places), dtype=np.int64),
        np.zeros(SLICES, dtype=np.int64),
        np.zeros((SLICES, places), dtype=np.int64),
    )


@kernel
def _queue_up(scene: Scene, rules: Rules, c: int) -> Waiting:
    """The UEs of one DU that have something to send, as ``radio.scheduling`` lists them."""
    full = _new_waiting(scene.queued.shape[2])
    for s in range(SLICES):
        found = 0
        for u in range(int(scene.ues[c, s])):
            queued = int(scene.queued[c, s, u])
            age = scene.now - int(scene.entry_tti[c, s, u, int(scene.entry_head[c, s, u])])
            factor = np.float32(1.0 / max(scene.mean[c, s, u], SE_FLOOR))
            full.metric[s, u] = factor
            full.weight[s, u] = factor
            if queued > 0:
                if rules.schedulers[s] == MLWDF:
                    full.weight[s, u] = factor * np.float32(1 + age)
                full.age[s, u] = age
                full.bits[s, u] = 8 * queued
                full.places[s, found] = u
                found += 1
        full.size[s] = found
    return full


@kernel
def _enter(full: Waiting, waiting: Waiting, s: int) -> None:
    """List the waiting UEs of one slice anew; scheduling uses up the lists."""
    waiting.size[s] = full.size[s]
    for u in range(full.places.shape[1]):
        waiting.places[s, u] = full.places[s, u]
        waiting.bits[s, u] = full.bits[s, u]
        waiting.metric[s, u] = full.metric[s, u]
        waiting.weight[s, u] = full.weight[s, u]
        waiting.age[s, u] = full.age[s, u]


@kernel
def _padding(
    scene: Scene,
    rules: Rules,
    c: int,
    full: Waiting,
    waiting: Waiting,
    grants: Grants,
    work: Workspace,
    shift: int,
) -> NDArray[np.int16]:
    """Who transmits padding on an idle RB that the slice holds, int16[S, K]; -1 for nobody."""
    units = scene.csi.shape[3]
    padding = np.full((SLICES, units), -1, dtype=np.int16)
    for s in range(SLICES):
        members = int(scene.ues[c, s])
        if not rules.pad or members == 0:
            continue
        _enter(full, waiting, s)
        waiting.size[s] = members
        for u in range(members):
            waiting.places[s, u] = u
            waiting.bits[s, u] = 1 << 62
        for g in range(units):
            work.units[g] = g
        serve_best(scene.csi[c], waiting, waiting.metric, grants, work, shift, s, work.units, units)
        padding[s] = grants.ue_of_unit
    return padding


@kernel
def _play_slice(
    scene: Scene,
    rules: Rules,
    blocks: Splits,
    c: int,
    s: int,
    full: Waiting,
    waiting: Waiting,
    grants: Grants,
    turns: NDArray[np.int16],
    work: Workspace,
    shift: int,
    padding: NDArray[np.int16],
    age_s: NDArray[np.float32],
    rate_bps: NDArray[np.float32],
    used: NDArray[np.int32],
    delivered: NDArray[np.int64],
) -> None:
    """Every block of one slice of one DU."""
    csi, bits, idle = scene.csi[c], scene.bits[c, s], padding[s]
    places, units, members = csi.shape[1], csi.shape[2], int(scene.ues[c, s])
    first, last, order = blocks.first[s], blocks.last[s], blocks.order[s]
    queued, entry_bytes, entry_tti = scene.queued[c, s], scene.entry_bytes[c, s], scene.entry_tti[c, s]
    heads, counts, ue_of_unit = scene.entry_head[c, s], scene.entry_count[c, s], grants.ue_of_unit
    ages, rates, sent, list_of_units = age_s[:, c, s], rate_bps[:, c, s], used[:, c, s], work.units
    rated, equal_airtime, tti_s, now = rules.rates, not rules.won_rbs, rules.tti_s, scene.now + 1
    won, held = np.zeros(places, dtype=np.int64), np.zeros(places, dtype=np.int64)
    gone, cleared = np.zeros(places, dtype=np.int64), np.zeros(places, dtype=np.int64)
    age = np.zeros(places, dtype=np.float32)
    index, count = 0, order.shape[0]
    while index < count:
        a = int(first[order[index]])
        _enter(full, waiting, s)
        grants.next_place[:] = turns
        for g in range(a, units):
            list_of_units[g - a] = g
        given = serve(
            csi, waiting, grants, work, shift, int(rules.schedulers[s]), s, list_of_units, units - a
        )
        won[:], held[:], gone[:], cleared[:] = 0, 0, 0, 0
        for u in range(members):
            age[u] = tti_s * _age(entry_bytes, entry_tti, heads, counts, u, now, 0, gone, cleared)
        g, sending = a, 0
        while index < count and first[order[index]] == a:
            j = order[index]
            while g < last[j]:
                slot = int(np.int64(ue_of_unit[g] if g < a + given else idle[g]))
                if slot >= 0:
                    u = slot - s * places
                    won[u] += bits[u, g]
                    sending += 1
                    sent_bytes = int(won[u]) >> 3
                    age[u] = tti_s * _age(
                        entry_bytes, entry_tti, heads, counts, u, now, sent_bytes, gone, cleared
                    )
                if rated and equal_airtime:
                    for u in range(members):
                        held[u] += bits[u, g]
                g += 1
            sent[j], received = sending, 0
            for u in range(members):
                ages[j, u] = age[u]
                received += min(int(won[u]) >> 3, int(queued[u]))
            delivered[j, c, s] = received
            if rated:
                for u in range(members):
                    rates[j, u] = (held[u] / (members * tti_s)) if equal_airtime else (won[u] / tti_s)
            index += 1


@borrowing_kernel
def _age(
    entry_bytes: NDArray[np.int32],
    entry_tti: NDArray[np.int32],
    heads: NDArray[np.int16],
    counts: NDArray[np.int16],
    u: int,
    now: int,
    sent_bytes: int,
    gone: NDArray[np.int64],
    cleared: NDArray[np.int64],
) -> int:
    """Age at ``now`` of a UE's oldest byte, in TTIs, after ``sent_bytes``, no fewer than in earlier calls.

    ``gone`` and ``cleared``, int64[U], count the entries that left the queue, and their bytes.
    """
    size, count, head = entry_tti.shape[1], int(counts[u]), int(heads[u])
    while gone[u] < count:
        here = int(entry_bytes[u, (head + gone[u]) & (size - 1)])
        if cleared[u] + here > sent_bytes:
            break
        cleared[u] += here
        gone[u] += 1
    if gone[u] == count:
        return 0
    return now - int(entry_tti[u, (head + gone[u]) & (size - 1)])
