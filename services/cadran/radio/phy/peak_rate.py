"""Peak data rate of a carrier."""

_SUBCARRIERS = 12
_SYMBOLS_PER_MS = 14
HIGHEST_CODE_RATE = 948 / 1024
DOWNLINK_OVERHEAD = 0.14
"""Share of resource elements lost to control and reference signals: downlink, FR1 (TS 38.306 4.1.2)."""


def peak_rate_bps(
    rbs: int,
    subcarrier_spacing_hz: float,
    order: int = 8,
    layers: int = 1,
    overhead: float = DOWNLINK_OVERHEAD,
) -> float:
    """Highest data rate of one carrier in bit/s (TS 38.306 4.1.2), scaling factor 1.

    Args:
        rbs: RBs of the carrier.
        subcarrier_spacing_hz: 15e3 times a power of two.
        order: highest modulation order Qm, 6 for 64QAM, 8 for 256QAM.
        layers: spatial layers.
        overhead: share of resource elements that carry no data: 0.14 downlink, 0.08 uplink in FR1.
    """
    symbols_per_s = 1e3 * _SYMBOLS_PER_MS * subcarrier_spacing_hz / 15e3
    return layers * order * HIGHEST_CODE_RATE * rbs * _SUBCARRIERS * symbols_per_s * (1 - overhead)
