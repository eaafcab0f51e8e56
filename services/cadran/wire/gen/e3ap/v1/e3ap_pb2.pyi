from cadran.wire.gen.e2ap.v1 import cause_pb2 as _cause_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2 as _common_pb2
from cadran.wire.gen.e2sm.v1 import dapp_pb2 as _dapp_pb2
from cadran.wire.gen.e2sm.v1 import rc_pb2 as _rc_pb2
from cadran.wire.gen.e3ap.v1 import measurements_pb2 as _measurements_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DecisionSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DECISION_SOURCE_UNSPECIFIED: _ClassVar[DecisionSource]
    DECISION_SOURCE_DAPP: _ClassVar[DecisionSource]
    DECISION_SOURCE_LAST_VALID: _ClassVar[DecisionSource]
    DECISION_SOURCE_FALLBACK: _ClassVar[DecisionSource]
DECISION_SOURCE_UNSPECIFIED: DecisionSource
DECISION_SOURCE_DAPP: DecisionSource
DECISION_SOURCE_LAST_VALID: DecisionSource
DECISION_SOURCE_FALLBACK: DecisionSource

class E3Pdu(_message.Message):
    __slots__ = ("id", "sent_monotonic_ns", "setup_request", "setup_response", "indication_message", "dapp_control_action", "dapp_report", "dapp_report_ack", "xapp_control_action", "policy_status", "message_ack", "heartbeat", "release", "subscription_request", "subscription_response", "subscription_delete", "subscription_delete_response")
    ID_FIELD_NUMBER: _ClassVar[int]
    SENT_MONOTONIC_NS_FIELD_NUMBER: _ClassVar[int]
    SETUP_REQUEST_FIELD_NUMBER: _ClassVar[int]
    SETUP_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    INDICATION_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DAPP_CONTROL_ACTION_FIELD_NUMBER: _ClassVar[int]
    DAPP_REPORT_FIELD_NUMBER: _ClassVar[int]
    DAPP_REPORT_ACK_FIELD_NUMBER: _ClassVar[int]
    XAPP_CONTROL_ACTION_FIELD_NUMBER: _ClassVar[int]
    POLICY_STATUS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ACK_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_REQUEST_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_DELETE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_DELETE_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    id: int
    sent_monotonic_ns: int
    setup_request: SetupRequest
    setup_response: SetupResponse
    indication_message: IndicationMessage
    dapp_control_action: DAppControlAction
    dapp_report: DAppReport
    dapp_report_ack: DAppReportAck
    xapp_control_action: XAppControlAction
    policy_status: PolicyStatus
    message_ack: MessageAck
    heartbeat: Heartbeat
    release: Release
    subscription_request: SubscriptionRequest
    subscription_response: SubscriptionResponse
    subscription_delete: SubscriptionDelete
    subscription_delete_response: SubscriptionDeleteResponse
    def __init__(self, id: _Optional[int] = ..., sent_monotonic_ns: _Optional[int] = ..., setup_request: _Optional[_Union[SetupRequest, _Mapping]] = ..., setup_response: _Optional[_Union[SetupResponse, _Mapping]] = ..., indication_message: _Optional[_Union[IndicationMessage, _Mapping]] = ..., dapp_control_action: _Optional[_Union[DAppControlAction, _Mapping]] = ..., dapp_report: _Optional[_Union[DAppReport, _Mapping]] = ..., dapp_report_ack: _Optional[_Union[DAppReportAck, _Mapping]] = ..., xapp_control_action: _Optional[_Union[XAppControlAction, _Mapping]] = ..., policy_status: _Optional[_Union[PolicyStatus, _Mapping]] = ..., message_ack: _Optional[_Union[MessageAck, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., release: _Optional[_Union[Release, _Mapping]] = ..., subscription_request: _Optional[_Union[SubscriptionRequest, _Mapping]] = ..., subscription_response: _Optional[_Union[SubscriptionResponse, _Mapping]] = ..., subscription_delete: _Optional[_Union[SubscriptionDelete, _Mapping]] = ..., subscription_delete_response: _Optional[_Union[SubscriptionDeleteResponse, _Mapping]] = ...) -> None: ...

class ProblemNames(_message.Message):
    __slots__ = ("observation", "action", "reward")
    OBSERVATION_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    REWARD_FIELD_NUMBER: _ClassVar[int]
    observation: str
    action: str
    reward: str
    def __init__(self, observation: _Optional[str] = ..., action: _Optional[str] = ..., reward: _Optional[str] = ...) -> None: ...

class SetupRequest(_message.Message):
    __slots__ = ("dapp_id", "du_id", "e3ap_protocol_version", "schema_fingerprint", "problem", "running_version", "supported_versions")
    DAPP_ID_FIELD_NUMBER: _ClassVar[int]
    DU_ID_FIELD_NUMBER: _ClassVar[int]
    E3AP_PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    RUNNING_VERSION_FIELD_NUMBER: _ClassVar[int]
    SUPPORTED_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    dapp_id: int
    du_id: int
    e3ap_protocol_version: str
    schema_fingerprint: str
    problem: ProblemNames
    running_version: int
    supported_versions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, dapp_id: _Optional[int] = ..., du_id: _Optional[int] = ..., e3ap_protocol_version: _Optional[str] = ..., schema_fingerprint: _Optional[str] = ..., problem: _Optional[_Union[ProblemNames, _Mapping]] = ..., running_version: _Optional[int] = ..., supported_versions: _Optional[_Iterable[str]] = ...) -> None: ...

class RanFunction(_message.Message):
    __slots__ = ("ran_function_id", "name", "revision", "longest_period_frames", "user_measurements")
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    LONGEST_PERIOD_FRAMES_FIELD_NUMBER: _ClassVar[int]
    USER_MEASUREMENTS_FIELD_NUMBER: _ClassVar[int]
    ran_function_id: int
    name: str
    revision: int
    longest_period_frames: int
    user_measurements: bool
    def __init__(self, ran_function_id: _Optional[int] = ..., name: _Optional[str] = ..., revision: _Optional[int] = ..., longest_period_frames: _Optional[int] = ..., user_measurements: _Optional[bool] = ...) -> None: ...

class SetupResponse(_message.Message):
    __slots__ = ("response_code", "cause", "e3ap_protocol_version", "ran_facts", "epoch", "next_frame", "lockstep", "heartbeat_period_ms", "supported_versions", "ran_functions")
    RESPONSE_CODE_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    E3AP_PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    RAN_FACTS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    NEXT_FRAME_FIELD_NUMBER: _ClassVar[int]
    LOCKSTEP_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_PERIOD_MS_FIELD_NUMBER: _ClassVar[int]
    SUPPORTED_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTIONS_FIELD_NUMBER: _ClassVar[int]
    response_code: _common_pb2.ResponseCode
    cause: _cause_pb2.Cause
    e3ap_protocol_version: str
    ran_facts: _common_pb2.RanFacts
    epoch: int
    next_frame: int
    lockstep: bool
    heartbeat_period_ms: int
    supported_versions: _containers.RepeatedScalarFieldContainer[str]
    ran_functions: _containers.RepeatedCompositeFieldContainer[RanFunction]
    def __init__(self, response_code: _Optional[_Union[_common_pb2.ResponseCode, str]] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ..., e3ap_protocol_version: _Optional[str] = ..., ran_facts: _Optional[_Union[_common_pb2.RanFacts, _Mapping]] = ..., epoch: _Optional[int] = ..., next_frame: _Optional[int] = ..., lockstep: _Optional[bool] = ..., heartbeat_period_ms: _Optional[int] = ..., supported_versions: _Optional[_Iterable[str]] = ..., ran_functions: _Optional[_Iterable[_Union[RanFunction, _Mapping]]] = ...) -> None: ...

class SubscriptionRequest(_message.Message):
    __slots__ = ("subscription_id", "ran_function_id", "period_frames", "user_measurements")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    RAN_FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FRAMES_FIELD_NUMBER: _ClassVar[int]
    USER_MEASUREMENTS_FIELD_NUMBER: _ClassVar[int]
    subscription_id: int
    ran_function_id: int
    period_frames: int
    user_measurements: bool
    def __init__(self, subscription_id: _Optional[int] = ..., ran_function_id: _Optional[int] = ..., period_frames: _Optional[int] = ..., user_measurements: _Optional[bool] = ...) -> None: ...

class SubscriptionResponse(_message.Message):
    __slots__ = ("subscription_id", "response_code", "cause")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_CODE_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    subscription_id: int
    response_code: _common_pb2.ResponseCode
    cause: _cause_pb2.Cause
    def __init__(self, subscription_id: _Optional[int] = ..., response_code: _Optional[_Union[_common_pb2.ResponseCode, str]] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ...) -> None: ...

class SubscriptionDelete(_message.Message):
    __slots__ = ("subscription_id",)
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    subscription_id: int
    def __init__(self, subscription_id: _Optional[int] = ...) -> None: ...

class SubscriptionDeleteResponse(_message.Message):
    __slots__ = ("subscription_id", "response_code", "cause")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_CODE_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    subscription_id: int
    response_code: _common_pb2.ResponseCode
    cause: _cause_pb2.Cause
    def __init__(self, subscription_id: _Optional[int] = ..., response_code: _Optional[_Union[_common_pb2.ResponseCode, str]] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ...) -> None: ...

class SliceQuota(_message.Message):
    __slots__ = ("rrm_policy_ratio_list",)
    RRM_POLICY_RATIO_LIST_FIELD_NUMBER: _ClassVar[int]
    rrm_policy_ratio_list: _containers.RepeatedCompositeFieldContainer[_rc_pb2.RrmPolicyRatio]
    def __init__(self, rrm_policy_ratio_list: _Optional[_Iterable[_Union[_rc_pb2.RrmPolicyRatio, _Mapping]]] = ...) -> None: ...

class RbAssignment(_message.Message):
    __slots__ = ("slice_of_rb",)
    SLICE_OF_RB_FIELD_NUMBER: _ClassVar[int]
    slice_of_rb: bytes
    def __init__(self, slice_of_rb: _Optional[bytes] = ...) -> None: ...

class SliceGrants(_message.Message):
    __slots__ = ("s_nssai", "rbs", "power")
    S_NSSAI_FIELD_NUMBER: _ClassVar[int]
    RBS_FIELD_NUMBER: _ClassVar[int]
    POWER_FIELD_NUMBER: _ClassVar[int]
    s_nssai: _common_pb2.SNssai
    rbs: _containers.RepeatedScalarFieldContainer[int]
    power: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, s_nssai: _Optional[_Union[_common_pb2.SNssai, _Mapping]] = ..., rbs: _Optional[_Iterable[int]] = ..., power: _Optional[_Iterable[float]] = ...) -> None: ...

class UserGrants(_message.Message):
    __slots__ = ("slice_grants_list",)
    SLICE_GRANTS_LIST_FIELD_NUMBER: _ClassVar[int]
    slice_grants_list: _containers.RepeatedCompositeFieldContainer[SliceGrants]
    def __init__(self, slice_grants_list: _Optional[_Iterable[_Union[SliceGrants, _Mapping]]] = ...) -> None: ...

class AppliedDecision(_message.Message):
    __slots__ = ("source", "decision_frame", "policy_version", "slice_quota", "rb_assignment", "user_grants")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    DECISION_FRAME_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    SLICE_QUOTA_FIELD_NUMBER: _ClassVar[int]
    RB_ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    USER_GRANTS_FIELD_NUMBER: _ClassVar[int]
    source: DecisionSource
    decision_frame: int
    policy_version: int
    slice_quota: SliceQuota
    rb_assignment: RbAssignment
    user_grants: UserGrants
    def __init__(self, source: _Optional[_Union[DecisionSource, str]] = ..., decision_frame: _Optional[int] = ..., policy_version: _Optional[int] = ..., slice_quota: _Optional[_Union[SliceQuota, _Mapping]] = ..., rb_assignment: _Optional[_Union[RbAssignment, _Mapping]] = ..., user_grants: _Optional[_Union[UserGrants, _Mapping]] = ...) -> None: ...

class IndicationMessage(_message.Message):
    __slots__ = ("epoch", "frame", "outcome", "applied", "start", "episode", "deterministic", "traceparent")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    EPISODE_FIELD_NUMBER: _ClassVar[int]
    DETERMINISTIC_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    frame: int
    outcome: _measurements_pb2.Measurements
    applied: AppliedDecision
    start: _measurements_pb2.Measurements
    episode: int
    deterministic: bool
    traceparent: str
    def __init__(self, epoch: _Optional[int] = ..., frame: _Optional[int] = ..., outcome: _Optional[_Union[_measurements_pb2.Measurements, _Mapping]] = ..., applied: _Optional[_Union[AppliedDecision, _Mapping]] = ..., start: _Optional[_Union[_measurements_pb2.Measurements, _Mapping]] = ..., episode: _Optional[int] = ..., deterministic: _Optional[bool] = ..., traceparent: _Optional[str] = ...) -> None: ...

class DAppControlAction(_message.Message):
    __slots__ = ("frame", "policy_version", "slice_quota", "rb_assignment", "user_grants", "traceparent")
    FRAME_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    SLICE_QUOTA_FIELD_NUMBER: _ClassVar[int]
    RB_ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    USER_GRANTS_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    frame: int
    policy_version: int
    slice_quota: SliceQuota
    rb_assignment: RbAssignment
    user_grants: UserGrants
    traceparent: str
    def __init__(self, frame: _Optional[int] = ..., policy_version: _Optional[int] = ..., slice_quota: _Optional[_Union[SliceQuota, _Mapping]] = ..., rb_assignment: _Optional[_Union[RbAssignment, _Mapping]] = ..., user_grants: _Optional[_Union[UserGrants, _Mapping]] = ..., traceparent: _Optional[str] = ...) -> None: ...

class DAppReport(_message.Message):
    __slots__ = ("report",)
    REPORT_FIELD_NUMBER: _ClassVar[int]
    report: _dapp_pb2.DappReport
    def __init__(self, report: _Optional[_Union[_dapp_pb2.DappReport, _Mapping]] = ...) -> None: ...

class DAppReportAck(_message.Message):
    __slots__ = ("ack",)
    ACK_FIELD_NUMBER: _ClassVar[int]
    ack: _dapp_pb2.DappReportAck
    def __init__(self, ack: _Optional[_Union[_dapp_pb2.DappReportAck, _Mapping]] = ...) -> None: ...

class XAppControlAction(_message.Message):
    __slots__ = ("policy_chunk",)
    POLICY_CHUNK_FIELD_NUMBER: _ClassVar[int]
    policy_chunk: _dapp_pb2.PolicyChunk
    def __init__(self, policy_chunk: _Optional[_Union[_dapp_pb2.PolicyChunk, _Mapping]] = ...) -> None: ...

class PolicyStatus(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: _dapp_pb2.PolicyStatus
    def __init__(self, status: _Optional[_Union[_dapp_pb2.PolicyStatus, _Mapping]] = ...) -> None: ...

class MessageAck(_message.Message):
    __slots__ = ("message_id", "response_code", "cause")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_CODE_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    message_id: int
    response_code: _common_pb2.ResponseCode
    cause: _cause_pb2.Cause
    def __init__(self, message_id: _Optional[int] = ..., response_code: _Optional[_Union[_common_pb2.ResponseCode, str]] = ..., cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("sequence",)
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    def __init__(self, sequence: _Optional[int] = ...) -> None: ...

class Release(_message.Message):
    __slots__ = ("cause",)
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    cause: _cause_pb2.Cause
    def __init__(self, cause: _Optional[_Union[_cause_pb2.Cause, _Mapping]] = ...) -> None: ...
