"""From a frame's outcome to measurements.

URLLC latency is finer than a frame, so it is modelled, not read off the queues (ages count whole frames).

``md1`` (default). A URLLC packet that arrives in this frame waits for one transmission, then for the bytes
that the last frame left over, then for its own kind::

    latency_i = t + (T need_carried / K_l + t rho / (2 (1 - rho))) x_i,     rho = (need_carried +
    need_arrived) / K_l x_i = mean_j(SE_j) / SE_i,   need = sum_i 8 bytes_i / (SE_i B T),   clipped at the
    cap; the cap if rho >= 1 or K_l = 0

t = 1 ms is one transmission time interval, T the frame, K_l the RBs that the slice could use in this frame
(``mac.usable_rbs``), need in RBs of one frame at the UEs' average spectral efficiency SE_i. A slice with
K_l RBs works off need_carried in T need_carried / K_l seconds. What arrives during the frame meets an M/D/1
queue with load rho and deterministic service of one interval: mean wait rho / (2 (1 - rho)) intervals
(Pollaczek and Khinchine). A UE whose RBs carry less than the slice's average is slower in proportion, hence
x_i. The wait is nonlinear in K_l, so a slice needs 2.5 to 4 times its mean need for all its UEs to stay
below 5 ms.

``literal``: ``1 ms + (backlog at the frame's start + one packet) / C_i`` with the achievable rate C_i of Eq
(1) of arXiv 2511.15002, clipped at the cap.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import kernel
from cadran.radio.mac import SE_FLOOR

TTI_S = 1e-3
"""Transmission time interval of the latency models in s (15 kHz subcarrier spacing)."""


@kernel
def rbs_for_bytes(amount: int, spectral_efficiency: float, bits_per_se: float) -> float:
    """RBs of one frame that carry ``amount`` bytes at a spectral efficiency; ``bits_per_se`` = B T."""
    return 8.0 * amount / (max(spectral_efficiency, SE_FLOOR) * bits_per_se)


@kernel
def md1_latency_s(
    carried_rbs: float, arrived_rbs: float, usable_rbs: float, slowness: float, frame_s: float, cap_s: float
) -> float:
    """Latency of a URLLC packet by the ``md1`` model, in s; see the module's text.

    Args:
        carried_rbs: RBs that drain what the last frame left over.
        arrived_rbs: RBs that carry this frame's arrivals.
        usable_rbs: K_l >= 0.
        slowness: x_i, mean spectral efficiency of the slice over the UE's own.
        frame_s: T.
        cap_s: largest value.
    """
    if usable_rbs <= 0.0:
        return cap_s
    load = (carried_rbs + arrived_rbs) / usable_rbs
    if load >= 1.0:
        return cap_s
    wait_s = frame_s * carried_rbs / usable_rbs + 0.5 * TTI_S * load / (1.0 - load)
    return min(cap_s, TTI_S + wait_s * slowness)


@kernel
def literal_latency_s(backlog_bytes: int, packet_bytes: int, rate_bps: float, cap_s: float) -> float:
    """Latency of a URLLC packet by the ``literal`` model, in s."""
    if rate_bps <= 0.0:
        return cap_s
    return min(cap_s, TTI_S + 8.0 * (backlog_bytes + packet_bytes) / rate_bps)


@kernel
def mean_over_ues(values: NDArray[np.float64], count: int) -> float:
    """Mean of ``values[:count]``, summed in order; 0 without UE."""
    total = 0.0
    for u in range(count):
        total += values[u]
    return total / count if count > 0 else 0.0
