"""R runs of one method's shape as one stacked program: the update of multi-agent SAC and TA-SAM.

Seeds, SAM radii, gates and L2 may differ between the runs; every product, draw and step of a run has the
shape that it has when the run is alone, so with one thread on a CPU it finds the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cadran.learn.batch import Batch
from cadran.learn.checkpoint import CheckpointError, copy_into, pack, unpack
from cadran.learn.curvature import Curvature, largest_eigenvalues
from cadran.learn.descent import descend
from cadran.learn.draws import Draws, draw
from cadran.learn.gate import Gate, decide
from cadran.learn.losses import Transitions, td_variance, temperature_loss
from cadran.learn.metrics import Outcome, UpdateMetrics
from cadran.learn.networks import TWINS, Params, Shape, actor_heads, squash, squashed_sample
from cadran.learn.objectives import Objectives, effective
from cadran.learn.sam import sharpness_aware
from cadran.learn.spec import LearnerSpec
from cadran.learn.spectral import refine
from cadran.learn.state import LearnerState, new_state, reset_part
from cadran.policy import PolicyMeta, encode

FloatArray = NDArray[np.floating]
Float32 = NDArray[np.float32]


class Population:
    """Learns R times N actors and R critics.

    Args:
        specs: what each run learns with; all have one `LearnerSpec.program`.
        n_agents: number of agents of a run, N >= 1.
        observation_dim: O >= 1.
        action_dim: A >= 1.
        seeds: of every draw of each run, 0 <= seed < 2**63.
        dtype: torch.float32, or torch.float64 where rounding must not matter.
        device: ``cpu`` or a CUDA device. Draws are made on the CPU in any case.

    Attributes:
        shape: of the networks.
        runs: R.
        updates: updates made so far.
        gradient_evaluations: evaluations of one network's gradient so far, of each run, int64 ``[R]``:
            N + 2 an update, and one more for every network that takes a sharpness-aware step.

    Raises:
        ValueError: no run, another number of seeds, or runs that cannot share a program.
    """

    def __init__(
        self,
        specs: Sequence[LearnerSpec],
        n_agents: int,
        observation_dim: int,
        action_dim: int,
        seeds: Sequence[int],
        *,
        dtype: torch.dtype = torch.float32,
        device: str = "cpu",
    ) -> None:
        if not specs or len(specs) != len(seeds):
            raise ValueError(f"population: {len(specs)} specifications for {len(seeds)} seeds")
        if len({spec.program for spec in specs}) > 1:
            raise ValueError("population: the runs' networks or step sizes differ, train them apart")
        self.specs = tuple(specs)
        self.runs = len(specs)
        self.shape = Shape.of(specs[0], n_agents, observation_dim, action_dim)
        self.target_entropy = specs[0].target_entropy_per_dim * action_dim
        self.updates = 0
        self.gradient_evaluations = np.zeros(self.runs, dtype=np.int64)
        self._spec = specs[0]
        self._dtype = dtype
        self._device = device
        self._state: LearnerState = new_state(specs[0], self.shape, seeds, dtype, device)
        self._actor = list(self._state.actor.values())
        self._critic = list(self._state.critic.values())
        self._everyone = torch.arange(self.runs * n_agents, device=device)
        self._all_critics = torch.arange(TWINS * self.runs, device=device)
        self._l2 = self._tensor([spec.l2 for spec in specs])
        self._perturbed_actor = self._perturbed(self._state.actor)
        self._perturbed_critic = self._perturbed(self._state.critic)

    def update(self, batch: Batch) -> list[UpdateMetrics]:
        """One step of every actor, temperature and critic, and of the targets (Algorithm 1, actors first).

        Args:
            batch: one sample of each run's experience; B may differ from call to call, B >= 2.

        Returns:
            What happened, run by run.

        Raises:
            ValueError: a shape is wrong; nothing was changed.
            DivergedError: something is not finite; restore a checkpoint.
        """
        state = self._state
        data = self._transitions(batch)
        self._reset_if_due()
        draws = self._draw(data.reward.shape[-1])
        for group, vectors in state.singular.items():
            refine(getattr(state, group), vectors)
        on = self._objectives(data, draws)
        judged = on.judge(state.critic, self._all_critics)
        critic_gradients = torch.autograd.grad(judged.total, self._critic)
        variance = td_variance(judged.td_error)
        gates = self._gates(variance.cpu().numpy())
        acted = on.act(state.actor, self._everyone)
        actor_gradients = torch.autograd.grad(acted.total, self._actor)
        sharp_actor = sharpness_aware(
            state.actor,
            actor_gradients,
            self._tensor(np.concatenate([gate.actor_rho for gate in gates])),
            lambda actor, who: on.act(actor, who).total,
            self._perturbed_actor,
        )
        sharp_critic = sharpness_aware(
            state.critic,
            critic_gradients,
            self._tensor([gate.critic_rho for gate in gates]).repeat_interleave(TWINS),
            lambda critic, networks: on.judge(critic, networks).total,
            self._perturbed_critic,
        )
        scale = self._tensor(np.concatenate([gate.step_scale for gate in gates]))
        clip = self._spec.grad_clip_norm
        actor_norms = descend(
            state.actor_optimiser, self._actor, sharp_actor, self._l2, clip, step_scale=scale
        )
        critic_norms = descend(state.critic_optimiser, self._critic, sharp_critic, self._l2, clip)
        self._follow(acted.log_prob)
        self._count(gates)
        outcome = Outcome(judged, on.target, critic_norms, acted, actor_norms, variance, on.beta, gates)
        return outcome.metrics(self.updates)

    def act(self, observation: Float32, noise: Float32 | None = None) -> Float32:
        """Actions of all actors.

        Args:
            observation: float32 ``[R, N, E, O]``.
            noise: standard normal ``[R, N, E, A]``; None acts by the mean.

        Returns:
            float32 ``[R, N, E, A]`` in [0, 1].
        """
        with torch.no_grad():
            seen = self._tensor(observation).flatten(0, 1)
            mean, log_std = actor_heads(self.shape, self._acting(), seen)
            if noise is None:
                action = squash(mean)
            else:
                action, _ = squashed_sample(mean, log_std, self._tensor(noise).flatten(0, 1))
        shape = (self.runs, self.shape.agents, observation.shape[2], self.shape.action_dim)
        return action.view(shape).to("cpu", torch.float32).numpy()

    def actors(self) -> dict[str, Float32]:
        """Copies of all actors as they act, named as in the policy artefact, ``[R, N, ...]``."""
        with torch.no_grad():
            acting = self._acting()
            return {
                name: tensor.view(self.runs, self.shape.agents, *tensor.shape[1:])
                .cpu()
                .numpy()
                .astype(np.float32)
                for name, tensor in acting.items()
            }

    def actor_tensors(self, run: int, agent: int) -> dict[str, Float32]:
        """Copy of one actor as it acts, named as in the policy artefact.

        Args:
            run: 0 <= run < R.
            agent: 0 <= agent < N.

        Returns:
            float32 arrays, weights ``[in, out]``.
        """
        place = run * self.shape.agents + agent
        with torch.no_grad():
            acting = self._acting()
            return {name: tensor[place].cpu().numpy().astype(np.float32) for name, tensor in acting.items()}

    def load_actor(self, run: int, agent: int, tensors: Mapping[str, Float32]) -> None:
        """Start one actor from given weights; everything else stays as it is.

        Args:
            run: 0 <= run < R.
            agent: 0 <= agent < N.
            tensors: as ``actor_tensors`` gives them.

        Raises:
            CheckpointError: a name or shape differs; nothing was changed.
        """
        loaded = {name: torch.from_numpy(np.array(value)).to(self._dtype) for name, value in tensors.items()}
        place = run * self.shape.agents + agent
        copy_into({name: tensor.detach()[place] for name, tensor in self._state.actor.items()}, loaded)

    def artifact(
        self,
        run: int,
        agent: int,
        *,
        version: int,
        created_unix_s: float,
        problem: Mapping[str, str],
        effective_frame: int,
    ) -> bytes:
        """One actor as a policy artefact.

        Args:
            run: 0 <= run < R.
            agent: 0 <= agent < N; also the artefact's DU.
            version: of the policy.
            created_unix_s: wall-clock time, seconds since 1970.
            problem: names of observation, action decoding and reward.
            effective_frame: first frame that the policy may decide.

        Returns:
            Bytes for ``policy.decode``.

        Raises:
            policy.PolicyError: NOT_FINITE.
        """
        meta = PolicyMeta(
            du=agent,
            version=version,
            created_unix_s=created_unix_s,
            observation_dim=self.shape.observation_dim,
            action_dim=self.shape.action_dim,
            hidden=self.shape.hidden,
            activation=self.shape.activation,
            layer_norm=self.shape.layer_norm,
            problem=dict(problem),
            log_std_min=self.shape.log_std_min,
            log_std_max=self.shape.log_std_max,
            updates=self.updates,
            effective_frame=effective_frame,
        )
        return encode(meta, self.actor_tensors(run, agent))

    def curvature(self, batch: Batch) -> Curvature:
        """Largest Hessian eigenvalue of each network's own loss on a batch; nothing is changed.

        Args:
            batch: one sample of each run's experience.

        Returns:
            Of the critics ``[R]``, the larger one of the twins', and of the actors ``[R, N]``.
        """
        state = self._state
        data = self._transitions(batch)
        kept = [generator.get_state() for generator in state.generators]
        draws = replace(self._draw(data.reward.shape[-1]), actor_masks=None, critic_masks=None)
        for generator, before in zip(state.generators, kept, strict=True):
            generator.set_state(before)
        on = self._objectives(data, draws)
        sources = [torch.Generator().manual_seed(0) for _ in range(self.runs)]
        critic = largest_eigenvalues(
            lambda: on.judge(state.critic, self._all_critics).total, self._critic, sources
        )
        actor = largest_eigenvalues(lambda: on.act(state.actor, self._everyone).total, self._actor, sources)
        return Curvature(
            critic.reshape(self.runs, TWINS).max(axis=1), actor.reshape(self.runs, self.shape.agents)
        )

    def state_bytes(self) -> bytes:
        """Everything that changes, so that a population that loads it goes on bit for bit."""
        scalars = {
            "updates": self.updates,
            "activation": self.shape.activation,
            "gradient_evaluations": self.gradient_evaluations.tolist(),
        }
        return pack(self._state.tensors() | self._generator_states(), scalars)

    def load_state(self, data: bytes) -> None:
        """Go on from a checkpoint.

        Args:
            data: what ``state_bytes`` returned on a population of the same networks, runs and dtype. Step
                sizes and schedules are those of this population's own specifications.

        Raises:
            CheckpointError: damaged, or of other networks; nothing was changed.
        """
        tensors, scalars = unpack(data)
        if scalars["activation"] != self.shape.activation:
            raise CheckpointError(
                f"checkpoint: activation is {scalars['activation']}, this learner has {self.shape.activation}"
            )
        generators = self._generator_states()
        copy_into(self._state.tensors() | generators, tensors)
        for generator, loaded in zip(self._state.generators, generators.values(), strict=True):
            generator.set_state(loaded)
        self.updates = int(scalars["updates"])
        self.gradient_evaluations = np.asarray(scalars["gradient_evaluations"], dtype=np.int64)

    def _generator_states(self) -> dict[str, Tensor]:
        return {
            f"generator/{run}": generator.get_state() for run, generator in enumerate(self._state.generators)
        }

    def _tensor(self, values: FloatArray | list[float]) -> Tensor:
        return torch.tensor(values, dtype=self._dtype, device=self._device)

    def _perturbed(self, params: Params) -> frozenset[str] | None:
        """Names of the tensors that SAM moves; None = all."""
        if self._spec.sam.part == "all":
            return None
        return frozenset(name for name in params if name.startswith(self.shape.encoder))

    def _acting(self) -> Params:
        """The actors as they act."""
        return effective(self._state, "actor", self._state.actor)

    def _transitions(self, batch: Batch) -> Transitions:
        return batch.transitions(self.shape, self.runs, self._dtype, self._device)

    def _draw(self, size: int) -> Draws:
        generators = self._state.generators
        return draw(self.shape, self._spec.dropout, size, generators, self._dtype, self._device)

    def _objectives(self, data: Transitions, draws: Draws) -> Objectives:
        return Objectives(self.shape, self._spec, self._state, data, draws)

    def _gates(self, variance: FloatArray) -> list[Gate]:
        """SAM radius and step of each actor and critic, run by run; updates the running means."""
        means = self._state.td_variance_mean
        gates = [
            decide(spec, variance[run], float(means[run]), self.updates)
            for run, spec in enumerate(self.specs)
        ]
        means.copy_(torch.tensor([gate.variance_mean for gate in gates], dtype=self._dtype))
        return gates

    def _follow(self, log_prob: Tensor) -> None:
        """Temperatures, targets and teachers follow the step."""
        state, spec = self._state, self._spec
        if spec.beta_automatic:
            loss = temperature_loss(state.log_beta, log_prob, self.target_entropy)
            state.beta_optimiser.step(torch.autograd.grad(loss, [state.log_beta]))
        with torch.no_grad():
            torch._foreach_lerp_(list(state.target_critic.values()), self._critic, spec.tau)
            if state.teacher:
                torch._foreach_lerp_(list(state.teacher.values()), self._actor, spec.tau)
        self.updates += 1

    def _count(self, gates: Sequence[Gate]) -> None:
        for run, gate in enumerate(gates):
            second = int((gate.actor_rho > 0.0).sum()) + TWINS * int(gate.critic_rho > 0.0)
            self.gradient_evaluations[run] += self.shape.agents + TWINS + second

    def _reset_if_due(self) -> None:
        """Before an update, not after one: training never ends in a reset that nothing follows."""
        every = self._spec.reset_every_updates
        if every == 0 or self.updates == 0 or self.updates % every:
            return

        def chosen(name: str) -> bool:
            return not name.startswith(self.shape.encoder)

        reset_part(self._state, self.shape, chosen, self._spec.beta_initial, self._dtype)
