from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GuardMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GUARD_MODE_UNSPECIFIED: _ClassVar[GuardMode]
    GUARD_MODE_LEARNED: _ClassVar[GuardMode]
    GUARD_MODE_BASELINE: _ClassVar[GuardMode]
GUARD_MODE_UNSPECIFIED: GuardMode
GUARD_MODE_LEARNED: GuardMode
GUARD_MODE_BASELINE: GuardMode

class GuardOrder(_message.Message):
    __slots__ = ("du_id", "order", "mode", "report_frames", "reason")
    DU_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    REPORT_FRAMES_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    du_id: int
    order: int
    mode: GuardMode
    report_frames: int
    reason: str
    def __init__(self, du_id: _Optional[int] = ..., order: _Optional[int] = ..., mode: _Optional[_Union[GuardMode, str]] = ..., report_frames: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class GuardReport(_message.Message):
    __slots__ = ("du_id", "order", "mode", "effective_frame", "epoch", "learned", "own")
    DU_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FRAME_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    LEARNED_FIELD_NUMBER: _ClassVar[int]
    OWN_FIELD_NUMBER: _ClassVar[int]
    du_id: int
    order: int
    mode: GuardMode
    effective_frame: int
    epoch: int
    learned: GuardFrames
    own: GuardFrames
    def __init__(self, du_id: _Optional[int] = ..., order: _Optional[int] = ..., mode: _Optional[_Union[GuardMode, str]] = ..., effective_frame: _Optional[int] = ..., epoch: _Optional[int] = ..., learned: _Optional[_Union[GuardFrames, _Mapping]] = ..., own: _Optional[_Union[GuardFrames, _Mapping]] = ...) -> None: ...

class GuardFrames(_message.Message):
    __slots__ = ("frames", "measured", "modelled", "baseline")
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    MEASURED_FIELD_NUMBER: _ClassVar[int]
    MODELLED_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    frames: int
    measured: _containers.RepeatedScalarFieldContainer[float]
    modelled: _containers.RepeatedScalarFieldContainer[float]
    baseline: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, frames: _Optional[int] = ..., measured: _Optional[_Iterable[float]] = ..., modelled: _Optional[_Iterable[float]] = ..., baseline: _Optional[_Iterable[float]] = ...) -> None: ...
