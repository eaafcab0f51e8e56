"""The scheduler grants what the plain algorithm grants, unit by unit."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from .reference import Key, Reference, exact_key, ranked_key
from .scenes import SLICES, Scene, play, random_scene, scenes, user_scenes


def assert_as_reference(scene: Scene, key: Key) -> None:
    outcome, reference = play(scene), Reference(scene, key)
    assert outcome.ue_of_unit.tolist() == reference.ue_of_unit
    assert outcome.slice_of_unit.tolist() == reference.slice_of_unit
    assert outcome.held.tolist() == reference.held


@settings(max_examples=300, deadline=None)
@given(scene=scenes(groups=(1,), repeats=False))
def test_units_of_one_rb_are_granted_as_the_plain_algorithm_does(scene: Scene) -> None:
    assert_as_reference(scene, ranked_key(scene))


@settings(max_examples=200, deadline=None)
@given(scene=user_scenes())
def test_rbs_of_ues_are_granted_as_the_plain_algorithm_does(scene: Scene) -> None:
    assert_as_reference(scene, ranked_key(scene))


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    places=st.integers(1, 7),
    rbs=st.integers(1, 24),
    mode=st.sampled_from([0, 1]),
    pad=st.booleans(),
)
def test_without_ties_the_metric_alone_decides(
    seed: int, places: int, rbs: int, mode: int, pad: bool
) -> None:
    rng = np.random.default_rng(seed)
    scene = random_scene(rng, places, rbs, repeats=False, mode=mode, pad=pad)
    distinct = rng.permuted(np.tile(np.arange(1, SLICES * places + 1), (rbs, 1)), axis=1)
    # In the order of memory that the radio has: another one would be compiled for itself.
    csi = np.ascontiguousarray(10 * distinct.T.reshape(SLICES, places, rbs).astype(np.int32))
    ones = np.ones((SLICES, places), dtype=np.float32)
    waiting = scene.waiting._replace(metric=ones * np.float32(0.3), weight=ones * np.float32(1.7))
    assert_as_reference(replace(scene, csi=csi, waiting=waiting), exact_key)


def test_a_full_size_du_is_granted_as_the_plain_algorithm_does() -> None:
    rng = np.random.default_rng(3)
    for load in (300, 3000, 1 << 40):
        scene = random_scene(rng, 33, 100, load=load, repeats=False)
        scene = replace(
            scene,
            csi=rng.integers(1, 1000, scene.csi.shape).astype(np.int32),
            ues=np.full(SLICES, 33, dtype=np.int32),
        )
        assert_as_reference(scene, ranked_key(scene))
