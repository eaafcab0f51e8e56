import pytest

from cadran.lab.tasam import pictures, scores
from cadran.lab.tasam.beyond import relaxation


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few resamples and small optima: tests are about what is said, not about the last digit of it."""
    monkeypatch.setattr(scores, "REPLICATES", 300)
    monkeypatch.setattr(relaxation, "DROPS", 1)
    monkeypatch.setattr(relaxation, "GROUPS", 3)


@pytest.fixture
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """No figures, where a test is not about them."""
    for name in ("forest", "lines", "distributions", "distributions_of_quantiles", "heat_map"):
        monkeypatch.setattr(pictures, f"draw_{name}", lambda *args, **options: b"PNG")
