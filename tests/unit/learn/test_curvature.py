from __future__ import annotations

import numpy as np
import pytest
import torch

from cadran.learn import Batch, Population
from cadran.learn.curvature import largest_eigenvalues

from .samples import ACTION, AGENTS, OBSERVATION, normal, random_batch, small_spec


def test_largest_eigenvalues_of_quadratics() -> None:
    root = normal(4, 5, 5)
    matrices = root @ root.transpose(1, 2)
    matrices[3] = -matrices[3]
    w = normal(4, 5, seed=3).requires_grad_()
    found = largest_eigenvalues(
        lambda: 0.5 * torch.einsum("ni,nij,nj->", w, matrices, w), [w], [torch.Generator().manual_seed(0)]
    )
    for matrix, value in zip(matrices.numpy(), found, strict=True):
        eigenvalues = np.linalg.eigvalsh(matrix)
        expected = eigenvalues[np.abs(eigenvalues).argmax()]
        assert value == pytest.approx(expected, rel=2e-2)


def test_largest_eigenvalue_of_a_critic_is_that_of_its_whole_hessian() -> None:
    learners = Population(
        [small_spec(hidden=(4,), activation="tanh")], AGENTS, OBSERVATION, ACTION, [0], dtype=torch.float64
    )
    batch = random_batch(np.random.default_rng(0))
    stacked = Batch(*(np.asarray(part)[np.newaxis] for part in vars(batch).values()))
    before = learners.state_bytes()
    found = learners.curvature(stacked)
    assert learners.state_bytes() == before
    assert found.critic.shape == (1,)
    assert found.actor.shape == (1, AGENTS)
    # The Hessian of each critic's loss by finite differences of its gradient, column by column.
    state = learners._state
    data = learners._transitions(stacked)
    draws = learners._draw(batch.reward.shape[1])
    learners.load_state(before)
    objectives = learners._objectives(data, draws)
    params, everyone = list(state.critic.values()), torch.arange(2)

    def gradient() -> np.ndarray:
        loss = objectives.judge(state.critic, everyone).total
        return np.concatenate([g.flatten(1).numpy() for g in torch.autograd.grad(loss, params)], axis=1)

    step, columns = 1e-6, []
    with torch.no_grad():
        flat = [param.view(2, -1) for param in params]
    for part in flat:
        for index in range(part.shape[1]):
            with torch.no_grad():
                part[:, index] += step
            above = gradient()
            with torch.no_grad():
                part[:, index] -= 2 * step
            below = gradient()
            with torch.no_grad():
                part[:, index] += step
            columns.append((above - below) / (2 * step))
    hessians = np.stack(columns, axis=2)
    largest = max(np.abs(np.linalg.eigvalsh((h + h.T) / 2)).max() for h in hessians)
    assert abs(found.critic[0]) == pytest.approx(largest, rel=2e-2)
