import pytest

from cadran.lab.meta.studies import estimates, pictures


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few resamples: tests are about what is said, not about the last digit of an interval."""
    monkeypatch.setattr(estimates, "REPLICATES", 300)


@pytest.fixture
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """No figures, where a test is not about them."""
    for name in ("forest", "lines"):
        monkeypatch.setattr(pictures, f"draw_{name}", lambda *args, **options: b"PNG")
