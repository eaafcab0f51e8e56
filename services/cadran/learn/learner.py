"""Multi-agent soft actor-critic with one global critic, and TA-SAM: it owns optimisers, not data or time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Adam

from cadran.learn.checkpoint import CheckpointError, copy_into, pack, unpack
from cadran.learn.losses import (
    ActorLoss,
    CriticLoss,
    Transitions,
    actor_loss,
    critic_loss,
    td_target,
    td_variance,
    temperature_loss,
)
from cadran.learn.networks import Params, Shape
from cadran.learn.sam import clip_networks, sharpness_aware
from cadran.learn.schedule import rho_at
from cadran.learn.spec import LearnerSpec
from cadran.learn.state import new_state
from cadran.policy import PolicyMeta, encode

FloatArray = NDArray[np.floating]
_GENERATOR = "generator"


class DivergedError(RuntimeError):
    """An update gave a value that is not finite; the networks are no longer of use."""


@dataclass(frozen=True)
class Batch:
    """One sample of experience for every agent, N agents and B transitions each.

    Attributes:
        observation: ``[N, B, O]``.
        action: ``[N, B, A]`` in (0, 1), as executed.
        reward: ``[N, B]``.
        next_observation: ``[N, B, O]``.
        discount: ``[N, B]``, 1 to bootstrap from the next observation (also over a time limit), else 0.
    """

    observation: FloatArray
    action: FloatArray
    reward: FloatArray
    next_observation: FloatArray
    discount: FloatArray


@dataclass(frozen=True)
class UpdateMetrics:
    """What one update did.

    Attributes:
        updates: updates made so far, this one included.
        critic_loss: sum over the twins.
        critic_rho: SAM radius of the critic, 0 = plain.
        critic_grad_norm: of each twin before clipping, ``[2]``.
        value_mean: mean Q over twins and the pooled batch.
        target_mean: mean TD target.
        td_threshold: what the variances were compared with; 0 where nothing is gated.
        actor_loss: ``[N]``.
        actor_rho: SAM radius of each actor in this update, ``[N]``.
        actor_grad_norm: before clipping, ``[N]``.
        td_variance: of each agent's TD errors, ``[N]``.
        entropy: of each agent's policy [nat], ``[N]``.
        beta: temperature of each agent, ``[N]``, as used in this update.
    """

    updates: int
    critic_loss: float
    critic_rho: float
    critic_grad_norm: FloatArray
    value_mean: float
    target_mean: float
    td_threshold: float
    actor_loss: FloatArray
    actor_rho: FloatArray
    actor_grad_norm: FloatArray
    td_variance: FloatArray
    entropy: FloatArray
    beta: FloatArray

    @property
    def sam_on(self) -> NDArray[np.bool_]:
        """Which actors took a sharpness-aware step, ``[N]``."""
        return self.actor_rho > 0.0


@dataclass(frozen=True)
class _Gate:
    rho: Tensor  # [N]
    critic_rho: Tensor  # [2], never gated
    threshold: Tensor  # scalar
    variance: Tensor  # [N]


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
        self.shape = Shape.of(spec, n_agents, observation_dim, action_dim)
        self.target_entropy = spec.target_entropy_per_dim * action_dim
        self.updates = 0
        self._dtype = dtype
        self._state = new_state(spec, self.shape, seed, dtype)
        self._actor = list(self._state.actor.values())
        self._critic = list(self._state.critic.values())
        self._everyone = torch.arange(n_agents)
        self._target_critic = list(self._state.target_critic.values())

    def update(self, batch: Batch) -> UpdateMetrics:
        """One step of every actor, temperature and critic, and of the targets (Algorithm 1, actors first).

        Args:
            batch: one sample of experience; B may differ from call to call, B >= 2.

        Returns:
            What happened.

        Raises:
            ValueError: a shape is wrong; nothing was changed.
            DivergedError: something is not finite; restore a checkpoint.
        """
        state, spec, everyone = self._state, self.spec, self._everyone
        data = self._transitions(batch)
        beta = state.log_beta.detach().exp()
        next_noise, noise = torch.randn((2, *data.action.shape), generator=state.generator, dtype=self._dtype)
        target = td_target(
            self.shape, state.actor, state.target_critic, beta, everyone, data, next_noise, spec.gamma
        )

        def judge(critic: Params) -> CriticLoss:
            return critic_loss(self.shape, critic, everyone, data, target)

        def act(actor: Params, who: Tensor) -> ActorLoss:
            return actor_loss(
                self.shape, actor, state.critic, beta[who], who, data.observation[who], noise[who]
            )

        judged = judge(state.critic)
        critic_gradients = torch.autograd.grad(judged.total, self._critic)
        gate = self._gate(td_variance(judged.td_error))
        acted = act(state.actor, everyone)
        actor_gradients = torch.autograd.grad(acted.total, self._actor)
        sharp_actor = sharpness_aware(
            state.actor, actor_gradients, gate.rho, lambda actor, who: act(actor, who).total
        )
        sharp_critic = sharpness_aware(
            state.critic, critic_gradients, gate.critic_rho, lambda critic, _: judge(critic).total
        )
        actor_norms = self._descend(state.actor_optimiser, self._actor, sharp_actor)
        critic_norms = self._descend(state.critic_optimiser, self._critic, sharp_critic)
        if spec.beta_automatic:
            loss = temperature_loss(state.log_beta, acted.log_prob, self.target_entropy)
            state.log_beta.grad = torch.autograd.grad(loss, state.log_beta)[0]
            state.beta_optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(self._target_critic, self._critic, spec.tau)
        self.updates += 1
        return self._metrics(judged, target, critic_norms, acted, gate, actor_norms, beta)

    def actor_tensors(self, agent: int) -> dict[str, NDArray[np.float32]]:
        """Copy of one actor, named as in the policy artefact.

        Args:
            agent: 0 <= agent < N.

        Returns:
            float32 arrays, weights ``[in, out]``.
        """
        return {
            name: tensor.detach()[agent].numpy().astype(np.float32)
            for name, tensor in self._state.actor.items()
        }

    def load_actor(self, agent: int, tensors: Mapping[str, NDArray[np.float32]]) -> None:
        """Start one actor from given weights; everything else stays as it is.

        Args:
            agent: 0 <= agent < N.
            tensors: as ``actor_tensors`` gives them.

        Raises:
            CheckpointError: a name or shape differs; nothing was changed.
        """
        loaded = {name: torch.from_numpy(np.array(value)).to(self._dtype) for name, value in tensors.items()}
        copy_into({name: tensor.detach()[agent] for name, tensor in self._state.actor.items()}, loaded)

    def artifact(
        self,
        agent: int,
        *,
        version: int,
        created_unix_s: float,
        problem: Mapping[str, str],
        effective_frame: int,
    ) -> bytes:
        """One actor as a policy artefact.

        Args:
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
        return encode(meta, self.actor_tensors(agent))

    def state_bytes(self) -> bytes:
        """Everything that changes, so that a learner that loads it goes on bit for bit."""
        tensors = self._state.tensors() | {_GENERATOR: self._state.generator.get_state()}
        return pack(tensors, {"updates": self.updates, "activation": self.shape.activation})

    def load_state(self, data: bytes) -> None:
        """Go on from a checkpoint.

        Args:
            data: what ``state_bytes`` returned on a learner of the same networks and dtype. Step sizes and
                schedules are those of this learner's own specification.

        Raises:
            CheckpointError: damaged, or of other networks; nothing was changed.
        """
        tensors, scalars = unpack(data)
        if scalars["activation"] != self.shape.activation:
            raise CheckpointError(
                f"checkpoint: activation is {scalars['activation']}, this learner has {self.shape.activation}"
            )
        generator_state = self._state.generator.get_state()
        copy_into(self._state.tensors() | {_GENERATOR: generator_state}, tensors)
        self._state.generator.set_state(generator_state)
        self.updates = int(scalars["updates"])

    def _transitions(self, batch: Batch) -> Transitions:
        """Checked tensors of the batch."""
        agents, size = self.shape.agents, batch.reward.shape[-1]
        shapes = {
            "observation": (agents, size, self.shape.observation_dim),
            "action": (agents, size, self.shape.action_dim),
            "reward": (agents, size),
            "next_observation": (agents, size, self.shape.observation_dim),
            "discount": (agents, size),
        }
        tensors = {}
        for field in fields(Batch):
            value = np.asarray(getattr(batch, field.name))
            if value.shape != shapes[field.name] or size < 2:
                raise ValueError(
                    f"learner: batch {field.name} has shape {value.shape}, must be {shapes[field.name]} "
                    "with at least 2 transitions"
                )
            tensors[field.name] = torch.tensor(value, dtype=self._dtype)
        return Transitions(**tensors)

    def _gate(self, variance: Tensor) -> _Gate:
        """SAM radius of each actor: 0 where the TD-error variance is below lambda_TD (Algorithm 1)."""
        sam, mean = self.spec.sam, self._state.td_variance_mean
        decay = sam.td_var_decay if self.updates > 0 else 0.0
        mean.mul_(decay).add_(variance.mean(), alpha=1.0 - decay)
        rho = torch.full_like(variance, rho_at(sam.actor_rho, sam.decay_updates, self.updates))
        critic_rho = torch.full_like(variance[:1], rho_at(sam.critic_rho, sam.decay_updates, self.updates))
        threshold = torch.zeros_like(mean)
        if sam.gate == "td_variance":
            scale = mean if sam.td_var_mode == "relative" else torch.ones_like(mean)
            threshold = sam.td_var_threshold * scale
        return _Gate(rho * (variance >= threshold), critic_rho.expand(2), threshold, variance)

    def _descend(self, optimiser: Adam, params: list[Tensor], gradients: Sequence[Tensor]) -> Tensor:
        """One clipped Adam step; returns the norms before clipping."""
        clipped, norms = clip_networks(gradients, self.spec.grad_clip_norm)
        for param, gradient in zip(params, clipped, strict=True):
            param.grad = gradient
        optimiser.step()
        return norms

    def _metrics(
        self,
        judged: CriticLoss,
        target: Tensor,
        critic_norms: Tensor,
        acted: ActorLoss,
        gate: _Gate,
        actor_norms: Tensor,
        beta: Tensor,
    ) -> UpdateMetrics:
        """All figures in one transfer from torch."""
        entropy = -acted.log_prob.mean(1)
        scalars = (
            judged.total.detach(),
            judged.values.detach().mean(),
            target.mean(),
            gate.threshold,
            gate.critic_rho[0],
        )
        vectors = (acted.per_agent, gate.rho, actor_norms, gate.variance, entropy, beta)
        flat = torch.cat((torch.stack(scalars), critic_norms, *vectors)).numpy()
        if not np.isfinite(flat).all():
            raise DivergedError(f"learner: update {self.updates} gave a value that is not finite")
        loss, value, target_mean, threshold, critic_rho = (float(number) for number in flat[:5])
        per_agent = flat[7:].reshape(len(vectors), self.shape.agents)
        return UpdateMetrics(
            updates=self.updates,
            critic_loss=loss,
            critic_rho=critic_rho,
            critic_grad_norm=flat[5:7],
            value_mean=value,
            target_mean=target_mean,
            td_threshold=threshold,
            actor_loss=per_agent[0],
            actor_rho=per_agent[1],
            actor_grad_norm=per_agent[2],
            td_variance=per_agent[3],
            entropy=per_agent[4],
            beta=per_agent[5],
        )
