"""Exponential effective SINR."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.radio.phy import eesm, eesm_beta, mcs_table

sinrs = st.lists(st.floats(1e-3, 1e5), min_size=1, max_size=30).map(np.array)
betas = st.sampled_from([float(beta) for number in (1, 2) for beta in eesm_beta(number)])


@given(sinr=sinrs, beta=betas)
def test_lies_between_least_and_mean(sinr: np.ndarray, beta: float) -> None:
    effective = eesm(sinr, beta)
    assert sinr.min() * (1 - 1e-12) <= effective <= sinr.mean() * (1 + 1e-9) <= sinr.max() * (1 + 2e-9)


@given(sinr=st.floats(1e-3, 1e5), count=st.integers(1, 50), beta=betas)
def test_equal_sinrs_are_kept(sinr: float, count: int, beta: float) -> None:
    assert eesm(np.full(count, sinr), beta) == pytest.approx(sinr, rel=1e-12)


@given(sinr=sinrs, beta=betas, factor=st.floats(1.0, 10.0))
def test_more_sinr_anywhere_never_hurts(sinr: np.ndarray, beta: float, factor: float) -> None:
    better = sinr.copy()
    better[0] *= factor
    assert eesm(better, beta) >= eesm(sinr, beta) * (1 - 1e-12)


@given(sinr=sinrs)
def test_a_greater_beta_tolerates_spread_better(sinr: np.ndarray) -> None:
    values = [eesm(sinr, beta) for beta in (1.6, 6.5, 34.28, 132.54)]
    assert all(b >= a * (1 - 1e-9) for a, b in pairwise(values))


def test_closed_form_of_two() -> None:
    assert eesm(np.array([1.0, 3.0]), 2.0) == pytest.approx(-2 * np.log((np.exp(-0.5) + np.exp(-1.5)) / 2))


def test_huge_sinrs_do_not_underflow() -> None:
    assert eesm(np.array([1e6, 2e6]), 1.6) == pytest.approx(1e6 + 1.6 * np.log(2))


@pytest.mark.parametrize("number", [1, 2])
def test_one_beta_per_mcs_rising(number: int) -> None:
    beta = eesm_beta(number)
    assert beta.shape == mcs_table(number).code_rate.shape
    assert (np.diff(beta) > 0).all()


def test_beta_belongs_to_the_scheme_whatever_table_it_stands_in() -> None:
    def by_scheme(number: int) -> dict[tuple[int, float], float]:
        table = mcs_table(number)
        schemes = zip(table.modulation_order.tolist(), table.code_rate.tolist(), strict=True)
        return dict(zip(schemes, eesm_beta(number).tolist(), strict=True))

    first, second = by_scheme(1), by_scheme(2)
    shared = first.keys() & second.keys()
    assert len(shared) == 20
    assert {scheme: first[scheme] for scheme in shared} == {scheme: second[scheme] for scheme in shared}


def test_unknown_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="MCS table 0"):
        eesm_beta(0)
