"""What one DU measures of its UEs <-> protobuf, with validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cadran.wire.codecs import AnyIntArray, BytesArray, FloatArray, IntArray, out_of_range, taken
from cadran.wire.gen.e3ap.v1 import measurements_pb2


class HasUserMeasurements(Protocol):
    """One DU's measurements of its UEs: fields, units and shapes of `UserMeasurementArrays`."""

    @property
    def arrived_bytes(self) -> AnyIntArray:
        """Bytes that arrived in the frame, int[S, U]."""

    @property
    def delivered_bytes(self) -> AnyIntArray:
        """Bytes delivered in the frame, int[S, U]."""

    @property
    def queued_bytes(self) -> AnyIntArray:
        """Bytes waiting at the frame's end, those in HARQ included, int[S, U]."""

    @property
    def mean_se(self) -> FloatArray:
        """Mean spectral efficiency in bit/s/Hz, float32[S, U]."""

    @property
    def rbs(self) -> AnyIntArray:
        """RBs transmitted on, added up over the frame's TTIs, int[S, U]."""

    @property
    def power(self) -> FloatArray:
        """Mean power of the granted RBs as a fraction of the most, float32[S]."""


@dataclass(frozen=True)
class UserMeasurementArrays:
    """What one DU measured of its UEs in one frame. S slices, U places; 0 where there is no UE.

    Attributes:
        arrived_bytes, delivered_bytes: int64[S, U], of the frame.
        queued_bytes: int64[S, U], at its end, those in HARQ included.
        mean_se: float32[S, U], bit/s/Hz.
        rbs: int32[S, U], transmitted on, added up over the frame's TTIs.
        power: float32[S], mean power of the granted RBs as a fraction of the most.
    """

    arrived_bytes: BytesArray
    delivered_bytes: BytesArray
    queued_bytes: BytesArray
    mean_se: FloatArray
    rbs: IntArray
    power: FloatArray


def user_measurements_to_proto(m: HasUserMeasurements) -> measurements_pb2.UserMeasurements:
    """The protobuf form of what one DU measured of its UEs (arrays flattened row by row)."""
    return measurements_pb2.UserMeasurements(
        arrived_bytes=m.arrived_bytes.ravel().tolist(),
        delivered_bytes=m.delivered_bytes.ravel().tolist(),
        queued_bytes=m.queued_bytes.ravel().tolist(),
        mean_se=m.mean_se.ravel().tolist(),
        rbs=m.rbs.ravel().tolist(),
        power=m.power.tolist(),
    )


def user_measurements_from_proto(
    message: measurements_pb2.Measurements, slices: int, ues_per_slice: int
) -> UserMeasurementArrays:
    """What one DU measured of its UEs.

    Raises:
        RangeError: the measurements tell nothing of UEs, or a field has not the number of entries that
            `slices` and `ues_per_slice` ask for.
    """
    if not message.HasField("users"):
        raise out_of_range("Measurements.users is absent; this dApp decides for users")
    users, per_ue = message.users, (slices, ues_per_slice)
    return UserMeasurementArrays(
        arrived_bytes=taken(users, "arrived_bytes", np.int64, per_ue),
        delivered_bytes=taken(users, "delivered_bytes", np.int64, per_ue),
        queued_bytes=taken(users, "queued_bytes", np.int64, per_ue),
        mean_se=taken(users, "mean_se", np.float32, per_ue),
        rbs=taken(users, "rbs", np.int32, per_ue),
        power=taken(users, "power", np.float32, (slices,)),
    )
