from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.learn.meta import Weighting, task_weights

VARIANCES = st.lists(st.just(0.0) | st.floats(1e-9, 1e9), min_size=1, max_size=12)
WEIGHTINGS: list[Weighting] = ["softmax_var", "softmin_var", "uniform", "static_var"]


def weights(
    weighting: Weighting, variance: list[float], kappa: float = 1.0, floor: float = 0.2
) -> np.ndarray:
    found = task_weights(weighting, torch.tensor(variance, dtype=torch.float64), kappa, floor)
    return found.numpy()


@settings(max_examples=60, deadline=None)
@given(VARIANCES, st.sampled_from(WEIGHTINGS), st.floats(0.05, 20.0), st.floats(0.0, 1.0))
def test_weights_sum_to_one_and_none_is_below_the_floor(
    variance: list[float], weighting: Weighting, kappa: float, floor: float
) -> None:
    found = weights(weighting, variance, kappa, floor)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)
    assert (found >= floor / len(variance) - 1e-15).all()


@settings(max_examples=60, deadline=None)
@given(VARIANCES, st.sampled_from(WEIGHTINGS), st.floats(1e-6, 1e6))
def test_weights_do_not_depend_on_the_unit_of_the_reward(
    variance: list[float], weighting: Weighting, unit: float
) -> None:
    scaled = [unit * value for value in variance]
    np.testing.assert_allclose(weights(weighting, scaled), weights(weighting, variance), rtol=1e-5)


@settings(max_examples=60, deadline=None)
@given(VARIANCES)
def test_more_variance_means_more_weight_by_softmax_and_less_by_softmin(variance: list[float]) -> None:
    order = np.argsort(variance, kind="stable")
    assert (np.diff(weights("softmax_var", variance)[order]) >= -1e-12).all()
    assert (np.diff(weights("softmin_var", variance)[order]) <= 1e-12).all()


def test_weights_are_the_softmax_of_the_standardised_variances() -> None:
    z = np.array([-1.0, 1.0])  # two values are always one standard deviation from their mean
    softmax = np.exp(z) / np.exp(z).sum()
    np.testing.assert_allclose(weights("softmax_var", [2.0, 8.0], floor=0.0), softmax, rtol=1e-5)
    np.testing.assert_allclose(weights("softmin_var", [2.0, 8.0], floor=0.0), softmax[::-1], rtol=1e-5)
    np.testing.assert_allclose(weights("softmax_var", [2.0, 8.0], floor=0.2), 0.8 * softmax + 0.1, rtol=1e-5)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("variance", [[0.0, 0.0, 0.0], [2.5, 2.5, 2.5]])
def test_equal_variances_give_equal_weights(weighting: Weighting, variance: list[float]) -> None:
    np.testing.assert_allclose(weights(weighting, variance), 1.0 / 3.0, rtol=1e-12)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_weights_have_no_gradient(weighting: Weighting) -> None:
    variance = torch.tensor([1.0, 2.0], requires_grad=True)
    assert not task_weights(weighting, variance, 1.0, 0.2).requires_grad
