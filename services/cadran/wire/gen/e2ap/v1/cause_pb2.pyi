from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CauseRicRequest(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAUSE_RIC_REQUEST_UNSPECIFIED: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_RAN_FUNCTION_ID_INVALID: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_ACTION_NOT_SUPPORTED: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_EXCESSIVE_ACTIONS: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_DUPLICATE_ACTION: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_DUPLICATE_EVENT_TRIGGER: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_FUNCTION_RESOURCE_LIMIT: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_REQUEST_ID_UNKNOWN: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_INCONSISTENT_ACTION_SUBSEQUENT_ACTION_SEQUENCE: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_CONTROL_MESSAGE_INVALID: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_RIC_CALL_PROCESS_ID_INVALID: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_CONTROL_TIMER_EXPIRED: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_CONTROL_FAILED_TO_EXECUTE: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_SYSTEM_NOT_READY: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_UNSPECIFIED_CAUSE: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_RIC_SUBSCRIPTION_END_TIME_EXPIRED: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_RIC_SUBSCRIPTION_END_TIME_INVALID: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_DUPLICATE_RIC_REQUEST_ID: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_EVENT_TRIGGER_NOT_SUPPORTED: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_REQUESTED_INFORMATION_UNAVAILABLE: _ClassVar[CauseRicRequest]
    CAUSE_RIC_REQUEST_INVALID_INFORMATION_REQUEST: _ClassVar[CauseRicRequest]

class CauseRicService(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAUSE_RIC_SERVICE_UNSPECIFIED: _ClassVar[CauseRicService]
    CAUSE_RIC_SERVICE_RAN_FUNCTION_NOT_SUPPORTED: _ClassVar[CauseRicService]
    CAUSE_RIC_SERVICE_EXCESSIVE_FUNCTIONS: _ClassVar[CauseRicService]
    CAUSE_RIC_SERVICE_RIC_RESOURCE_LIMIT: _ClassVar[CauseRicService]

class CauseE2Node(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAUSE_E2_NODE_UNSPECIFIED: _ClassVar[CauseE2Node]
    CAUSE_E2_NODE_E2NODE_COMPONENT_UNKNOWN: _ClassVar[CauseE2Node]

class CauseTransport(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAUSE_TRANSPORT_UNSPECIFIED: _ClassVar[CauseTransport]
    CAUSE_TRANSPORT_UNSPECIFIED_CAUSE: _ClassVar[CauseTransport]
    CAUSE_TRANSPORT_TRANSPORT_RESOURCE_UNAVAILABLE: _ClassVar[CauseTransport]

class CauseProtocol(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAUSE_PROTOCOL_UNSPECIFIED: _ClassVar[CauseProtocol]
    CAUSE_PROTOCOL_TRANSFER_SYNTAX_ERROR: _ClassVar[CauseProtocol]
    CAUSE_PROTOCOL_ABSTRACT_SYNTAX_ERROR_REJECT: _ClassVar[CauseProtocol]
    CAUSE_PROTOCOL_ABSTRACT_SYNTAX_ERROR_IGNORE_AND_NOTIFY: _ClassVar[CauseProtocol]
    CAUSE_PROTOCOL_MESSAGE_NOT_COMPATIBLE_WITH_RECEIVER_STATE: _ClassVar[CauseProtocol]
    CAUSE_PROTOCOL_SEMANTIC_ERROR: _ClassVar[CauseProtocol]
    CAUSE_PROTOCOL_ABSTRACT_SYNTAX_ERROR_FALSELY_CONSTRUCTED_MESSAGE: _ClassVar[CauseProtocol]
    CAUSE_PROTOCOL_UNSPECIFIED_CAUSE: _ClassVar[CauseProtocol]

class CauseMisc(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAUSE_MISC_UNSPECIFIED: _ClassVar[CauseMisc]
    CAUSE_MISC_CONTROL_PROCESSING_OVERLOAD: _ClassVar[CauseMisc]
    CAUSE_MISC_HARDWARE_FAILURE: _ClassVar[CauseMisc]
    CAUSE_MISC_OM_INTERVENTION: _ClassVar[CauseMisc]
    CAUSE_MISC_UNSPECIFIED_CAUSE: _ClassVar[CauseMisc]

class CauseDapp(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAUSE_DAPP_UNSPECIFIED: _ClassVar[CauseDapp]
    CAUSE_DAPP_PROTOCOL_VERSION_UNSUPPORTED: _ClassVar[CauseDapp]
    CAUSE_DAPP_DU_UNKNOWN: _ClassVar[CauseDapp]
    CAUSE_DAPP_SCHEMA_MISMATCH: _ClassVar[CauseDapp]
    CAUSE_DAPP_PROBLEM_MISMATCH: _ClassVar[CauseDapp]
    CAUSE_DAPP_REPLACED: _ClassVar[CauseDapp]
    CAUSE_DAPP_LEASE_EXPIRED: _ClassVar[CauseDapp]
    CAUSE_DAPP_NOT_CONNECTED: _ClassVar[CauseDapp]
    CAUSE_DAPP_FRAME_TOO_OLD: _ClassVar[CauseDapp]
    CAUSE_DAPP_DECISION_INVALID: _ClassVar[CauseDapp]
    CAUSE_DAPP_NOT_STORED: _ClassVar[CauseDapp]
    CAUSE_DAPP_SHUTDOWN: _ClassVar[CauseDapp]
    CAUSE_DAPP_NOT_AUTHORISED: _ClassVar[CauseDapp]
    CAUSE_DAPP_RAN_FUNCTION_UNKNOWN: _ClassVar[CauseDapp]
    CAUSE_DAPP_PERIOD_NOT_SUPPORTED: _ClassVar[CauseDapp]
    CAUSE_DAPP_MEASUREMENTS_NOT_AVAILABLE: _ClassVar[CauseDapp]
    CAUSE_DAPP_SUBSCRIPTION_UNKNOWN: _ClassVar[CauseDapp]
    CAUSE_DAPP_SUBSCRIPTION_LIMIT: _ClassVar[CauseDapp]

class CausePolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAUSE_POLICY_UNSPECIFIED: _ClassVar[CausePolicy]
    CAUSE_POLICY_CORRUPT: _ClassVar[CausePolicy]
    CAUSE_POLICY_HASH_MISMATCH: _ClassVar[CausePolicy]
    CAUSE_POLICY_SHAPE_MISMATCH: _ClassVar[CausePolicy]
    CAUSE_POLICY_NOT_FINITE: _ClassVar[CausePolicy]
    CAUSE_POLICY_STALE_VERSION: _ClassVar[CausePolicy]
    CAUSE_POLICY_INCOMPATIBLE: _ClassVar[CausePolicy]
    CAUSE_POLICY_CHUNK_OUT_OF_ORDER: _ClassVar[CausePolicy]
    CAUSE_POLICY_CHUNK_DUPLICATE: _ClassVar[CausePolicy]
    CAUSE_POLICY_CHUNK_FOREIGN: _ClassVar[CausePolicy]
    CAUSE_POLICY_TOO_LARGE: _ClassVar[CausePolicy]
    CAUSE_POLICY_VERSION_UNKNOWN: _ClassVar[CausePolicy]
    CAUSE_POLICY_EXPIRED: _ClassVar[CausePolicy]
CAUSE_RIC_REQUEST_UNSPECIFIED: CauseRicRequest
CAUSE_RIC_REQUEST_RAN_FUNCTION_ID_INVALID: CauseRicRequest
CAUSE_RIC_REQUEST_ACTION_NOT_SUPPORTED: CauseRicRequest
CAUSE_RIC_REQUEST_EXCESSIVE_ACTIONS: CauseRicRequest
CAUSE_RIC_REQUEST_DUPLICATE_ACTION: CauseRicRequest
CAUSE_RIC_REQUEST_DUPLICATE_EVENT_TRIGGER: CauseRicRequest
CAUSE_RIC_REQUEST_FUNCTION_RESOURCE_LIMIT: CauseRicRequest
CAUSE_RIC_REQUEST_REQUEST_ID_UNKNOWN: CauseRicRequest
CAUSE_RIC_REQUEST_INCONSISTENT_ACTION_SUBSEQUENT_ACTION_SEQUENCE: CauseRicRequest
CAUSE_RIC_REQUEST_CONTROL_MESSAGE_INVALID: CauseRicRequest
CAUSE_RIC_REQUEST_RIC_CALL_PROCESS_ID_INVALID: CauseRicRequest
CAUSE_RIC_REQUEST_CONTROL_TIMER_EXPIRED: CauseRicRequest
CAUSE_RIC_REQUEST_CONTROL_FAILED_TO_EXECUTE: CauseRicRequest
CAUSE_RIC_REQUEST_SYSTEM_NOT_READY: CauseRicRequest
CAUSE_RIC_REQUEST_UNSPECIFIED_CAUSE: CauseRicRequest
CAUSE_RIC_REQUEST_RIC_SUBSCRIPTION_END_TIME_EXPIRED: CauseRicRequest
CAUSE_RIC_REQUEST_RIC_SUBSCRIPTION_END_TIME_INVALID: CauseRicRequest
CAUSE_RIC_REQUEST_DUPLICATE_RIC_REQUEST_ID: CauseRicRequest
CAUSE_RIC_REQUEST_EVENT_TRIGGER_NOT_SUPPORTED: CauseRicRequest
CAUSE_RIC_REQUEST_REQUESTED_INFORMATION_UNAVAILABLE: CauseRicRequest
CAUSE_RIC_REQUEST_INVALID_INFORMATION_REQUEST: CauseRicRequest
CAUSE_RIC_SERVICE_UNSPECIFIED: CauseRicService
CAUSE_RIC_SERVICE_RAN_FUNCTION_NOT_SUPPORTED: CauseRicService
CAUSE_RIC_SERVICE_EXCESSIVE_FUNCTIONS: CauseRicService
CAUSE_RIC_SERVICE_RIC_RESOURCE_LIMIT: CauseRicService
CAUSE_E2_NODE_UNSPECIFIED: CauseE2Node
CAUSE_E2_NODE_E2NODE_COMPONENT_UNKNOWN: CauseE2Node
CAUSE_TRANSPORT_UNSPECIFIED: CauseTransport
CAUSE_TRANSPORT_UNSPECIFIED_CAUSE: CauseTransport
CAUSE_TRANSPORT_TRANSPORT_RESOURCE_UNAVAILABLE: CauseTransport
CAUSE_PROTOCOL_UNSPECIFIED: CauseProtocol
CAUSE_PROTOCOL_TRANSFER_SYNTAX_ERROR: CauseProtocol
CAUSE_PROTOCOL_ABSTRACT_SYNTAX_ERROR_REJECT: CauseProtocol
CAUSE_PROTOCOL_ABSTRACT_SYNTAX_ERROR_IGNORE_AND_NOTIFY: CauseProtocol
CAUSE_PROTOCOL_MESSAGE_NOT_COMPATIBLE_WITH_RECEIVER_STATE: CauseProtocol
CAUSE_PROTOCOL_SEMANTIC_ERROR: CauseProtocol
CAUSE_PROTOCOL_ABSTRACT_SYNTAX_ERROR_FALSELY_CONSTRUCTED_MESSAGE: CauseProtocol
CAUSE_PROTOCOL_UNSPECIFIED_CAUSE: CauseProtocol
CAUSE_MISC_UNSPECIFIED: CauseMisc
CAUSE_MISC_CONTROL_PROCESSING_OVERLOAD: CauseMisc
CAUSE_MISC_HARDWARE_FAILURE: CauseMisc
CAUSE_MISC_OM_INTERVENTION: CauseMisc
CAUSE_MISC_UNSPECIFIED_CAUSE: CauseMisc
CAUSE_DAPP_UNSPECIFIED: CauseDapp
CAUSE_DAPP_PROTOCOL_VERSION_UNSUPPORTED: CauseDapp
CAUSE_DAPP_DU_UNKNOWN: CauseDapp
CAUSE_DAPP_SCHEMA_MISMATCH: CauseDapp
CAUSE_DAPP_PROBLEM_MISMATCH: CauseDapp
CAUSE_DAPP_REPLACED: CauseDapp
CAUSE_DAPP_LEASE_EXPIRED: CauseDapp
CAUSE_DAPP_NOT_CONNECTED: CauseDapp
CAUSE_DAPP_FRAME_TOO_OLD: CauseDapp
CAUSE_DAPP_DECISION_INVALID: CauseDapp
CAUSE_DAPP_NOT_STORED: CauseDapp
CAUSE_DAPP_SHUTDOWN: CauseDapp
CAUSE_DAPP_NOT_AUTHORISED: CauseDapp
CAUSE_DAPP_RAN_FUNCTION_UNKNOWN: CauseDapp
CAUSE_DAPP_PERIOD_NOT_SUPPORTED: CauseDapp
CAUSE_DAPP_MEASUREMENTS_NOT_AVAILABLE: CauseDapp
CAUSE_DAPP_SUBSCRIPTION_UNKNOWN: CauseDapp
CAUSE_DAPP_SUBSCRIPTION_LIMIT: CauseDapp
CAUSE_POLICY_UNSPECIFIED: CausePolicy
CAUSE_POLICY_CORRUPT: CausePolicy
CAUSE_POLICY_HASH_MISMATCH: CausePolicy
CAUSE_POLICY_SHAPE_MISMATCH: CausePolicy
CAUSE_POLICY_NOT_FINITE: CausePolicy
CAUSE_POLICY_STALE_VERSION: CausePolicy
CAUSE_POLICY_INCOMPATIBLE: CausePolicy
CAUSE_POLICY_CHUNK_OUT_OF_ORDER: CausePolicy
CAUSE_POLICY_CHUNK_DUPLICATE: CausePolicy
CAUSE_POLICY_CHUNK_FOREIGN: CausePolicy
CAUSE_POLICY_TOO_LARGE: CausePolicy
CAUSE_POLICY_VERSION_UNKNOWN: CausePolicy
CAUSE_POLICY_EXPIRED: CausePolicy

class Cause(_message.Message):
    __slots__ = ("ric_request", "ric_service", "e2_node", "transport", "protocol", "misc", "dapp", "policy", "text")
    RIC_REQUEST_FIELD_NUMBER: _ClassVar[int]
    RIC_SERVICE_FIELD_NUMBER: _ClassVar[int]
    E2_NODE_FIELD_NUMBER: _ClassVar[int]
    TRANSPORT_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    MISC_FIELD_NUMBER: _ClassVar[int]
    DAPP_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ric_request: CauseRicRequest
    ric_service: CauseRicService
    e2_node: CauseE2Node
    transport: CauseTransport
    protocol: CauseProtocol
    misc: CauseMisc
    dapp: CauseDapp
    policy: CausePolicy
    text: str
    def __init__(self, ric_request: _Optional[_Union[CauseRicRequest, str]] = ..., ric_service: _Optional[_Union[CauseRicService, str]] = ..., e2_node: _Optional[_Union[CauseE2Node, str]] = ..., transport: _Optional[_Union[CauseTransport, str]] = ..., protocol: _Optional[_Union[CauseProtocol, str]] = ..., misc: _Optional[_Union[CauseMisc, str]] = ..., dapp: _Optional[_Union[CauseDapp, str]] = ..., policy: _Optional[_Union[CausePolicy, str]] = ..., text: _Optional[str] = ...) -> None: ...
