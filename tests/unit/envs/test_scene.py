import gymnasium
import numpy as np
import pettingzoo
import pytest

from cadran.envs import BatchedEnv
from cadran.envs.rendering import rgb_array, save_png
from cadran.envs.scene import scene_of
from cadran.problem import ProblemSpec
from cadran.radio import World

from .worlds import WORLD, seeds

SMALL = {"dus": 2, "ues": 12, "max_ues_per_slice": 4, "rbs": 20, "episode_frames": 10}
SECTORED = {
    **SMALL,
    "dus": 21,
    "ues": 126,
    "layout": {"kind": "rings", "sectors": 3, "wrap_around": True},
    "mac": {"allocation": "rbg", "rbg_rbs": 8},
}


def played(world: World, frames: int = 5) -> BatchedEnv:
    env = BatchedEnv(world, ProblemSpec(), seeds(1, 2))
    rng = np.random.default_rng(0)
    for _ in range(frames):
        env.step(rng.random((2, env.dus, 3), dtype=np.float32))
    return env


@pytest.mark.parametrize("env", [0, 1])
@pytest.mark.parametrize("world", [WORLD, World.model_validate(SECTORED)], ids=["omni", "sectors"])
def test_a_scene_has_every_ue_and_every_rb(world, env):
    batch = played(world)
    scene = scene_of(batch, env)
    held = np.where(scene.slice_of_unit >= 0, scene.unit_rbs, 0).sum()
    assert np.bincount(scene.ue_slice, minlength=3).tolist() == list(world.ues_per_slice)
    assert scene.ue_m.shape == scene.copy_m.shape == (world.ues, 2)
    assert scene.slice_of_unit.shape == (world.dus, len(world.unit_rbs))
    assert 0 < scene.ue_rbs.sum() <= held
    assert scene.title.startswith("episode 0, frame 5")


def test_a_link_ends_at_the_nearest_copy_of_the_site_that_serves():
    batch = played(World.model_validate(SECTORED))
    scene, copies_m = scene_of(batch), batch.radio.sites.copies_m
    to_copies = (scene.site_m[scene.ue_du] - scene.ue_m)[:, np.newaxis] + copies_m
    distance = np.linalg.norm(to_copies, axis=-1)
    chosen = (scene.copy_m[:, np.newaxis] == copies_m).all(axis=-1)
    assert (chosen.sum(axis=1) == 1).all()
    assert (distance[chosen] == distance.min(axis=1)).all()
    assert 0 < scene.copy_m.any(axis=1).sum() < len(scene.ue_m)
    assert not scene_of(played(WORLD)).copy_m.any()


@pytest.mark.parametrize("preset", ["paper", "3gpp"])
def test_gymnasium_and_pettingzoo_render(preset):
    world = {**SMALL, "preset": preset}
    one = gymnasium.make("Cadran/Slicing-v0", world=world, render_mode="rgb_array")
    one.reset(seed=1)
    frames = gymnasium.make_vec("Cadran/Slicing-v0", num_envs=2, world=world, render_mode="rgb_array")
    frames.reset(seed=0)
    many = pettingzoo.make("parallel", "Cadran/ResourceBlocks-v0", world=world, render_mode="rgb_array")
    many.reset(seed=1)
    pictures = [one.render(), *frames.render(), many.render()]
    assert [picture.shape for picture in pictures] == [(640, 1280, 3)] * 4
    assert (pictures[0] == pictures[2]).all()
    assert (pictures[1] != pictures[2]).any()


def test_nothing_is_drawn_unasked():
    batch = gymnasium.make_vec("Cadran/Slicing-v0", num_envs=2, world=SMALL)
    assert batch.render() is None
    assert pettingzoo.make("parallel", "Cadran/Slicing-v0", world=SMALL).render() is None


def test_a_picture_of_a_batch_is_written_as_png(tmp_path):
    batch = played(WORLD)
    save_png(batch, tmp_path / "first.png")
    save_png(batch, tmp_path / "second.png", env=1)
    first, second = ((tmp_path / name).read_bytes() for name in ("first.png", "second.png"))
    assert first.startswith(b"\x89PNG")
    assert first != second
    assert (rgb_array(batch, 1) != rgb_array(batch, 0)).any()
