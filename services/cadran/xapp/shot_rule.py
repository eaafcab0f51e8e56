"""The gradient steps of a shot: plain ones from an initialisation, Adam's from fresh networks."""

from __future__ import annotations

from typing import Protocol

from cadran.learn import Ddpg, MetaLevel, MetaSpec, Networks
from cadran.learn.ddpg import DdpgBatch


class ShotRule(Protocol):
    """Steps of one level of one DU."""

    def networks(self) -> Networks:
        """As they are now."""

    def step(self, batch: DdpgBatch) -> None:
        """Learn from a batch."""

    def moments(self) -> bytes:
        """What going on takes besides the networks; empty for nothing."""

    def load_moments(self, data: bytes) -> None:
        """Go on from what `moments` gave; the networks are those of then as well."""


class InnerSteps:
    """The inner loop that an initialisation was learned for (arXiv 2512.13715, Eq 11); has no memory.

    Args:
        level: Whose inner loop it is; its own state is not touched.
        steps: On each batch.
        networks: Of one task, to start from.
    """

    def __init__(self, level: MetaLevel, steps: int, networks: Networks) -> None:
        self._level = level
        self._steps = steps
        self._networks = networks.repeated(1)

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


class FreshSteps:
    """DDPG with Adam, as networks that know nothing need it: plain steps at the inner rates ruin these.

    Args:
        level: Whose networks and rates these are.
        scale: The rates are multiplied by it.
        networks: Of one task, to start from.
    """

    def __init__(self, level: MetaLevel, scale: float, networks: Networks) -> None:
        spec = level.ddpg
        rates = {"actor_lr": spec.actor_lr * scale, "critic_lr": spec.critic_lr * scale}
        shape = level.shape
        scaled = spec.model_copy(update=rates)
        self._ddpg = Ddpg(scaled, shape.observation_dim, shape.action_dim, seeds=[0])
        self._ddpg.load_networks(networks)

    def networks(self) -> Networks:
        """As they are now."""
        return self._ddpg.networks()

    def step(self, batch: DdpgBatch) -> None:
        """Learn from a batch; one without rows changes nothing."""
        if batch.weight.any():
            self._ddpg.update(batch)

    def moments(self) -> bytes:
        """Adam's, and the networks with them."""
        return self._ddpg.state_bytes()

    def load_moments(self, data: bytes) -> None:
        """Go on from what `moments` gave."""
        self._ddpg.load_state(data)


def rule_of(level: MetaLevel, spec: MetaSpec, networks: Networks, *, fresh: bool) -> ShotRule:
    """The rule for networks that are fresh, or that come from an initialisation."""
    if fresh:
        return FreshSteps(level, spec.fresh_lr_scale, networks)
    return InnerSteps(level, spec.inner_steps, networks)
