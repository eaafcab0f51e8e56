"""What an update costs: variants side by side on the same random experience, in alternating rounds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from cadran.learn.adam import StackedAdam
from cadran.learn.batch import Batch
from cadran.learn.losses import Transitions, actor_loss
from cadran.learn.networks import Params, Shape, actor_shapes, critic_shapes, initialise
from cadran.learn.population import Population
from cadran.learn.spec import LearnerSpec, RhoSpec, SamSpec

_RHO = RhoSpec(start=0.05, final=0.05)


@dataclass(frozen=True)
class BenchSize:
    """What is timed.

    Attributes:
        agents: agents of the updates with and without SAM; a quarter of them is selected in one variant.
        observation_dim: length of the observation.
        action_dim: length of the action.
        stacked_agents: actors that are stepped together, and one after another.
        seeds: runs that are trained together, and one after another, of the measured size and of `small`.
        rounds: timed rounds; in each, every variant of a comparison runs once, and the median counts.
        small: networks and batch of `scenarios/smoke.yaml`.
        wide: networks and batch of the comparison of stacked actors; the paper's, arXiv 2511.15002 Table 1.
    """

    agents: int = 8
    observation_dim: int = 42
    action_dim: int = 3
    stacked_agents: int = 6
    seeds: int = 5
    rounds: int = 40
    small: LearnerSpec = field(default=LearnerSpec(hidden=(32, 32), batch_size=16))
    wide: LearnerSpec = field(
        default=LearnerSpec(
            hidden=(300, 400, 400), activation="tanh", layer_norm=False, batch_size=128, lr=1e-4
        )
    )


@dataclass(frozen=True)
class LearnBench:
    """Median times.

    Attributes:
        sac_ms: a whole update without SAM.
        tasam_all_ms: with SAM on every actor, not on the critic.
        tasam_quarter_ms: with SAM on a quarter of the actors, not on the critic.
        critic_sam_ms: with SAM on the critic alone.
        tasam_all_critic_ms: with SAM on every actor and the critic.
        stacked_ms: the actors' part alone at the paper's size (loss, gradient, Adam), all in one pass.
        loop_ms: the same, one actor after another, each with its own Adam.
        population_ms: one update of each of several seeds of small networks as one stacked program.
        one_by_one_ms: the same, one seed after another.
        population_speedup: one_by_one_ms / population_ms, on small networks.
        population_speedup_here: the same ratio on the networks of the other variants.
        population_agent_updates_per_s: updates of an actor per second, trained together.
        one_by_one_agent_updates_per_s: trained one seed after another.
        sac_updates_per_s: 1000 / sac_ms.
        threads: torch threads in use.
        device: where the networks live.
    """

    sac_ms: float
    tasam_all_ms: float
    tasam_quarter_ms: float
    critic_sam_ms: float
    tasam_all_critic_ms: float
    stacked_ms: float
    loop_ms: float
    population_ms: float
    one_by_one_ms: float
    population_speedup: float
    population_speedup_here: float
    population_agent_updates_per_s: float
    one_by_one_agent_updates_per_s: float
    sac_updates_per_s: float
    threads: int
    device: str


def bench_updates(
    spec: LearnerSpec, size: BenchSize, clock_s: Callable[[], float], device: str = "cpu"
) -> LearnBench:
    """Time the variants of one update.

    Args:
        spec: networks and batch size of all but the stacked actors; its method and radii are replaced.
        size: agents, dimensions, rounds.
        clock_s: a monotonic clock [s].
        device: ``cpu`` or a CUDA device.

    Returns:
        Median times.
    """
    sam = _median_ms(_sam_variants(spec, size, device), size.rounds, clock_s, device)
    actors = _median_ms(_actor_variants(size, device), size.rounds, clock_s, device)
    seeds = _median_ms(_seed_variants(size.small, size, device), size.rounds, clock_s, device)
    here = _median_ms(_seed_variants(spec, size, device), size.rounds, clock_s, device)
    agent_updates = 1000.0 * size.seeds * size.stacked_agents
    return LearnBench(
        sac_ms=sam["sac"],
        tasam_all_ms=sam["all"],
        tasam_quarter_ms=sam["quarter"],
        critic_sam_ms=sam["critic"],
        tasam_all_critic_ms=sam["all and critic"],
        stacked_ms=actors["stacked"],
        loop_ms=actors["loop"],
        population_ms=seeds["together"],
        one_by_one_ms=seeds["one by one"],
        population_speedup=seeds["one by one"] / seeds["together"],
        population_speedup_here=here["one by one"] / here["together"],
        population_agent_updates_per_s=agent_updates / seeds["together"],
        one_by_one_agent_updates_per_s=agent_updates / seeds["one by one"],
        sac_updates_per_s=1000.0 / sam["sac"],
        threads=torch.get_num_threads(),
        device=device,
    )


Variants = Mapping[str, Callable[[], object]]


def _sam_variants(spec: LearnerSpec, size: BenchSize, device: str) -> Variants:
    """One update each; the rewards spread widely at a quarter of the agents, which the gate then selects."""
    batch = _random_batch(spec.batch_size, size, 1, size.agents)
    batch.reward[:, : size.agents // 4] *= 100.0

    def whole(sam: SamSpec | None) -> Callable[[], object]:
        changed = {"method": "sac" if sam is None else "tasam", "sam": (sam or SamSpec()).model_dump()}
        variant = LearnerSpec.model_validate(spec.model_dump() | changed)
        dims = (size.agents, size.observation_dim, size.action_dim)
        learner = Population([variant], *dims, [0], device=device)
        return lambda: learner.update(batch)

    return {
        "sac": whole(None),
        "all": whole(SamSpec(actor_rho=_RHO, gate="none")),
        "quarter": whole(SamSpec(actor_rho=_RHO, gate="td_variance")),
        "critic": whole(SamSpec(critic_rho=_RHO)),
        "all and critic": whole(SamSpec(actor_rho=_RHO, critic_rho=_RHO, gate="none")),
    }


def _actor_variants(size: BenchSize, device: str) -> Variants:
    together = _actor_step(size, size.stacked_agents, device)
    apart = [_actor_step(size, 1, device) for _ in range(size.stacked_agents)]
    return {"stacked": together, "loop": lambda: [step() for step in apart]}


def _actor_step(size: BenchSize, agents: int, device: str) -> Callable[[], None]:
    """A step of some actors of one run at the paper's size: loss, gradient, Adam."""
    spec = size.wide
    shape = Shape.of(spec, agents, size.observation_dim, size.action_dim)
    generator = torch.Generator().manual_seed(0)

    def draw(shapes: dict[str, tuple[int, ...]]) -> Params:
        fresh = initialise(shapes, generator, torch.float32)
        return {name: tensor.detach().to(device).requires_grad_() for name, tensor in fresh.items()}

    actor, critic = draw(actor_shapes(shape)), draw(critic_shapes(shape))
    params = list(actor.values())
    optimiser = StackedAdam(actor, 1, spec.lr)
    beta = torch.full((agents,), spec.beta_initial, device=device)
    who = torch.arange(agents, device=device)
    batch = _random_batch(spec.batch_size, size, 1, agents)
    data = Transitions(
        *(torch.tensor(part, dtype=torch.float32, device=device) for part in vars(batch).values())
    )
    noise = torch.randn(data.action.shape, generator=generator).to(device)

    def step() -> None:
        loss = actor_loss(shape, actor, critic, beta, who, data, noise)
        optimiser.step(torch.autograd.grad(loss.total, params))

    return step


def _seed_variants(spec: LearnerSpec, size: BenchSize, device: str) -> Variants:
    dims = (size.stacked_agents, size.observation_dim, size.action_dim)
    together = Population([spec] * size.seeds, *dims, range(size.seeds), device=device)
    apart = [Population([spec], *dims, [seed], device=device) for seed in range(size.seeds)]
    batch = _random_batch(spec.batch_size, size, size.seeds, size.stacked_agents)
    alone = _random_batch(spec.batch_size, size, 1, size.stacked_agents)
    return {
        "together": lambda: together.update(batch),
        "one by one": lambda: [one.update(alone) for one in apart],
    }


def _random_batch(batch_size: int, size: BenchSize, runs: int, agents: int) -> Batch:
    rng = np.random.default_rng(0)

    def draw(*dims: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return rng.random((runs, agents, batch_size, *dims), dtype=np.float32)

    return Batch(
        observation=draw(size.observation_dim),
        action=draw(size.action_dim),
        reward=draw(),
        next_observation=draw(size.observation_dim),
        discount=np.ones((runs, agents, batch_size), np.float32),
    )


def _median_ms(
    variants: Variants, rounds: int, clock_s: Callable[[], float], device: str
) -> dict[str, float]:
    """Median over rounds of each variant, after early rounds that do not count."""
    times: dict[str, list[float]] = {name: [] for name in variants}
    early = max(3, rounds // 10)
    for turn in range(early + rounds):
        for name, run in variants.items():
            start = clock_s()
            run()
            if device != "cpu":
                torch.cuda.synchronize()
            if turn >= early:
                times[name].append(clock_s() - start)
    return {name: 1000.0 * statistics.median(taken) for name, taken in times.items()}
