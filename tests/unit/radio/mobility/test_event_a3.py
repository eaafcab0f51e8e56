"""Event A3: filter, entering and leaving condition, time to trigger, choice of the target."""

import numpy as np
import pytest

from cadran.radio.mobility.event_a3 import count_frames, filtered, rsrp_db, targets, triggered
from cadran.radio.world import World


def world_of(**handover: object) -> World:
    settings = {"offset_db": 3.0, "hysteresis_db": 1.0, "time_to_trigger_s": 0.160} | handover
    return World.model_validate({"dus": 3, "mobility": {"handover": settings}})


def history(world: World, excess_db: list[float]) -> list[bool]:
    """Whether the event has triggered after each measurement of a neighbour ``excess_db`` over its server."""
    held, out = np.zeros((1, 3), dtype=np.int16), []
    for excess in excess_db:
        held = count_frames(world, held, np.array([[20.0, 20.0 + excess, 0.0]], np.float32), np.array([0]))
        out.append(bool(triggered(world, held)[0, 1]))
    return out


def test_rsrp_is_the_gain_in_db():
    assert rsrp_db(np.array([1.0, 1e3], np.float32)) == pytest.approx([0, 30])


@pytest.mark.parametrize(("k", "weight"), [(0, 1.0), (4, 0.5), (8, 0.25), (13, 0.5 ** (13 / 4))])
def test_the_filter_forgets_by_its_coefficient(k, weight):
    world, value = world_of(filter_k=k), np.zeros((1, 3), np.float32)
    for step in range(1, 6):
        value = filtered(world, value, np.full((1, 3), 10.0, np.float32))
        assert value[0] == pytest.approx(np.full(3, 10 * (1 - (1 - weight) ** step)), rel=1e-5)


def test_the_event_triggers_after_it_held_for_the_time_to_trigger():
    # 160 ms are four updates of 40 ms: the fifth measurement in a row ends them.
    assert history(world_of(), [4.5] * 6) == [False] * 4 + [True] * 2
    assert history(world_of(time_to_trigger_s=0.150), [4.5] * 5) == [False] * 4 + [True]
    assert history(world_of(time_to_trigger_s=0.0), [3.9, 4.1]) == [False, True]


def test_one_measurement_below_the_entering_condition_starts_the_time_anew():
    assert history(world_of(), [4.5] * 4 + [3.9] + [4.5] * 5) == [False] * 9 + [True]


def test_a_triggered_event_stays_until_the_leaving_condition():
    assert history(world_of(), [4.5] * 5 + [2.1, 3.9, 1.9, 4.5]) == [False] * 4 + [True] * 3 + [False] * 2


def test_the_longest_time_to_trigger_fits_the_counter():
    world = World.model_validate(
        {"frame_s": 1e-4, "mobility": {"update_frames": 1000, "handover": {"time_to_trigger_s": 5.12}}}
    )
    held, measured = np.zeros((1, 2), np.int16), np.array([[0.0, 9.0]], np.float32)
    for _ in range(60):
        held = count_frames(world, held, measured, np.array([0]))
        assert held[0, 1] > 0
    assert triggered(world, held).tolist() == [[False, True]]


def test_the_serving_du_is_no_neighbour_of_its_own():
    world = world_of(offset_db=-15.0, time_to_trigger_s=0.0)
    held = count_frames(world, np.zeros((2, 3), np.int16), np.zeros((2, 3), np.float32), np.array([0, 2]))
    assert (triggered(world, held) == [[False, True, True], [True, True, False]]).all()


def test_the_target_is_the_strongest_neighbour_that_triggered():
    world = world_of(time_to_trigger_s=0.0)
    measured = np.array([[0, 5, 6], [0, 7, 6], [0, 1, 2], [9, 0, 0]], np.float32)
    held = count_frames(world, np.zeros((4, 3), np.int16), measured, np.zeros(4, dtype=np.int64))
    assert targets(world, held, measured).tolist() == [2, 1, -1, -1]
    held[0, 2] = 0
    assert targets(world, held, measured)[0] == 1
