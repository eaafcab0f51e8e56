"""Numpy arrays and quotas <-> protobuf, with validation.

Arrays of the wire carry the field names of the radio's KPIs, so that the rooms which own those types convert
by field name. The functions that write take any object with these fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from google.protobuf.message import Message
from numpy.typing import NDArray

from cadran.wire.causes import Cause, RangeError
from cadran.wire.gen.e2sm.v1 import common_pb2, rc_pb2
from cadran.wire.gen.e3ap.v1 import measurements_pb2

AnyIntArray = NDArray[np.integer[Any]]
IntArray = NDArray[np.int32]
BytesArray = NDArray[np.int64]
FloatArray = NDArray[np.float32]
Entry = TypeVar("Entry", bound=np.generic)


class HasMeasurements(Protocol):
    """One DU's measurements: fields, units and shapes of `MeasurementArrays`."""

    @property
    def ues(self) -> AnyIntArray:
        """Attached UEs, int[S]."""

    @property
    def arrived_bytes(self) -> AnyIntArray:
        """Bytes that arrived in the frame, int[S]."""

    @property
    def delivered_bytes(self) -> AnyIntArray:
        """Bytes delivered in the frame, int[S]."""

    @property
    def dropped_bytes(self) -> AnyIntArray:
        """Bytes dropped in the frame, int[S]."""

    @property
    def queued_bytes(self) -> AnyIntArray:
        """Bytes waiting at the frame's end, int[S]."""

    @property
    def rbs_quota(self) -> AnyIntArray:
        """Most RBs that the slice could have had, int[S]."""

    @property
    def rbs_used(self) -> AnyIntArray:
        """RBs transmitted on, int[S]."""

    @property
    def backlog_rbs(self) -> FloatArray:
        """RBs that the waiting bytes need, float32[S]."""

    @property
    def arrival_rbs(self) -> FloatArray:
        """RBs a frame that the expected arrivals need, float32[S]."""

    @property
    def arrival_ewma_bytes(self) -> FloatArray:
        """Smoothed arrivals in bytes a frame, float32[S]."""

    @property
    def mean_se(self) -> FloatArray:
        """Mean spectral efficiency in bit/s/Hz, float32[S]."""

    @property
    def ue_rate_bps(self) -> FloatArray:
        """Achievable rate in bit/s, float32[S, U], NaN where there is no UE."""

    @property
    def ue_delay_s(self) -> FloatArray:
        """Age of the oldest waiting byte in s, float32[S, U], NaN where there is no UE."""


@dataclass(frozen=True)
class MeasurementArrays:
    """What one DU measured in one frame. S slices, U columns for UEs, NaN where there is no UE.

    Attributes:
        ues: int32[S].
        arrived_bytes, delivered_bytes, dropped_bytes: int64[S], of the frame.
        queued_bytes: int64[S], at its end.
        rbs_quota, rbs_used: int32[S].
        backlog_rbs, arrival_rbs: float32[S], RBs.
        arrival_ewma_bytes: float32[S], bytes a frame.
        mean_se: float32[S], bit/s/Hz.
        ue_rate_bps, ue_delay_s: float32[S, U].
    """

    ues: IntArray
    arrived_bytes: BytesArray
    delivered_bytes: BytesArray
    dropped_bytes: BytesArray
    queued_bytes: BytesArray
    rbs_quota: IntArray
    rbs_used: IntArray
    backlog_rbs: FloatArray
    arrival_rbs: FloatArray
    arrival_ewma_bytes: FloatArray
    mean_se: FloatArray
    ue_rate_bps: FloatArray
    ue_delay_s: FloatArray


def measurements_to_proto(m: HasMeasurements) -> measurements_pb2.Measurements:
    """The protobuf form of one DU's measurements (per-UE arrays flattened row by row)."""
    return measurements_pb2.Measurements(
        ues=m.ues.tolist(),
        arrived_bytes=m.arrived_bytes.tolist(),
        delivered_bytes=m.delivered_bytes.tolist(),
        dropped_bytes=m.dropped_bytes.tolist(),
        queued_bytes=m.queued_bytes.tolist(),
        rbs_quota=m.rbs_quota.tolist(),
        rbs_used=m.rbs_used.tolist(),
        backlog_rbs=m.backlog_rbs.tolist(),
        arrival_rbs=m.arrival_rbs.tolist(),
        arrival_ewma_bytes=m.arrival_ewma_bytes.tolist(),
        mean_se=m.mean_se.tolist(),
        ue_rate_bps=m.ue_rate_bps.ravel().tolist(),
        ue_delay_s=m.ue_delay_s.ravel().tolist(),
    )


def measurements_from_proto(
    message: measurements_pb2.Measurements, slices: int, ues_per_slice: int
) -> MeasurementArrays:
    """The arrays of one DU.

    Raises:
        RangeError: a field has not the number of entries that `slices` and `ues_per_slice` ask for.
    """
    per_slice, per_ue = (slices,), (slices, ues_per_slice)
    return MeasurementArrays(
        ues=taken(message, "ues", np.int32, per_slice),
        arrived_bytes=taken(message, "arrived_bytes", np.int64, per_slice),
        delivered_bytes=taken(message, "delivered_bytes", np.int64, per_slice),
        dropped_bytes=taken(message, "dropped_bytes", np.int64, per_slice),
        queued_bytes=taken(message, "queued_bytes", np.int64, per_slice),
        rbs_quota=taken(message, "rbs_quota", np.int32, per_slice),
        rbs_used=taken(message, "rbs_used", np.int32, per_slice),
        backlog_rbs=taken(message, "backlog_rbs", np.float32, per_slice),
        arrival_rbs=taken(message, "arrival_rbs", np.float32, per_slice),
        arrival_ewma_bytes=taken(message, "arrival_ewma_bytes", np.float32, per_slice),
        mean_se=taken(message, "mean_se", np.float32, per_slice),
        ue_rate_bps=taken(message, "ue_rate_bps", np.float32, per_ue),
        ue_delay_s=taken(message, "ue_delay_s", np.float32, per_ue),
    )


def taken(message: Message, name: str, dtype: type[Entry], shape: tuple[int, ...]) -> NDArray[Entry]:
    """A repeated field as an array. Raises `RangeError` when it has another number of entries."""
    values, count = getattr(message, name), prod(shape)
    if len(values) != count:
        kind = message.DESCRIPTOR.name
        raise out_of_range(f"{kind}.{name} has {len(values)} entries; {count} are expected")
    array = np.fromiter(values[:], dtype, count)
    return array if len(shape) == 1 else array.reshape(shape)


class SNssai(NamedTuple):
    """Single network slice selection assistance information (3GPP TS 23.003 28.4.2).

    Attributes:
        sst: slice/service type, 0..255: 1 eMBB, 2 URLLC, 3 MIoT (mMTC).
        sd: slice differentiator, 0..2^24-1, or None.
    """

    sst: int
    sd: int | None = None


#: The slices of every per-slice array: eMBB, mMTC, URLLC.
SLICES: tuple[SNssai, ...] = (SNssai(1), SNssai(3), SNssai(2))


def s_nssai_to_proto(slice_: SNssai) -> common_pb2.SNssai:
    """The protobuf form."""
    return common_pb2.SNssai(sst=slice_.sst, sd=slice_.sd)


def s_nssai_from_proto(message: common_pb2.SNssai) -> SNssai:
    """The S-NSSAI of a message. Raises `RangeError` when SST or SD is out of range."""
    slice_ = SNssai(message.sst, message.sd if message.HasField("sd") else None)
    if slice_.sst > 255 or (slice_.sd or 0) >= 2**24:
        raise out_of_range(f"S-NSSAI sst={slice_.sst} sd={slice_.sd}; sst is 0..255, sd 0..16777215")
    return slice_


def slices_of(facts: common_pb2.RanFacts) -> tuple[SNssai, ...]:
    """The slices of a RAN in the order of its arrays. Raises `RangeError` for none, or two alike."""
    slices = tuple(s_nssai_from_proto(message) for message in facts.slices)
    if not slices or len(set(slices)) != len(slices):
        raise out_of_range(f"slices {slices}; at least one, each once")
    return slices


class HasQuota(Protocol):
    """PRB ratios per slice in percent: fields of `QuotaArrays`."""

    @property
    def dedicated_percent(self) -> IntArray:
        """Dedicated ratio in percent, int[S]."""

    @property
    def min_percent(self) -> IntArray:
        """Guaranteed ratio in percent, int[S]."""

    @property
    def max_percent(self) -> IntArray:
        """Largest ratio in percent, int[S]."""


@dataclass(frozen=True)
class QuotaArrays:
    """PRB ratios per slice, percent, int32[S]: 0 <= dedicated <= min <= max <= 100 and sum(min) <= 100."""

    dedicated_percent: IntArray
    min_percent: IntArray
    max_percent: IntArray


class Ratios(NamedTuple):
    """The three PRB ratios of one slice, in percent."""

    dedicated: int
    minimum: int
    maximum: int


def ratios_to_proto(ratios: Ratios, slice_: SNssai) -> rc_pb2.RrmPolicyRatio:
    """The RRM policy ratio of one slice."""
    return rc_pb2.RrmPolicyRatio(
        resource_type=rc_pb2.RESOURCE_TYPE_PRB_DL,
        rrm_policy_members=[rc_pb2.RrmPolicyMember(s_nssai=s_nssai_to_proto(slice_))],
        min_prb_policy_ratio=ratios.minimum,
        max_prb_policy_ratio=ratios.maximum,
        dedicated_prb_policy_ratio=ratios.dedicated,
    )


def quota_to_proto(quota: HasQuota, slices: tuple[SNssai, ...] = SLICES) -> list[rc_pb2.RrmPolicyRatio]:
    """The RRM policy ratios of all slices, in their order."""
    columns = zip(
        quota.dedicated_percent.tolist(), quota.min_percent.tolist(), quota.max_percent.tolist(), strict=True
    )
    return [ratios_to_proto(Ratios(*column), slice_) for column, slice_ in zip(columns, slices, strict=True)]


def ratios_from_proto(
    policies: Iterable[rc_pb2.RrmPolicyRatio], slices: tuple[SNssai, ...] = SLICES
) -> dict[int, Ratios]:
    """Index of the slice -> its ratios, for the slices that `policies` name.

    Raises:
        RangeError: a policy with no or several members, a slice unknown or named twice, an order of ratios
            other than 0 <= dedicated <= min <= max <= 100, or a sum of min above 100 (3GPP TS 28.541 4.3.36).
    """
    found: dict[int, Ratios] = {}
    for policy in policies:
        index = _slice_of(policy, slices)
        if index in found:
            raise out_of_range(f"two RRM policies for S-NSSAI {slices[index]}")
        ratios = Ratios(
            policy.dedicated_prb_policy_ratio, policy.min_prb_policy_ratio, policy.max_prb_policy_ratio
        )
        if not ratios.dedicated <= ratios.minimum <= ratios.maximum <= 100:
            raise out_of_range(f"S-NSSAI {slices[index]}: {ratios}; 0 <= dedicated <= min <= max <= 100")
        found[index] = ratios
    if (total := sum(ratios.minimum for ratios in found.values())) > 100:
        raise out_of_range(f"min ratios sum to {total} %; at most 100")
    return found


def _slice_of(policy: rc_pb2.RrmPolicyRatio, slices: tuple[SNssai, ...]) -> int:
    if policy.resource_type != rc_pb2.RESOURCE_TYPE_PRB_DL:
        raise out_of_range(
            f"resource type {policy.resource_type}; only PRB_DL ({rc_pb2.RESOURCE_TYPE_PRB_DL})"
        )
    members = policy.rrm_policy_members
    if len(members) != 1:
        raise out_of_range(f"an RRM policy has {len(members)} members; exactly one is possible")
    slice_ = s_nssai_from_proto(members[0].s_nssai)
    if slice_ not in slices:
        raise out_of_range(f"unknown S-NSSAI {slice_}; this DU has {slices}")
    return slices.index(slice_)


def quota_from_proto(
    policies: Iterable[rc_pb2.RrmPolicyRatio], slices: tuple[SNssai, ...] = SLICES
) -> QuotaArrays:
    """The quota that names each slice. Raises `RangeError` as `ratios_from_proto`, or for a missing slice."""
    found = ratios_from_proto(policies, slices)
    if len(found) != len(slices):
        raise out_of_range(f"{len(found)} of {len(slices)} slices have an RRM policy; all must")
    table = np.array([found[index] for index in range(len(slices))], np.int32)
    return QuotaArrays(table[:, 0], table[:, 1], table[:, 2])


def control_outcome(
    requested: dict[int, Ratios],
    applied: HasQuota,
    slices: tuple[SNssai, ...],
    epoch: int,
    frame: int,
    dapp_decides: bool = False,
) -> rc_pb2.RicControlOutcome:
    """What became of a slice-level PRB quota: ratios requested and applied, and from which frame.

    With `dapp_decides` a dApp decides that frame, and the ratios rule only once it is silent.
    """
    outcome = rc_pb2.RicControlOutcome(epoch=epoch, effective_frame=frame, dapp_decides=dapp_decides)
    for index, policy in enumerate(quota_to_proto(applied, slices)):
        entry = outcome.applied_ratios.add(s_nssai=s_nssai_to_proto(slices[index]), applied=policy)
        wanted = requested.get(index)
        if wanted is None:
            entry.reason = rc_pb2.APPLIED_REASON_NOT_REQUESTED
            continue
        entry.requested.CopyFrom(ratios_to_proto(wanted, slices[index]))
        same = entry.requested == policy
        entry.reason = rc_pb2.APPLIED_REASON_AS_REQUESTED if same else rc_pb2.APPLIED_REASON_CLIPPED
    return outcome


def out_of_range(text: str) -> RangeError:
    """The error to raise for a field outside its range."""
    return RangeError(Cause("ric_request", "control-message-invalid", text))
