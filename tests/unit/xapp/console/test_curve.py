from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.xapp.console.curve import Curve


@given(st.integers(1, 6).map(lambda half: 2 * half), st.lists(st.floats(-1e3, 1e3), max_size=300))
def test_a_curve_stays_short_and_its_points_are_means_of_equally_many(
    limit: int, values: list[float]
) -> None:
    curve = Curve(limit)
    for time, value in enumerate(values):
        curve.add(float(time), [value, -value])
    points = curve.points
    assert len(points) < limit
    if not points:
        return
    taken = int(points[-1].time_s) + 1
    span = taken // len(points)
    assert span * len(points) == taken
    assert len(values) - taken < span
    for index, point in enumerate(points):
        part = values[index * span : (index + 1) * span]
        assert point.time_s == (index + 1) * span - 1
        assert point.values[0] == pytest.approx(sum(part) / span, abs=1e-9)
        assert point.values[1] == pytest.approx(-sum(part) / span, abs=1e-9)


@pytest.mark.parametrize("limit", [0, 1, 7])
def test_neighbours_need_a_partner(limit: int) -> None:
    with pytest.raises(ValueError, match="even"):
        Curve(limit)
