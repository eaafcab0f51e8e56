"""The gradient steps by which tasks learn from their shots: Adam's, or the plain ones of the inner loop."""

from __future__ import annotations

from typing import Protocol

from cadran.learn.ddpg import Ddpg, DdpgBatch, DdpgShape, DdpgSpec, Networks
from cadran.learn.meta import MetaLevel, MetaSpec


class ShotRule(Protocol):
    """Steps of one level of T tasks, each on its own rows."""

    def networks(self) -> Networks:
        """As they are now."""

    def step(self, batch: DdpgBatch) -> None:
        """Learn from a batch of T tasks; one without any row changes nothing."""

    def moments(self) -> bytes:
        """What going on takes besides the networks; empty for nothing."""

    def load_moments(self, data: bytes) -> None:
        """Go on from what `moments` gave; the networks are those of then as well."""


class InnerSteps:
    """The inner loop that an initialisation was learned for (arXiv 2512.13715, Eq 11); has no memory.

    Args:
        level: Whose inner loop it is; its own state is not touched.
        steps: On each batch.
        networks: Of T tasks, to start from.
    """

    def __init__(self, level: MetaLevel, steps: int, networks: Networks) -> None:
        self._level = level
        self._steps = steps
        self._networks = networks.of_tasks(range(networks.tasks))

    def networks(self) -> Networks:
        """As they are now."""
        return self._networks

    def step(self, batch: DdpgBatch) -> None:
        """Learn from a batch."""
        self._networks = self._level.adapt(batch, self._steps, self._networks)

    def moments(self) -> bytes:
        """Nothing."""
        return b""

    def load_moments(self, data: bytes) -> None:
        """Nothing to load."""


class AdamSteps:
    """DDPG with Adam.

    Args:
        spec: Of the level.
        shape: Of one task's networks.
        scale: The rates are multiplied by it.
        networks: Of T tasks, to start from.
    """

    def __init__(self, spec: DdpgSpec, shape: DdpgShape, scale: float, networks: Networks) -> None:
        rates = {"actor_lr": spec.actor_lr * scale, "critic_lr": spec.critic_lr * scale}
        scaled = spec.model_copy(update=rates)
        self._ddpg = Ddpg(scaled, shape.observation_dim, shape.action_dim, seeds=[0] * networks.tasks)
        self._ddpg.load_networks(networks)

    def networks(self) -> Networks:
        """As they are now."""
        return self._ddpg.networks()

    def step(self, batch: DdpgBatch) -> None:
        """Learn from a batch."""
        if batch.weight.any():
            self._ddpg.update(batch)

    def moments(self) -> bytes:
        """Adam's, and the networks with them."""
        return self._ddpg.state_bytes()

    def load_moments(self, data: bytes) -> None:
        """Go on from what `moments` gave."""
        self._ddpg.load_state(data)


def rule_of(level: MetaLevel, spec: MetaSpec, networks: Networks, *, fresh: bool) -> ShotRule:
    """The rule for networks that are fresh, or that come from an initialisation.

    Plain steps would ruin networks that know nothing, so fresh ones have Adam's in any case.
    """
    if fresh:
        return AdamSteps(level.ddpg, level.shape, spec.fresh_lr_scale, networks)
    if spec.shot_rule == "inner":
        return InnerSteps(level, spec.inner_steps, networks)
    return AdamSteps(level.ddpg, level.shape, spec.start_lr_scale, networks)
