from cadran.wire.gen.e2sm.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResourceType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESOURCE_TYPE_UNSPECIFIED: _ClassVar[ResourceType]
    RESOURCE_TYPE_PRB_DL: _ClassVar[ResourceType]

class AppliedReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    APPLIED_REASON_UNSPECIFIED: _ClassVar[AppliedReason]
    APPLIED_REASON_AS_REQUESTED: _ClassVar[AppliedReason]
    APPLIED_REASON_CLIPPED: _ClassVar[AppliedReason]
    APPLIED_REASON_SLICE_UNKNOWN: _ClassVar[AppliedReason]
    APPLIED_REASON_NOT_REQUESTED: _ClassVar[AppliedReason]
RESOURCE_TYPE_UNSPECIFIED: ResourceType
RESOURCE_TYPE_PRB_DL: ResourceType
APPLIED_REASON_UNSPECIFIED: AppliedReason
APPLIED_REASON_AS_REQUESTED: AppliedReason
APPLIED_REASON_CLIPPED: AppliedReason
APPLIED_REASON_SLICE_UNKNOWN: AppliedReason
APPLIED_REASON_NOT_REQUESTED: AppliedReason

class RcControlHeader(_message.Message):
    __slots__ = ("ric_style_type", "ric_control_action_id")
    RIC_STYLE_TYPE_FIELD_NUMBER: _ClassVar[int]
    RIC_CONTROL_ACTION_ID_FIELD_NUMBER: _ClassVar[int]
    ric_style_type: int
    ric_control_action_id: int
    def __init__(self, ric_style_type: _Optional[int] = ..., ric_control_action_id: _Optional[int] = ...) -> None: ...

class RcControlMessage(_message.Message):
    __slots__ = ("rrm_policy_ratio_list",)
    RRM_POLICY_RATIO_LIST_FIELD_NUMBER: _ClassVar[int]
    rrm_policy_ratio_list: _containers.RepeatedCompositeFieldContainer[RrmPolicyRatio]
    def __init__(self, rrm_policy_ratio_list: _Optional[_Iterable[_Union[RrmPolicyRatio, _Mapping]]] = ...) -> None: ...

class RrmPolicyMember(_message.Message):
    __slots__ = ("plmn_identity", "s_nssai")
    PLMN_IDENTITY_FIELD_NUMBER: _ClassVar[int]
    S_NSSAI_FIELD_NUMBER: _ClassVar[int]
    plmn_identity: str
    s_nssai: _common_pb2.SNssai
    def __init__(self, plmn_identity: _Optional[str] = ..., s_nssai: _Optional[_Union[_common_pb2.SNssai, _Mapping]] = ...) -> None: ...

class RrmPolicyRatio(_message.Message):
    __slots__ = ("resource_type", "rrm_policy_members", "min_prb_policy_ratio", "max_prb_policy_ratio", "dedicated_prb_policy_ratio")
    RESOURCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    RRM_POLICY_MEMBERS_FIELD_NUMBER: _ClassVar[int]
    MIN_PRB_POLICY_RATIO_FIELD_NUMBER: _ClassVar[int]
    MAX_PRB_POLICY_RATIO_FIELD_NUMBER: _ClassVar[int]
    DEDICATED_PRB_POLICY_RATIO_FIELD_NUMBER: _ClassVar[int]
    resource_type: ResourceType
    rrm_policy_members: _containers.RepeatedCompositeFieldContainer[RrmPolicyMember]
    min_prb_policy_ratio: int
    max_prb_policy_ratio: int
    dedicated_prb_policy_ratio: int
    def __init__(self, resource_type: _Optional[_Union[ResourceType, str]] = ..., rrm_policy_members: _Optional[_Iterable[_Union[RrmPolicyMember, _Mapping]]] = ..., min_prb_policy_ratio: _Optional[int] = ..., max_prb_policy_ratio: _Optional[int] = ..., dedicated_prb_policy_ratio: _Optional[int] = ...) -> None: ...

class AppliedRatio(_message.Message):
    __slots__ = ("s_nssai", "requested", "applied", "reason")
    S_NSSAI_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_FIELD_NUMBER: _ClassVar[int]
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    s_nssai: _common_pb2.SNssai
    requested: RrmPolicyRatio
    applied: RrmPolicyRatio
    reason: AppliedReason
    def __init__(self, s_nssai: _Optional[_Union[_common_pb2.SNssai, _Mapping]] = ..., requested: _Optional[_Union[RrmPolicyRatio, _Mapping]] = ..., applied: _Optional[_Union[RrmPolicyRatio, _Mapping]] = ..., reason: _Optional[_Union[AppliedReason, str]] = ...) -> None: ...

class RicControlOutcome(_message.Message):
    __slots__ = ("applied_ratios", "epoch", "effective_frame", "dapp_decides")
    APPLIED_RATIOS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FRAME_FIELD_NUMBER: _ClassVar[int]
    DAPP_DECIDES_FIELD_NUMBER: _ClassVar[int]
    applied_ratios: _containers.RepeatedCompositeFieldContainer[AppliedRatio]
    epoch: int
    effective_frame: int
    dapp_decides: bool
    def __init__(self, applied_ratios: _Optional[_Iterable[_Union[AppliedRatio, _Mapping]]] = ..., epoch: _Optional[int] = ..., effective_frame: _Optional[int] = ..., dapp_decides: _Optional[bool] = ...) -> None: ...
