"""What an update costs: each variant timed on the same random experience."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from cadran.learn.learner import Batch, Learner
from cadran.learn.losses import actor_loss
from cadran.learn.networks import Params, Shape, actor_shapes, critic_shapes, initialise
from cadran.learn.spec import LearnerSpec, RhoSpec, SamSpec
from cadran.learn.state import new_adam


@dataclass(frozen=True)
class BenchSize:
    """What is timed.

    Attributes:
        agents: number of agents.
        observation_dim: length of the observation.
        action_dim: length of the action.
        repeats: timed repetitions of each variant; the median counts.
    """

    agents: int = 6
    observation_dim: int = 27
    action_dim: int = 3
    repeats: int = 100


@dataclass(frozen=True)
class LearnBench:
    """Median times [ms].

    Attributes:
        sac_ms: a whole update without SAM.
        tasam_ms: a whole update with SAM on the critic and on the actors that the gate selects.
        tasam_all_ms: a whole update with SAM on the critic and on every actor.
        stacked_ms: the actors' part alone (loss, gradient, Adam), all agents in one pass.
        loop_ms: the same, one agent after another, each with its own Adam.
        sac_updates_per_s: 1000 / sac_ms.
        threads: torch threads in use.
    """

    sac_ms: float
    tasam_ms: float
    tasam_all_ms: float
    stacked_ms: float
    loop_ms: float
    sac_updates_per_s: float
    threads: int


def bench_updates(spec: LearnerSpec, size: BenchSize, clock_s: Callable[[], float]) -> LearnBench:
    """Time the variants of one update.

    Args:
        spec: networks and batch size; its method and radii are replaced per variant.
        size: agents, dimensions, repetitions.
        clock_s: a monotonic clock [s].

    Returns:
        Median times.
    """
    batch = _random_batch(spec.batch_size, size)

    def whole(method: str, sam: SamSpec) -> float:
        variant = LearnerSpec.model_validate(spec.model_dump() | {"method": method, "sam": sam.model_dump()})
        learner = Learner(variant, size.agents, size.observation_dim, size.action_dim, seed=0)
        return _median_ms(lambda: learner.update(batch), size.repeats, clock_s)

    rho = RhoSpec(start=0.05, final=0.05)
    sac_ms = whole("sac", SamSpec())
    return LearnBench(
        sac_ms=sac_ms,
        tasam_ms=whole("tasam", SamSpec(actor_rho=rho, critic_rho=rho, gate="td_variance")),
        tasam_all_ms=whole("tasam", SamSpec(actor_rho=rho, critic_rho=rho, gate="none")),
        stacked_ms=_median_ms(_actor_steps(spec, size, [size.agents]), size.repeats, clock_s),
        loop_ms=_median_ms(_actor_steps(spec, size, [1] * size.agents), size.repeats, clock_s),
        sac_updates_per_s=1000.0 / sac_ms,
        threads=torch.get_num_threads(),
    )


def _random_batch(batch_size: int, size: BenchSize) -> Batch:
    rng = np.random.default_rng(0)

    def draw(*dims: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return rng.random((size.agents, batch_size, *dims), dtype=np.float32)

    return Batch(
        observation=draw(size.observation_dim),
        action=draw(size.action_dim),
        reward=draw(),
        next_observation=draw(size.observation_dim),
        discount=np.ones((size.agents, batch_size), np.float32),
    )


def _actor_steps(spec: LearnerSpec, size: BenchSize, groups: list[int]) -> Callable[[], None]:
    """One step of all actors, taken group by group; each group has its own optimiser and critic input."""
    steps = [_actor_step(spec, size, agents) for agents in groups]

    def run() -> None:
        for step in steps:
            step()

    return run


def _actor_step(spec: LearnerSpec, size: BenchSize, agents: int) -> Callable[[], None]:
    shape = Shape.of(spec, agents, size.observation_dim, size.action_dim)
    generator = torch.Generator().manual_seed(0)
    actor: Params = initialise(actor_shapes(shape), generator, torch.float32)
    critic = initialise(critic_shapes(shape), generator, torch.float32)
    params = list(actor.values())
    optimiser = new_adam(params, spec.lr)
    beta = torch.full((agents,), spec.beta_initial)
    who = torch.arange(agents)
    observation = torch.rand((agents, spec.batch_size, size.observation_dim), generator=generator)
    noise = torch.randn((agents, spec.batch_size, size.action_dim), generator=generator)

    def step() -> None:
        loss = actor_loss(shape, actor, critic, beta, who, observation, noise)
        gradients = torch.autograd.grad(loss.total, params)
        for param, gradient in zip(params, gradients, strict=True):
            param.grad = gradient
        optimiser.step()

    return step


def _median_ms(run: Callable[[], object], repeats: int, clock_s: Callable[[], float]) -> float:
    for _ in range(max(3, repeats // 10)):
        run()
    times = []
    for _ in range(repeats):
        start = clock_s()
        run()
        times.append(clock_s() - start)
    return 1000.0 * statistics.median(times)
