"""What is offered on average, and how much of it a queue holds."""

import numpy as np
import pytest
from numpy.typing import NDArray

from cadran.radio.traffic import expected_bytes, queue_limits, traffic_tables

from .play import members, play, slotted

TRACE = np.array([0, 4000, 100, 0, 900], dtype=np.int64)


@pytest.mark.parametrize(
    ("sources", "trace"),
    [
        (("poisson", "ftp3", "poisson"), None),
        (("xr", "periodic", "periodic"), None),
        (("xr", "beta_burst", "poisson"), TRACE),
    ],
)
def test_the_expected_load_is_the_one_that_is_offered(
    sources: tuple[str, str, str], trace: NDArray[np.int64] | None
) -> None:
    world = slotted(sources=sources, scale=0.5, ftp_file_bytes=5_000, burst_period_s=0.5, period_s=0.0032)
    ues = members(4, 5, 0)
    ues[1] = (0, 2, 6)
    fresh = play(traffic_tables(world, trace), ues, 10_000).sum(axis=(0, 3)) / 1000
    np.testing.assert_allclose(fresh, expected_bytes(world, ues, trace), rtol=0.06)


def test_a_queue_holds_its_mean_load_of_the_configured_time() -> None:
    world = slotted()
    ues = members(11, 0, 4)
    assert queue_limits(world, ues)[0].tolist() == [150_000, 300_000, 7_500]
    np.testing.assert_array_equal(queue_limits(world, ues, TRACE)[:, 0], 600_000)
    assert queue_limits(slotted(scale=0.0), ues).tolist() == [[0, 0, 0]] * 2


def test_a_queue_holds_files_and_video_frames_whole() -> None:
    world = slotted(sources=("ftp3", "xr", "periodic"), scale=0.1)
    limits = queue_limits(world, members(11, 11, 11))
    assert limits[0, 0] == 4 * 500_000
    assert limits[0, 1] == max(0.4 * 3e6 / 8, 4 * 1.5 * 6_250)
    assert limits[0, 2] == np.ceil(32 / 0.002 * 0.1 * 0.04)


def test_a_full_buffer_is_never_empty_within_a_tti() -> None:
    world = slotted(sources=("full_buffer",) * 3)
    peak = world.rbs * world.rb_bandwidth_hz * world.link.max_spectral_efficiency * world.tti_s / 8
    assert (queue_limits(world, members(1, 5, 20)) >= peak).all()
    np.testing.assert_allclose(expected_bytes(world, members(3, 0, 1))[0], [27_500, 0, 7_500])


def test_a_queue_that_an_entry_could_not_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="allowed are 1073741824"):
        queue_limits(slotted(buffer_s=(1000.0, 0.4, 0.04)), members(1, 1, 1))
