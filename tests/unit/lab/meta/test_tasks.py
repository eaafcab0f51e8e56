"""Networks of DUs: every UE has a DU, loads lie in their range, and a seed gives one network."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cadran.lab.meta.tasks import Kind, TaskSpec, draw_network
from cadran.radio import World

SPEC = TaskSpec()


def _world(dus: int = 7, ues: int = 30) -> World:
    return World.model_validate(
        {"dus": dus, "ues": ues, "max_ues_per_slice": 16, "channel": {"fading": "jakes"}}
    )


def _mean_factor(world: World) -> np.ndarray:
    """Geometric middle of each window, ``[C, S]``."""
    assert all(profile.load is not None for profile in world.profiles)
    return np.array([[np.sqrt(low * high) for low, high in profile.load or ()] for profile in world.profiles])


@given(
    kind=st.sampled_from(get_args(Kind)),
    seed=st.integers(0, 2**63 - 1),
    shape=st.sampled_from([(7, 30), (3, 3), (10, 60)]),
)
def test_a_network_has_all_its_ues_and_a_profile_for_each_du(
    kind: Kind, seed: int, shape: tuple[int, int]
) -> None:
    world = draw_network(_world(*shape), SPEC, kind, seed)
    assert (world.dus, world.ues) == shape
    assert len(world.profiles) == world.dus
    assert sum(sum(profile.ues) for profile in world.profiles) == world.ues
    assert all(sum(profile.ues) >= 1 for profile in world.profiles)
    assert {profile.speed_mps for profile in world.profiles} <= set(SPEC.speeds_mps)
    for profile in world.profiles:
        for low, high in profile.load or ():
            assert world.load.factor_min <= low <= high <= world.load.factor_max


@given(kind=st.sampled_from(get_args(Kind)), seed=st.integers(0, 2**63 - 1))
def test_a_seed_gives_one_network_and_another_seed_another(kind: Kind, seed: int) -> None:
    first = draw_network(_world(), SPEC, kind, seed)
    assert draw_network(_world(), SPEC, kind, seed) == first
    if kind != "homogeneous":
        assert draw_network(_world(), SPEC, kind, seed ^ 1) != first


def test_a_network_of_seven_dus_and_thirty_ues_has_three_to_six_each() -> None:
    sizes = {
        sum(profile.ues)
        for seed in range(50)
        for profile in draw_network(_world(), SPEC, "training", seed).profiles
    }
    assert sizes <= {3, 4, 5, 6} | {2}


def test_kinds_differ_as_their_names_say() -> None:
    wide = SPEC.model_copy(update={"load_swing": 1.0})
    factors = {
        kind: np.concatenate([_mean_factor(draw_network(_world(), wide, kind, seed)) for seed in range(30)])
        for kind in get_args(Kind)
    }
    share = {kind: (own / own.sum(axis=1, keepdims=True)).mean(axis=0) for kind, own in factors.items()}
    assert share["stadium"][0] > 0.6 > share["training"][0]
    assert share["industrial"][0] < 0.2 < share["training"][0]
    assert factors["held_out"].mean() > factors["training"].mean()
    assert np.ptp(factors["homogeneous"]) == pytest.approx(0.0)


def test_a_scaled_network_keeps_the_rest_of_the_world() -> None:
    world = draw_network(_world(), SPEC, "training", 3, dus=10, ues=60)
    assert (world.dus, world.ues, world.max_ues_per_slice) == (10, 60, 16)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dus": 4, "ues": 3}, "one UE per DU to half"),
        ({"kind": "village"}, "must be one of training"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said) as error:
        draw_network(**({"world": _world(), "spec": SPEC, "kind": "training", "seed": 0} | change))  # type: ignore[arg-type]
    assert "\n" not in str(error.value)


def test_a_range_upside_down_is_refused() -> None:
    with pytest.raises(ValidationError, match="must not be above"):
        TaskSpec(load=(1.5, 0.5))
