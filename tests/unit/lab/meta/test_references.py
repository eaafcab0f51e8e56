"""The scale of rewards: rules on the same episodes as the methods."""

from __future__ import annotations

import numpy as np

from cadran.lab.meta import references

from .tiny import EXPERIMENT, NETWORK


def test_rules_are_seen_on_every_du_and_the_random_one_is_never_best() -> None:
    found = references(EXPERIMENT, NETWORK, 2, 5)
    assert set(found.reward) == {"random", "equal", "need_proportional", "priority"}
    assert all(reward.shape == (3, 2) for reward in found.reward.values())
    assert found.best != "random"
    again = references(EXPERIMENT, NETWORK, 2, 5)
    assert (again.best, again.margins) == (found.best, found.margins)
    for name, reward in found.reward.items():
        np.testing.assert_array_equal(reward, again.reward[name])
