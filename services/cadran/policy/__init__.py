"""A trained actor as an artefact: format, version, hash, numpy inference, counter-based exploration noise."""

from cadran.policy.actor import Actor
from cadran.policy.artifact import decode, decode_actor, encode
from cadran.policy.compatible import require_compatible, require_compatible_levels
from cadran.policy.files import load, newest, save
from cadran.policy.meta import (
    NetworkMeta,
    PolicyCause,
    PolicyError,
    PolicyMeta,
    TwoLevelMeta,
    tensor_shapes,
)
from cadran.policy.noise import noise
from cadran.policy.two_level import TwoLevelPolicy, encode_two_level

__all__ = [
    "Actor",
    "NetworkMeta",
    "PolicyCause",
    "PolicyError",
    "PolicyMeta",
    "TwoLevelMeta",
    "TwoLevelPolicy",
    "decode",
    "decode_actor",
    "encode",
    "encode_two_level",
    "load",
    "newest",
    "noise",
    "require_compatible",
    "require_compatible_levels",
    "save",
    "tensor_shapes",
]
