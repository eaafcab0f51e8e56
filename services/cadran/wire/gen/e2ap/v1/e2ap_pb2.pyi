from cadran.wire.gen.e2ap.v1 import cause_pb2 as _cause_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TimeToWait(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIME_TO_WAIT_UNSPECIFIED: _ClassVar[TimeToWait]
    TIME_TO_WAIT_V1S: _ClassVar[TimeToWait]
    TIME_TO_WAIT_V2S: _ClassVar[TimeToWait]
    TIME_TO_WAIT_V5S: _ClassVar[TimeToWait]
    TIME_TO_WAIT_V10S: _ClassVar[TimeToWait]
    TIME_TO_WAIT_V20S: _ClassVar[TimeToWait]
    TIME_TO_WAIT_V60S: _ClassVar[TimeToWait]

class RicActionType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RIC_ACTION_TYPE_UNSPECIFIED: _ClassVar[RicActionType]
    RIC_ACTION_TYPE_REPORT: _ClassVar[RicActionType]

class RicSubsequentActionType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RIC_SUBSEQUENT_ACTION_TYPE_UNSPECIFIED: _ClassVar[RicSubsequentActionType]
    RIC_SUBSEQUENT_ACTION_TYPE_CONTINUE: _ClassVar[RicSubsequentActionType]
    RIC_SUBSEQUENT_ACTION_TYPE_WAIT: _ClassVar[RicSubsequentActionType]

class RicTimeToWait(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RIC_TIME_TO_WAIT_UNSPECIFIED: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W1MS: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W2MS: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W5MS: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W10MS: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W20MS: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W30MS: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W40MS: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W50MS: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W100MS: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W200MS: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W500MS: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W1S: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W2S: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W5S: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W10S: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W20S: _ClassVar[RicTimeToWait]
    RIC_TIME_TO_WAIT_W60S: _ClassVar[RicTimeToWait]

class RicIndicationType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RIC_INDICATION_TYPE_UNSPECIFIED: _ClassVar[RicIndicationType]
    RIC_INDICATION_TYPE_REPORT: _ClassVar[RicIndicationType]

class RicControlAckRequest(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RIC_CONTROL_ACK_REQUEST_UNSPECIFIED: _ClassVar[RicControlAckRequest]
    RIC_CONTROL_ACK_REQUEST_NO_ACK: _ClassVar[RicControlAckRequest]
    RIC_CONTROL_ACK_REQUEST_ACK: _ClassVar[RicControlAckRequest]
TIME_TO_WAIT_UNSPECIFIED: TimeToWait
TIME_TO_WAIT_V1S: TimeToWait
TIME_TO_WAIT_V2S: TimeToWait
TIME_TO_WAIT_V5S: TimeToWait
TIME_TO_WAIT_V10S: TimeToWait
TIME_TO_WAIT_V20S: TimeToWait
TIME_TO_WAIT_V60S: TimeToWait
RIC_ACTION_TYPE_UNSPECIFIED: RicActionType
RIC_ACTION_TYPE_REPORT: RicActionType
RIC_SUBSEQUENT_ACTION_TYPE_UNSPECIFIED: RicSubsequentActionType
RIC_SUBSEQUENT_ACTION_TYPE_CONTINUE: RicSubsequentActionType
RIC_SUBSEQUENT_ACTION_TYPE_WAIT: RicSubsequentActionType
RIC_TIME_TO_WAIT_UNSPECIFIED: RicTimeToWait
RIC_TIME_TO_WAIT_W1MS: RicTimeToWait
RIC_TIME_TO_WAIT_W2MS: RicTimeToWait
RIC_TIME_TO_WAIT_W5MS: RicTimeToWait
RIC_TIME_TO_WAIT_W10MS: RicTimeToWait
RIC_TIME_TO_WAIT_W20MS: RicTimeToWait
RIC_TIME_TO_WAIT_W30MS: RicTimeToWait
RIC_TIME_TO_WAIT_W40MS: RicTimeToWait
RIC_TIME_TO_WAIT_W50MS: RicTimeToWait
RIC_TIME_TO_WAIT_W100MS: RicTimeToWait
RIC_TIME_TO_WAIT_W200MS: RicTimeToWait
RIC_TIME_TO_WAIT_W500MS: RicTimeToWait
RIC_TIME_TO_WAIT_W1S: RicTimeToWait
RIC_TIME_TO_WAIT_W2S: RicTimeToWait
RIC_TIME_TO_WAIT_W5S: RicTimeToWait
RIC_TIME_TO_WAIT_W10S: RicTimeToWait
RIC_TIME_TO_WAIT_W20S: RicTimeToWait
RIC_TIME_TO_WAIT_W60S: RicTimeToWait
RIC_INDICATION_TYPE_UNSPECIFIED: RicIndicationType
RIC_INDICATION_TYPE_REPORT: RicIndicationType
RIC_CONTROL_ACK_REQUEST_UNSPECIFIED: RicControlAckRequest
RIC_CONTROL_ACK_REQUEST_NO_ACK: RicControlAckRequest
RIC_CONTROL_ACK_REQUEST_ACK: RicControlAckRequest

class E2apPdu(_message.Message):
    __slots__ = ("sent_monotonic_ns", "e2_setup_request", "e2_setup_response", "e2_setup_failure", "ric_subscription_request", "ric_subscription_response", "ric_subscription_failure", "ric_indication", "ric_control_request", "ric_control_acknowledge", "ric_control_failure", "error_indication", "ric_subscription_delete_request", "ric_subscription_delete_response", "ric_subscription_delete_failure", "ric_subscription_delete_required", "reset_request", "reset_response", "ric_service_update", "ric_service_update_acknowledge", "ric_service_update_failure", "ric_service_query", "e2_node_configuration_update", "e2_node_configuration_update_acknowledge", "e2_node_configuration_update_failure")
    SENT_MONOTONIC_NS_FIELD_NUMBER: _ClassVar[int]
    E2_SETUP_REQUEST_FIELD_NUMBER: _ClassVar[int]
    E2_SETUP_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    E2_SETUP_FAILURE_FIELD_NUMBER: _ClassVar[int]
    RIC_SUBSCRIPTION_REQUEST_FIELD_NUMBER: _ClassVar[int]
    RIC_SUBSCRIPTION_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    RIC_SUBSCRIPTION_FAILURE_FIELD_NUMBER: _ClassVar[int]
    RIC_INDICATION_FIELD_NUMBER: _ClassVar[int]
    RIC_CONTROL_REQUEST_FIELD_NUMBER: _ClassVar[int]
    RIC_CONTROL_ACKNOWLEDGE_FIELD_NUMBER: _ClassVar[int]
    RIC_CONTROL_FAILURE_FIELD_NUMBER: _ClassVar[int]
    ERROR_INDICATION_FIELD_NUMBER: _ClassVar[int]
    RIC_SUBSCRIPTION_DELETE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    RIC_SUBSCRIPTION_DELETE_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    RIC_SUBSCRIPTION_DELETE_FAILURE_FIELD_NUMBER: _ClassVar[int]
    RIC_SUBSCRIPTION_DELETE_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    RESET_REQUEST_FIELD_NUMBER: _ClassVar[int]
    RESET_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    RIC_SERVICE_UPDATE_FIELD_NUMBER: _ClassVar[int]
    RIC_SERVICE_UPDATE_ACKNOWLEDGE_FIELD_NUMBER: _ClassVar[int]
    RIC_SERVICE_UPDATE_FAILURE_FIELD_NUMBER: _ClassVar[int]
    RIC_SERVICE_QUERY_FIELD_NUMBER: _ClassVar[int]
    E2_NODE_CONFIGURATION_UPDATE_FIELD_NUMBER: _ClassVar[int]
    E2_NODE_CONFIGURATION_UPDATE_ACKNOWLEDGE_FIELD_NUMBER: _ClassVar[int]
    E2_NODE_CONFIGURATION_UPDATE_FAILURE_FIELD_NUMBER: _ClassVar[int]
    sent_monotonic_ns: int
    e2_setup_request: E2SetupRequest
    e2_setup_response: E2SetupResponse
    e2_setup_failure: E2SetupFailure
    ric_subscription_request: RicSubscriptionRequest
    ric_subscription_response: RicSubscriptionResponse
    ric_subscription_failure: RicSubscriptionFailure
    ric_indication: RicIndication
    ric_control_request: RicControlRequest
    ric_control_acknowledge: RicControlAcknowledge
    ric_control_failure: RicControlFailure
    error_indication: ErrorIndication
    ric_subscription_delete_request: RicSubscriptionDeleteRequest
    ric_subscription_delete_response: RicSubscriptionDeleteResponse
    ric_subscription_delete_failure: RicSubscriptionDeleteFailure
    ric_subscription_delete_required: RicSubscriptionDeleteRequired
    reset_request: ResetRequest
    reset_response: ResetResponse
    ric_service_update: RicServiceUpdate
    ric_service_update_acknowledge: RicServiceUpdateAcknowledge
    ric_service_update_failure: RicServiceUpdateFailure
    ric_service_query: RicServiceQuery
    e2_node_configuration_update: E2NodeConfigurationUpdate
    e2_node_configuration_update_acknowledge: E2NodeConfigurationUpdateAcknowledge
    e2_node_configuration_update_failure: E2NodeConfigurationUpdateFailure
    def __init__(self, sent_monotonic_ns: _Optional[int] = ..., e2_setup_request: _Optional[_Union[E2SetupRequest, _Mapping]] = ..., e2_setup_response: _Optional[_Union[E2SetupResponse, _Mapping]] = ..., e2_setup_failure: _Optional[_Union[E2SetupFailure, _Mapping]] = ..., ric_subscription_request: _Optional[_Union[RicSubscriptionRequest, _Mapping]] = ..., ric_subscription_response: _Optional[_Union[RicSubscriptionResponse, _Mapping]] = ..., ric_subscription_failure: _Optional[_Union[RicSubscriptionFailure, _Mapping]] = ..., ric_indication: _Optional[_Union[RicIndication, _Mapping]] = ..., ric_control_request: _Optional[_Union[RicControlRequest, _Mapping]] = ..., ric_control_acknowledge: _Optional[_Union[RicControlAcknowledge, _Mapping]] = ..., ric_control_failure: _Optional[_Union[RicControlFailure, _Mapping]] = ..., error_indication: _Optional[_Union[ErrorIndication, _Mapping]] = ..., ric_subscription_delete_request: _Optional[_Union[RicSubscriptionDeleteRequest, _Mapping]] = ..., ric_subscription_delete_response: _Optional[_Union[RicSubscriptionDeleteResponse, _Mapping]] = ..., ric_subscription_delete_failure: _Optional[_Union[RicSubscriptionDeleteFailure, _Mapping]] = ..., ric_subscription_delete_required: _Optional[_Union[RicSubscriptionDeleteRequired, _Mapping]] = ..., reset_request: _Optional[_Union[ResetRequest, _Mapping]] = ..., reset_response: _Optional[_Union[ResetResponse, _Mapping]] = ..., ric_service_update: _Optional[_Union[RicServiceUpdate, _Mapping]] = ..., ric_service_update_acknowledge: _Optional[_Union[RicServiceUpdateAcknowledge, _Mapping]] = ..., ric_service_update_failure: _Optional[_Union[RicServiceUpdateFailure, _Mapping]] = ..., ric_service_query: _Optional[_Union[RicServiceQuery, _Mapping]] = ..., e2_node_configuration_update: _Optional[_Union[E2NodeConfigurationUpdate, _Mapping]] = ..., e2_node_configuration_update_acknowledge: _Optional[_Union[E2NodeConfigurationUpdateAcknowledge, _Mapping]] = ..., e2_node_configuration_update_failure: _Optional[_Union[E2NodeConfigurationUpdateFailure, _Mapping]] = ...) -> None: ...

class RicRequestId(_message.Message):
    __slots__ = ("ric_requestor_id", "ric_instance_id")
    RIC_REQUESTOR_ID_FIELD_NUMBER: _ClassVar[int]
    RIC_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    ric_requestor_id: int
    ric_instance_id: int
    def __init__(self, ric_requestor_id: _Optional[int] = ..., ric_instance_id: _Optional[int] = ...) -> None: ...

class GlobalE2NodeId(_message.Message):
    __slots__ = ("plmn_identity", "gnb_id", "gnb_du_id")
    PLMN_IDENTITY_FIELD_NUMBER: _ClassVar[int]
    GNB_ID_FIELD_NUMBER: _ClassVar[int]
    GNB_DU_ID_FIELD_NUMBER: _ClassVar[int]
    plmn_identity: str
    gnb_id: int
    gnb_du_id: int
    def __init__(self, plmn_identity: _Optional[str] = ..., gnb_id: _Optional[int] = ..., gnb_du_id: _Optional[int] = ...) -> None: ...

class RanFunction(_message.Message):
    __slots__ = ("ran_function_id", "ran_function_revision", "ran_function_oid", "ran_function_definition")
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_REVISION_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_OID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    ran_function_id: int
    ran_function_revision: int
    ran_function_oid: str
    ran_function_definition: bytes
    def __init__(self, ran_function_id: _Optional[int] = ..., ran_function_revision: _Optional[int] = ..., ran_function_oid: _Optional[str] = ..., ran_function_definition: _Optional[bytes] = ...) -> None: ...

class RanFunctionId(_message.Message):
    __slots__ = ("ran_function_id", "ran_function_revision")
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_REVISION_FIELD_NUMBER: _ClassVar[int]
    ran_function_id: int
    ran_function_revision: int
    def __init__(self, ran_function_id: _Optional[int] = ..., ran_function_revision: _Optional[int] = ...) -> None: ...

class RanFunctionRejected(_message.Message):
    __slots__ = ("ran_function_id", "cause")
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    ran_function_id: int
    cause: _cause_pb2.Cause
    def __init__(self, ran_function_id: _Optional[int] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ...) -> None: ...

class E2SetupRequest(_message.Message):
    __slots__ = ("transaction_id", "global_e2_node_id", "ran_functions_added", "ran_facts", "epoch", "next_frame", "lockstep")
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_E2_NODE_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTIONS_ADDED_FIELD_NUMBER: _ClassVar[int]
    RAN_FACTS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    NEXT_FRAME_FIELD_NUMBER: _ClassVar[int]
    LOCKSTEP_FIELD_NUMBER: _ClassVar[int]
    transaction_id: int
    global_e2_node_id: GlobalE2NodeId
    ran_functions_added: _containers.RepeatedCompositeFieldContainer[RanFunction]
    ran_facts: _common_pb2.RanFacts
    epoch: int
    next_frame: int
    lockstep: bool
    def __init__(self, transaction_id: _Optional[int] = ..., global_e2_node_id: _Optional[_Union[GlobalE2NodeId, _Mapping]] = ..., ran_functions_added: _Optional[_Iterable[_Union[RanFunction, _Mapping]]] = ..., ran_facts: _Optional[_Union[_common_pb2.RanFacts, _Mapping]] = ..., epoch: _Optional[int] = ..., next_frame: _Optional[int] = ..., lockstep: _Optional[bool] = ...) -> None: ...

class E2SetupResponse(_message.Message):
    __slots__ = ("transaction_id", "global_ric_id", "ran_functions_accepted", "ran_functions_rejected")
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_RIC_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTIONS_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTIONS_REJECTED_FIELD_NUMBER: _ClassVar[int]
    transaction_id: int
    global_ric_id: int
    ran_functions_accepted: _containers.RepeatedCompositeFieldContainer[RanFunctionId]
    ran_functions_rejected: _containers.RepeatedCompositeFieldContainer[RanFunctionRejected]
    def __init__(self, transaction_id: _Optional[int] = ..., global_ric_id: _Optional[int] = ..., ran_functions_accepted: _Optional[_Iterable[_Union[RanFunctionId, _Mapping]]] = ..., ran_functions_rejected: _Optional[_Iterable[_Union[RanFunctionRejected, _Mapping]]] = ...) -> None: ...

class E2SetupFailure(_message.Message):
    __slots__ = ("transaction_id", "cause", "time_to_wait")
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    TIME_TO_WAIT_FIELD_NUMBER: _ClassVar[int]
    transaction_id: int
    cause: _cause_pb2.Cause
    time_to_wait: TimeToWait
    def __init__(self, transaction_id: _Optional[int] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ..., time_to_wait: _Optional[_Union[TimeToWait, str]] = ...) -> None: ...

class ResetRequest(_message.Message):
    __slots__ = ("transaction_id", "cause")
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    transaction_id: int
    cause: _cause_pb2.Cause
    def __init__(self, transaction_id: _Optional[int] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ...) -> None: ...

class ResetResponse(_message.Message):
    __slots__ = ("transaction_id",)
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    transaction_id: int
    def __init__(self, transaction_id: _Optional[int] = ...) -> None: ...

class RicServiceUpdate(_message.Message):
    __slots__ = ("transaction_id", "ran_functions_added", "ran_functions_modified", "ran_functions_deleted")
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTIONS_ADDED_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTIONS_MODIFIED_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTIONS_DELETED_FIELD_NUMBER: _ClassVar[int]
    transaction_id: int
    ran_functions_added: _containers.RepeatedCompositeFieldContainer[RanFunction]
    ran_functions_modified: _containers.RepeatedCompositeFieldContainer[RanFunction]
    ran_functions_deleted: _containers.RepeatedCompositeFieldContainer[RanFunctionId]
    def __init__(self, transaction_id: _Optional[int] = ..., ran_functions_added: _Optional[_Iterable[_Union[RanFunction, _Mapping]]] = ..., ran_functions_modified: _Optional[_Iterable[_Union[RanFunction, _Mapping]]] = ..., ran_functions_deleted: _Optional[_Iterable[_Union[RanFunctionId, _Mapping]]] = ...) -> None: ...

class RicServiceUpdateAcknowledge(_message.Message):
    __slots__ = ("transaction_id", "ran_functions_accepted", "ran_functions_rejected")
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTIONS_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTIONS_REJECTED_FIELD_NUMBER: _ClassVar[int]
    transaction_id: int
    ran_functions_accepted: _containers.RepeatedCompositeFieldContainer[RanFunctionId]
    ran_functions_rejected: _containers.RepeatedCompositeFieldContainer[RanFunctionRejected]
    def __init__(self, transaction_id: _Optional[int] = ..., ran_functions_accepted: _Optional[_Iterable[_Union[RanFunctionId, _Mapping]]] = ..., ran_functions_rejected: _Optional[_Iterable[_Union[RanFunctionRejected, _Mapping]]] = ...) -> None: ...

class RicServiceUpdateFailure(_message.Message):
    __slots__ = ("transaction_id", "cause", "time_to_wait")
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    TIME_TO_WAIT_FIELD_NUMBER: _ClassVar[int]
    transaction_id: int
    cause: _cause_pb2.Cause
    time_to_wait: TimeToWait
    def __init__(self, transaction_id: _Optional[int] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ..., time_to_wait: _Optional[_Union[TimeToWait, str]] = ...) -> None: ...

class RicServiceQuery(_message.Message):
    __slots__ = ("transaction_id", "ran_functions_accepted")
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTIONS_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    transaction_id: int
    ran_functions_accepted: _containers.RepeatedCompositeFieldContainer[RanFunctionId]
    def __init__(self, transaction_id: _Optional[int] = ..., ran_functions_accepted: _Optional[_Iterable[_Union[RanFunctionId, _Mapping]]] = ...) -> None: ...

class E2NodeConfigurationUpdate(_message.Message):
    __slots__ = ("transaction_id", "ran_facts")
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FACTS_FIELD_NUMBER: _ClassVar[int]
    transaction_id: int
    ran_facts: _common_pb2.RanFacts
    def __init__(self, transaction_id: _Optional[int] = ..., ran_facts: _Optional[_Union[_common_pb2.RanFacts, _Mapping]] = ...) -> None: ...

class E2NodeConfigurationUpdateAcknowledge(_message.Message):
    __slots__ = ("transaction_id",)
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    transaction_id: int
    def __init__(self, transaction_id: _Optional[int] = ...) -> None: ...

class E2NodeConfigurationUpdateFailure(_message.Message):
    __slots__ = ("transaction_id", "cause", "time_to_wait")
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    TIME_TO_WAIT_FIELD_NUMBER: _ClassVar[int]
    transaction_id: int
    cause: _cause_pb2.Cause
    time_to_wait: TimeToWait
    def __init__(self, transaction_id: _Optional[int] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ..., time_to_wait: _Optional[_Union[TimeToWait, str]] = ...) -> None: ...

class RicSubsequentAction(_message.Message):
    __slots__ = ("ric_subsequent_action_type", "ric_time_to_wait")
    RIC_SUBSEQUENT_ACTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    RIC_TIME_TO_WAIT_FIELD_NUMBER: _ClassVar[int]
    ric_subsequent_action_type: RicSubsequentActionType
    ric_time_to_wait: RicTimeToWait
    def __init__(self, ric_subsequent_action_type: _Optional[_Union[RicSubsequentActionType, str]] = ..., ric_time_to_wait: _Optional[_Union[RicTimeToWait, str]] = ...) -> None: ...

class RicActionToBeSetup(_message.Message):
    __slots__ = ("ric_action_id", "ric_action_type", "ric_action_definition", "ric_subsequent_action")
    RIC_ACTION_ID_FIELD_NUMBER: _ClassVar[int]
    RIC_ACTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    RIC_ACTION_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    RIC_SUBSEQUENT_ACTION_FIELD_NUMBER: _ClassVar[int]
    ric_action_id: int
    ric_action_type: RicActionType
    ric_action_definition: bytes
    ric_subsequent_action: RicSubsequentAction
    def __init__(self, ric_action_id: _Optional[int] = ..., ric_action_type: _Optional[_Union[RicActionType, str]] = ..., ric_action_definition: _Optional[bytes] = ..., ric_subsequent_action: _Optional[_Union[RicSubsequentAction, _Mapping]] = ...) -> None: ...

class RicActionNotAdmitted(_message.Message):
    __slots__ = ("ric_action_id", "cause")
    RIC_ACTION_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    ric_action_id: int
    cause: _cause_pb2.Cause
    def __init__(self, ric_action_id: _Optional[int] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ...) -> None: ...

class RicSubscriptionRequest(_message.Message):
    __slots__ = ("ric_request_id", "ran_function_id", "ric_event_trigger_definition", "ric_actions_to_be_setup")
    RIC_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    RIC_EVENT_TRIGGER_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    RIC_ACTIONS_TO_BE_SETUP_FIELD_NUMBER: _ClassVar[int]
    ric_request_id: RicRequestId
    ran_function_id: int
    ric_event_trigger_definition: bytes
    ric_actions_to_be_setup: _containers.RepeatedCompositeFieldContainer[RicActionToBeSetup]
    def __init__(self, ric_request_id: _Optional[_Union[RicRequestId, _Mapping]] = ..., ran_function_id: _Optional[int] = ..., ric_event_trigger_definition: _Optional[bytes] = ..., ric_actions_to_be_setup: _Optional[_Iterable[_Union[RicActionToBeSetup, _Mapping]]] = ...) -> None: ...

class RicSubscriptionResponse(_message.Message):
    __slots__ = ("ric_request_id", "ran_function_id", "ric_actions_admitted", "ric_actions_not_admitted")
    RIC_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    RIC_ACTIONS_ADMITTED_FIELD_NUMBER: _ClassVar[int]
    RIC_ACTIONS_NOT_ADMITTED_FIELD_NUMBER: _ClassVar[int]
    ric_request_id: RicRequestId
    ran_function_id: int
    ric_actions_admitted: _containers.RepeatedScalarFieldContainer[int]
    ric_actions_not_admitted: _containers.RepeatedCompositeFieldContainer[RicActionNotAdmitted]
    def __init__(self, ric_request_id: _Optional[_Union[RicRequestId, _Mapping]] = ..., ran_function_id: _Optional[int] = ..., ric_actions_admitted: _Optional[_Iterable[int]] = ..., ric_actions_not_admitted: _Optional[_Iterable[_Union[RicActionNotAdmitted, _Mapping]]] = ...) -> None: ...

class RicSubscriptionFailure(_message.Message):
    __slots__ = ("ric_request_id", "ran_function_id", "cause")
    RIC_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    ric_request_id: RicRequestId
    ran_function_id: int
    cause: _cause_pb2.Cause
    def __init__(self, ric_request_id: _Optional[_Union[RicRequestId, _Mapping]] = ..., ran_function_id: _Optional[int] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ...) -> None: ...

class RicSubscriptionDeleteRequest(_message.Message):
    __slots__ = ("ric_request_id", "ran_function_id")
    RIC_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    ric_request_id: RicRequestId
    ran_function_id: int
    def __init__(self, ric_request_id: _Optional[_Union[RicRequestId, _Mapping]] = ..., ran_function_id: _Optional[int] = ...) -> None: ...

class RicSubscriptionDeleteResponse(_message.Message):
    __slots__ = ("ric_request_id", "ran_function_id")
    RIC_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    ric_request_id: RicRequestId
    ran_function_id: int
    def __init__(self, ric_request_id: _Optional[_Union[RicRequestId, _Mapping]] = ..., ran_function_id: _Optional[int] = ...) -> None: ...

class RicSubscriptionDeleteFailure(_message.Message):
    __slots__ = ("ric_request_id", "ran_function_id", "cause")
    RIC_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    ric_request_id: RicRequestId
    ran_function_id: int
    cause: _cause_pb2.Cause
    def __init__(self, ric_request_id: _Optional[_Union[RicRequestId, _Mapping]] = ..., ran_function_id: _Optional[int] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ...) -> None: ...

class RicSubscriptionDeleteRequired(_message.Message):
    __slots__ = ("ric_subscriptions_to_be_removed",)
    RIC_SUBSCRIPTIONS_TO_BE_REMOVED_FIELD_NUMBER: _ClassVar[int]
    ric_subscriptions_to_be_removed: _containers.RepeatedCompositeFieldContainer[RicSubscriptionToBeRemoved]
    def __init__(self, ric_subscriptions_to_be_removed: _Optional[_Iterable[_Union[RicSubscriptionToBeRemoved, _Mapping]]] = ...) -> None: ...

class RicSubscriptionToBeRemoved(_message.Message):
    __slots__ = ("ric_request_id", "ran_function_id", "cause")
    RIC_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    ric_request_id: RicRequestId
    ran_function_id: int
    cause: _cause_pb2.Cause
    def __init__(self, ric_request_id: _Optional[_Union[RicRequestId, _Mapping]] = ..., ran_function_id: _Optional[int] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ...) -> None: ...

class RicIndication(_message.Message):
    __slots__ = ("ric_request_id", "ran_function_id", "ric_action_id", "ric_indication_sn", "ric_indication_type", "ric_indication_header", "ric_indication_message")
    RIC_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    RIC_ACTION_ID_FIELD_NUMBER: _ClassVar[int]
    RIC_INDICATION_SN_FIELD_NUMBER: _ClassVar[int]
    RIC_INDICATION_TYPE_FIELD_NUMBER: _ClassVar[int]
    RIC_INDICATION_HEADER_FIELD_NUMBER: _ClassVar[int]
    RIC_INDICATION_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ric_request_id: RicRequestId
    ran_function_id: int
    ric_action_id: int
    ric_indication_sn: int
    ric_indication_type: RicIndicationType
    ric_indication_header: bytes
    ric_indication_message: bytes
    def __init__(self, ric_request_id: _Optional[_Union[RicRequestId, _Mapping]] = ..., ran_function_id: _Optional[int] = ..., ric_action_id: _Optional[int] = ..., ric_indication_sn: _Optional[int] = ..., ric_indication_type: _Optional[_Union[RicIndicationType, str]] = ..., ric_indication_header: _Optional[bytes] = ..., ric_indication_message: _Optional[bytes] = ...) -> None: ...

class RicControlRequest(_message.Message):
    __slots__ = ("ric_request_id", "ran_function_id", "ric_control_header", "ric_control_message", "ric_control_ack_request")
    RIC_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    RIC_CONTROL_HEADER_FIELD_NUMBER: _ClassVar[int]
    RIC_CONTROL_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RIC_CONTROL_ACK_REQUEST_FIELD_NUMBER: _ClassVar[int]
    ric_request_id: RicRequestId
    ran_function_id: int
    ric_control_header: bytes
    ric_control_message: bytes
    ric_control_ack_request: RicControlAckRequest
    def __init__(self, ric_request_id: _Optional[_Union[RicRequestId, _Mapping]] = ..., ran_function_id: _Optional[int] = ..., ric_control_header: _Optional[bytes] = ..., ric_control_message: _Optional[bytes] = ..., ric_control_ack_request: _Optional[_Union[RicControlAckRequest, str]] = ...) -> None: ...

class RicControlAcknowledge(_message.Message):
    __slots__ = ("ric_request_id", "ran_function_id", "ric_control_outcome")
    RIC_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    RIC_CONTROL_OUTCOME_FIELD_NUMBER: _ClassVar[int]
    ric_request_id: RicRequestId
    ran_function_id: int
    ric_control_outcome: bytes
    def __init__(self, ric_request_id: _Optional[_Union[RicRequestId, _Mapping]] = ..., ran_function_id: _Optional[int] = ..., ric_control_outcome: _Optional[bytes] = ...) -> None: ...

class RicControlFailure(_message.Message):
    __slots__ = ("ric_request_id", "ran_function_id", "cause", "ric_control_outcome")
    RIC_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    RIC_CONTROL_OUTCOME_FIELD_NUMBER: _ClassVar[int]
    ric_request_id: RicRequestId
    ran_function_id: int
    cause: _cause_pb2.Cause
    ric_control_outcome: bytes
    def __init__(self, ric_request_id: _Optional[_Union[RicRequestId, _Mapping]] = ..., ran_function_id: _Optional[int] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ..., ric_control_outcome: _Optional[bytes] = ...) -> None: ...

class ErrorIndication(_message.Message):
    __slots__ = ("ric_request_id", "ran_function_id", "cause", "transaction_id")
    RIC_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    ric_request_id: RicRequestId
    ran_function_id: int
    cause: _cause_pb2.Cause
    transaction_id: int
    def __init__(self, ric_request_id: _Optional[_Union[RicRequestId, _Mapping]] = ..., ran_function_id: _Optional[int] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ..., transaction_id: _Optional[int] = ...) -> None: ...
