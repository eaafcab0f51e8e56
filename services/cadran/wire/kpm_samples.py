"""Measurements on the wire: windows into KPM indications, indications into samples."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from cadran.wire.codecs import SNssai, out_of_range, s_nssai_from_proto, s_nssai_to_proto
from cadran.wire.gen.e2sm.v1 import kpm_pb2
from cadran.wire.kpm_actions import E2_NODE, STYLE_NAMES, Condition, condition_to_proto
from cadran.wire.kpm_measurement import Measurement
from cadran.wire.kpm_registry import REGISTRY
from cadran.wire.kpm_ue import UE_MEASUREMENTS, UeWindows, together
from cadran.wire.kpm_window import Window


def function_definition() -> kpm_pb2.KpmRanFunctionDefinition:
    """The registry as the definition of RAN function 2."""
    return kpm_pb2.KpmRanFunctionDefinition(
        measurements=[
            kpm_pb2.KpmMeasurement(meas_name=m.name, clause=m.clause, unit=m.unit.name)
            for m in REGISTRY.values()
        ],
        ric_report_style_list=[
            kpm_pb2.KpmReportStyle(
                ric_report_style_type=style,
                ric_report_style_name=name,
                meas_names=tuple(REGISTRY) if style == E2_NODE else UE_MEASUREMENTS,
            )
            for style, name in STYLE_NAMES.items()
        ],
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


@dataclass(frozen=True)
class UeNaming:
    """How the UEs of a RAN are called.

    Attributes:
        slices: of every per-slice array.
        total_ues: UEs of the whole RAN.
    """

    slices: tuple[SNssai, ...]
    total_ues: int

    @property
    def count(self) -> int:
        """RAN UE IDs are below it."""
        return len(self.slices) * self.total_ues

    def slice_of(self, ue_id: int) -> SNssai:
        """The slice of a UE. Raises IndexError for a UE that cannot be."""
        return self.slices[ue_id // self.total_ues]


def ues_message(
    names: Iterable[str], ue_ids: Iterable[int], windows: UeWindows, naming: UeNaming, granul_period_ms: int
) -> kpm_pb2.KpmIndicationMessage:
    """Report style 5: the samples of each of these UEs, without values for those not attached to this DU."""
    message = kpm_pb2.KpmIndicationMessage(granul_period_ms=granul_period_ms)
    measurements = [REGISTRY[name] for name in names]
    for ue_id in ue_ids:
        report = message.ue_meas_report_list.add(ran_ue_id=ue_id)
        window = windows.get(ue_id)
        for measurement in measurements:
            record = report.meas_data.add(meas_name=measurement.name)
            record.label.s_nssai.CopyFrom(s_nssai_to_proto(naming.slice_of(ue_id)))
            _set_value(record, measurement, _value(measurement, window))
    return message


def condition_message(
    conditions: Iterable[Condition],
    windows: UeWindows,
    naming: UeNaming,
    frames: int,
    granul_period_ms: int,
) -> kpm_pb2.KpmIndicationMessage:
    """Report style 3: for each condition who matched in these `frames`, and the measurement over them all."""
    message = kpm_pb2.KpmIndicationMessage(granul_period_ms=granul_period_ms)
    for condition in conditions:
        matching = [ue_id for ue_id in windows if _matches(condition, ue_id, windows[ue_id], naming)]
        message.meas_cond_ue_id_list.add(
            condition=condition_to_proto(condition), matching_ue_id_list=matching
        )
        measurement = REGISTRY[condition.meas_name]
        record = message.meas_data.add(meas_name=measurement.name, label=kpm_pb2.KpmMeasurementLabel())
        window = together((windows[ue_id] for ue_id in matching), frames) if matching else None
        _set_value(record, measurement, _value(measurement, window))
    return message


def _matches(condition: Condition, ue_id: int, window: Window, naming: UeNaming) -> bool:
    return all(
        test.slice == naming.slice_of(ue_id)
        if test.slice is not None
        else test.holds(_value(REGISTRY[test.meas_name], window))
        for test in condition.tests
    )


def _value(measurement: Measurement, window: Window | None) -> float:
    """One value in the measurement's unit, NaN where there is no window or no value."""
    return float("nan") if window is None else float(measurement.compute(window)[0])


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
        RangeError: an S-NSSAI is out of range, or a value is no finite number.
    """
    return _samples(message.meas_data)


def ue_samples(message: kpm_pb2.KpmIndicationMessage) -> dict[int, list[Sample]]:
    """The samples of each UE by RAN UE ID, of report style 5. Raises as `samples`."""
    return {report.ran_ue_id: _samples(report.meas_data) for report in message.ue_meas_report_list}


def _samples(records: Iterable[kpm_pb2.KpmMeasurementRecord]) -> list[Sample]:
    found = []
    for record in records:
        if (measurement := REGISTRY.get(record.meas_name)) is None:
            continue
        slice_ = s_nssai_from_proto(record.label.s_nssai) if record.label.HasField("s_nssai") else None
        kind = record.WhichOneof("value")
        value = float(getattr(record, kind)) if kind in ("integer", "real") else None
        if value is not None and not math.isfinite(value):
            raise out_of_range(f"{measurement.name} is {value}; a finite number, or no value")
        found.append(Sample(measurement, slice_, value))
    return found
