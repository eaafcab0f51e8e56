"""Many DUs and UEs."""

import numpy as np
import pytest

from cadran.radio import Radio, State, World

from .worlds import pf_all, seeds


def assert_all_attached(world: World, state: State) -> None:
    """Every UE has one place, and no slice of a DU has more than it admits."""
    ues = state.core.ues[0]
    assert ues.sum(axis=0).tolist() == list(world.ues_per_slice)
    assert (ues <= world.max_ues_per_slice).all()
    for s, members in enumerate(world.ues_per_slice):
        ids = state.ues.id[0, :, s]
        assert sorted(ids[ids >= 0].tolist()) == list(range(members))


@pytest.mark.parametrize("preset", ["paper", "3gpp"])
def test_sixty_dus_and_two_thousand_ues_start_and_play(preset: str) -> None:
    world = World.model_validate(
        {"preset": preset, "dus": 60, "ues": 2000, "rbs": 20, "queue_entries": 8, "max_ues_per_slice": 16}
    )
    radio = Radio(world)
    state = radio.new_state(seeds(1))
    assert_all_attached(world, state)
    radio.step(state, pf_all(world, 1))
    assert (state.kpis.delivered_bytes.sum(axis=(0, 1)) > 0).all()
    assert sum(array.nbytes for part in state for array in part) < 2**27


def test_a_ran_whose_last_place_is_taken_starts() -> None:
    """Where the strongest DUs are full, UEs go on to others: the last UE finds the last place."""
    world = World(dus=20, ues=20 * 3 * 8, rbs=2, max_ues_per_slice=8, queue_entries=8)
    radio = Radio(world)
    state = radio.new_state(seeds(1))
    assert_all_attached(world, state)
    assert (state.core.ues == 8).all()
    own = np.take_along_axis(state.ues.gain[0], np.arange(20)[:, None, None, None], -1)[..., 0]
    assert (own < state.ues.gain[0].max(axis=-1)).any()
    assert np.median(own / state.ues.gain[0].max(axis=-1)) > 0.5
