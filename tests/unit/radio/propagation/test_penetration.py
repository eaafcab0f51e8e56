"""Loss into buildings by TR 38.901 clause 7.4.3."""

import numpy as np
import pytest

from cadran.radio.propagation.penetration import Wall, draw_indoors, wall


def found(penetration: str, carrier_hz: float) -> Wall:
    result = wall(penetration, carrier_hz)
    assert result is not None
    return result


def test_walls() -> None:
    # 5 - 10 lg(0.3 10^-0.27 + 0.7 10^-1.9) and 5 - 10 lg(0.7 10^-2.5785 + 0.3 10^-1.9), by hand.
    assert found("low", 3.5e9).loss_db == pytest.approx(12.698, abs=0.001)
    assert found("high", 3.5e9).loss_db == pytest.approx(27.499, abs=0.001)
    assert found("low", 28e9).loss_db == pytest.approx(17.829, abs=0.001)
    assert found("high", 28e9).deviation_db == 6.5
    assert found("below_6ghz", 3.5e9) == Wall(20.0, 0.0, 1, per_link=True)


def test_the_carrier_chooses() -> None:
    assert wall("by_carrier", 5.9e9) == wall("below_6ghz", 5.9e9)
    assert wall("by_carrier", 6e9) == wall("low", 6e9)
    assert wall("none", 3.5e9) is None


@pytest.mark.parametrize(
    ("penetration", "extra_db", "deviation_db"),
    [
        ("below_6ghz", 20 + 12.5 / 2, 25 / 12**0.5 / 2),
        # The least of two uniform draws from 0 to 25 m has mean 25/3 and variance 625/18.
        ("low", 12.698 + 25 / 6, (4.4**2 + 625 / 18 / 4) ** 0.5),
        ("high", 27.499 + 25 / 6, (6.5**2 + 625 / 18 / 4) ** 0.5),
    ],
)
def test_extra_loss_of_ues_indoors(penetration: str, extra_db: float, deviation_db: float) -> None:
    rng = np.random.default_rng(1)
    loss_db, inside_m = draw_indoors(found(penetration, 3.5e9), np.ones(100_000, dtype=bool), 2, rng)
    total = loss_db[:, None] + 0.5 * inside_m
    assert total.mean() == pytest.approx(extra_db, abs=0.05)
    assert total.std() == pytest.approx(deviation_db, rel=0.01)
    assert inside_m.min() > 0
    assert inside_m.max() <= 25
    assert (inside_m[:, 0] != inside_m[:, 1]).all() == (penetration == "below_6ghz")


def test_nothing_is_lost_outdoors() -> None:
    indoor = np.array([True, False, True, False])
    loss_db, inside_m = draw_indoors(found("low", 3.5e9), indoor, 3, np.random.default_rng(2))
    assert (loss_db[~indoor] == 0).all()
    assert (inside_m[~indoor] == 0).all()
    assert (inside_m[indoor] > 0).all()
