"""Every environment plays measured traffic as the radio does that it hands it to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cadran.envs import BatchedEnv
from cadran.envs.parallel import DuParallelEnv
from cadran.envs.single import RanEnv
from cadran.envs.vector import RanVectorEnv
from cadran.problem import ProblemSpec
from cadran.problem.heuristics import equal
from cadran.radio import EMBB, World

from .worlds import WORLD, seeds

SEED = 3
TRACE = np.array([900, 0, 40, 7000, 0, 0, 333])
PROFILE = np.array([1.0, 5.0, 0.0, 2.0])
MEASURED = WORLD.model_dump() | {
    "load": WORLD.load.model_dump() | {"profile": "measured", "profile_step_s": 0.05}
}

MAKERS: list[Callable[..., Any]] = [RanEnv, RanVectorEnv, DuParallelEnv]


def arrivals(batch: BatchedEnv) -> np.ndarray:
    """Bytes [frame, C, S] that an episode brings to environment 0."""
    frames = []
    while batch.frames_left:
        step = batch.step_decision(equal(batch.measurements, batch.frame))
        frames.append(step.measurements.arrived_bytes[0])
    return np.array(frames)


def of_batch(**measured: Any) -> np.ndarray:
    world = World.model_validate(MEASURED)
    return arrivals(BatchedEnv(world, ProblemSpec(), seeds(SEED), **measured))


def test_packets_and_loads_reach_the_radio() -> None:
    played = of_batch(trace_bytes_per_tti=TRACE, load_profile=PROFILE)
    radio = BatchedEnv(WORLD, ProblemSpec(), seeds(SEED), trace_bytes_per_tti=TRACE).radio
    assert played[..., EMBB].sum() == radio.trace_bytes(SEED, 0, WORLD.episode_frames)
    # An episode is one lap of four steps, and in one of them the other slices are offered nothing.
    others = played[..., EMBB + 1 :].sum(axis=-1)
    assert ((others == 0).sum(axis=0) == WORLD.episode_frames // 4).all()


@pytest.mark.parametrize("make", MAKERS)
def test_each_interface_hands_measured_traffic_on(make: Callable[..., Any]) -> None:
    env = make(world=MEASURED, seed=SEED, trace_bytes_per_tti=TRACE, load_profile=PROFILE)
    env.reset(seed=SEED)
    expected = of_batch(trace_bytes_per_tti=TRACE, load_profile=PROFILE)
    np.testing.assert_array_equal(arrivals(env.batch), expected)


@pytest.mark.parametrize("make", MAKERS)
def test_a_measured_load_is_given_where_the_world_plays_one_and_only_there(make: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match=r"load_profile: load.profile is measured"):
        make(world=MEASURED)
    with pytest.raises(ValueError, match=r"load_profile: load.profile is random"):
        make(world=WORLD, load_profile=PROFILE)
