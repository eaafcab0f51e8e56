"""What one KPM measurement is: its name, its unit, and how it comes out of a window."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cadran.wire.kpm_window import Values, Window


@dataclass(frozen=True)
class Unit:
    """A unit of the standard and its base unit.

    Attributes:
        name: as the standard writes it.
        base: Prometheus suffix of the base unit, empty for a number.
        factor: base units in one unit.
    """

    name: str
    base: str
    factor: float


KBIT_PER_S = Unit("kbit/s", "bits_per_second", 1e3)
KBIT = Unit("kbit", "bits", 1e3)
PERCENT = Unit("%", "ratio", 1e-2)
PER_MILLION = Unit("1e-6", "ratio", 1e-6)
TENTH_MS = Unit("0.1 ms", "seconds", 1e-4)
NUMBER = Unit("number", "", 1.0)
WATT = Unit("W", "watts", 1.0)
KWH = Unit("kWh", "joules", 3.6e6)
BIT_PER_S_HZ = Unit("bit/s/Hz", "bits_per_second_per_hertz", 1.0)


@dataclass(frozen=True)
class Measurement:
    """One line of the registry.

    Attributes:
        name: as TS 28.552 or E2SM-KPM writes it; `VS.` (vendor specific) before those that neither has.
        clause: of TS 28.552; empty when O-RAN or vendor specific.
        unit: of a sample.
        text: what it is made of.
        compute: values in `unit`, float64[S] or [1], NaN where nothing was measured.
        integer: whether a sample is an integer.
        per_slice: labelled by S-NSSAI; otherwise one value for the DU.
    """

    name: str
    clause: str
    unit: Unit
    text: str
    compute: Callable[[Window], Values]
    integer: bool = False
    per_slice: bool = True

    @property
    def source(self) -> str:
        """Who defines it: the clause of TS 28.552, O-RAN, or this project."""
        return self.clause or ("own" if self.name.startswith("VS.") else "O-RAN")

    @property
    def prometheus_name(self) -> str:
        """`oran_kpm_` and the name in snake case with its base unit."""
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|\.", "_", self.name).lower()
        return f"oran_kpm_{words}_{self.unit.base}".rstrip("_")


def ratio(numerator: Values, denominator: Values | float) -> Values:
    """The quotient; NaN where the denominator is zero, because then nothing was measured."""
    bottom = np.broadcast_to(np.asarray(denominator, np.float64), numerator.shape)
    quotient: Values = np.full(numerator.shape, np.nan)
    np.divide(numerator, bottom, out=quotient, where=bottom > 0)
    return quotient


def counted(values: Values, window: Window) -> Values:
    """A counter; NaN when the window is empty."""
    return values if window.frames else np.full(values.shape, np.nan)


def per_frame(values: Values, window: Window) -> Values:
    """Mean over the frames."""
    return ratio(values, float(window.frames))


def per_tti(values: Values, window: Window) -> Values:
    """Mean over the TTIs."""
    return ratio(values, float(window.ttis))


def delay(byte_ttis: Values, window: Window) -> Values:
    """Mean delay of a delivered byte in 0.1 ms."""
    return ratio(1e4 * window.tti_s * byte_ttis, window.delivered_bytes)


def ue_throughput(window: Window) -> Values:
    """Throughput of a UE while it has data waiting, in kbit/s.

    TS 28.552 5.1.1.3.1 leaves out the slot that empties a queue, because the data may end anywhere in it. A
    frame of a single TTI empties most queues: it counts, and the rate is then that of the whole frame.
    """
    if window.ttis_per_frame > 1:
        return ratio(8e-3 * window.burst_bytes, window.burst_ttis * window.tti_s)
    return ratio(8e-3 * window.delivered_bytes, window.busy_ue_ttis * window.tti_s)


def unrestricted_share(window: Window) -> Values:
    """Delivered volume that came in TTIs that emptied their UE's queue, in per cent."""
    share = ratio(100.0 * (window.delivered_bytes - window.burst_bytes), window.delivered_bytes)
    # A block sent in one window may be received in the next one, or never.
    return np.rint(np.clip(share, 0.0, 100.0))


def per_million(part: Values, whole: Values) -> Values:
    """The share of a part, times 1e6, as an integer."""
    return np.rint(ratio(1e6 * part, whole))


def kbit(amount_bytes: Values) -> Values:
    """A volume in kbit, as an integer."""
    return np.rint(8e-3 * amount_bytes)
