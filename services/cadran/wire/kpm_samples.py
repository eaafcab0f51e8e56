"""Measurements on the wire: windows into KPM indications, indications into samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cadran.wire.codecs import SNssai, s_nssai_from_proto, s_nssai_to_proto
from cadran.wire.gen.e2sm.v1 import kpm_pb2
from cadran.wire.kpm_measurement import Measurement
from cadran.wire.kpm_registry import REGISTRY
from cadran.wire.kpm_window import Window


def function_definition() -> kpm_pb2.KpmRanFunctionDefinition:
    """The registry as the definition of RAN function 2."""
    return kpm_pb2.KpmRanFunctionDefinition(
        measurements=[
            kpm_pb2.KpmMeasurement(meas_name=m.name, clause=m.clause, unit=m.unit.name)
            for m in REGISTRY.values()
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
