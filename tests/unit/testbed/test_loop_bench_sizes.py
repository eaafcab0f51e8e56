"""What the bench of the loops says of times, and the networks that it makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from cadran.lab.experiment import load_experiment
from cadran.testbed.loop_bench.size import make_size
from cadran.testbed.loop_bench.times import times_ms

DEMO = Path(__file__).parents[3] / "scenarios" / "demo.yaml"


def test_times_are_milliseconds_with_their_count() -> None:
    times = times_ms([1_000_000, 3_000_000, 2_000_000])
    assert times is not None
    assert (times.p50, times.max, times.count) == (2.0, 3.0, 3)
    assert times.p50 < times.p99 < times.max


def test_of_no_times_nothing_is_said() -> None:
    assert times_ms([]) is None


@pytest.mark.parametrize(
    ("dus", "ues", "frame_s", "light"), [(1, 33, 0.01, False), (6, 198, 0.01, False), (60, 600, 0.02, True)]
)
def test_a_network_has_the_scenarios_ues_for_each_du_or_is_light(
    tmp_path: Path, dus: int, ues: int, frame_s: float, light: bool
) -> None:
    size = make_size(DEMO, dus, tmp_path)
    world = load_experiment(size.path).world
    assert (world.dus, world.ues, world.frame_s, size.light) == (dus, ues, frame_s, light)
    assert world == size.experiment.world
