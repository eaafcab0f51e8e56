from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from cadran.learn import MetaSpec, Networks
from cadran.learn.meta.inner import InnerLoop, clip_tasks, expanded, gradient_step
from cadran.learn.meta.outer import Validation, validate
from cadran.learn.networks import Params

from ..ddpg.samples import KINDS, TASKS, float64_rows, lively_networks, small_shape
from .samples import batches, leaves, meta_spec, plain_task

OMEGA = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
CASES = [
    ("first", 1, "all", 10.0),
    ("second", 1, "all", 10.0),
    ("second", 1, "all", 0.05),
    ("second", 3, "all", 10.0),
    ("second", 1, "head", 10.0),
]


def spec_of(order: str, steps: int, adapts: str, clip: float, **ddpg: object) -> MetaSpec:
    # With a tau of almost 0 no target depends on what is varied.
    level = {"grad_clip": clip, "tau": 1e-300, **ddpg}
    return meta_spec(level, order=order, inner_steps=steps, adapts=adapts)


def validated(spec: MetaSpec, networks: Networks, shift: Networks | None = None) -> Validation:
    """Validation after the inner steps; with a shift, after that constant step in their place."""
    shape = small_shape(spec.lower.activation, spec.lower.layer_norm)
    train, validation = (float64_rows(shape, batch) for batch in batches(1))
    adapted = expanded(networks, TASKS)
    loop = InnerLoop(shape, spec.lower, spec)
    if shift is not None:
        adapted = replace(
            adapted, actor=added(adapted.actor, shift.actor), critic=added(adapted.critic, shift.critic)
        )
    else:
        for step in range(spec.inner_steps):
            adapted = loop.descend(adapted if step == 0 else loop.follow(adapted), train).networks
    return validate(shape, spec.lower, adapted, validation)


def added(params: Params, shift: Params) -> Params:
    return {name: tensor + shift[name] for name, tensor in params.items()}


def inner_shift(spec: MetaSpec, networks: Networks) -> Networks:
    shape = small_shape()
    train = float64_rows(shape, batches(1)[0])
    start = expanded(networks, TASKS)
    after = InnerLoop(shape, spec.lower, spec).descend(start, train).networks
    return replace(
        after,
        actor={name: after.actor[name] - tensor for name, tensor in start.actor.items()},
        critic={name: after.critic[name] - tensor for name, tensor in start.critic.items()},
    )


def quotient(
    loss: Callable[[Params], Tensor], params: Params, direction: Params, step: float = 1e-6
) -> float:
    ends = [
        float(loss({name: t.detach() + sign * step * direction[name] for name, t in params.items()}))
        for sign in (1.0, -1.0)
    ]
    return (ends[0] - ends[1]) / (2.0 * step)


@pytest.mark.parametrize(("order", "steps", "adapts", "clip"), CASES)
def test_the_meta_gradient_is_that_of_finite_differences(
    order: str, steps: int, adapts: str, clip: float
) -> None:
    """First order: of the outer loss with the inner step held constant."""
    spec = spec_of(order, steps, adapts, clip)
    networks = lively_networks(small_shape(), tasks=1)
    shift = inner_shift(spec, networks) if order == "first" else None
    generator = torch.Generator().manual_seed(7)
    for group, part in (("critic", "critic_loss"), ("actor", "actor_loss")):
        own = leaves(getattr(networks, group))
        direction = {
            name: torch.randn(t.shape, generator=generator, dtype=t.dtype) for name, t in own.items()
        }

        def loss(params: Params, group: str = group, part: str = part) -> Tensor:
            moved = replace(networks, **{group: params})
            found: Tensor = getattr(validated(spec, moved, shift), part)
            return (OMEGA * found).sum()

        meta = (OMEGA * getattr(validated(spec, replace(networks, **{group: own})), part)).sum()
        gradients = torch.autograd.grad(meta, list(own.values()))
        along = sum(float((g * direction[name]).sum()) for name, g in zip(own, gradients, strict=True))
        assert along == pytest.approx(quotient(loss, own, direction), rel=1e-6)


@pytest.mark.parametrize("order", ["first", "second"])
@pytest.mark.parametrize(("activation", "layer_norm"), KINDS)
def test_stacked_tasks_equal_separate_ones(order: str, activation: str, layer_norm: bool) -> None:
    kind = {"activation": activation, "layer_norm": layer_norm, "tau": 0.1}
    spec = spec_of(order, 2, "all", 1.0, **kind)
    shape = small_shape(activation, layer_norm)
    fixed = lively_networks(shape, tasks=1)
    found = []
    for way in ("stacked", "separate"):
        own = replace(fixed, actor=leaves(fixed.actor), critic=leaves(fixed.critic))
        if way == "stacked":
            loss = validated(spec, own).meta_loss(OMEGA)
        else:
            judged = [plain_task(spec, shape, own, *batches(1), task) for task in range(TASKS)]
            loss = sum(
                (OMEGA[task] * (one.critic_loss + one.actor_loss) for task, one in enumerate(judged)),
                start=torch.zeros((), dtype=torch.float64),
            )
        gradients = torch.autograd.grad(loss, [*own.critic.values(), *own.actor.values()])
        found.append([loss.detach(), *gradients])
    for together, apart in zip(*found, strict=True):
        torch.testing.assert_close(together, apart, rtol=1e-12, atol=1e-12)


def test_the_actors_part_of_the_meta_loss_does_not_reach_the_critic() -> None:
    spec = spec_of("second", 2, "all", 10.0)
    fixed = lively_networks(small_shape(), tasks=1)
    own = replace(fixed, actor=leaves(fixed.actor), critic=leaves(fixed.critic))
    loss = validated(spec, own).actor_loss.sum()
    reached = torch.autograd.grad(loss, list(own.critic.values()), allow_unused=True)
    assert all(gradient is None for gradient in reached)


def test_targets_are_never_differentiated() -> None:
    spec = spec_of("second", 2, "all", 10.0, tau=0.5)
    fixed = lively_networks(small_shape(), tasks=1)
    own = Networks(*(leaves(getattr(fixed, name)) for name in vars(fixed)))
    loss = validated(spec, own).meta_loss(OMEGA)
    slow = [*own.target_actor.values(), *own.target_critic.values()]
    assert all(g is None for g in torch.autograd.grad(loss, slow, allow_unused=True))


def test_the_orders_differ_by_the_curvature_of_the_inner_loss() -> None:
    """theta' = theta - a (A theta + b) and L' = c theta': gradient c, and c - a A c in second order."""
    generator = torch.Generator().manual_seed(0)
    curvature = torch.randn((4, 4), generator=generator, dtype=torch.float64)
    curvature = curvature + curvature.T
    slope, outer = torch.randn((2, 4), generator=generator, dtype=torch.float64)

    def meta_gradient(bend: Tensor, order: str) -> Tensor:
        theta = torch.ones((1, 4), dtype=torch.float64, requires_grad=True)

        def inner(params: Params) -> Tensor:
            x = params["x"]
            return 0.5 * ((x @ bend) * x).sum(1) + (x * slope).sum(1)

        after, _ = gradient_step({"x": theta}, inner, 0.1, limit=1e9, second_order=order == "second")
        return torch.autograd.grad((after["x"] * outer).sum(), theta)[0][0]

    torch.testing.assert_close(meta_gradient(curvature, "first"), outer)
    torch.testing.assert_close(meta_gradient(curvature, "second"), outer - 0.1 * curvature @ outer)
    flat = torch.zeros_like(curvature)
    assert torch.equal(meta_gradient(flat, "first"), meta_gradient(flat, "second"))


def test_clipping_limits_each_task_by_itself_and_leaves_a_finite_gradient_at_zero() -> None:
    tasks = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]], dtype=torch.float64, requires_grad=True)
    clipped = clip_tasks({"x": tasks}, 1.0)["x"]
    np.testing.assert_allclose(clipped.detach().numpy(), [[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]], rtol=1e-15)
    gradient = torch.autograd.grad(clipped.sum(), tasks)[0]
    assert gradient.isfinite().all()
    assert torch.equal(gradient[1:], torch.ones((2, 2), dtype=torch.float64))
