import sys

import numpy as np
import pytest

from cadran.envs.rendering import SLICE_COLOURS, draw, to_array
from cadran.envs.scene import Scene

UNIT_RBS = np.asarray([4, 4, 4, 4, 4, 2])
HOLDERS = np.asarray([[0, 0, 1, 2, -1, -1], [2, 2, 2, 2, 2, 2]], dtype=np.int8)


def scene(sectors: int = 1, ues: int = 40) -> Scene:
    rng = np.random.default_rng(0)
    sites = np.zeros((2, 2)) if sectors > 1 else np.asarray([[0.0, 0.0], [500.0, 0.0]])
    of_ue = rng.integers(2, size=ues)
    return Scene(
        title="episode 0, frame 3, 0.030 s",
        site_m=sites,
        azimuth_rad=np.asarray([0.5, 2.6]),
        sectors=sectors,
        cell_radius_m=288.7,
        ue_m=sites[of_ue] + rng.uniform(-200, 200, (ues, 2)),
        ue_du=of_ue,
        ue_slice=rng.integers(3, size=ues),
        ue_rbs=rng.integers(-2, 3, size=ues).clip(0),
        copy_m=rng.integers(2, size=(ues, 1)) * np.asarray([900.0, 0.0]),
        unit_rbs=UNIT_RBS,
        slice_of_unit=HOLDERS,
    )


def share(pixels: np.ndarray, colour: str) -> float:
    """Part of the pixels that have exactly this colour."""
    rgb = np.asarray([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return float((pixels == rgb).all(axis=-1).mean())


@pytest.mark.parametrize("sectors", [1, 3])
@pytest.mark.parametrize("ues", [0, 1, 40, 1000])
def test_any_number_of_ues_and_sectors_can_be_drawn(sectors, ues):
    pixels = to_array(draw(scene(sectors, ues)))
    assert (pixels.shape, pixels.dtype) == ((640, 1280, 3), np.uint8)
    assert pixels.std() > 10


def test_each_slice_has_as_much_of_the_grid_as_it_holds_rbs():
    held = [(UNIT_RBS * np.equal(HOLDERS, slice_)).sum() for slice_ in range(3)]
    # The legend below and the numbers on the right are left out.
    grid = to_array(draw(scene(ues=0)))[:500, 680:1125]
    shown = np.asarray([share(grid, colour) for colour in SLICE_COLOURS])
    assert shown / shown.sum() == pytest.approx(np.asarray(held) / sum(held), abs=0.03)


def test_a_figure_leaves_pyplot_alone():
    before = "matplotlib.pyplot" in sys.modules
    draw(scene())
    assert ("matplotlib.pyplot" in sys.modules) == before


def test_a_picture_is_the_same_each_time():
    assert (to_array(draw(scene())) == to_array(draw(scene()))).all()


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError, match=r"matplotlib: install cadran\[testbed\]"):
        draw(scene())
