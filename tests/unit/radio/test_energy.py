"""Energy of a radio unit: its two states, and what follows its output."""

import numpy as np
import pytest

from cadran.radio.energy import energy_j
from cadran.radio.world import World

WORLD = World(preset="3gpp", energy={"active_w": 130.0, "per_output_w": 4.7, "sleep_w": 75.0})


def test_a_silent_frame_takes_the_sleep_power():
    silent = np.zeros((2, 6), dtype=np.int32)
    assert energy_j(WORLD, silent, silent) == pytest.approx(np.full((2, 6), 75.0 * WORLD.frame_s))


def test_a_full_frame_takes_the_active_power_and_its_output():
    ttis = np.array([[WORLD.ttis_per_frame]])
    output_w = 10 ** ((46.0 - 30) / 10)
    expected = (130.0 + 4.7 * output_w) * WORLD.frame_s
    assert energy_j(WORLD, ttis, ttis * WORLD.rbs)[0, 0] == pytest.approx(expected)


def test_energy_grows_linearly_with_rbs_and_with_active_ttis():
    rbs = np.arange(0, 5 * WORLD.rbs + 1, 53)[None]
    by_rbs = np.diff(energy_j(WORLD, np.full_like(rbs, 5), rbs))
    assert by_rbs == pytest.approx(np.full_like(by_rbs, 53 * 4.7 * WORLD.tx_power_per_rb_w * WORLD.tti_s))
    ttis = np.arange(WORLD.ttis_per_frame + 1)[None]
    by_ttis = np.diff(energy_j(WORLD, ttis, np.zeros_like(ttis)))
    assert by_ttis == pytest.approx(np.full_like(by_ttis, (130.0 - 75.0) * WORLD.tti_s))


def test_rbs_of_fewer_ttis_cost_less_than_the_same_rbs_spread_out():
    rbs = np.array([WORLD.rbs])
    assert energy_j(WORLD, np.array([1]), rbs) < energy_j(WORLD, np.array([10]), rbs)
