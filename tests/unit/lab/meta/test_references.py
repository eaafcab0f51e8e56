"""The scale of rewards: rules on the same episodes as the methods."""

from __future__ import annotations

import numpy as np
import pytest

from cadran.lab.meta import References, normalised, references

from .tiny import EXPERIMENT, NETWORK


def _scale(low: float, high: float) -> References:
    def made(value: float) -> np.ndarray:
        return np.full((3, 2), value)

    return References({"random": made(low), "equal": made(high), "priority": made(0.0)}, "equal", (2.0, 1.0))


def test_rules_are_seen_on_every_du_and_the_random_one_is_never_best() -> None:
    found = references(EXPERIMENT, NETWORK, 2, 5)
    assert set(found.reward) == {"random", "equal", "need_proportional", "priority"}
    assert all(reward.shape == (3, 2) for reward in found.reward.values())
    assert found.best != "random"
    again = references(EXPERIMENT, NETWORK, 2, 5)
    assert (again.best, again.margins) == (found.best, found.margins)
    for name, reward in found.reward.items():
        np.testing.assert_array_equal(reward, again.reward[name])


def test_the_scale_runs_from_the_random_rule_to_the_best() -> None:
    reward = np.stack([np.full((3, 2), value) for value in (0.2, 0.5, 0.8, 1.0)])
    np.testing.assert_allclose(normalised(reward, _scale(0.2, 0.8)), [0.0, 0.5, 1.0, 4 / 3])


def test_there_is_no_scale_where_no_rule_beats_chance() -> None:
    assert np.isnan(normalised(np.ones((4, 3, 2)), _scale(0.5, 0.5))).all()


def test_rewards_of_another_network_do_not_pass() -> None:
    with pytest.raises(ValueError, match="episodes"):
        normalised(np.ones((4, 2, 2)), _scale(0.1, 0.5))
