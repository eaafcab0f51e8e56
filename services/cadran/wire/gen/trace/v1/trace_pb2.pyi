from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Direction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIRECTION_UNSPECIFIED: _ClassVar[Direction]
    DIRECTION_SENT: _ClassVar[Direction]
    DIRECTION_RECEIVED: _ClassVar[Direction]

class Interface(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INTERFACE_UNSPECIFIED: _ClassVar[Interface]
    INTERFACE_E2: _ClassVar[Interface]
    INTERFACE_E3: _ClassVar[Interface]
DIRECTION_UNSPECIFIED: Direction
DIRECTION_SENT: Direction
DIRECTION_RECEIVED: Direction
INTERFACE_UNSPECIFIED: Interface
INTERFACE_E2: Interface
INTERFACE_E3: Interface

class Entry(_message.Message):
    __slots__ = ("crc32", "record")
    CRC32_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    crc32: int
    record: bytes
    def __init__(self, crc32: _Optional[int] = ..., record: _Optional[bytes] = ...) -> None: ...

class Record(_message.Message):
    __slots__ = ("monotonic_ns", "wall_ns", "header", "opened", "pdu", "closed", "exchange", "gap", "full")
    MONOTONIC_NS_FIELD_NUMBER: _ClassVar[int]
    WALL_NS_FIELD_NUMBER: _ClassVar[int]
    HEADER_FIELD_NUMBER: _ClassVar[int]
    OPENED_FIELD_NUMBER: _ClassVar[int]
    PDU_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    FULL_FIELD_NUMBER: _ClassVar[int]
    monotonic_ns: int
    wall_ns: int
    header: Header
    opened: Opened
    pdu: Pdu
    closed: Closed
    exchange: Exchange
    gap: Gap
    full: Full
    def __init__(self, monotonic_ns: _Optional[int] = ..., wall_ns: _Optional[int] = ..., header: _Optional[_Union[Header, _Mapping]] = ..., opened: _Optional[_Union[Opened, _Mapping]] = ..., pdu: _Optional[_Union[Pdu, _Mapping]] = ..., closed: _Optional[_Union[Closed, _Mapping]] = ..., exchange: _Optional[_Union[Exchange, _Mapping]] = ..., gap: _Optional[_Union[Gap, _Mapping]] = ..., full: _Optional[_Union[Full, _Mapping]] = ...) -> None: ...

class Header(_message.Message):
    __slots__ = ("format", "version", "service", "service_version", "scenario", "scenario_sha256", "epoch", "seed")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    SERVICE_VERSION_FIELD_NUMBER: _ClassVar[int]
    SCENARIO_FIELD_NUMBER: _ClassVar[int]
    SCENARIO_SHA256_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    format: str
    version: int
    service: str
    service_version: str
    scenario: str
    scenario_sha256: str
    epoch: int
    seed: int
    def __init__(self, format: _Optional[str] = ..., version: _Optional[int] = ..., service: _Optional[str] = ..., service_version: _Optional[str] = ..., scenario: _Optional[str] = ..., scenario_sha256: _Optional[str] = ..., epoch: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class Opened(_message.Message):
    __slots__ = ("association", "interface", "peer")
    ASSOCIATION_FIELD_NUMBER: _ClassVar[int]
    INTERFACE_FIELD_NUMBER: _ClassVar[int]
    PEER_FIELD_NUMBER: _ClassVar[int]
    association: int
    interface: Interface
    peer: str
    def __init__(self, association: _Optional[int] = ..., interface: _Optional[_Union[Interface, str]] = ..., peer: _Optional[str] = ...) -> None: ...

class Pdu(_message.Message):
    __slots__ = ("association", "interface", "direction", "data")
    ASSOCIATION_FIELD_NUMBER: _ClassVar[int]
    INTERFACE_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    association: int
    interface: Interface
    direction: Direction
    data: bytes
    def __init__(self, association: _Optional[int] = ..., interface: _Optional[_Union[Interface, str]] = ..., direction: _Optional[_Union[Direction, str]] = ..., data: _Optional[bytes] = ...) -> None: ...

class Closed(_message.Message):
    __slots__ = ("association",)
    ASSOCIATION_FIELD_NUMBER: _ClassVar[int]
    association: int
    def __init__(self, association: _Optional[int] = ...) -> None: ...

class Exchange(_message.Message):
    __slots__ = ("direction", "peer", "method", "path", "status", "request_body", "response_body", "duration_ns", "content_type")
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    PEER_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_BODY_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_BODY_FIELD_NUMBER: _ClassVar[int]
    DURATION_NS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    direction: Direction
    peer: str
    method: str
    path: str
    status: int
    request_body: bytes
    response_body: bytes
    duration_ns: int
    content_type: str
    def __init__(self, direction: _Optional[_Union[Direction, str]] = ..., peer: _Optional[str] = ..., method: _Optional[str] = ..., path: _Optional[str] = ..., status: _Optional[int] = ..., request_body: _Optional[bytes] = ..., response_body: _Optional[bytes] = ..., duration_ns: _Optional[int] = ..., content_type: _Optional[str] = ...) -> None: ...

class Gap(_message.Message):
    __slots__ = ("records", "bytes")
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    records: int
    bytes: int
    def __init__(self, records: _Optional[int] = ..., bytes: _Optional[int] = ...) -> None: ...

class Full(_message.Message):
    __slots__ = ("limit_bytes",)
    LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    limit_bytes: int
    def __init__(self, limit_bytes: _Optional[int] = ...) -> None: ...
