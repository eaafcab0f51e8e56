"""Poisson packets, files and bursts of a whole DU."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.radio.hashing import draw
from cadran.radio.traffic import traffic_tables
from cadran.radio.traffic.packets import BURST_PEAK, burst_kept, poisson
from cadran.radio.traffic.tables import poisson_cdf
from cadran.radio.world import World

from .play import arrivals, members, play, slotted


@pytest.mark.parametrize("mean", [0.02, 0.55, 7.5, 140.0, 3000.0])
def test_poisson_numbers_have_their_mean_and_variance(mean: float) -> None:
    cdf = poisson_cdf(mean)
    drawn = np.array([poisson(draw(99, n), cdf, 0, len(cdf)) for n in range(20_000)])
    assert drawn.mean() == pytest.approx(mean, abs=4 * (mean / 20_000) ** 0.5)
    # The variance of a sample variance of Poisson numbers is (mean + 2 mean^2) / n.
    assert drawn.var() == pytest.approx(mean, abs=4 * ((mean + 2 * mean**2) / 20_000) ** 0.5)
    assert cdf[-1] == 1 << 32
    assert (np.diff(cdf) >= 0).all()


def test_poisson_numbers_span_what_a_uniform_number_can_ask_for() -> None:
    cdf = poisson_cdf(2.0)
    assert poisson(0, cdf, 0, len(cdf)) == 0
    assert poisson((1 << 32) - 1, cdf, 0, len(cdf)) <= len(cdf) - 1
    assert poisson(int(cdf[3]), cdf, 0, len(cdf)) == 4
    assert poisson(int(cdf[3]) - 1, cdf, 0, len(cdf)) == 3
    assert poisson_cdf(0.0).tolist() == [1 << 32]


def test_packets_meet_the_mean_load_whatever_the_tti() -> None:
    for per_frame in (1, 10, 20):
        world = World.model_validate(
            slotted().model_dump() | {"ttis_per_frame": per_frame, "preset": "paper"}
        )
        offered = arrivals(world, 4000).sum(axis=(0, 3)) / (4000 * world.tti_s)
        np.testing.assert_allclose(offered * 8, np.tile(world.load.mean_bps, (2, 1)), rtol=0.05)


def test_packets_are_whole_and_fall_on_every_ue_alike() -> None:
    fresh = arrivals(slotted(), 4000)
    packets = fresh / np.array([5000, 100, 32])[:, None]
    np.testing.assert_array_equal(packets, packets.astype(int))
    share = packets.sum(axis=0) / packets.sum(axis=(0, 3))[..., None]
    counts = packets.sum(axis=0)
    np.testing.assert_allclose(share, 1 / 6, atol=5 / np.sqrt(counts.sum(axis=-1)).min() / 6**0.5)
    # Each UE's number is Poisson again: variance = mean; and two UEs' are uncorrelated.
    urllc = packets[:, 0, 2]
    np.testing.assert_allclose(urllc.var(axis=0), urllc.mean(axis=0), rtol=0.1)
    assert abs(np.corrcoef(urllc[:, 0], urllc[:, 1])[0, 1]) < 0.06


def test_files_of_ftp_model_3_come_whole() -> None:
    world = slotted(sources=("ftp3", "ftp3", "poisson"), mean_bps=(80e6, 0.0, 6e6), ftp_file_bytes=50_000)
    fresh = arrivals(world, 5000)
    assert not (fresh[:, :, 0] % 50_000).any()
    assert not fresh[:, :, 1].any()
    assert fresh[:, :, 0].sum(axis=(0, 2)) * 8 / 5 == pytest.approx(np.full(2, 80e6), rel=0.1)


def test_nothing_arrives_where_no_ue_is() -> None:
    world = slotted(sources=("poisson", "beta_burst", "poisson"), burst_period_s=0.1)
    fresh = arrivals(world, 200, members(0, 0, 2))
    assert not fresh[:, :, :2].any()
    assert not fresh[:, :, 2, 2:].any()
    assert fresh[:, :, 2, :2].any()


def test_a_source_without_load_is_silent() -> None:
    sources = ("xr", "periodic", "beta_burst")
    assert not arrivals(slotted(sources=sources, scale=0.0), 100).any()
    assert not arrivals(slotted(mean_bps=(0.0, 0.0, 0.0)), 100).any()


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 3000), st.integers(1, 200))
def test_bursts_keep_their_mean_over_their_periods(ttis: int, bursts: int) -> None:
    """In ``ttis`` TTIs there are ``bursts`` whole periods, wherever they begin and end inside a TTI."""
    kept = np.array([burst_kept(t, bursts, ttis) for t in range(ttis)], dtype=np.float64)
    assert kept.mean() * BURST_PEAK / 2**32 == pytest.approx(1, abs=1e-6)
    assert kept.min() >= 0
    assert kept.max() <= 2**32 + 64


def test_a_burst_has_the_beta_3_4_shape() -> None:
    x = (np.arange(5000) + 0.5) / 5000
    kept = np.array([burst_kept(t, 1, 5000) for t in range(5000)])
    np.testing.assert_allclose(kept * BURST_PEAK / 2**32, 60 * x**2 * (1 - x) ** 3, atol=1e-5)
    assert kept.argmax() == pytest.approx(0.4 * 5000, abs=2)


def test_devices_burst_together_and_offer_the_mean_load() -> None:
    world = slotted(sources=("poisson", "beta_burst", "poisson"), burst_period_s=0.25)
    fresh = play(traffic_tables(world), members(1, 6, 1), 5000)[:, :, 1].sum(axis=-1)
    assert fresh.sum(axis=0) * 8 / 5 == pytest.approx(np.full(2, 6e6), rel=0.05)
    folded = fresh.sum(axis=1).reshape(20, 250).mean(axis=0)
    x = (np.arange(250) + 0.5) / 250
    assert np.corrcoef(folded, x**2 * (1 - x) ** 3)[0, 1] > 0.97
    assert folded[:10].sum() < 0.01 * folded.sum()
