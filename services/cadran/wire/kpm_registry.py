"""The measurement registry: what each KPM measurement is called, its unit, and what it is made of.

One table (3GPP TS 28.552 and E2SM-KPM) from which the samples on E2, the RAN function definition and the
Prometheus names derive. Inside everything is SI; a sample is in the standard's unit, a Prometheus gauge in
the base unit. What was not measured has no value (NaN here, `no_value` on the wire, no gauge), and that is
not zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cadran.wire.codecs import HasMeasurements, SNssai, s_nssai_from_proto, s_nssai_to_proto
from cadran.wire.gen.e2sm.v1 import kpm_pb2

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """What one DU measured over some frames, summed over them; arrays are float64[S].

    Attributes:
        frames: how many frames.
        frame_s: length of one, s.
        rbs: resource blocks of the DU.
        ues: attached UEs.
        active_ues: UEs with data waiting at the frame's end, or a packet latency.
        arrived_bytes, delivered_bytes, dropped_bytes: bytes.
        rbs_used: RBs transmitted on.
        delay_s: delays of all UEs, added up.
    """

    frames: int
    frame_s: float
    rbs: int
    ues: Values
    active_ues: Values
    arrived_bytes: Values
    delivered_bytes: Values
    dropped_bytes: Values
    rbs_used: Values
    delay_s: Values


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


@dataclass(frozen=True)
class Measurement:
    """One line of the registry.

    Attributes:
        name: as TS 28.552 or E2SM-KPM writes it.
        clause: of TS 28.552, or the section it stands in; empty when O-RAN specific.
        unit: of a sample.
        integer: whether a sample is an integer.
        per_slice: labelled by S-NSSAI; otherwise one value for the DU.
        text: what it is made of.
        compute: values in `unit`, float64[S] or [1], NaN where nothing was measured.
    """

    name: str
    clause: str
    unit: Unit
    integer: bool
    per_slice: bool
    text: str
    compute: Callable[[Window], Values]

    @property
    def prometheus_name(self) -> str:
        """`oran_kpm_` and the name in snake case with its base unit."""
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|\.", "_", self.name).lower()
        return f"oran_kpm_{words}_{self.unit.base}".rstrip("_")


def _ratio(numerator: Values, denominator: Values | float) -> Values:
    """The quotient; NaN where the denominator is zero, because then nothing was measured."""
    bottom = np.broadcast_to(np.asarray(denominator, np.float64), numerator.shape)
    quotient: Values = np.full(numerator.shape, np.nan)
    np.divide(numerator, bottom, out=quotient, where=bottom > 0)
    return quotient


def _per_frame(values: Values, window: Window) -> Values:
    return _ratio(values, float(window.frames))


_TABLE = (
    Measurement(
        "DRB.UEThpDl",
        "5.1.1.3.1",
        KBIT_PER_S,
        False,
        True,
        "bits delivered per UE and second, averaged over the attached UEs",
        lambda w: _ratio(8e-3 * w.delivered_bytes, w.ues * w.frame_s),
    ),
    Measurement(
        "DRB.RlcSduDelayDl",
        "5.1.3.3.3",
        TENTH_MS,
        False,
        True,
        "mean over UEs and frames of the age of the oldest queued byte (URLLC: of the packet latency)",
        lambda w: _ratio(1e4 * w.delay_s, w.ues),
    ),
    Measurement(
        "DRB.RlcSduTransmittedVolumeDL",
        "",
        KBIT,
        True,
        True,
        "bits delivered",
        lambda w: np.rint(8e-3 * w.delivered_bytes),
    ),
    Measurement(
        "DRB.PdcpSduVolumeDL",
        "5.1.2",
        KBIT,
        True,
        True,
        "bits that arrived for the slice's UEs",
        lambda w: np.rint(8e-3 * w.arrived_bytes),
    ),
    Measurement(
        "DRB.RlcPacketDropRateDl",
        "5.1.3.2",
        PER_MILLION,
        True,
        True,
        "bytes dropped of the bytes that left the queues",
        lambda w: np.rint(1e6 * _ratio(w.dropped_bytes, w.dropped_bytes + w.delivered_bytes)),
    ),
    Measurement(
        "DRB.MeanActiveUeDl",
        "5.1.1.23",
        NUMBER,
        False,
        True,
        "UEs with data waiting at the frame's end (URLLC: with a packet latency)",
        lambda w: _per_frame(w.active_ues, w),
    ),
    Measurement(
        "RRC.ConnMean",
        "5.1.1.4",
        NUMBER,
        False,
        True,
        "attached UEs",
        lambda w: _per_frame(w.ues, w),
    ),
    Measurement(
        "RRU.PrbUsedDl",
        "5.1.1.2.5",
        NUMBER,
        True,
        True,
        "RBs transmitted on",
        lambda w: np.rint(_per_frame(w.rbs_used, w)),
    ),
    Measurement(
        "RRU.PrbTotDl",
        "5.1.1.2.1",
        PERCENT,
        True,
        False,
        "RBs transmitted on by all slices, of the RBs of the DU",
        lambda w: np.floor(100.0 * _ratio(w.rbs_used.sum(keepdims=True), float(w.rbs * w.frames))),
    ),
    Measurement(
        "RRU.PrbAvailDl",
        "5.1.1.2",
        NUMBER,
        True,
        False,
        "RBs of the DU",
        lambda w: np.array([float(w.rbs)]),
    ),
)

#: Every measurement by its name.
REGISTRY: dict[str, Measurement] = {measurement.name: measurement for measurement in _TABLE}


class KpmAccumulator:
    """Sums what all DUs measured, frame by frame, until a window is taken.

    Args:
        dus, slices: sizes of the arrays.
        frame_s: length of a frame.
        rbs: resource blocks of a DU.
    """

    def __init__(self, dus: int, slices: int, frame_s: float, rbs: int) -> None:
        self._frame_s = frame_s
        self._rbs = rbs
        self._frames = 0
        self._sums = np.zeros((7, dus, slices))

    def add(self, m: HasMeasurements) -> None:
        """Add N frames of all DUs; arrays are [N, C, S] and [N, C, S, U]."""
        self._frames += len(m.ues)
        sums = self._sums
        sums[0] += m.ues.sum(axis=0)
        sums[1] += np.count_nonzero(m.ue_delay_s > 0.0, axis=(0, -1))
        sums[2] += m.arrived_bytes.sum(axis=0)
        sums[3] += m.delivered_bytes.sum(axis=0)
        sums[4] += m.dropped_bytes.sum(axis=0)
        sums[5] += m.rbs_used.sum(axis=0)
        sums[6] += np.nansum(m.ue_delay_s, axis=(0, -1))

    def take(self) -> list[Window]:
        """The window of each DU since the last call, and begin a new one."""
        sums, frames = self._sums, self._frames
        self._sums, self._frames = np.zeros_like(sums), 0
        return [Window(frames, self._frame_s, self._rbs, *sums[:, du]) for du in range(sums.shape[1])]


def function_definition() -> kpm_pb2.KpmRanFunctionDefinition:
    """The registry as the definition of RAN function 2."""
    return kpm_pb2.KpmRanFunctionDefinition(
        measurements=[
            kpm_pb2.KpmMeasurement(meas_name=m.name, clause=m.clause, unit=m.unit.name) for m in _TABLE
        ]
    )


def indication_message(
    names: Iterable[str], window: Window, slices: tuple[SNssai, ...], granul_period_ms: int
) -> kpm_pb2.KpmIndicationMessage:
    """The samples of one DU. Raises KeyError for a name that is not in the registry."""
    message = kpm_pb2.KpmIndicationMessage(granul_period_ms=granul_period_ms)
    for name in names:
        measurement = REGISTRY[name]
        values = measurement.compute(window).tolist()
        labels: tuple[SNssai | None, ...] = slices if measurement.per_slice else (None,)
        for slice_, value in zip(labels, values, strict=True):
            record = message.meas_data.add(meas_name=name, label=kpm_pb2.KpmMeasurementLabel())
            if slice_ is not None:
                record.label.s_nssai.CopyFrom(s_nssai_to_proto(slice_))
            _set_value(record, measurement, value)
    return message


def _set_value(record: kpm_pb2.KpmMeasurementRecord, measurement: Measurement, value: float) -> None:
    if value != value:
        record.no_value.SetInParent()
    elif measurement.integer:
        record.integer = int(value)
    else:
        record.real = value


@dataclass(frozen=True)
class Sample:
    """One measurement of one DU or slice.

    Attributes:
        measurement: the line of the registry.
        slice: the S-NSSAI, or None for the whole DU.
        value: in the measurement's unit; None when nothing was measured.
    """

    measurement: Measurement
    slice: SNssai | None
    value: float | None

    @property
    def base_value(self) -> float | None:
        """The value in base units, for Prometheus."""
        return None if self.value is None else self.value * self.measurement.unit.factor


def samples(message: kpm_pb2.KpmIndicationMessage) -> list[Sample]:
    """The samples of an indication; names that this registry does not know are left out.

    Raises:
        RangeError: an S-NSSAI is out of range.
    """
    found = []
    for record in message.meas_data:
        if (measurement := REGISTRY.get(record.meas_name)) is None:
            continue
        slice_ = s_nssai_from_proto(record.label.s_nssai) if record.label.HasField("s_nssai") else None
        kind = record.WhichOneof("value")
        value = float(getattr(record, kind)) if kind in ("integer", "real") else None
        found.append(Sample(measurement, slice_, value))
    return found
