"""Small learners and batches that the tests share."""

from __future__ import annotations

import numpy as np
import torch

from cadran.learn import Batch, Learner, LearnerSpec, RhoSpec, SamSpec
from cadran.learn.losses import Transitions
from cadran.learn.networks import Params, Shape, actor_shapes, critic_shapes, initialise

AGENTS, OBSERVATION, ACTION, SIZE = 3, 4, 2, 8
KINDS = [("relu", True), ("relu", False), ("tanh", True), ("tanh", False), ("crelu", True)]


def small_shape(activation: str = "tanh", layer_norm: bool = True, agents: int = AGENTS) -> Shape:
    return Shape(agents, OBSERVATION, ACTION, (6, 5), activation, layer_norm, -5.0, 2.0)


def float64_params(shape: Shape, seed: int = 0) -> tuple[Params, Params]:
    """Actors and critics whose heads are not small, so that no gradient is near 0."""
    generator = torch.Generator().manual_seed(seed)
    both = []
    for shapes in (actor_shapes(shape), critic_shapes(shape)):
        params = initialise(shapes, generator, torch.float64)
        with torch.no_grad():
            for tensor in params.values():
                tensor.add_(0.3 * torch.randn(tensor.shape, generator=generator, dtype=torch.float64))
        both.append(params)
    return both[0], both[1]


def float64_transitions(shape: Shape, size: int = SIZE, seed: int = 1) -> Transitions:
    generator = torch.Generator().manual_seed(seed)

    def draw(*dims: int) -> torch.Tensor:
        return torch.rand((1, shape.agents, size, *dims), generator=generator, dtype=torch.float64)

    return Transitions(
        observation=draw(shape.observation_dim),
        action=draw(shape.action_dim),
        reward=draw(),
        next_observation=draw(shape.observation_dim),
        discount=draw().round(),
    )


def normal(*dims: int, seed: int = 2) -> torch.Tensor:
    return torch.randn(dims, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def random_batch(rng: np.random.Generator, size: int = SIZE, agents: int = AGENTS) -> Batch:
    def draw(*dims: int) -> np.ndarray:
        return rng.random((agents, size, *dims), dtype=np.float32)

    # Rewards spread more for agents with larger index, so that the gate has something to tell apart.
    spread = np.arange(1, agents + 1, dtype=np.float32)[:, None]
    return Batch(draw(OBSERVATION), draw(ACTION), spread * draw(), draw(OBSERVATION), np.ones((agents, size)))


def small_spec(**changes: object) -> LearnerSpec:
    base: dict[str, object] = {"hidden": (16, 12), "batch_size": 8, "lr": 1e-3}
    return LearnerSpec.model_validate(base | changes)


def tasam_spec(actor_rho: float = 0.05, critic_rho: float = 0.05, **sam: object) -> LearnerSpec:
    return small_spec(
        method="tasam",
        sam=SamSpec.model_validate(
            {
                "actor_rho": RhoSpec(start=actor_rho, final=actor_rho),
                "critic_rho": RhoSpec(start=critic_rho, final=critic_rho),
                **sam,
            }
        ),
    )


def small_learner(spec: LearnerSpec, seed: int = 0, dtype: torch.dtype = torch.float32) -> Learner:
    return Learner(spec, AGENTS, OBSERVATION, ACTION, seed, dtype=dtype)


def train(learner: Learner, updates: int, seed: int = 5, start: int = 0) -> list[str]:
    """Updates number start .. start + updates - 1 of one fixed stream of batches; the metrics as text."""
    rng = np.random.default_rng(seed)
    batches = [random_batch(rng) for _ in range(start + updates)]
    return [repr(learner.update(batch)) for batch in batches[start:]]


def tensors_of(learner: Learner) -> dict[str, np.ndarray]:
    """Everything that a checkpoint holds, as arrays."""
    from cadran.learn.checkpoint import unpack

    return {name: tensor.numpy() for name, tensor in unpack(learner.state_bytes())[0].items()}


def same(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> bool:
    return left.keys() == right.keys() and all(np.array_equal(left[name], right[name]) for name in left)
