"""Measured packets as a table."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.radio.traffic import trace_table, traffic_tables

from .play import slotted


@given(
    packets=st.lists(st.tuples(st.floats(0, 5), st.integers(0, 10**6)), min_size=1, max_size=50),
    step_s=st.sampled_from([0.001, 0.01, 0.3]),
)
def test_a_trace_table_holds_every_byte(packets: list[tuple[float, int]], step_s: float) -> None:
    times, sizes = zip(*sorted(packets), strict=True)
    table = trace_table(times, sizes, step_s)
    assert table.sum() == sum(sizes)
    assert len(table) == int((times[-1] - times[0]) / step_s) + 1


@pytest.mark.parametrize(
    ("times", "sizes", "message"),
    [
        ([], [], "equal lengths of at least 1"),
        ([0.0, 1.0], [1], "equal lengths"),
        ([1.0, 0.5], [1, 1], "not decrease"),
        ([0.0, float("nan")], [1, 1], "finite"),
        ([0.0, 1.0], [1, -1], "packet 1 has a negative size"),
    ],
)
def test_a_broken_trace_is_refused(times: list[float], sizes: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trace_table(times, sizes, 0.01)


def test_a_trace_without_a_step_is_refused() -> None:
    with pytest.raises(ValueError, match="step_s"):
        trace_table([0.0], [1], 0.0)


@pytest.mark.parametrize("trace", [np.zeros(0, np.int64), np.array([1, -1]), np.ones((2, 2), np.int64)])
def test_an_unusable_table_is_refused(trace: np.ndarray) -> None:
    with pytest.raises(ValueError, match="at least one value >= 0"):
        traffic_tables(slotted(), trace)
