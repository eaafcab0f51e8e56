from cadran.wire.gen.e2sm.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class KpmTestExpression(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KPM_TEST_EXPRESSION_UNSPECIFIED: _ClassVar[KpmTestExpression]
    KPM_TEST_EXPRESSION_EQUAL: _ClassVar[KpmTestExpression]
    KPM_TEST_EXPRESSION_GREATERTHAN: _ClassVar[KpmTestExpression]
    KPM_TEST_EXPRESSION_LESSTHAN: _ClassVar[KpmTestExpression]
KPM_TEST_EXPRESSION_UNSPECIFIED: KpmTestExpression
KPM_TEST_EXPRESSION_EQUAL: KpmTestExpression
KPM_TEST_EXPRESSION_GREATERTHAN: KpmTestExpression
KPM_TEST_EXPRESSION_LESSTHAN: KpmTestExpression

class KpmRanFunctionDefinition(_message.Message):
    __slots__ = ("measurements", "ric_report_style_list")
    MEASUREMENTS_FIELD_NUMBER: _ClassVar[int]
    RIC_REPORT_STYLE_LIST_FIELD_NUMBER: _ClassVar[int]
    measurements: _containers.RepeatedCompositeFieldContainer[KpmMeasurement]
    ric_report_style_list: _containers.RepeatedCompositeFieldContainer[KpmReportStyle]
    def __init__(self, measurements: _Optional[_Iterable[_Union[KpmMeasurement, _Mapping]]] = ..., ric_report_style_list: _Optional[_Iterable[_Union[KpmReportStyle, _Mapping]]] = ...) -> None: ...

class KpmReportStyle(_message.Message):
    __slots__ = ("ric_report_style_type", "ric_report_style_name", "meas_names")
    RIC_REPORT_STYLE_TYPE_FIELD_NUMBER: _ClassVar[int]
    RIC_REPORT_STYLE_NAME_FIELD_NUMBER: _ClassVar[int]
    MEAS_NAMES_FIELD_NUMBER: _ClassVar[int]
    ric_report_style_type: int
    ric_report_style_name: str
    meas_names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ric_report_style_type: _Optional[int] = ..., ric_report_style_name: _Optional[str] = ..., meas_names: _Optional[_Iterable[str]] = ...) -> None: ...

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
    __slots__ = ("ric_style_type", "meas_names", "granul_period_ms", "meas_cond_list", "matching_ue_id_list")
    RIC_STYLE_TYPE_FIELD_NUMBER: _ClassVar[int]
    MEAS_NAMES_FIELD_NUMBER: _ClassVar[int]
    GRANUL_PERIOD_MS_FIELD_NUMBER: _ClassVar[int]
    MEAS_COND_LIST_FIELD_NUMBER: _ClassVar[int]
    MATCHING_UE_ID_LIST_FIELD_NUMBER: _ClassVar[int]
    ric_style_type: int
    meas_names: _containers.RepeatedScalarFieldContainer[str]
    granul_period_ms: int
    meas_cond_list: _containers.RepeatedCompositeFieldContainer[KpmMeasurementCondition]
    matching_ue_id_list: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, ric_style_type: _Optional[int] = ..., meas_names: _Optional[_Iterable[str]] = ..., granul_period_ms: _Optional[int] = ..., meas_cond_list: _Optional[_Iterable[_Union[KpmMeasurementCondition, _Mapping]]] = ..., matching_ue_id_list: _Optional[_Iterable[int]] = ...) -> None: ...

class KpmMeasurementCondition(_message.Message):
    __slots__ = ("meas_name", "matching_cond")
    MEAS_NAME_FIELD_NUMBER: _ClassVar[int]
    MATCHING_COND_FIELD_NUMBER: _ClassVar[int]
    meas_name: str
    matching_cond: _containers.RepeatedCompositeFieldContainer[KpmTestCondition]
    def __init__(self, meas_name: _Optional[str] = ..., matching_cond: _Optional[_Iterable[_Union[KpmTestCondition, _Mapping]]] = ...) -> None: ...

class KpmTestCondition(_message.Message):
    __slots__ = ("s_nssai", "meas_name", "test_expr", "test_value")
    S_NSSAI_FIELD_NUMBER: _ClassVar[int]
    MEAS_NAME_FIELD_NUMBER: _ClassVar[int]
    TEST_EXPR_FIELD_NUMBER: _ClassVar[int]
    TEST_VALUE_FIELD_NUMBER: _ClassVar[int]
    s_nssai: _common_pb2.SNssai
    meas_name: str
    test_expr: KpmTestExpression
    test_value: float
    def __init__(self, s_nssai: _Optional[_Union[_common_pb2.SNssai, _Mapping]] = ..., meas_name: _Optional[str] = ..., test_expr: _Optional[_Union[KpmTestExpression, str]] = ..., test_value: _Optional[float] = ...) -> None: ...

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
    __slots__ = ("granul_period_ms", "meas_data", "meas_cond_ue_id_list", "ue_meas_report_list")
    GRANUL_PERIOD_MS_FIELD_NUMBER: _ClassVar[int]
    MEAS_DATA_FIELD_NUMBER: _ClassVar[int]
    MEAS_COND_UE_ID_LIST_FIELD_NUMBER: _ClassVar[int]
    UE_MEAS_REPORT_LIST_FIELD_NUMBER: _ClassVar[int]
    granul_period_ms: int
    meas_data: _containers.RepeatedCompositeFieldContainer[KpmMeasurementRecord]
    meas_cond_ue_id_list: _containers.RepeatedCompositeFieldContainer[KpmMeasurementCondUeId]
    ue_meas_report_list: _containers.RepeatedCompositeFieldContainer[KpmUeMeasurementReport]
    def __init__(self, granul_period_ms: _Optional[int] = ..., meas_data: _Optional[_Iterable[_Union[KpmMeasurementRecord, _Mapping]]] = ..., meas_cond_ue_id_list: _Optional[_Iterable[_Union[KpmMeasurementCondUeId, _Mapping]]] = ..., ue_meas_report_list: _Optional[_Iterable[_Union[KpmUeMeasurementReport, _Mapping]]] = ...) -> None: ...

class KpmMeasurementCondUeId(_message.Message):
    __slots__ = ("condition", "matching_ue_id_list")
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    MATCHING_UE_ID_LIST_FIELD_NUMBER: _ClassVar[int]
    condition: KpmMeasurementCondition
    matching_ue_id_list: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, condition: _Optional[_Union[KpmMeasurementCondition, _Mapping]] = ..., matching_ue_id_list: _Optional[_Iterable[int]] = ...) -> None: ...

class KpmUeMeasurementReport(_message.Message):
    __slots__ = ("ran_ue_id", "meas_data")
    RAN_UE_ID_FIELD_NUMBER: _ClassVar[int]
    MEAS_DATA_FIELD_NUMBER: _ClassVar[int]
    ran_ue_id: int
    meas_data: _containers.RepeatedCompositeFieldContainer[KpmMeasurementRecord]
    def __init__(self, ran_ue_id: _Optional[int] = ..., meas_data: _Optional[_Iterable[_Union[KpmMeasurementRecord, _Mapping]]] = ...) -> None: ...
