"""Numbers for readers."""

from __future__ import annotations

import math
from collections.abc import Iterable

SIGNIFICANT = 3
MOST_DECIMALS = 6


def decimals(values: Iterable[float]) -> int:
    """Decimals that numbers share: three from 0.1 to 10, fewer above, more below."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest == 0:
        return SIGNIFICANT
    magnitude = math.floor(math.log10(largest))
    return min(MOST_DECIMALS, max(0, SIGNIFICANT - max(0, magnitude) - min(0, magnitude + 1)))


def number(value: float, digits: int) -> str:
    """Thousands apart, a true minus sign, an exponent only where nothing else would be left of it."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = f"{value:.1e}" if value else f"{0:.{digits}f}"
    return text.replace("-", "−")
