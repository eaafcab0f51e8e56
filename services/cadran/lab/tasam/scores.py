"""What was scored on held-out episodes, by methods and baselines alike, and the intervals of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cadran.lab.statistics import (
    Interval,
    crossed_difference,
    crossed_gain_percent,
    crossed_improvement,
    crossed_interval,
    interquartile_mean,
    interval_of,
    mean,
)
from cadran.lab.statistics.intervals import Statistic
from cadran.lab.study import HELD_OUT, Results
from cadran.lab.training import HeldOut

Array = NDArray[np.float64]

REPLICATES = 10_000
SLICES = ("eMBB", "mMTC", "URLLC")


def rng() -> np.random.Generator:
    """The generator of an interval; a new one for each, so that none depends on which others are shown."""
    return np.random.default_rng(2511_15002)


def exams(results: Results, name: str, setting: str = "", condition: str = HELD_OUT) -> list[HeldOut]:
    """Of a method, one per seed; of a baseline, the only one."""
    if name in results.baselines:
        return [results.baseline(name, setting, condition)]
    return results.all_held_out(name, setting, condition)


def rewards(results: Results, name: str, setting: str = "", condition: str = HELD_OUT) -> Array:
    """Reward of each run and episode by mean actions, ``[runs, episodes]``."""
    return np.stack([exam.episode_reward for exam in exams(results, name, setting, condition)])


def scorer(results: Results, setting: str = "", condition: str = HELD_OUT) -> Callable[[str], Array]:
    """The rewards of whatever name it is asked for."""
    return lambda name: rewards(results, name, setting, condition)


def qualities(
    results: Results, name: str, slice_: int, setting: str = "", condition: str = HELD_OUT
) -> Array:
    """Quality of a slice in each run and episode, in [0, 1], ``[runs, episodes]``."""
    return np.stack([exam.slice_qos[:, slice_] for exam in exams(results, name, setting, condition)])


def mean_of(scores: Array) -> Interval:
    """Mean over runs and episodes."""
    return crossed_interval(scores, rng(), replicates=REPLICATES)


def middle_of(scores: Array) -> Interval:
    """Interquartile mean over runs and episodes."""
    return crossed_interval(scores, rng(), interquartile_mean, REPLICATES)


def difference(first: Array, second: Array) -> Interval:
    """Mean of the first minus mean of the second, on the same episodes."""
    return crossed_difference(first, second, rng(), REPLICATES)


def improvement(first: Array, second: Array) -> Interval | None:
    """Probability that a run of the first beats one of the second; None for two that do not train."""
    if len(first) == len(second) == 1:
        return None
    return crossed_improvement(first, second, rng(), REPLICATES)


def gain_percent(scores: Array, base: Array) -> Interval | None:
    """How much more the mean is than that of a base, in percent of it; None where the base has none."""
    return crossed_gain_percent(scores, base, rng(), REPLICATES)


def best(results: Results, names: Sequence[str], setting: str = "", condition: str = HELD_OUT) -> str | None:
    """The name with the highest mean reward; None of none."""
    means = {name: float(rewards(results, name, setting, condition).mean()) for name in names}
    return max(means, key=lambda name: means[name]) if means else None


def tuning_rewards(results: Results, name: str, setting: str = "") -> list[float]:
    """Of each run the mean over the last quarter of its learning curve, which is of tuning episodes."""
    runs = results.runs(name, setting)
    return [float(run.curve.reward[-max(1, len(run.curve.reward) // 4) :].mean()) for run in runs]


def best_tuned(results: Results, names: Sequence[str], setting: str = "") -> str | None:
    """The method that does best on tuning episodes, so that held-out ones can examine the choice."""
    means = {name: float(np.mean(tuning_rewards(results, name, setting))) for name in names}
    return max(means, key=lambda name: means[name]) if means else None


def over_runs(values: Sequence[float], statistic: Statistic = mean) -> Interval | float:
    """A statistic of one number per run, with its interval over runs; one run alone has none."""
    column = np.asarray(values, dtype=np.float64)[:, np.newaxis]
    if len(column) == 1:
        return float(column[0, 0])
    return interval_of(column, statistic, rng(), REPLICATES)


def paired(first: Mapping[int, float], second: Mapping[int, float]) -> Interval | float:
    """Mean difference of one number per run, over the seeds that both have, with its interval over them."""
    return over_runs([value - second[seed] for seed, value in first.items() if seed in second])
