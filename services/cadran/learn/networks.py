"""Networks of many agents and runs, evaluated together.

The tensors of networks of one shape are stacked along a leading axis, so one ``baddbmm`` serves them all.
Of R runs with N agents each, the actors' axis has R N entries, run by run; the critics' has T R, the T = 2
twins of one run side by side, and each twin sees the pooled batch of all its run's agents.
Parameters are plain dictionaries of tensors: the functions here are pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from cadran.learn.spec import LearnerSpec
from cadran.policy import tensor_shapes

Params = dict[str, Tensor]
Masks = Sequence[Tensor] | None
"""One tensor of 0 and 1/(1 - p) per hidden layer, ``[N, B, units]``; None drops nothing."""

TWINS: Final = 2

# The mean head starts near 0, so every first action is about 0.5: no slice begins starved.
_HEAD_SCALE = 0.01


class Trunk(Protocol):
    """What the hidden layers of some networks look like."""

    @property
    def hidden(self) -> tuple[int, ...]:
        """Hidden widths."""

    @property
    def activation(self) -> str:
        """``relu``, ``tanh`` or ``crelu``."""

    @property
    def layer_norm(self) -> bool:
        """Whether hidden layers are normalised."""


@dataclass(frozen=True)
class Shape:
    """What a learner's networks look like.

    Attributes:
        agents: number of actors of one run, N.
        observation_dim: O.
        action_dim: A.
        hidden: hidden widths of actors and critics.
        activation: ``relu``, ``tanh`` or ``crelu``.
        layer_norm: whether hidden layers are normalised.
        log_std_min: lower clip of the log standard deviation.
        log_std_max: upper clip.
        joint: whether the critic sees all agents' observations and actions, or the judged agent's alone.
    """

    agents: int
    observation_dim: int
    action_dim: int
    hidden: tuple[int, ...]
    activation: str
    layer_norm: bool
    log_std_min: float
    log_std_max: float
    joint: bool = False

    @classmethod
    def of(cls, spec: LearnerSpec, agents: int, observation_dim: int, action_dim: int) -> Shape:
        """The networks that a specification asks for."""
        return cls(
            agents,
            observation_dim,
            action_dim,
            spec.hidden,
            spec.activation,
            spec.layer_norm,
            spec.log_std_min,
            spec.log_std_max,
            spec.critic == "joint",
        )

    @property
    def critic_inputs(self) -> int:
        """What a critic sees: observation and action, one agent's or all agents', and a one-hot agent."""
        seen = self.agents if self.joint else 1
        return seen * (self.observation_dim + self.action_dim) + self.agents

    @property
    def encoder(self) -> tuple[str, ...]:
        """Prefixes of the tensors that are neither the last hidden layer nor a head."""
        return tuple(f"layers.{index}." for index in range(len(self.hidden) - 1))


def actor_shapes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Names and stacked shapes of one run's actors; names as in the policy artefact."""
    single = tensor_shapes(
        shape.observation_dim, shape.action_dim, shape.hidden, shape.layer_norm, shape.activation
    )
    return {name: (shape.agents, *dims) for name, dims in single.items()}


def critic_shapes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Names and stacked shapes of one run's twin critic."""
    single = tensor_shapes(shape.critic_inputs, 1, shape.hidden, shape.layer_norm, shape.activation)
    renamed = {
        name.replace("mean.", "value."): dims
        for name, dims in single.items()
        if not name.startswith("log_std.")
    }
    return {name: (TWINS, *dims) for name, dims in renamed.items()}


def initialise(shapes: dict[str, tuple[int, ...]], generator: torch.Generator, dtype: torch.dtype) -> Params:
    """Fresh parameters: uniform in +-1/sqrt(fan in) as ``torch.nn.Linear``; the actors' heads much smaller.

    Args:
        shapes: names and stacked shapes, weights ``[N, in, out]``.
        generator: source of every draw.
        dtype: of the parameters.

    Returns:
        Leaf tensors that require gradients.
    """
    params: Params = {}
    fan_in = 1
    for name, dims in shapes.items():
        if "norm" in name:
            value = torch.full(dims, 1.0 if name.endswith("weight") else 0.0, dtype=dtype)
        else:
            fan_in = dims[1] if name.endswith("weight") else fan_in
            scale = _HEAD_SCALE if name.startswith(("mean.", "log_std.")) else 1.0
            bound = scale / math.sqrt(fan_in)
            value = (torch.rand(dims, generator=generator, dtype=dtype) * 2.0 - 1.0) * bound
        params[name] = value.requires_grad_()
    return params


def stacked_linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """N linear maps at once.

    Args:
        x: ``[N, B, in]``.
        weight: ``[N, in, out]``.
        bias: ``[N, out]``.

    Returns:
        ``[N, B, out]``.
    """
    return torch.baddbmm(bias.unsqueeze(1), x, weight)


def features(shape: Trunk, params: Params, x: Tensor, masks: Masks = None) -> Tensor:
    """Hidden layers: ``[N, B, in]`` to ``[N, B, hidden[-1]]`` (twice as many with crelu)."""
    for index, units in enumerate(shape.hidden):
        x = stacked_linear(x, params[f"layers.{index}.weight"], params[f"layers.{index}.bias"])
        if shape.layer_norm:
            gain = params[f"layers.{index}.norm.weight"].unsqueeze(1)
            offset = params[f"layers.{index}.norm.bias"].unsqueeze(1)
            x = torch.addcmul(offset, functional.layer_norm(x, (units,)), gain)
        x = activate(shape.activation, x)
        if masks is not None:
            x = x * masks[index].repeat(1, 1, x.shape[-1] // units)
    return x


def activate(activation: str, x: Tensor) -> Tensor:
    """An activation by name; ``crelu`` doubles the last axis."""
    if activation == "tanh":
        return torch.tanh(x)
    if activation == "crelu":
        x = torch.cat((x, -x), dim=-1)
    return torch.relu(x)


def actor_heads(
    shape: Shape, params: Params, observation: Tensor, masks: Masks = None
) -> tuple[Tensor, Tensor]:
    """Mean and clipped log standard deviation of the Gaussian before squashing.

    Args:
        shape: of the networks.
        params: the actors', stacked.
        observation: ``[N, B, O]``.
        masks: of dropout.

    Returns:
        Two tensors ``[N, B, A]``.
    """
    hidden = features(shape, params, observation, masks)
    mean = stacked_linear(hidden, params["mean.weight"], params["mean.bias"])
    log_std = stacked_linear(hidden, params["log_std.weight"], params["log_std.bias"])
    return mean, log_std.clamp(shape.log_std_min, shape.log_std_max)


def squashed_log_prob(logit: Tensor, noise: Tensor, log_std: Tensor) -> Tensor:
    """Log density of ``a = sigmoid(u)``, ``u = mean + exp(log_std) * noise``.

    log pi(a) = sum_d [ log N(u_d) - log(a_d (1 - a_d)) ], with log(a (1 - a)) = -softplus(u) - softplus(-u)
    (the entropy term of arXiv 2511.15002 Eq (9) for its sigmoid outputs).

    Args:
        logit: u, ``[..., A]``.
        noise: the standard normal draw that made it, ``[..., A]``.
        log_std: ``[..., A]``.

    Returns:
        ``[...]`` [nat].
    """
    gaussian = -0.5 * noise.square() - log_std - 0.5 * math.log(2.0 * math.pi)
    # softplus(u) + softplus(-u) = 2 softplus(u) - u = -2 log sigmoid(-u) - u
    jacobian = -2.0 * functional.logsigmoid(-logit) - logit
    return (gaussian + jacobian).sum(-1)


def squashed_sample(mean: Tensor, log_std: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Reparameterised actions and their log density.

    Args:
        mean: ``[N, B, A]``.
        log_std: ``[N, B, A]``.
        noise: standard normal ``[N, B, A]``.

    Returns:
        Actions ``[N, B, A]`` in (0, 1), and log pi ``[N, B]`` [nat].
    """
    logit = mean + log_std.exp() * noise
    return squash(logit), squashed_log_prob(logit, noise, log_std)


def squash(logit: Tensor) -> Tensor:
    """Logistic function; torch's own rounds the last entries of a tensor otherwise than the rest."""
    return 0.5 + 0.5 * torch.tanh(0.5 * logit)


def critic_values(shape: Shape, params: Params, pooled: Tensor, masks: Masks = None) -> Tensor:
    """Both critics of some runs on those runs' pooled inputs.

    Args:
        shape: of the networks.
        params: twin critics of g runs, ``[T g, ...]``.
        pooled: ``[g, M, critic_inputs]``, M transitions of any of the run's agents.
        masks: of dropout, ``[T g, M, units]`` each.

    Returns:
        ``[g, T, M]``.
    """
    runs, rows, width = pooled.shape
    twice = pooled.unsqueeze(1).expand(runs, TWINS, rows, width).reshape(runs * TWINS, rows, width)
    hidden = features(shape, params, twice, masks)
    values = stacked_linear(hidden, params["value.weight"], params["value.bias"])
    return values.view(runs, TWINS, rows)


def of_runs(params: Params, runs: Tensor, per_run: int) -> Params:
    """Networks of some runs, ``[per_run g, ...]``, out of those of all, ``[per_run R, ...]``.

    Args:
        params: stacked networks, run by run.
        runs: which runs, int64 ``[g]``, ascending.
        per_run: networks of one run.
    """
    first = next(iter(params.values()))
    if len(runs) * per_run == len(first):
        return params
    places = (runs.unsqueeze(1) * per_run + torch.arange(per_run, device=runs.device)).flatten()
    return {name: tensor[places] for name, tensor in params.items()}
