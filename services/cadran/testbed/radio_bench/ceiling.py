"""What the machine can do at most: the innermost arithmetic of a TTI as one small compiled loop.

Interference from every DU at every UE and unit out of a bfloat16 map, SINR, bits by a table of log2, and the
winner of proportional fair in each unit of each DU. No traffic, queues, quotas, link adaptation, HARQ or
measurements.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from cadran.testbed.radio_bench.child import answer
from cadran.testbed.radio_bench.scenario import DUS, RBS, UES
from cadran.testbed.radio_bench.timing import Effort, measure, rates

MAP_ROWS, MAP_COLUMNS = 8192, 512
TTIS_PER_CALL = 20
_KEPT_BITS = 19
"""A float32 without its 19 last bits: 16 steps per octave, as an index of the table."""


class Inputs(NamedTuple):
    """What the loop reads, for C DUs, N UEs (those of a DU in a row) and G units.

    Attributes:
        values: uint16[rows * stride], bfloat16 bit patterns of power gains.
        stride: values of a row.
        base: int64[N, C], where a link's window of G values starts at TTI 0.
        gain: float32[N, C], mean received power over noise.
        first_ue: int64[C + 1], UEs of DU c are first_ue[c] to first_ue[c + 1] - 1.
        weight: float32[N], one over the UE's mean rate.
        bits: float32[4096], log2(1 + SINR) by the first bits of the SINR.
    """

    values: NDArray[np.uint16]
    stride: int
    base: NDArray[np.int64]
    gain: NDArray[np.float32]
    first_ue: NDArray[np.int64]
    weight: NDArray[np.float32]
    bits: NDArray[np.float32]


def draw_inputs(dus: int, ues: int, units: int, rng: np.random.Generator) -> Inputs:
    """Rayleigh gains, every UE with one strong DU and noise 10 dB below the others."""
    stride = MAP_COLUMNS + units
    power = rng.standard_exponential(MAP_ROWS * stride, dtype=np.float32)
    first_ue = np.linspace(0, ues, dus + 1).astype(np.int64)
    gain = rng.uniform(5, 15, (ues, dus)).astype(np.float32)
    gain[np.arange(ues), np.repeat(np.arange(dus), np.diff(first_ue))] *= 10
    start = rng.integers(0, MAP_ROWS // 2, (ues, dus)) * stride + rng.integers(0, MAP_COLUMNS, (ues, dus))
    middles = ((np.arange(4096, dtype=np.uint32) << _KEPT_BITS) + (1 << (_KEPT_BITS - 1))).view(np.float32)
    finite = np.where(np.isfinite(middles) & (middles > 0), middles, 0)
    return Inputs(
        values=(power.view(np.uint32) >> 16).astype(np.uint16),
        stride=stride,
        base=start,
        gain=gain,
        first_ue=first_ue,
        weight=rng.uniform(0.2, 1, ues).astype(np.float32),
        bits=np.log2(1 + finite.astype(np.float64)).astype(np.float32),
    )


class Work(NamedTuple):
    """What the loop writes: G values of the UE at hand, and the winners of the last TTI played.

    Attributes:
        interference: float32[G], with the noise.
        entry: uint32[G], index of the SINR in the table.
        metric: float32[G].
        best: float32[C, G], the winners' metrics.
        winner: int32[C, G], number of the UE that has the unit.
    """

    interference: NDArray[np.float32]
    entry: NDArray[np.uint32]
    metric: NDArray[np.float32]
    best: NDArray[np.float32]
    winner: NDArray[np.int32]


def work_space(dus: int, units: int) -> Work:
    """Arrays of the right shapes."""
    return Work(
        np.empty(units, dtype=np.float32),
        np.empty(units, dtype=np.uint32),
        np.empty(units, dtype=np.float32),
        np.empty((dus, units), dtype=np.float32),
        np.empty((dus, units), dtype=np.int32),
    )


# The loops over units are apart, so that all but the look-up compile to vector instructions. Fast-math, for a
# ceiling need not give the same bits everywhere.
@numba.njit(fastmath=True, error_model="numpy", cache=True)  # type: ignore[untyped-decorator]
def play(ttis: int, inputs: Inputs, work: Work) -> None:
    """Play ``ttis`` TTIs, at most half the map's rows."""
    values, base, gain, bits = inputs.values, inputs.base, inputs.gain, inputs.bits
    interference, entry, metric = work.interference, work.entry, work.metric
    dus, units = work.winner.shape
    for tti in range(ttis):
        row = tti * inputs.stride
        work.best[:] = -1
        for c in range(dus):
            best, winner = work.best[c], work.winner[c]
            for u in range(inputs.first_ue[c], inputs.first_ue[c + 1]):
                interference[:] = 1
                for i in range(dus):
                    if i != c:
                        window = values[base[u, i] + row : base[u, i] + row + units]
                        mean = gain[u, i]
                        for g in range(units):
                            power = np.uint32(np.uint32(window[g]) << np.uint32(16)).view(np.float32)
                            interference[g] += mean * power
                window = values[base[u, c] + row : base[u, c] + row + units]
                mean, weight, number = gain[u, c], inputs.weight[u], np.int32(u)
                for g in range(units):
                    power = np.uint32(np.uint32(window[g]) << np.uint32(16)).view(np.float32)
                    sinr = np.float32(mean * power / interference[g])
                    entry[g] = np.uint32(sinr.view(np.uint32) >> np.uint32(_KEPT_BITS))
                for g in range(units):
                    metric[g] = weight * bits[np.int64(entry[g])]
                for g in range(units):
                    won = metric[g] > best[g]
                    best[g] = metric[g] if won else best[g]
                    winner[g] = number if won else winner[g]


def run_ceiling(effort: Mapping[str, Any]) -> dict[str, Any]:
    """``Rates`` of the loop in TTI per second, in one thread."""
    inputs, work = draw_inputs(DUS, UES, RBS, np.random.default_rng(0)), work_space(DUS, RBS)
    windows = measure(lambda: play(TTIS_PER_CALL, inputs, work), Effort(**effort))
    return rates(windows, TTIS_PER_CALL)._asdict()


if __name__ == "__main__":
    answer(run_ceiling)
