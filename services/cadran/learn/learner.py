"""One run: multi-agent soft actor-critic with one global critic, and TA-SAM; it owns no data and no time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np
import torch
from numpy.typing import NDArray

from cadran.learn.batch import Batch
from cadran.learn.metrics import UpdateMetrics
from cadran.learn.population import Population
from cadran.learn.spec import LearnerSpec


class Learner:
    """Learns one actor per agent and one critic for all.

    With one thread on a CPU, two learners of the same arguments that see the same batches are equal bit for
    bit.

    Args:
        spec: what to learn with.
        n_agents: number of agents, N >= 1.
        observation_dim: O >= 1.
        action_dim: A >= 1.
        seed: of every draw, 0 <= seed < 2**63.
        dtype: torch.float32, or torch.float64 where rounding must not matter.
    """

    def __init__(
        self,
        spec: LearnerSpec,
        n_agents: int,
        observation_dim: int,
        action_dim: int,
        seed: int,
        *,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.spec = spec
        self._one = Population([spec], n_agents, observation_dim, action_dim, [seed], dtype=dtype)
        self.shape = self._one.shape
        self.target_entropy = self._one.target_entropy

    @property
    def updates(self) -> int:
        """Updates made so far."""
        return self._one.updates

    def update(self, batch: Batch) -> UpdateMetrics:
        """One step of everything; see `Population.update`.

        Args:
            batch: one sample of experience, ``[N, B, ...]``; B may differ from call to call, B >= 2.

        Returns:
            What happened.

        Raises:
            ValueError: a shape is wrong; nothing was changed.
            DivergedError: something is not finite; restore a checkpoint.
        """
        stacked = {field.name: np.asarray(getattr(batch, field.name))[np.newaxis] for field in fields(Batch)}
        return self._one.update(Batch(**stacked))[0]

    def actor_tensors(self, agent: int) -> dict[str, NDArray[np.float32]]:
        """Copy of one actor, named as in the policy artefact.

        Args:
            agent: 0 <= agent < N.

        Returns:
            float32 arrays, weights ``[in, out]``.
        """
        return self._one.actor_tensors(0, agent)

    def load_actor(self, agent: int, tensors: Mapping[str, NDArray[np.float32]]) -> None:
        """Start one actor from given weights; everything else stays as it is.

        Args:
            agent: 0 <= agent < N.
            tensors: as ``actor_tensors`` gives them.

        Raises:
            CheckpointError: a name or shape differs; nothing was changed.
        """
        self._one.load_actor(0, agent, tensors)

    def artifact(
        self,
        agent: int,
        *,
        version: int,
        created_unix_s: float,
        problem: Mapping[str, str],
        effective_frame: int,
    ) -> bytes:
        """One actor as a policy artefact; see `Population.artifact`."""
        return self._one.artifact(
            0,
            agent,
            version=version,
            created_unix_s=created_unix_s,
            problem=problem,
            effective_frame=effective_frame,
        )

    def state_bytes(self) -> bytes:
        """Everything that changes, so that a learner that loads it goes on bit for bit."""
        return self._one.state_bytes()

    def load_state(self, data: bytes) -> None:
        """Go on from a checkpoint.

        Args:
            data: what ``state_bytes`` returned on a learner of the same networks and dtype. Step sizes and
                schedules are those of this learner's own specification.

        Raises:
            CheckpointError: damaged, or of other networks; nothing was changed.
        """
        self._one.load_state(data)
