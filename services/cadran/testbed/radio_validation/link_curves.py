"""Transport blocks, block error curves and CQI against tables and link simulations."""

import numpy as np
from matplotlib.figure import Figure as Canvas

from cadran.lab.report.style import legend
from cadran.radio.phy import (
    block_error_rate,
    cqi_efficiency,
    eesm,
    eesm_beta,
    mcs_table,
    peak_rate_bps,
    threshold_db,
    transport_block_bits,
)
from cadran.testbed.radio_validation.check import Array, Bound, Check, Figure, Theme, checks_of
from cadran.testbed.radio_validation.style import COLOURS, INK, REFERENCE

LINK_BITS = 2000
CRC_BITS = 16
SIMULATED: dict[int, tuple[tuple[int, float, float], ...]] = {
    1: (
        (3, -3.214, 0.9350), (6, 0.357, 0.2092), (8, 2.143, 0.3857), (11, 3.929, 0.5110), (13, 5.714, 0.5867),
        (15, 7.500, 0.8667), (17, 9.286, 0.0350), (18, 9.286, 0.7100), (20, 11.071, 0.9250),
        (21, 12.857, 0.0293), (23, 14.643, 0.0577), (25, 16.429, 0.1477), (27, 18.214, 0.2570),
    ),
    2: (
        (2, -1.842, 0.3900), (7, 6.053, 0.1000), (9, 7.632, 0.6850), (11, 9.211, 0.8129),
        (12, 10.789, 0.0660), (14, 12.368, 0.4718), (15, 13.947, 0.0127), (16, 13.947, 0.8600),
        (17, 15.526, 0.1023), (19, 17.105, 0.6525), (20, 18.684, 0.0753),
        (21, 18.684, 0.4791), (22, 20.263, 0.0380), (23, 20.263, 0.9450), (24, 21.842, 0.3480),
        (25, 23.421, 0.0370), (26, 23.421, 0.8014), (27, 25.000, 0.1503),
    ),
}  # fmt: skip
"""By MCS table: MCS, SINR in dB, and share of code blocks of 2000 bits that a link simulation lost there."""
LINK_SOURCE = "Sionna 2.2.0, PDSCH in AWGN, 2000 bits"
BLOCK_BITS = {
    0: {1: 24, 106: 3368},
    5: {1: 96, 106: 10248},
    10: {8: 1416, 106: 18432},
    16: {8: 2728, 106: 35856},
    20: {51: 22536, 106: 46104},
    28: {51: 36896, 106: 77896},
}
"""Bits of transport blocks by MCS of table 1 and RBs: 12 symbols, 12 elements of DM-RS, one layer."""
PEAKS = (
    ("20 MHz, 106 RB at 15 kHz, 256QAM", 106, 15e3, 8, 113.43),
    ("20 MHz, 106 RB at 15 kHz, 64QAM", 106, 15e3, 6, 85.07),
    ("20 MHz, 51 RB at 30 kHz, 256QAM", 51, 30e3, 8, 109.15),
    ("100 MHz, 273 RB at 30 kHz, 256QAM", 273, 30e3, 8, 584.25),
)
CQI = {(1, 1): 0.1523, (1, 15): 5.5547, (2, 4): 1.4766, (2, 15): 7.4063}
"""Efficiency in bit/s/Hz by CQI table and index."""


def link_curves() -> Theme:
    """The theme; takes milliseconds."""
    return Theme(
        "Transport blocks and block errors",
        "The physical layer's tables. Block error curves must go through what link simulations of the "
        "standard's LDPC codes found (how far a curve would have to move along the SINR to meet a simulated "
        "point); sizes of transport blocks and peak rates are exact arithmetic of TS 38.214 and TS 38.306.",
        [
            *_curve_checks(),
            _at_threshold_check(),
            *_block_checks(),
            *_cqi_checks(),
            *_eesm_checks(),
            *_peak_checks(),
        ],
        [
            Figure(
                "block-errors.png",
                "Block error rate of every MCS of table 2 for code blocks of 2000 bits. Rings: points of "
                "link simulations.",
                _draw,
            )
        ],
    )


def error_rate(number: int, mcs: int, sinr_db: Array) -> Array:
    """Of blocks of 2000 bits, CRC included."""
    return block_error_rate(number, mcs, LINK_BITS - CRC_BITS, sinr_db)


def shift_db(number: int, mcs: int, sinr_db: float, rate: float) -> float:
    """How far the curve would have to be moved to go through a point."""
    grid_db = sinr_db + np.arange(-5, 5, 0.01)
    return float(sinr_db - np.interp(-rate, -error_rate(number, mcs, grid_db), grid_db))


def _curve_checks() -> list[Check]:
    checks = []
    for number, points in SIMULATED.items():
        off_db = np.abs([shift_db(number, *point) for point in points])
        for name, value, most in (("median", np.median(off_db), 0.1), ("largest", off_db.max(), 0.35)):
            label = f"MCS table {number}: {name} distance from {len(points)} simulated points"
            checks.append(Check(label, float(value), 0.0, most, "dB", LINK_SOURCE, Bound.at_most))
    return checks


def _at_threshold_check() -> Check:
    """The rate, of all MCS of both tables the one furthest off."""
    rates = [
        float(error_rate(number, mcs, np.array(at)))
        for number in (1, 2)
        for mcs, at in enumerate(threshold_db(number, LINK_BITS))
    ]
    worst = max(rates, key=lambda rate: abs(rate - 0.1))
    name = f"error rate at the threshold, worst of {len(rates)} MCS"
    return Check(name, worst, 0.1, 0.001, "", "one block in ten, TS 38.214 clause 5.2.2.1")


def _block_checks() -> list[Check]:
    table, checks = mcs_table(1), []
    for mcs, sizes in BLOCK_BITS.items():
        order, rate = int(table.modulation_order[mcs]), float(table.code_rate[mcs])
        for rbs, bits in sizes.items():
            found = transport_block_bits(order, rate, rbs, 12, 12)
            name = f"transport block, MCS {mcs}, {rbs} RB"
            checks.append(Check(name, found, bits, 0, "bit", "TS 38.214 clause 5.1.3.2"))
    return checks


def _cqi_checks() -> list[Check]:
    rows = [
        (f"CQI {index} of table {number}", float(cqi_efficiency(number)[index]), expected)
        for (number, index), expected in CQI.items()
    ]
    return checks_of(rows, 0.0001, "bit/s/Hz", "TS 38.214 clause 5.2.2.1")


def _eesm_checks() -> list[Check]:
    beta = float(eesm_beta(2)[10])
    flat = eesm(np.full(10, 20.0), beta)
    mixed = eesm(np.array([1.0, 100.0]), beta)
    expected = -6.5 * float(np.log((np.exp(-1 / 6.5) + np.exp(-100 / 6.5)) / 2))
    return [
        Check("effective SINR of equal RBs", flat, 20.0, 1e-9, "", "EESM: a mean of equals"),
        Check("effective SINR of 0 and 20 dB, MCS 10", mixed, expected, 1e-9, "", "EESM, beta 6.5"),
    ]


def _peak_checks() -> list[Check]:
    rows = [
        (f"peak rate, {name}", peak_rate_bps(rbs, spacing_hz, order) / 1e6, expected)
        for name, rbs, spacing_hz, order, expected in PEAKS
    ]
    return checks_of(rows, 0.01, "Mbit/s", "TS 38.306 clause 4.1.2")


def _draw(canvas: Canvas) -> None:
    axes = canvas.subplots()
    sinr_db = np.linspace(-8, 28, 2000)
    names = {2: "QPSK", 4: "16QAM", 6: "64QAM", 8: "256QAM"}
    for mcs, order in enumerate(mcs_table(2).modulation_order.tolist()):
        colour, name = COLOURS[order // 2 - 1], names.pop(order, None)
        axes.semilogy(sinr_db, error_rate(2, mcs, sinr_db), color=colour, linewidth=1.4, label=name)
    _, at_db, rates = zip(*SIMULATED[2], strict=True)
    axes.plot(at_db, rates, label="simulated", **(REFERENCE | {"markersize": 5}))
    axes.axhline(0.1, color=INK, linewidth=0.6)
    axes.set_ylim(1e-3, 1.2)
    axes.set_xlabel("SINR (dB)")
    axes.set_ylabel("block error rate")
    axes.set_title("Waterfalls of MCS table 2")
    legend(axes, 3)
