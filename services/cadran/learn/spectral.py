"""Spectral normalisation (arXiv 1802.05957) of stacked networks."""

from __future__ import annotations

import torch
from torch import Tensor

from cadran.learn.networks import Params

_EPS = 1e-12


def hidden_weights(params: Params) -> list[str]:
    """Names of the weights that are normalised: those of the hidden layers."""
    return [name for name, tensor in params.items() if name.startswith("layers.") and tensor.dim() == 3]


def new_vectors(params: Params, generator: torch.Generator) -> Params:
    """Random unit vectors ``[N, out]``: guesses of the right singular vector of each hidden weight."""
    vectors = {}
    for name in hidden_weights(params):
        count, _, outputs = params[name].shape
        draw = torch.randn((count, outputs), generator=generator, dtype=params[name].dtype)
        vectors[name] = _unit(draw)
    return vectors


@torch.no_grad()
def refine(params: Params, vectors: Params) -> None:
    """One step of power iteration for every hidden weight, in place."""
    for name, vector in vectors.items():
        weight = params[name]
        vector.copy_(_unit(_apply(weight.transpose(1, 2), _apply(weight, vector))))


def normalised(params: Params, vectors: Params) -> Params:
    """Networks whose hidden weights are W / sigma, sigma = |W v| with v held fixed.

    Args:
        params: stacked networks.
        vectors: v of each hidden weight, ``[N, out]``; empty leaves the networks as they are.
    """
    if not vectors:
        return params
    scaled = dict(params)
    for name, vector in vectors.items():
        sigma = torch.linalg.vector_norm(_apply(params[name], vector), dim=1)
        scaled[name] = params[name] / sigma.view(-1, 1, 1)
    return scaled


def _apply(weight: Tensor, vector: Tensor) -> Tensor:
    """``[N, a, b]`` times ``[N, b]``."""
    return torch.bmm(weight, vector.unsqueeze(2)).squeeze(2)


def _unit(vector: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(vector, dim=1, keepdim=True)
    return vector / (norm + _EPS)
