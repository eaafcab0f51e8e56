"""Modulation and coding schemes of TS 38.214."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_TABLE_1 = {
    2: (120, 157, 193, 251, 308, 379, 449, 526, 602, 679),
    4: (340, 378, 434, 490, 553, 616, 658),
    6: (438, 466, 517, 567, 616, 666, 719, 772, 822, 873, 910, 948),
}
_TABLE_2 = {
    2: (120, 193, 308, 449, 602),
    4: (378, 434, 490, 553, 616, 658),
    6: (466, 517, 567, 616, 666, 719, 772, 822, 873),
    8: (682.5, 711, 754, 797, 841, 885, 916.5, 948),
}


class McsTable(NamedTuple):
    """One MCS table, row by MCS index: M = 29 rows (table 1) or 28 (table 2).

    ``modulation_order`` is Qm, bits per symbol, int64[M]; ``code_rate`` is R as a fraction, float64[M].
    """

    modulation_order: NDArray[np.int64]
    code_rate: NDArray[np.float64]

    @property
    def efficiency(self) -> NDArray[np.float64]:
        """Qm R in bit/s/Hz, float64[M]."""
        return self.modulation_order * self.code_rate


def mcs_table(number: int) -> McsTable:
    """MCS table 1 (64QAM) or 2 (256QAM): TS 38.214 Tables 5.1.3.1-1 and 5.1.3.1-2, without reserved rows.

    Raises:
        ValueError: if ``number`` is neither 1 nor 2.
    """
    if number not in (1, 2):
        raise ValueError(f"MCS table {number}: allowed are 1 and 2")
    rows = [(order, rate) for order, rates in (_TABLE_1, _TABLE_2)[number - 1].items() for rate in rates]
    return McsTable(
        modulation_order=np.array([order for order, _ in rows], dtype=np.int64),
        code_rate=np.array([rate / 1024 for _, rate in rows], dtype=np.float64),
    )


def highest_mcs(number: int, efficiency: float) -> int:
    """Highest MCS of table ``number`` whose efficiency is not above ``efficiency`` (bit/s/Hz); 0 if none is.

    Indices need not be in order of efficiency: MCS 17 of table 1 has less (by 0.002) than MCS 16.
    """
    fitting = np.flatnonzero(mcs_table(number).efficiency <= efficiency)
    return int(fitting[-1]) if fitting.size else 0
