"""Networks of many agents, evaluated together.

The tensors of N networks of one shape are stacked along a leading axis, so one ``baddbmm`` serves them all.
For the actors the axis is the agent; for the twin critic it is the twin, which sees the pooled batch.
Parameters are plain dictionaries of tensors: the functions here are pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from cadran.learn.spec import LearnerSpec
from cadran.policy import tensor_shapes

Params = dict[str, Tensor]

# The mean head starts near 0, so every first action is about 0.5: no slice begins starved.
_HEAD_SCALE = 0.01


@dataclass(frozen=True)
class Shape:
    """What a learner's networks look like.

    Attributes:
        agents: number of actors, N.
        observation_dim: O.
        action_dim: A.
        hidden: hidden widths of actors and critics.
        activation: ``relu`` or ``tanh``.
        layer_norm: whether hidden layers are normalised.
        log_std_min: lower clip of the log standard deviation.
        log_std_max: upper clip.
    """

    agents: int
    observation_dim: int
    action_dim: int
    hidden: tuple[int, ...]
    activation: str
    layer_norm: bool
    log_std_min: float
    log_std_max: float

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
        )


def actor_shapes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Names and stacked shapes of the actors' tensors; names as in the policy artefact."""
    single = tensor_shapes(shape.observation_dim, shape.action_dim, shape.hidden, shape.layer_norm)
    return {name: (shape.agents, *dims) for name, dims in single.items()}


def critic_shapes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the twin critic's tensors: input is observation, action and one-hot agent."""
    inputs = shape.observation_dim + shape.action_dim + shape.agents
    single = tensor_shapes(inputs, 1, shape.hidden, shape.layer_norm)
    renamed = {
        name.replace("mean.", "value."): dims
        for name, dims in single.items()
        if not name.startswith("log_std.")
    }
    return {name: (2, *dims) for name, dims in renamed.items()}


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


def features(shape: Shape, params: Params, x: Tensor) -> Tensor:
    """Hidden layers: ``[N, B, in]`` to ``[N, B, hidden[-1]]``."""
    for index, units in enumerate(shape.hidden):
        x = stacked_linear(x, params[f"layers.{index}.weight"], params[f"layers.{index}.bias"])
        if shape.layer_norm:
            gain = params[f"layers.{index}.norm.weight"].unsqueeze(1)
            offset = params[f"layers.{index}.norm.bias"].unsqueeze(1)
            x = torch.addcmul(offset, functional.layer_norm(x, (units,)), gain)
        x = torch.tanh(x) if shape.activation == "tanh" else torch.relu(x)
    return x


def actor_heads(shape: Shape, params: Params, observation: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and clipped log standard deviation of the Gaussian before squashing.

    Args:
        shape: of the networks.
        params: the actors', stacked.
        observation: ``[N, B, O]``.

    Returns:
        Two tensors ``[N, B, A]``.
    """
    hidden = features(shape, params, observation)
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
    # softplus(u) + softplus(-u) = |u| + 2 log(1 + exp(-|u|)) = 2 softplus(u) - u
    jacobian = 2.0 * functional.softplus(logit) - logit
    return (gaussian + jacobian).sum(-1)


def sample_actions(shape: Shape, params: Params, observation: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Reparameterised actions and their log density.

    Args:
        shape: of the networks.
        params: the actors', stacked.
        observation: ``[N, B, O]``.
        noise: standard normal ``[N, B, A]``.

    Returns:
        Actions ``[N, B, A]`` in (0, 1), and log pi ``[N, B]`` [nat].
    """
    mean, log_std = actor_heads(shape, params, observation)
    logit = mean + log_std.exp() * noise
    return torch.sigmoid(logit), squashed_log_prob(logit, noise, log_std)


def critic_values(
    shape: Shape, params: Params, agents: Tensor, observation: Tensor, action: Tensor
) -> Tensor:
    """The global critic on each agent's own transitions; a one-hot input tells it whose they are.

    Args:
        shape: of the networks.
        params: the twin critic's, ``[T, ...]``, T twins.
        agents: which agents, int64 ``[n]``, each in [0, N).
        observation: ``[n, B, O]``.
        action: ``[n, B, A]``.

    Returns:
        ``[T, n, B]``.
    """
    count, batch = observation.shape[:2]
    who = torch.eye(shape.agents, dtype=observation.dtype)[agents]
    who = who.unsqueeze(1).expand(count, batch, shape.agents)
    pooled = torch.cat((observation, action, who), dim=-1).reshape(1, count * batch, -1)
    twins = params["value.bias"].shape[0]
    hidden = features(shape, params, pooled.expand(twins, -1, -1))
    values = stacked_linear(hidden, params["value.weight"], params["value.bias"])
    return values.view(twins, count, batch)
