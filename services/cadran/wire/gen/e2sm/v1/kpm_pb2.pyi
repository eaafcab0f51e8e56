from cadran.wire.gen.e2sm.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class KpmRanFunctionDefinition(_message.Message):
    __slots__ = ("measurements",)
    MEASUREMENTS_FIELD_NUMBER: _ClassVar[int]
    measurements: _containers.RepeatedCompositeFieldContainer[KpmMeasurement]
    def __init__(self, measurements: _Optional[_Iterable[_Union[KpmMeasurement, _Mapping]]] = ...) -> None: ...

class KpmMeasurement(_message.Message):
    __slots__ = ("meas_name", "clause", "unit")
    MEAS_NAME_FIELD_NUMBER: _ClassVar[int]
    CLAUSE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    meas_name: str
    clause: str
    unit: str
    def __init__(self, meas_name: _Optional[str] = ..., clause: _Optional[str] = ..., unit: _Optional[str] = ...) -> None: ...

class KpmEventTriggerDefinition(_message.Message):
    __slots__ = ("reporting_period_ms",)
    REPORTING_PERIOD_MS_FIELD_NUMBER: _ClassVar[int]
    reporting_period_ms: int
    def __init__(self, reporting_period_ms: _Optional[int] = ...) -> None: ...

class KpmActionDefinition(_message.Message):
    __slots__ = ("ric_style_type", "meas_names", "granul_period_ms")
    RIC_STYLE_TYPE_FIELD_NUMBER: _ClassVar[int]
    MEAS_NAMES_FIELD_NUMBER: _ClassVar[int]
    GRANUL_PERIOD_MS_FIELD_NUMBER: _ClassVar[int]
    ric_style_type: int
    meas_names: _containers.RepeatedScalarFieldContainer[str]
    granul_period_ms: int
    def __init__(self, ric_style_type: _Optional[int] = ..., meas_names: _Optional[_Iterable[str]] = ..., granul_period_ms: _Optional[int] = ...) -> None: ...

class KpmIndicationHeader(_message.Message):
    __slots__ = ("collect_start_time_unix_ms", "epoch", "first_frame", "last_frame")
    COLLECT_START_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    FIRST_FRAME_FIELD_NUMBER: _ClassVar[int]
    LAST_FRAME_FIELD_NUMBER: _ClassVar[int]
    collect_start_time_unix_ms: int
    epoch: int
    first_frame: int
    last_frame: int
    def __init__(self, collect_start_time_unix_ms: _Optional[int] = ..., epoch: _Optional[int] = ..., first_frame: _Optional[int] = ..., last_frame: _Optional[int] = ...) -> None: ...

class KpmMeasurementLabel(_message.Message):
    __slots__ = ("s_nssai",)
    S_NSSAI_FIELD_NUMBER: _ClassVar[int]
    s_nssai: _common_pb2.SNssai
    def __init__(self, s_nssai: _Optional[_Union[_common_pb2.SNssai, _Mapping]] = ...) -> None: ...

class KpmNoValue(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class KpmMeasurementRecord(_message.Message):
    __slots__ = ("meas_name", "label", "integer", "real", "no_value")
    MEAS_NAME_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    REAL_FIELD_NUMBER: _ClassVar[int]
    NO_VALUE_FIELD_NUMBER: _ClassVar[int]
    meas_name: str
    label: KpmMeasurementLabel
    integer: int
    real: float
    no_value: KpmNoValue
    def __init__(self, meas_name: _Optional[str] = ..., label: _Optional[_Union[KpmMeasurementLabel, _Mapping]] = ..., integer: _Optional[int] = ..., real: _Optional[float] = ..., no_value: _Optional[_Union[KpmNoValue, _Mapping]] = ...) -> None: ...

class KpmIndicationMessage(_message.Message):
    __slots__ = ("granul_period_ms", "meas_data")
    GRANUL_PERIOD_MS_FIELD_NUMBER: _ClassVar[int]
    MEAS_DATA_FIELD_NUMBER: _ClassVar[int]
    granul_period_ms: int
    meas_data: _containers.RepeatedCompositeFieldContainer[KpmMeasurementRecord]
    def __init__(self, granul_period_ms: _Optional[int] = ..., meas_data: _Optional[_Iterable[_Union[KpmMeasurementRecord, _Mapping]]] = ...) -> None: ...
