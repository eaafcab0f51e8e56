"""Adam over stacked networks, each run stepped by its own kernel call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.optim import Adam

from cadran.learn.networks import Params


class StackedAdam:
    """Adam (torch's fused kernel) over tensors that hold the networks of R runs one after the other.

    The kernel rounds the last few entries of a tensor otherwise than the rest. Each run's part is handed over
    as a tensor of its own, so that it is stepped exactly as if it were alone. Moments exist from the start,
    so the set of tensors to save never changes.

    Args:
        params: leaves, each ``[R n, ...]``.
        runs: R.
        lr: step size.
    """

    def __init__(self, params: Params, runs: int, lr: float) -> None:
        self._moments = {
            name: {
                "step": torch.zeros(runs, dtype=torch.float32, device=param.device),
                "exp_avg": torch.zeros_like(param, requires_grad=False),
                "exp_avg_sq": torch.zeros_like(param, requires_grad=False),
            }
            for name, param in params.items()
        }
        self._runs = runs
        self._parts = [part for param in params.values() for part in self._split(param.detach())]
        self._adam = Adam(self._parts, lr=lr, fused=True)
        states = (
            dict(zip(moments, parts, strict=True))
            for moments in self._moments.values()
            for parts in zip(
                moments["step"],
                *(self._split(moments[key]) for key in ("exp_avg", "exp_avg_sq")),
                strict=True,
            )
        )
        for part, state in zip(self._parts, states, strict=True):
            self._adam.state[part] = state

    def step(self, gradients: Sequence[Tensor]) -> None:
        """One step.

        Args:
            gradients: in the order of the parameters, each ``[R n, ...]``.
        """
        parts = (part for gradient in gradients for part in self._split(gradient.contiguous()))
        for param, gradient in zip(self._parts, parts, strict=True):
            param.grad = gradient
        self._adam.step()

    def moments(self) -> Mapping[str, Mapping[str, Tensor]]:
        """Live references to what the steps keep, by parameter."""
        return self._moments

    def _split(self, tensor: Tensor) -> tuple[Tensor, ...]:
        return tensor.chunk(self._runs)
