"""Fixtures of the chart's tests."""

import pytest
from rendering import CASES, Rendered, render


@pytest.fixture(params=CASES)
def rendered(request: pytest.FixtureRequest) -> Rendered:
    """The release under every preset, and under values that reach what presets leave out."""
    return render(CASES[request.param])
