import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cadran.envs import BatchedEnv, Step
from cadran.lab.policies import LabPolicy, OneStepGreedy, RandomActions, RulePolicy
from cadran.lab.policies.base import episode_seeds, rollout
from cadran.lab.yardsticks import FrameOracle, relaxation_bound
from cadran.lab.yardsticks.relaxation_bound import _greatest_utility, _weighted_utility
from cadran.problem import ProblemSpec, Quota
from cadran.problem.heuristics import priority, static
from cadran.radio import World

from ..worlds import eq8
from .scenes import SCENES, changed


class RandomSplits:
    """Splits drawn anew, now and then extreme."""

    name, detail = "random splits", ""

    def __init__(self, seed: int, concentration: float) -> None:
        self._seed, self._concentration = seed, concentration

    def begin(self, env: BatchedEnv) -> None:
        self._rng = np.random.default_rng(self._seed)

    def act(self, env: BatchedEnv) -> Step:
        shares = self._rng.dirichlet(np.full(3, self._concentration), (env.envs, env.dus))
        percent = np.floor(100 * shares).astype(np.int32)
        percent[..., 0] += 100 - percent.sum(axis=-1, dtype=np.int32)
        return env.step_decision(Quota.hard(percent))


def assert_bounded(world: World, spec: ProblemSpec, policy: LabPolicy, seeds: np.ndarray) -> None:
    reward = rollout(BatchedEnv(world, spec, seeds), policy).reward
    assert (reward <= relaxation_bound(world, spec, seeds)).all()


def short(world: World) -> World:
    return changed(world, {"episode_frames": 8})


@pytest.mark.parametrize("name", SCENES)
@given(
    seed=st.integers(0, 10_000),
    concentration=st.floats(0.05, 5),
    load=st.sampled_from([0.02, 0.1, 0.5, 2.0]),
    dus=st.integers(1, 3),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_random_splits_exceed_the_bound(
    name: str, seed: int, concentration: float, load: float, dus: int
) -> None:
    world, spec = SCENES[name]
    world = changed(short(world), {"dus": dus, "ues": 5 * dus, "load": {"scale": load}})
    assert_bounded(world, spec, RandomSplits(seed, concentration), episode_seeds(seed, "held_out", 2))


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize(
    "policy", [OneStepGreedy(), FrameOracle(5), RulePolicy("", priority(4.0, 1.3))], ids=lambda p: p.name
)
def test_not_even_the_clairvoyant_exceed_the_bound(name: str, policy: LabPolicy) -> None:
    world, spec = SCENES[name]
    assert_bounded(short(world), spec, policy, episode_seeds(5, "held_out", 3))


@pytest.mark.parametrize("name", ["eq8", "literal", "delivered"])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_no_choice_rb_by_rb_exceeds_the_bound(name: str, seed: int) -> None:
    world, spec = SCENES[name]
    by_rb = spec.model_copy(update={"action": "rb_bits"})
    assert_bounded(short(world), by_rb, RandomActions(seed), episode_seeds(seed, "held_out", 2))


def test_a_lone_slice_with_the_whole_band_comes_close() -> None:
    """Light load, one DU: nothing that is relaxed matters."""
    world, spec = SCENES["delivered"]
    world = changed(short(world), {"dus": 1, "ues": 3, "load": {"scale": 0.001}})
    seeds = episode_seeds(2, "held_out", 3)
    reward = rollout(BatchedEnv(world, spec, seeds), RulePolicy("", static((34, 33, 33)))).reward
    np.testing.assert_allclose(relaxation_bound(world, spec, seeds), reward, atol=0.01)


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_the_utility_of_lesser_qualities_is_bounded(share: list[float], most: list[float]) -> None:
    spec = eq8(alpha="weighted_norm").eq8
    quality = np.array(share) * np.array(most)
    assert _weighted_utility(spec, quality) <= _greatest_utility(spec, np.array(most)) + 1e-9


def test_interference_that_nobody_can_avoid_tightens_the_bound() -> None:
    world, spec = SCENES["eq8"]
    seeds = episode_seeds(1, "held_out", 3)
    avoidable = spec.model_copy(update={"action": "rb_bits"})
    tight, loose = (relaxation_bound(short(world), s, seeds) for s in (spec, avoidable))
    assert (tight <= loose).all()
    assert (tight < loose).any()
