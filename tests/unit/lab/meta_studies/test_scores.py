"""Normalised reward is 0 at random decisions and 1 at the best rule, whatever rewards are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.lab.meta import References
from cadran.lab.meta.studies import STUDIES
from cadran.lab.meta.studies.scores import RULES, curves, rule, scale_of
from cadran.lab.meta.studies.tables import needed
from cadran.runtime import ConfigError

from .made_up import MadeUpArchive, made_up

ABLATION = STUDIES["ablation"]


def references(seed: int, lead: float) -> References:
    rng = np.random.default_rng(seed)
    reward = {name: rng.normal(size=(4, 3)) for name in RULES.values()}
    best = {"priority": reward["random"] + lead + 0.01 * rng.normal(size=(4, 3))}
    return References({**reward, **best}, "priority", (1.0, 1.0))


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=3, unique=True), st.floats(0.1, 10))
def test_the_ends_of_the_scale(seeds: list[int], lead: float) -> None:
    found = [references(seed, lead) for seed in seeds]
    scale = scale_of(found, "here")
    random, best = (
        np.concatenate([one.reward[name].mean(axis=-1) for one in found]) for name in ("random", "priority")
    )
    assert scale.of(random).mean() == pytest.approx(0.0)
    assert scale.of(best).mean() == pytest.approx(1.0)


def test_where_rules_are_no_better_than_chance_there_is_no_scale() -> None:
    with pytest.raises(ConfigError, match=r"here: the best rule earns -0\.999 more than random"):
        scale_of([references(0, -1.0)], "here")


def test_methods_and_rules_have_a_column_for_each_du_of_all_networks() -> None:
    results = made_up(ABLATION, MadeUpArchive(noise=0.0))
    found = curves(results, "maml_uniform")
    dus = results.context.budget.networks * results.context.experiment.world.dus
    assert found.score.shape == (3, len(results.context.shots.shots), dus)
    assert rule(results, "need-proportional").shape == (1, dus)
    assert found.last == pytest.approx(0.8)
    assert found.at(0) == pytest.approx(0.2)


def test_who_never_gets_there_counts_with_the_last_shot() -> None:
    results = made_up(ABLATION, MadeUpArchive(noise=0.0))
    found = curves(results, "maml_uniform")
    never = found.shots_to(2.0)
    assert never == [float("inf")] * 3
    interval = needed(found, never)
    assert not isinstance(interval, float)
    assert interval.value == interval.high == found.shots[-1]
    assert all(0 < one < found.shots[-1] for one in found.shots_to())
