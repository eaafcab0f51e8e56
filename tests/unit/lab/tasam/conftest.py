import pytest

from cadran.lab.tasam import pictures, scores


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few resamples: tests are about what is said, not about the last digit of an interval."""
    monkeypatch.setattr(scores, "REPLICATES", 300)


@pytest.fixture
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """No figures, where a test is not about them."""
    for name in ("forest", "lines", "distributions", "distributions_of_quantiles", "heat_map"):
        monkeypatch.setattr(pictures, f"draw_{name}", lambda *args, **options: b"PNG")
