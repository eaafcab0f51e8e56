from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Measurements(_message.Message):
    __slots__ = ("ues", "arrived_bytes", "delivered_bytes", "dropped_bytes", "queued_bytes", "rbs_quota", "rbs_used", "backlog_rbs", "arrival_rbs", "arrival_ewma_bytes", "mean_se", "ue_rate_bps", "ue_delay_s", "users")
    UES_FIELD_NUMBER: _ClassVar[int]
    ARRIVED_BYTES_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_BYTES_FIELD_NUMBER: _ClassVar[int]
    DROPPED_BYTES_FIELD_NUMBER: _ClassVar[int]
    QUEUED_BYTES_FIELD_NUMBER: _ClassVar[int]
    RBS_QUOTA_FIELD_NUMBER: _ClassVar[int]
    RBS_USED_FIELD_NUMBER: _ClassVar[int]
    BACKLOG_RBS_FIELD_NUMBER: _ClassVar[int]
    ARRIVAL_RBS_FIELD_NUMBER: _ClassVar[int]
    ARRIVAL_EWMA_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEAN_SE_FIELD_NUMBER: _ClassVar[int]
    UE_RATE_BPS_FIELD_NUMBER: _ClassVar[int]
    UE_DELAY_S_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    ues: _containers.RepeatedScalarFieldContainer[int]
    arrived_bytes: _containers.RepeatedScalarFieldContainer[int]
    delivered_bytes: _containers.RepeatedScalarFieldContainer[int]
    dropped_bytes: _containers.RepeatedScalarFieldContainer[int]
    queued_bytes: _containers.RepeatedScalarFieldContainer[int]
    rbs_quota: _containers.RepeatedScalarFieldContainer[int]
    rbs_used: _containers.RepeatedScalarFieldContainer[int]
    backlog_rbs: _containers.RepeatedScalarFieldContainer[float]
    arrival_rbs: _containers.RepeatedScalarFieldContainer[float]
    arrival_ewma_bytes: _containers.RepeatedScalarFieldContainer[float]
    mean_se: _containers.RepeatedScalarFieldContainer[float]
    ue_rate_bps: _containers.RepeatedScalarFieldContainer[float]
    ue_delay_s: _containers.RepeatedScalarFieldContainer[float]
    users: UserMeasurements
    def __init__(self, ues: _Optional[_Iterable[int]] = ..., arrived_bytes: _Optional[_Iterable[int]] = ..., delivered_bytes: _Optional[_Iterable[int]] = ..., dropped_bytes: _Optional[_Iterable[int]] = ..., queued_bytes: _Optional[_Iterable[int]] = ..., rbs_quota: _Optional[_Iterable[int]] = ..., rbs_used: _Optional[_Iterable[int]] = ..., backlog_rbs: _Optional[_Iterable[float]] = ..., arrival_rbs: _Optional[_Iterable[float]] = ..., arrival_ewma_bytes: _Optional[_Iterable[float]] = ..., mean_se: _Optional[_Iterable[float]] = ..., ue_rate_bps: _Optional[_Iterable[float]] = ..., ue_delay_s: _Optional[_Iterable[float]] = ..., users: _Optional[_Union[UserMeasurements, _Mapping]] = ...) -> None: ...

class UserMeasurements(_message.Message):
    __slots__ = ("arrived_bytes", "delivered_bytes", "queued_bytes", "mean_se", "rbs", "power")
    ARRIVED_BYTES_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_BYTES_FIELD_NUMBER: _ClassVar[int]
    QUEUED_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEAN_SE_FIELD_NUMBER: _ClassVar[int]
    RBS_FIELD_NUMBER: _ClassVar[int]
    POWER_FIELD_NUMBER: _ClassVar[int]
    arrived_bytes: _containers.RepeatedScalarFieldContainer[int]
    delivered_bytes: _containers.RepeatedScalarFieldContainer[int]
    queued_bytes: _containers.RepeatedScalarFieldContainer[int]
    mean_se: _containers.RepeatedScalarFieldContainer[float]
    rbs: _containers.RepeatedScalarFieldContainer[int]
    power: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, arrived_bytes: _Optional[_Iterable[int]] = ..., delivered_bytes: _Optional[_Iterable[int]] = ..., queued_bytes: _Optional[_Iterable[int]] = ..., mean_se: _Optional[_Iterable[float]] = ..., rbs: _Optional[_Iterable[int]] = ..., power: _Optional[_Iterable[float]] = ...) -> None: ...
