from cadran.wire.gen.e2ap.v1 import cause_pb2 as _cause_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2 as _common_pb2
from cadran.wire.gen.e2sm.v1 import guard_pb2 as _guard_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DappRelayHeader(_message.Message):
    __slots__ = ("dapp_id", "du_id")
    DAPP_ID_FIELD_NUMBER: _ClassVar[int]
    DU_ID_FIELD_NUMBER: _ClassVar[int]
    dapp_id: int
    du_id: int
    def __init__(self, dapp_id: _Optional[int] = ..., du_id: _Optional[int] = ...) -> None: ...

class DappRelayIndication(_message.Message):
    __slots__ = ("report", "policy_status", "guard_report")
    REPORT_FIELD_NUMBER: _ClassVar[int]
    POLICY_STATUS_FIELD_NUMBER: _ClassVar[int]
    GUARD_REPORT_FIELD_NUMBER: _ClassVar[int]
    report: DappReport
    policy_status: PolicyStatus
    guard_report: _guard_pb2.GuardReport
    def __init__(self, report: _Optional[_Union[DappReport, _Mapping]] = ..., policy_status: _Optional[_Union[PolicyStatus, _Mapping]] = ..., guard_report: _Optional[_Union[_guard_pb2.GuardReport, _Mapping]] = ...) -> None: ...

class DappRelayControl(_message.Message):
    __slots__ = ("report_ack", "policy_chunk", "guard_order")
    REPORT_ACK_FIELD_NUMBER: _ClassVar[int]
    POLICY_CHUNK_FIELD_NUMBER: _ClassVar[int]
    GUARD_ORDER_FIELD_NUMBER: _ClassVar[int]
    report_ack: DappReportAck
    policy_chunk: PolicyChunk
    guard_order: _guard_pb2.GuardOrder
    def __init__(self, report_ack: _Optional[_Union[DappReportAck, _Mapping]] = ..., policy_chunk: _Optional[_Union[PolicyChunk, _Mapping]] = ..., guard_order: _Optional[_Union[_guard_pb2.GuardOrder, _Mapping]] = ...) -> None: ...

class DappRelayActionDefinition(_message.Message):
    __slots__ = ("schema_fingerprint",)
    SCHEMA_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    schema_fingerprint: str
    def __init__(self, schema_fingerprint: _Optional[str] = ...) -> None: ...

class DappReport(_message.Message):
    __slots__ = ("du_id", "schema_fingerprint", "row_count", "rows", "previous")
    DU_ID_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    du_id: int
    schema_fingerprint: str
    row_count: int
    rows: bytes
    previous: ReplayCursor
    def __init__(self, du_id: _Optional[int] = ..., schema_fingerprint: _Optional[str] = ..., row_count: _Optional[int] = ..., rows: _Optional[bytes] = ..., previous: _Optional[_Union[ReplayCursor, _Mapping]] = ...) -> None: ...

class ReplayCursor(_message.Message):
    __slots__ = ("epoch", "frame")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    frame: int
    def __init__(self, epoch: _Optional[int] = ..., frame: _Optional[int] = ...) -> None: ...

class DappReportAck(_message.Message):
    __slots__ = ("du_id", "response_code", "cause", "stored_up_to")
    DU_ID_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_CODE_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    STORED_UP_TO_FIELD_NUMBER: _ClassVar[int]
    du_id: int
    response_code: _common_pb2.ResponseCode
    cause: _cause_pb2.Cause
    stored_up_to: ReplayCursor
    def __init__(self, du_id: _Optional[int] = ..., response_code: _Optional[_Union[_common_pb2.ResponseCode, str]] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ..., stored_up_to: _Optional[_Union[ReplayCursor, _Mapping]] = ...) -> None: ...

class PolicyChunk(_message.Message):
    __slots__ = ("du_id", "policy_id", "version", "sha256", "chunk_index", "chunk_count", "total_bytes", "effective_frame", "data", "delivery", "traceparent")
    DU_ID_FIELD_NUMBER: _ClassVar[int]
    POLICY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    CHUNK_INDEX_FIELD_NUMBER: _ClassVar[int]
    CHUNK_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FRAME_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    du_id: int
    policy_id: str
    version: int
    sha256: bytes
    chunk_index: int
    chunk_count: int
    total_bytes: int
    effective_frame: int
    data: bytes
    delivery: int
    traceparent: str
    def __init__(self, du_id: _Optional[int] = ..., policy_id: _Optional[str] = ..., version: _Optional[int] = ..., sha256: _Optional[bytes] = ..., chunk_index: _Optional[int] = ..., chunk_count: _Optional[int] = ..., total_bytes: _Optional[int] = ..., effective_frame: _Optional[int] = ..., data: _Optional[bytes] = ..., delivery: _Optional[int] = ..., traceparent: _Optional[str] = ...) -> None: ...

class PolicyStatus(_message.Message):
    __slots__ = ("du_id", "policy_id", "version", "response_code", "cause", "running_version", "effective_frame", "delivery", "running_sha256", "traceparent")
    DU_ID_FIELD_NUMBER: _ClassVar[int]
    POLICY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_CODE_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    RUNNING_VERSION_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FRAME_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    RUNNING_SHA256_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    du_id: int
    policy_id: str
    version: int
    response_code: _common_pb2.ResponseCode
    cause: _cause_pb2.Cause
    running_version: int
    effective_frame: int
    delivery: int
    running_sha256: str
    traceparent: str
    def __init__(self, du_id: _Optional[int] = ..., policy_id: _Optional[str] = ..., version: _Optional[int] = ..., response_code: _Optional[_Union[_common_pb2.ResponseCode, str]] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ..., running_version: _Optional[int] = ..., effective_frame: _Optional[int] = ..., delivery: _Optional[int] = ..., running_sha256: _Optional[str] = ..., traceparent: _Optional[str] = ...) -> None: ...
