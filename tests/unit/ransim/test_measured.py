"""The files of measured traffic become what the radio plays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cadran.radio import World
from cadran.ransim.measured import measured_traffic
from cadran.runtime import ConfigError

PACKETS = "0.0 100\n0.0035 50\n0.012 7\n"
LOAD = "0,3\n1,5\n2,7\n3,9\n"


def world(**load: object) -> World:
    return World.model_validate({"preset": "3gpp", "load": load})


@pytest.fixture
def packets(tmp_path: Path) -> Path:
    path = tmp_path / "packets.txt"
    path.write_text(PACKETS)
    return path


@pytest.fixture
def load(tmp_path: Path) -> str:
    path = tmp_path / "load.csv"
    path.write_text(LOAD)
    return str(path)


def test_without_files_the_world_is_played_as_it_is() -> None:
    assert measured_traffic(world(), None, None) == (world(), None, None)


def test_packets_are_counted_by_tti(packets: Path) -> None:
    played = measured_traffic(world(), packets, None)
    assert played.world == world()
    assert played.trace_bytes_per_tti is not None
    # TTIs of 1 ms in frames of 10 ms.
    assert np.flatnonzero(played.trace_bytes_per_tti).tolist() == [0, 3, 12]
    assert played.trace_bytes_per_tti.sum() == 157


@pytest.mark.parametrize("profile", ["random", "day", "measured"])
def test_a_load_is_followed_whatever_the_scenario_says(load: str, profile: str) -> None:
    played = measured_traffic(world(profile=profile, profile_step_s=2.0), None, load)
    assert played.world == world(profile="measured", profile_step_s=2.0)
    np.testing.assert_array_equal(played.load_profile, [4, 8])


def test_a_world_that_plays_a_measured_load_needs_one(packets: Path) -> None:
    with pytest.raises(ConfigError, match=r"world.load.profile = measured: needs .* --load FILE"):
        measured_traffic(world(profile="measured"), packets, None)
