"""What methods and rules earned in new networks: by run, shots and DU, as it is and normalised.

A new DU is a task. Its reward is the mean over its held-out episodes, and intervals are over training runs
and DUs. Normalised reward is 0 at random decisions and 1 at the best rule, which is chosen on other episodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cadran.lab.meta import References, shots_to_converge
from cadran.lab.meta.shots import SHARE
from cadran.lab.meta.studies.estimates import Array
from cadran.lab.meta.studies.results import Results
from cadran.lab.meta.studies.study import NEW
from cadran.runtime import ConfigError

RULES = {
    "random": "random",
    "equal": "equal",
    "need-proportional": "need_proportional",
    "tuned-priority": "priority",
}
"""Rules that do not learn, by what tables call them, to their names in `References`."""


@dataclass(frozen=True, eq=False)
class Scale:
    """How rewards of DUs are normalised.

    Attributes:
        zero: Reward of random decisions at each DU, ``[dus]``.
        span: Mean over DUs of what the best rule earns more.
    """

    zero: Array
    span: float

    def of(self, reward: Array) -> Array:
        """Rewards ``[..., dus]`` normalised; their mean over DUs is 1 where it is that of the best rule."""
        return (reward - self.zero) / self.span


@dataclass(frozen=True, eq=False)
class Curves:
    """What a method earns while it adapts.

    Attributes:
        shots: Counts, ``[K]``.
        score: Normalised reward, ``[runs, K, dus]``.
        reward: Per frame, as it is, ``[runs, K, dus]``.
    """

    shots: NDArray[np.int64]
    score: Array
    reward: Array

    @property
    def by_run(self) -> Array:
        """Means over DUs, ``[runs, K]``."""
        return np.asarray(self.score.mean(axis=-1))

    def at(self, place: int) -> Array:
        """After the count at this place, ``[runs, dus]``."""
        return self.score[:, place]

    @property
    def last(self) -> Array:
        """After all shots, ``[runs, dus]``."""
        return self.at(-1)

    @property
    def level(self) -> float:
        """What the mean of all runs has come to."""
        return float(self.last.mean())

    def shots_to(self, level: float | None = None) -> list[float]:
        """Shots that each run needs to ``SHARE`` of a level, by default of its own best; inf if never."""
        target = None if level is None else SHARE * level
        return [shots_to_converge(self.shots, curve, target) for curve in self.by_run]


def curves(results: Results, method: str, setting: str = "", condition: str = NEW) -> Curves:
    """Of a method, in all its new networks."""
    scale = scale_of(results.references(setting, condition), setting or condition)
    runs = results.adaptations(method, setting, condition)
    reward = np.stack(
        [np.concatenate([network.reward.mean(axis=-1) for network in run], axis=-1) for run in runs]
    )
    return Curves(runs[0][0].shots, scale.of(reward), reward)


def rule(results: Results, name: str, setting: str = "", condition: str = NEW) -> Array:
    """Normalised reward of a rule, ``[1, dus]``."""
    scale = scale_of(results.references(setting, condition), setting or condition)
    return scale.of(rule_reward(results, name, setting, condition))


def rule_reward(results: Results, name: str, setting: str = "", condition: str = NEW) -> Array:
    """Reward of a rule per frame, as it is, ``[1, dus]``."""
    return _by_du(results.references(setting, condition), name)[np.newaxis]


def scale_of(references: Sequence[References], words: str) -> Scale:
    """How rewards in these networks are normalised.

    Raises:
        ConfigError: The best rule earns no more than random decisions.
    """
    zero = _by_du(references, "random")
    best = np.concatenate([network.reward[network.best].mean(axis=-1) for network in references])
    span = float((best - zero).mean())
    if not span > 0:
        raise ConfigError(
            f"{words}: the best rule earns {span:+.3g} more than random decisions; rewards can only be "
            "normalised where it earns more, with more load for example"
        )
    return Scale(zero, span)


def _by_du(references: Sequence[References], name: str) -> Array:
    """Mean over episodes of a rule's reward at the DUs of all networks, ``[dus]``."""
    return np.concatenate([network.reward[RULES[name]].mean(axis=-1) for network in references])
