"""Decisions <-> protobuf, with validation: slice quotas, a slice for each RB, RBs and power for each UE."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cadran.wire.codecs import (
    SLICES,
    AnyIntArray,
    FloatArray,
    HasQuota,
    QuotaArrays,
    Ratios,
    SNssai,
    out_of_range,
    quota_from_proto,
    ratios_to_proto,
    s_nssai_from_proto,
    s_nssai_to_proto,
    taken,
)
from cadran.wire.gen.e3ap.v1 import e3ap_pb2


@dataclass(frozen=True)
class AssignmentArrays:
    """Which slice each RB belongs to: int8[K], -1 = unused."""

    slice_of_rb: NDArray[np.int8]


class HasGrants(Protocol):
    """RBs and power of UEs: fields of `GrantArrays`."""

    @property
    def ue_rbs(self) -> AnyIntArray:
        """RBs of each UE in every TTI, int[S, U]."""

    @property
    def ue_power(self) -> FloatArray:
        """Power of each of its RBs as a fraction of the most, float32[S, U]."""


@dataclass(frozen=True)
class GrantArrays:
    """RBs of each UE in every TTI, int16[S, U], and the power of each of them, float32[S, U].

    Whether they can be granted is for the DU to say, which knows its UEs.
    """

    ue_rbs: NDArray[np.int16]
    ue_power: FloatArray


Decision = QuotaArrays | AssignmentArrays | GrantArrays
DecisionMessage = e3ap_pb2.DAppControlAction | e3ap_pb2.AppliedDecision


def set_quota(message: DecisionMessage, quota: HasQuota, slices: tuple[SNssai, ...] = SLICES) -> None:
    """Make `message` carry a quota."""
    # Built for each frame and DU: nine numbers into a parsed template cost a third of nine new messages.
    policies = message.slice_quota
    policies.ParseFromString(_quota_template(slices))
    columns = zip(
        policies.rrm_policy_ratio_list,
        quota.dedicated_percent.tolist(),
        quota.min_percent.tolist(),
        quota.max_percent.tolist(),
        strict=True,
    )
    for policy, dedicated, minimum, maximum in columns:
        policy.dedicated_prb_policy_ratio = dedicated
        policy.min_prb_policy_ratio = minimum
        policy.max_prb_policy_ratio = maximum


@cache
def _quota_template(slices: tuple[SNssai, ...]) -> bytes:
    policies = [ratios_to_proto(Ratios(0, 0, 0), slice_) for slice_ in slices]
    return e3ap_pb2.SliceQuota(rrm_policy_ratio_list=policies).SerializeToString()


def set_assignment(message: DecisionMessage, slice_of_rb: NDArray[np.int8]) -> None:
    """Make `message` carry a slice per RB, int8[K]."""
    message.rb_assignment.slice_of_rb = slice_of_rb.astype(np.int8, copy=False).tobytes()


def set_grants(message: DecisionMessage, grants: HasGrants, slices: tuple[SNssai, ...] = SLICES) -> None:
    """Make `message` carry RBs and power of UEs."""
    rows = zip(slices, grants.ue_rbs.tolist(), grants.ue_power.tolist(), strict=True)
    message.user_grants.slice_grants_list.extend(
        e3ap_pb2.SliceGrants(s_nssai=s_nssai_to_proto(slice_), rbs=rbs, power=power)
        for slice_, rbs, power in rows
    )


def decision_from_proto(
    message: DecisionMessage, rbs: int, ues_per_slice: int, slices: tuple[SNssai, ...] = SLICES
) -> Decision:
    """The decision in a message.

    Raises:
        RangeError: none is set, a quota is impossible, an assignment has not `rbs` entries in -1..S-1, or
            grants do not name each slice once with `ues_per_slice` entries of at most `rbs` RBs.
    """
    kind = message.WhichOneof("decision")
    if kind == "slice_quota":
        return quota_from_proto(message.slice_quota.rrm_policy_ratio_list, slices)
    if kind == "rb_assignment":
        return _assignment(message.rb_assignment.slice_of_rb, rbs, len(slices))
    if kind == "user_grants":
        return _grants(message.user_grants, rbs, ues_per_slice, slices)
    raise out_of_range("the decision holds neither a slice quota nor an RB assignment nor grants to users")


def _assignment(data: bytes, rbs: int, slices: int) -> AssignmentArrays:
    slice_of_rb = np.frombuffer(data, np.int8)
    if slice_of_rb.size != rbs:
        raise out_of_range(f"the RB assignment has {slice_of_rb.size} entries; the DU has {rbs} RBs")
    if slice_of_rb.size and (slice_of_rb.min() < -1 or slice_of_rb.max() >= slices):
        found = f"{slice_of_rb.min()}..{slice_of_rb.max()}"
        raise out_of_range(f"RBs are assigned to slices {found}; slices are 0..{slices - 1}, -1 is unused")
    return AssignmentArrays(slice_of_rb)


def _grants(
    message: e3ap_pb2.UserGrants, rbs: int, ues_per_slice: int, slices: tuple[SNssai, ...]
) -> GrantArrays:
    named = [s_nssai_from_proto(own.s_nssai) for own in message.slice_grants_list]
    if sorted(named, key=repr) != sorted(slices, key=repr):
        raise out_of_range(f"grants to users name slices {named}; each of {slices} once is needed")
    shape = (len(slices), ues_per_slice)
    grants = GrantArrays(np.zeros(shape, np.int16), np.zeros(shape, np.float32))
    for slice_, own in zip(named, message.slice_grants_list, strict=True):
        if (most := max(own.rbs, default=0)) > rbs:
            raise out_of_range(f"S-NSSAI {slice_}: a user is granted {most} RBs; the DU has {rbs}")
        index = slices.index(slice_)
        grants.ue_rbs[index] = taken(own, "rbs", np.int16, (ues_per_slice,))
        grants.ue_power[index] = taken(own, "power", np.float32, (ues_per_slice,))
    return grants
