from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from cadran.learn.losses import actor_loss
from cadran.learn.networks import Params
from cadran.learn.sam import clip_networks, network_norms, sharpness_aware

from .samples import ACTION, AGENTS, SIZE, float64_params, float64_transitions, normal, small_shape

DIM = 4


def quadratic() -> tuple[Params, Tensor]:
    """N quadratic bowls L_i = 1/2 w_i' A_i w_i."""
    root = normal(AGENTS, DIM, DIM)
    curvature = root @ root.transpose(1, 2) + torch.eye(DIM, dtype=torch.float64)
    return {"w": normal(AGENTS, DIM, seed=8).requires_grad_()}, curvature


def bowl(params: Params, curvature: Tensor) -> Tensor:
    w = params["w"]
    return 0.5 * torch.einsum("ni,nij,nj->", w, curvature, w)


def test_sharp_gradient_of_a_quadratic_has_a_closed_form() -> None:
    params, curvature = quadratic()
    rho = torch.tensor([0.5, 0.0, 0.01], dtype=torch.float64)
    plain = torch.autograd.grad(bowl(params, curvature), list(params.values()))
    (sharp,) = sharpness_aware(params, plain, rho, lambda worst, who: bowl(worst, curvature[who]))
    for i in range(AGENTS):
        a, w = curvature[i].numpy(), params["w"][i].detach().numpy()
        g = a @ w
        expected = a @ (w + rho[i].item() * g / np.linalg.norm(g))
        np.testing.assert_allclose(sharp[i].numpy(), expected, rtol=1e-12)


def test_radius_zero_makes_no_second_pass_and_leaves_the_gradient_alone() -> None:
    params, curvature = quadratic()
    plain = torch.autograd.grad(bowl(params, curvature), list(params.values()))

    def never(worst: Params, who: Tensor) -> Tensor:
        raise AssertionError("second pass")

    sharp = sharpness_aware(params, plain, torch.zeros(AGENTS, dtype=torch.float64), never)
    assert sharp[0] is plain[0]


def test_parameters_are_never_touched() -> None:
    params, curvature = quadratic()
    kept = params["w"].detach().clone()
    plain = torch.autograd.grad(bowl(params, curvature), list(params.values()))

    def failing(worst: Params, who: Tensor) -> Tensor:
        assert not torch.equal(worst["w"], params["w"][who])
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        sharpness_aware(params, plain, torch.ones(AGENTS, dtype=torch.float64), failing)
    assert torch.equal(params["w"], kept)


def test_each_agent_gets_what_it_would_get_alone() -> None:
    shape, alone = small_shape(), small_shape()
    actor, critic = float64_params(shape)
    data, noise = float64_transitions(shape), normal(1, AGENTS, SIZE, ACTION)
    beta, rho = torch.full((AGENTS,), 0.1, dtype=torch.float64), torch.tensor([0.3, 0.0, 0.02])

    def loss(params: Params, who: Tensor) -> Tensor:
        chosen = actor_loss(alone, params, critic, beta, who, data, noise)
        return chosen.total

    everyone = torch.arange(AGENTS)
    plain = torch.autograd.grad(loss(actor, everyone), list(actor.values()))
    sharp = sharpness_aware(actor, plain, rho.double(), loss)
    for i in range(AGENTS):
        mine = {name: tensor.detach()[i : i + 1].requires_grad_() for name, tensor in actor.items()}
        only = torch.tensor([i])
        own = torch.autograd.grad(loss(mine, only), list(mine.values()))
        norm = torch.sqrt(sum((g.square().sum() for g in own), torch.zeros(())))
        worst = {
            name: (tensor + rho[i].double() * g / norm).detach().requires_grad_()
            for (name, tensor), g in zip(mine.items(), own, strict=True)
        }
        expected = torch.autograd.grad(loss(worst, only), list(worst.values()))
        for got, want, first in zip(sharp, expected, plain, strict=True):
            torch.testing.assert_close(got[i : i + 1], want, rtol=1e-12, atol=1e-12)
            if rho[i] == 0.0:
                assert torch.equal(got[i], first[i])


def test_norms_and_clipping_are_per_network() -> None:
    gradients = [normal(AGENTS, 3, 2), normal(AGENTS, 5, seed=6)]
    norms = network_norms(gradients)
    for i in range(AGENTS):
        joined = torch.cat([g[i].flatten() for g in gradients])
        assert norms[i].item() == pytest.approx(joined.norm().item(), rel=1e-12)
    limit = norms.median().item()
    clipped, before = clip_networks(gradients, limit)
    assert torch.equal(before, norms)
    torch.testing.assert_close(network_norms(clipped), norms.clamp(max=limit))
    within = int(norms.argmin())
    assert torch.equal(clipped[0][within], gradients[0][within])
