import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.problem import DeliveredSpec, Eq8Spec, Frame, Problem, ProblemSpec

from .worlds import FRAME, measurements

ONE_UE = Frame(rbs=100, slices=3, ues_per_slice=1, frame_s=0.01, rb_bandwidth_hz=200e3, total_ues=3, dus=1)


def delivered(**changes) -> Problem:
    return Problem(ProblemSpec(delivered=DeliveredSpec(**changes)), ONE_UE)


def eq8(**changes) -> Problem:
    return Problem(ProblemSpec(reward="eq8", eq8=Eq8Spec(**changes)), ONE_UE)


def eq8_kpis(embb_bps, mmtc_bps, latency_s, used=(0, 0, 0)):
    return np.float32([embb_bps, mmtc_bps, 1e6, 0, 0, latency_s, *used])


def test_delivered_at_its_thresholds_is_one_half_of_everything():
    problem = delivered()
    kpis = np.float32([0.1, 0.06, 0.005])
    np.testing.assert_allclose(problem.qos(kpis), 0.5, atol=1e-6)
    np.testing.assert_allclose(problem.reward(kpis), 0.5, atol=1e-6)


def test_delivered_closed_form():
    embb = 1 / (1 + 0.3 / 0.1)
    mmtc = 1 / (1 + np.exp(-(0.06 - 0.03) / 0.015))
    urllc = 1 / (1 + np.exp(-(0.005 - 0.002) / 0.0007))
    expected = (1 * embb + 0.5 * mmtc + 2 * urllc) / 3.5
    assert float(delivered().reward(np.float32([0.3, 0.03, 0.002]))) == pytest.approx(expected, abs=1e-6)


def test_delivered_is_a_mean_over_the_ues_present():
    problem = Problem(ProblemSpec(), FRAME)
    kpis = np.full((3, 24), -1, np.float32)
    kpis[0, :2] = [0.0, 0.1]
    assert problem.qos(kpis.reshape(-1)).tolist() == [0.75, 1.0, 1.0]


delays = st.floats(0, 100, width=32)


@given(delays, delays, delays, st.integers(0, 2), delays)
def test_delivered_lies_in_the_unit_interval_and_falls_with_each_delay(a, b, c, which, more):
    problem = delivered()
    kpis = np.float32([a, b, c])
    worse = kpis.copy()
    worse[which] += np.float32(more)
    assert 0 <= problem.reward(worse) <= problem.reward(kpis) <= 1


@given(st.floats(0, 2e8), st.floats(0, 2e8), st.floats(0, 0.02))
def test_static_utility_of_eq8_lies_between_its_bounds(embb, mmtc, latency):
    reward = float(eq8(zeta=0).reward(eq8_kpis(embb, mmtc, latency)))
    best = sum(1 / (1 + np.exp(-weight)) for weight in (1.0, 0.5, 2.0))
    assert 1.5 <= reward <= best + 1e-6


def test_the_bounds_of_eq8_are_reached():
    assert float(eq8(zeta=0).reward(eq8_kpis(0, 0, 0.02))) == pytest.approx(1.5)
    assert float(eq8(zeta=0).reward(eq8_kpis(1e8, 1e8, 0))) == pytest.approx(2.2343, abs=1e-4)
    assert float(eq8(zeta=0, alpha="weighted_norm").reward(eq8_kpis(0, 0, 0.02))) == pytest.approx(1.5)


def test_weighted_normalisation_pays_one_perfect_slice_the_same_whichever_it_is():
    problem = eq8(zeta=0, alpha="weighted_norm")
    alone = [eq8_kpis(1e8, 0, 0.02), eq8_kpis(0, 1e8, 0.02), eq8_kpis(0, 0, 0)]
    np.testing.assert_allclose([problem.reward(kpis) for kpis in alone], 1.9526, atol=1e-4)


def test_normalised_shortfalls_cost_at_most_zeta_each():
    nothing = eq8_kpis(0, 0, 0.02)
    assert float(eq8(zeta=1).reward(nothing)) == pytest.approx(1.5 - 3)
    assert float(eq8(zeta=0.25).reward(nothing)) == pytest.approx(1.5 - 0.75)
    half = eq8_kpis(5e6, 50e6, 0.003)
    cost = float(eq8(zeta=0).reward(half)) - float(eq8(zeta=1).reward(half))
    assert cost == pytest.approx(0.5 + 0.0 + 0.5, abs=1e-4)


def test_raw_shortfalls_are_in_mbit_ms_and_rbs():
    kpis = eq8_kpis(4e6, 20e6, 0.005, used=(60, 50, 10))
    cost = float(eq8(zeta=0).reward(kpis)) - float(eq8(zeta=1, shortfall="raw").reward(kpis))
    assert cost == pytest.approx(6 + 30 + 3 + 20, abs=1e-3)


def test_more_rbs_than_exist_are_penalised_by_their_excess():
    within = eq8_kpis(5e7, 6e7, 0.001, used=(50, 30, 20))
    beyond = eq8_kpis(5e7, 6e7, 0.001, used=(70, 40, 40))
    problem = eq8()
    assert float(problem.reward(within)) - float(problem.reward(beyond)) == pytest.approx(0.5, abs=1e-6)


@given(
    st.floats(0, 1.2e8),
    st.floats(0, 1.2e8),
    st.floats(0, 0.012),
    st.floats(0, 1e8),
    st.sampled_from([0, 1, 2]),
)
def test_static_eq8_never_falls_when_one_slice_is_served_better(embb, mmtc, latency, more, which):
    kpis = eq8_kpis(embb, mmtc, latency)
    better = kpis.copy()
    better[5 if which == 2 else which] += np.float32(-latency * (more / 1e8) if which == 2 else more)
    problem = eq8()
    assert problem.reward(better) >= problem.reward(kpis)


def test_mmtc_counts_only_its_satisfied_fraction():
    problem = Problem(ProblemSpec(reward="eq8"), FRAME)
    rate = np.full((3, 24), -1, np.float32)
    delay = rate.copy()
    rate[1, :4] = [2e7, 2e7, 0.05e6, 0.05e6]
    delay[1, :4] = 0
    kpis = np.concatenate([rate.reshape(-1), delay.reshape(-1), np.zeros(3, np.float32)])
    np.testing.assert_allclose(problem.qos(kpis)[1], 0.5 * 40.1e6 / 1e8, rtol=1e-6)


def test_eq6_rows_weigh_scaled_kpis():
    problem = eq8(quality="eq6", zeta=0)
    kpis = eq8_kpis(50e6, 1e8, 0.005)
    np.testing.assert_allclose(problem.qos(kpis)[0], 0.1 * 1 + 0.7 * 0.5 + 0.1 + 0.1, rtol=1e-6)
    np.testing.assert_allclose(problem.qos(kpis)[2], 0.7 * 0.5 + 0.05 * 0.01 + 0.25, rtol=1e-6)


def test_the_reward_can_be_recomputed_from_kpis_under_another_threshold():
    m = measurements(8, (10,))
    strict = Problem(ProblemSpec(delivered=DeliveredSpec(urllc_budget_s=0.002)), FRAME)
    loose = Problem(ProblemSpec(), FRAME)
    kpis = loose.kpis(m)
    assert strict.reward(kpis).tobytes() == strict.reward(strict.kpis(m)).tobytes()
    assert (strict.reward(kpis) <= loose.reward(kpis)).all()


def spread(budget_spread: float, **changes) -> Problem:
    return Problem(ProblemSpec(delivered=DeliveredSpec(budget_spread=budget_spread, **changes)), FRAME)


@given(st.floats(0.01, 9), st.integers(0, 5))
def test_budgets_stand_on_a_ladder_over_the_dus(budget_spread, du):
    problem = spread(budget_spread)
    kpis = problem.kpis(measurements(9, (6,)))
    factor = (1 + budget_spread) ** (2 * du / 5 - 1)
    kpis[du, 48] = 0.005 * factor  # the only URLLC UE there, just at its DU's budget
    kpis[du, 49:72] = -1
    assert problem.qos(kpis)[du, 2] == pytest.approx(0.5, abs=0.01)


def test_equal_budgets_are_those_of_a_problem_without_spread():
    m = measurements(10, (3, 6))
    plain, middle = spread(0.0), spread(1.0)
    assert middle.kpi_dim == plain.kpi_dim + 1
    kpis = middle.kpis(m)
    assert (kpis[..., :-1] == plain.kpis(m)).all()
    kpis[..., -1] = 0
    assert middle.reward(kpis).tobytes() == plain.reward(plain.kpis(m)).tobytes()


def test_old_kpis_are_rewarded_anew_whatever_their_order():
    kpis = spread(1.0).kpis(measurements(11, (4, 6)))
    stored = np.ascontiguousarray(kpis.swapaxes(0, 1))
    for problem in (spread(1.0), spread(3.0, urllc_budget_s=0.002)):
        assert (problem.reward(stored) == problem.reward(kpis).T).all()


def test_measurements_of_unknown_dus_have_no_budget():
    with pytest.raises(ValueError, match="the last axis must be the 6 DUs; use of_du"):
        spread(1.0).kpis(measurements(12, (4,)))
    assert spread(1.0).of_du(5).kpis(measurements(12, (4,))).shape == (4, 73)


def test_eq8_on_delivered_bits_takes_each_ue_for_the_mean_of_its_slice():
    problem = Problem(ProblemSpec(reward="eq8", eq8=Eq8Spec(rate="delivered", quality="section_vi")), FRAME)
    m = measurements(13)
    m.ue_rate_bps[:] = np.nan
    rate = problem.kpis(m)[:72].reshape(3, 24)
    present = ~np.isnan(m.ue_delay_s)
    assert ((rate == -1) == ~present).all()
    for s in range(3):
        total = rate[s][present[s]].sum(dtype=np.float64)
        assert total == pytest.approx(8 * m.delivered_bytes[s] / 0.01 if present[s].any() else 0, rel=1e-5)
