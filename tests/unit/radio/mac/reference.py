"""The scheduler RB by RB, in plain words: no vectors, no precomputed winners, no repetitions."""

from collections.abc import Callable

import numpy as np

from cadran.radio.mac import EDF, MAX_CQI, RR

from .scenes import SLICES, Scene

MULTIPLIERS = (35347, 42643, 4171)
Key = Callable[[int, float, int, int, int], float]
"""Order of the UEs on a unit from bits, factor, slice, place, unit: the greatest is served."""


def ranked_key(scene: Scene) -> Key:
    """The order that the scheduler documents: metric in float32 less its lowest bits, then rank."""
    size = 4
    while size < SLICES * scene.places:
        size *= 2
    half = size.bit_length() // 2
    turning = [s for s in range(SLICES) if scene.schedulers[s] not in (RR, EDF)]
    shift = int(scene.next_place[turning[-1] if turning else 0])

    def rank(x: int) -> int:
        x = x % size * MULTIPLIERS[0] % size
        x = (x ^ (x >> half)) * MULTIPLIERS[1] % size
        return (x ^ (x >> half)) * MULTIPLIERS[2] % size

    def key(bits: int, factor: float, s: int, u: int, unit: int) -> float:
        pattern = int((np.float32(bits) * np.float32(factor)).view(np.int32))
        return pattern // size * size + rank(s * scene.places + u + unit + shift)

    return key


def exact_key(bits: int, factor: float, s: int, u: int, unit: int) -> float:
    """The metric itself; for scenes without ties."""
    return bits * factor


class Reference:
    """Plays a scene with one RB per unit and no repetitions; read the attributes afterwards."""

    def __init__(self, scene: Scene, key: Key) -> None:
        waiting = scene.waiting
        self.scene, self.key, self.units = scene, key, len(scene.unit_rbs)
        by_rate = all(scheduler == MAX_CQI for scheduler in scene.schedulers)
        self.metric = np.ones_like(waiting.metric) if by_rate else waiting.metric
        self.left = [
            {int(u): int(waiting.bits[s, u]) for u in waiting.places[s, : waiting.size[s]]}
            for s in range(SLICES)
        ]
        self.slice_of_unit, self.ue_of_unit = [-1] * self.units, [-1] * self.units
        self.held, self.turn = [0] * SLICES, [int(turn) for turn in scene.next_place]
        self.current = [-1] * SLICES
        if scene.mode == 2:
            self.serve_users()
            return
        if scene.mode == 1:
            self.serve_assigned()
        else:
            self.serve_blocks()
            self.serve_shared()
        if scene.pad:
            self.pad()

    def best(self, s: int, unit: int, factors: np.ndarray) -> tuple[float, int]:
        csi = self.scene.csi
        return max(
            (self.key(int(csi[s, u, unit]), float(factors[s, u]), s, u, unit), u) for u in self.left[s]
        )

    def give(self, s: int, u: int, unit: int) -> None:
        self.slice_of_unit[unit], self.ue_of_unit[unit] = s, s * self.scene.places + u
        self.left[s][u] -= int(self.scene.csi[s, u, unit])
        if self.left[s][u] <= 0:
            del self.left[s][u]

    def in_turn(self, s: int, places: list[int]) -> int:
        size = self.scene.places
        u = min(places, key=lambda u: (u - self.turn[s]) % size)
        self.turn[s] = (u + 1) % size
        return u

    def serve(self, s: int, unit: int) -> None:
        scheduler, waiting = self.scene.schedulers[s], self.scene.waiting
        if scheduler == RR:
            u = self.in_turn(s, list(self.left[s]))
        elif scheduler == EDF:
            if self.current[s] not in self.left[s]:
                oldest = max(waiting.age[s, u] for u in self.left[s])
                self.current[s] = self.in_turn(s, [u for u in self.left[s] if waiting.age[s, u] == oldest])
            u = self.current[s]
        else:
            weight = np.ones_like(waiting.weight) if scheduler == MAX_CQI else waiting.weight
            u = self.best(s, unit, weight)[1]
        self.give(s, u, unit)

    def serve_blocks(self) -> None:
        first = 0
        for s in range(SLICES):
            last = first + int(self.scene.least[s])
            for unit in range(first, last):
                if self.left[s]:
                    self.serve(s, unit)
                    self.held[s] += 1
                elif unit - first < self.scene.dedicated[s]:
                    self.slice_of_unit[unit] = s
                    self.held[s] += 1
            first = last

    def serve_shared(self) -> None:
        for unit in range(self.units):
            rivals = [s for s in range(SLICES) if self.left[s] and self.held[s] < self.scene.most[s]]
            if self.slice_of_unit[unit] < 0 and rivals:
                (_, u), s = max((self.best(s, unit, self.metric), s) for s in rivals)
                self.give(s, u, unit)
                self.held[s] += 1

    def serve_assigned(self) -> None:
        for unit, s in enumerate(self.scene.assigned.tolist()):
            if s >= 0:
                self.slice_of_unit[unit] = s
                self.held[s] += 1
                if self.left[s]:
                    self.serve(s, unit)

    def serve_users(self) -> None:
        scene = self.scene
        own = {(s, u): int(n) for (s, u), n in np.ndenumerate(scene.ue_rbs)}
        everybody = [dict.fromkeys(range(int(scene.ues[s])), float("inf")) for s in range(SLICES)]
        for waiting in (self.left, everybody) if scene.pad else (self.left,):
            for unit in range(self.units):
                rivals = [(s, u) for s in range(SLICES) for u in waiting[s] if own[s, u] > 0]
                if self.ue_of_unit[unit] >= 0 or not rivals:
                    continue
                keys = [
                    self.key(int(scene.csi[s, u, unit]), float(self.metric[s, u]), s, u, unit)
                    for s, u in rivals
                ]
                s, u = rivals[int(np.argmax(keys))]
                self.slice_of_unit[unit], self.ue_of_unit[unit] = s, s * scene.places + u
                self.held[s] += 1
                own[s, u] -= 1
                waiting[s][u] -= int(float(scene.ue_power[s, u]) * int(scene.csi[s, u, unit]))
                if waiting[s][u] <= 0:
                    del waiting[s][u]
        for s in range(SLICES):
            for unit in range(self.units):
                if self.slice_of_unit[unit] < 0 and self.held[s] < int(scene.ue_rbs[s].sum()):
                    self.slice_of_unit[unit] = s
                    self.held[s] += 1

    def pad(self) -> None:
        self.left = [dict.fromkeys(range(int(self.scene.ues[s])), 1 << 62) for s in range(SLICES)]
        for unit in range(self.units):
            s = self.slice_of_unit[unit]
            if s >= 0 and self.ue_of_unit[unit] < 0 and self.left[s]:
                self.give(s, self.best(s, unit, self.metric)[1], unit)
        if self.scene.mode == 0:
            self.serve_shared()
