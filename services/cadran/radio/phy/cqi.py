"""Channel quality indicators of TS 38.214."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.phy.block_error import threshold_db
from cadran.radio.phy.mcs import highest_mcs, mcs_table

_RATES_1 = {2: (78, 120, 193, 308, 449, 602), 4: (378, 490, 616), 6: (466, 567, 666, 772, 873, 948)}
_RATES_2 = {
    2: (78, 193, 449),
    4: (378, 490, 616),
    6: (466, 567, 666, 772, 873),
    8: (711, 797, 885, 948),
}


def cqi_efficiency(number: int) -> NDArray[np.float64]:
    """Efficiency in bit/s/Hz per CQI 0 to 15, float64[16]; CQI 0 is out of range, 0 bit/s/Hz.

    TS 38.214 Tables 5.2.2.1-2 (``number`` 1, up to 64QAM) and 5.2.2.1-3 (2, up to 256QAM).

    Raises:
        ValueError: if ``number`` is neither 1 nor 2.
    """
    if number not in (1, 2):
        raise ValueError(f"CQI table {number}: allowed are 1 and 2")
    rates = (_RATES_1, _RATES_2)[number - 1]
    return np.array([0.0] + [order * rate / 1024 for order, row in rates.items() for rate in row])


def cqi_thresholds_db(number: int) -> NDArray[np.float64]:
    """SINR in dB from which CQI 1 to 15 hold, float64[15], increasing.

    A CQI promises a block error rate of at most 10 % (TS 38.214 5.2.2.1), here of a code block of 2000 bits.
    Every CQI but the first is as efficient as an MCS of its table, in the same modulation, and has the
    threshold of that MCS. CQI 1, QPSK at rate 78/1024, repeats more often than MCS 0 at 120/1024 and needs as
    much less SINR.
    """
    mcs_efficiency, thresholds_db = mcs_table(number).efficiency, threshold_db(number)
    efficiency = cqi_efficiency(number)
    first_db = thresholds_db[0] + 10 * np.log10(efficiency[1] / mcs_efficiency[0])
    rows = [highest_mcs(number, float(value)) for value in efficiency[2:]]
    return np.concatenate(([first_db], thresholds_db[rows]))
