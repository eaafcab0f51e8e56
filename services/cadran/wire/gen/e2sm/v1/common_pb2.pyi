from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResponseCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESPONSE_CODE_UNSPECIFIED: _ClassVar[ResponseCode]
    RESPONSE_CODE_POSITIVE: _ClassVar[ResponseCode]
    RESPONSE_CODE_NEGATIVE: _ClassVar[ResponseCode]
RESPONSE_CODE_UNSPECIFIED: ResponseCode
RESPONSE_CODE_POSITIVE: ResponseCode
RESPONSE_CODE_NEGATIVE: ResponseCode

class SNssai(_message.Message):
    __slots__ = ("sst", "sd")
    SST_FIELD_NUMBER: _ClassVar[int]
    SD_FIELD_NUMBER: _ClassVar[int]
    sst: int
    sd: int
    def __init__(self, sst: _Optional[int] = ..., sd: _Optional[int] = ...) -> None: ...

class RanFacts(_message.Message):
    __slots__ = ("rbs", "slices", "ues_per_slice", "frame_s", "rb_bandwidth_hz", "dus", "total_ues")
    RBS_FIELD_NUMBER: _ClassVar[int]
    SLICES_FIELD_NUMBER: _ClassVar[int]
    UES_PER_SLICE_FIELD_NUMBER: _ClassVar[int]
    FRAME_S_FIELD_NUMBER: _ClassVar[int]
    RB_BANDWIDTH_HZ_FIELD_NUMBER: _ClassVar[int]
    DUS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_UES_FIELD_NUMBER: _ClassVar[int]
    rbs: int
    slices: _containers.RepeatedCompositeFieldContainer[SNssai]
    ues_per_slice: int
    frame_s: float
    rb_bandwidth_hz: float
    dus: int
    total_ues: int
    def __init__(self, rbs: _Optional[int] = ..., slices: _Optional[_Iterable[_Union[SNssai, _Mapping]]] = ..., ues_per_slice: _Optional[int] = ..., frame_s: _Optional[float] = ..., rb_bandwidth_hz: _Optional[float] = ..., dus: _Optional[int] = ..., total_ues: _Optional[int] = ...) -> None: ...
