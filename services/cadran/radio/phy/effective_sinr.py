"""Effective SINR of a transport block whose RBs fade apart."""

import numpy as np
from numpy.typing import NDArray

_BETA_1 = (
    *(1.6, 1.61, 1.63, 1.65, 1.67, 1.7, 1.73, 1.76, 1.79, 1.82),
    *(3.97, 4.27, 4.71, 5.16, 5.66, 6.16, 6.5),
    *(9.95, 10.97, 12.92, 14.96, 17.06, 19.33, 21.85, 24.51, 27.14, 29.94, 32.05, 34.28),
)
_BETA_2 = (
    *(1.6, 1.63, 1.67, 1.73, 1.79),
    *(4.27, 4.71, 5.16, 5.66, 6.16, 6.5),
    *(10.97, 12.92, 14.96, 17.06, 19.33, 21.85, 24.51, 27.14, 29.94),
    *(56.48, 65.0, 78.58, 92.48, 106.27, 118.74, 126.36, 132.54),
)


def eesm_beta(number: int) -> NDArray[np.float64]:
    """Scale beta of EESM per MCS of table ``number``, linear, float64[M].

    Values fitted to link simulations of NR: Lagen et al., "New radio physical layer abstraction for
    system-level simulations of 5G networks" (arXiv:2001.10309), as in 5G-LENA; Sionna uses the same.

    Raises:
        ValueError: if ``number`` is neither 1 nor 2.
    """
    if number not in (1, 2):
        raise ValueError(f"MCS table {number}: allowed are 1 and 2")
    return np.array((_BETA_1, _BETA_2)[number - 1])


def eesm(sinr: NDArray[np.float64], beta: float) -> float:
    """Effective SINR ``-beta ln(mean exp(-sinr / beta))``, linear, between the least and the greatest SINR.

    Args:
        sinr: SINRs of the resource elements or RBs of a block, linear, at least one.
        beta: scale for its MCS, of :func:`eesm_beta`.
    """
    least = float(np.min(sinr))  # taken out of the sum, so that no exponential of all underflows
    return least - beta * float(np.log(np.mean(np.exp((least - np.asarray(sinr)) / beta))))
