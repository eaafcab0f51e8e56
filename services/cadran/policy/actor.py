"""Inference of a stochastic actor in numpy; hidden layers of relu or tanh allocate nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cadran.policy.meta import NetworkMeta, PolicyMeta

Float32 = NDArray[np.float32]

_NORM_EPS: Final = np.float32(1e-5)
# sigmoid(+-16) is the last value that float32 still tells from 1, so actions stay strictly inside (0, 1).
_LOGIT_LIMIT: Final = np.float32(16.0)
_ONE: Final = np.float32(1.0)


@dataclass(frozen=True)
class _Layer:
    weight: Float32
    bias: Float32
    norm_weight: Float32 | None
    norm_bias: Float32 | None


class Actor:
    """A squashed-Gaussian actor: ``action = sigmoid(mean(obs) + exp(log_std(obs)) * noise)``.

    Each hidden layer is linear, then layer norm (if the policy has it), then its activation. A single
    observation goes through buffers allocated once, so an actor serves one thread. The result for a single
    observation depends on nothing but weights and observation: same bits in every process of a machine.
    A batch gives the same numbers to float32 rounding.

    Args:
        meta: shapes, activation and clips.
        tensors: float32 arrays named as in ``tensor_shapes``; they are copied.

    Attributes:
        kind: tells it from a policy of two levels.
    """

    kind: ClassVar[Literal["actor"]] = "actor"

    def __init__(self, meta: PolicyMeta | NetworkMeta, tensors: Mapping[str, NDArray[np.float32]]) -> None:
        self.observation_dim: Final = meta.observation_dim
        self.action_dim: Final = meta.action_dim
        self._activation: Final = meta.activation
        self._log_std_min = np.float32(meta.log_std_min)
        self._log_std_max = np.float32(meta.log_std_max)
        own = {name: np.array(value, dtype=np.float32, order="C") for name, value in tensors.items()}
        self._layers = tuple(
            _Layer(
                own[f"layers.{index}.weight"],
                own[f"layers.{index}.bias"],
                own.get(f"layers.{index}.norm.weight"),
                own.get(f"layers.{index}.norm.bias"),
            )
            for index in range(len(meta.hidden))
        )
        self._mean = _Layer(own["mean.weight"], own["mean.bias"], None, None)
        self._log_std = _Layer(own["log_std.weight"], own["log_std.bias"], None, None)
        self._buffers = tuple(np.empty(units, np.float32) for units in meta.hidden)

    def mean(self, observation: ArrayLike) -> Float32:
        """The deterministic action.

        Args:
            observation: float32 ``[..., observation_dim]``.

        Returns:
            float32 ``[..., action_dim]`` in (0, 1), a fresh array.

        Raises:
            ValueError: the last axis is not ``observation_dim``.
        """
        return _squash(self._affine(self._mean, self._features(observation)))

    def sample(self, observation: ArrayLike, noise: ArrayLike) -> Float32:
        """The exploring action.

        Args:
            observation: float32 ``[..., observation_dim]``.
            noise: standard normal, float32 ``[..., action_dim]``.

        Returns:
            float32 ``[..., action_dim]`` in (0, 1), a fresh array.

        Raises:
            ValueError: a last axis is wrong.
        """
        eps = np.asarray(noise, dtype=np.float32)
        if eps.shape[-1:] != (self.action_dim,):
            raise ValueError(f"actor: noise has shape {eps.shape}, last axis must be {self.action_dim}")
        features = self._features(observation)
        scale = self._affine(self._log_std, features)
        np.maximum(scale, self._log_std_min, out=scale)
        np.minimum(scale, self._log_std_max, out=scale)
        np.exp(scale, out=scale)
        logit = self._affine(self._mean, features)
        logit += scale * eps
        return _squash(logit)

    def _features(self, observation: ArrayLike) -> Float32:
        """Output of the last hidden layer, ``[..., hidden[-1]]``."""
        x = np.ascontiguousarray(observation, dtype=np.float32)
        if x.shape[-1:] != (self.observation_dim,):
            raise ValueError(
                f"actor: observation has shape {x.shape}, last axis must be {self.observation_dim}"
            )
        if x.ndim > 1:
            for layer in self._layers:
                x = self._activate(layer, x @ layer.weight)
            return x
        for layer, buffer in zip(self._layers, self._buffers, strict=True):
            x = self._activate(layer, np.dot(x, layer.weight, out=buffer))
        return x

    def _activate(self, layer: _Layer, x: Float32) -> Float32:
        """Bias, layer norm and activation, in place but for crelu."""
        x += layer.bias
        if layer.norm_weight is not None and layer.norm_bias is not None:
            x -= np.add.reduce(x, axis=-1, keepdims=True) / np.float32(x.shape[-1])
            variance = np.add.reduce(x * x, axis=-1, keepdims=True) / np.float32(x.shape[-1])
            x /= np.sqrt(variance + _NORM_EPS)
            x *= layer.norm_weight
            x += layer.norm_bias
        if self._activation == "tanh":
            return np.tanh(x, out=x)
        if self._activation == "crelu":
            x = np.concatenate([x, -x], axis=-1)
        return np.maximum(x, np.float32(0.0), out=x)

    @staticmethod
    def _affine(head: _Layer, features: Float32) -> Float32:
        out: Float32 = np.dot(features, head.weight)
        out += head.bias
        return out


def _squash(logit: Float32) -> Float32:
    """Logistic function in place, strictly inside (0, 1)."""
    np.maximum(logit, -_LOGIT_LIMIT, out=logit)
    np.minimum(logit, _LOGIT_LIMIT, out=logit)
    np.negative(logit, out=logit)
    np.exp(logit, out=logit)
    logit += _ONE
    return np.divide(_ONE, logit, out=logit)
