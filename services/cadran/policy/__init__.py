"""A trained actor as an artefact: format, version, hash, numpy inference, counter-based exploration noise."""

from cadran.policy.actor import Actor
from cadran.policy.artifact import decode, encode, require_compatible
from cadran.policy.files import load, newest, save
from cadran.policy.meta import PolicyCause, PolicyError, PolicyMeta, tensor_shapes
from cadran.policy.noise import noise

__all__ = [
    "Actor",
    "PolicyCause",
    "PolicyError",
    "PolicyMeta",
    "decode",
    "encode",
    "load",
    "newest",
    "noise",
    "require_compatible",
    "save",
    "tensor_shapes",
]
