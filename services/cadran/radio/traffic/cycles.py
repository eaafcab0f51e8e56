"""Things that repeat, counted exactly: ``events`` of them in every ``ttis`` TTIs, both integers.

Times need not divide one another: 60 video frames per second are 3 in every 50 slots of 1 ms.
"""

from fractions import Fraction
from math import isqrt

from cadran.radio.jit import kernel

FRACTION_BITS = 20
"""Parts of the time between two events that arrivals are reckoned in: 2^20, of video frames 16 ns."""
LARGEST_PRODUCT = 2 ** (62 - FRACTION_BITS)
"""Of events and TTIs of a cycle, so that fractions of an event fit into 64 bits too."""
SLOWEST, FASTEST = Fraction(1, 2**30), Fraction(2**20)
"""Events per TTI that can be told from 0, and that can be counted."""


def exact(value: float) -> Fraction:
    """The decimal number that was written, not the binary one next to it."""
    return Fraction(repr(value))


def cycle(events_per_tti: Fraction, name: str) -> tuple[int, int]:
    """``events`` and ``ttis``, coprime, of which ``events_per_tti`` is the ratio.

    Ratios whose two numbers have a product above LARGEST_PRODUCT are rounded to one below.

    Raises:
        ValueError: fewer than 2^-30 or more than 2^20 events per TTI; ``name`` says of what.
    """
    if not SLOWEST <= events_per_tti <= FASTEST:
        raise ValueError(f"{name}: {float(events_per_tti):.3g} per TTI, allowed are 2^-30 to 2^20")
    if events_per_tti > 1:
        ratio = events_per_tti.limit_denominator(isqrt(int(LARGEST_PRODUCT / events_per_tti)))
        return ratio.numerator, ratio.denominator
    ratio = (1 / events_per_tti).limit_denominator(isqrt(int(LARGEST_PRODUCT * events_per_tti)))
    return ratio.denominator, ratio.numerator


@kernel
def cycles_before(tti: int, events: int, ttis: int) -> int:
    """Events in TTIs 0 … ``tti`` - 1: floor(tti * events / ttis), without overflow."""
    return tti // ttis * events + tti % ttis * events // ttis


@kernel
def fine_time(tti: int, events: int, ttis: int) -> int:
    """Start of a TTI in events times 2^FRACTION_BITS, rounded down."""
    rest = ((tti % ttis * events) << FRACTION_BITS) // ttis
    return ((tti // ttis * events) << FRACTION_BITS) + rest
