"""An update moves UEs, walks their links, and hands them over where A3 says, whatever the batch."""

import numpy as np
import pytest

from cadran.radio import Radio, State, World
from cadran.radio.mobility import move, row_steps
from cadran.radio.propagation.links import Links, mean_gains
from cadran.radio.state import clone

from ..worlds import digest
from .places import ids_are_dense, members

KINDS = ("random_waypoint", "corridor", "directions")


def radio_of(**changes: object) -> Radio:
    settings: dict[str, object] = {"preset": "3gpp", "dus": 4, "ues": 40, "rbs": 24, "max_ues_per_slice": 8}
    settings["mobility"] = {"kind": "random_waypoint", "speed_min_mps": 20.0, "speed_max_mps": 30.0}
    return Radio(World.model_validate(settings | changes))


def start(radio: Radio, seeds: range = range(1)) -> State:
    return radio.new_state(np.array(seeds, dtype=np.uint64))


def update(radio: Radio, state: State, times: int = 1) -> tuple[int, int]:
    """Updates without frames between them; returns handovers requested and succeeded."""
    counts = np.zeros(2, dtype=np.int64)
    for _ in range(times):
        state.core.frame[:] += radio.world.mobility.update_frames
        move(radio.world, radio.sites, radio.fading, state)
        counts += state.kpis.handovers_requested.sum(), state.kpis.handovers_succeeded.sum()
    return int(counts[0]), int(counts[1])


def by_ue(state: State, name: str) -> np.ndarray:
    """An array of environment 0, a row per UE, in the order of slices and ids."""
    _, slice_, _ = taken = np.nonzero(state.ues.id[0] >= 0)
    order = np.lexsort((state.ues.id[0][taken], slice_))
    rows: np.ndarray = getattr(state.ues, name)[0][taken][order]
    return rows


def serving(state: State) -> np.ndarray:
    du, slice_, _ = taken = np.nonzero(state.ues.id[0] >= 0)
    return du[np.lexsort((state.ues.id[0][taken], slice_))]


@pytest.mark.parametrize("kind", KINDS)
def test_an_environment_does_not_depend_on_the_batch(kind):
    radio = radio_of(mobility={"kind": kind, "speed_min_mps": 20.0, "speed_max_mps": 40.0})
    together = start(radio, range(5, 8))
    update(radio, together, 30)
    for e, seed in enumerate(range(5, 8)):
        alone = start(radio, range(seed, seed + 1))
        update(radio, alone, 30)
        assert digest(alone) == digest(together, slice(e, e + 1))


def test_only_environments_whose_update_is_due_move():
    radio = radio_of()
    state = start(radio, range(3))
    before = clone(state)
    state.kpis.handovers_requested[:] = 7
    state.core.frame[:] = 3, 4, 5
    move(radio.world, radio.sites, radio.fading, state)
    moved = [(state.ues.position_m[e] != before.ues.position_m[e]).any() for e in range(3)]
    assert moved == [False, True, False]
    assert not state.kpis.handovers_requested[[0, 2]].any()


def test_a_static_world_stays_as_it_is():
    radio = radio_of(mobility={"kind": "static"})
    state = start(radio)
    before = digest(state)
    state.core.frame[:] = 4
    move(radio.world, radio.sites, radio.fading, state)
    state.core.frame[:] = 0
    assert digest(state) == before


@pytest.mark.parametrize("kind", KINDS)
def test_every_ue_stays_in_the_ran_exactly_once(kind):
    radio = radio_of(mobility={"kind": kind, "speed_min_mps": 50.0, "speed_max_mps": 50.0})
    state = start(radio, range(2))
    before = members(state)
    requested, succeeded = update(radio, state, 200)
    assert requested >= succeeded > 10
    assert members(state) == before
    assert ids_are_dense(state)
    assert (state.core.ues <= radio.world.max_ues_per_slice).all()
    assert (state.kpis.ues == state.core.ues).all()


def test_full_slices_refuse_and_only_those():
    radio = radio_of(ues=46, max_ues_per_slice=4)
    requested, succeeded = update(radio, start(radio), 100)
    assert requested > succeeded
    roomy = radio_of(max_ues_per_slice=40)
    requested, succeeded = update(roomy, start(roomy), 100)
    assert requested == succeeded > 0


def test_gains_steps_and_fading_fit_the_new_positions():
    radio = radio_of()
    state = start(radio)
    before = by_ue(state, "fading_base")
    update(radio, state, 50)
    links = Links(*(by_ue(state, name) for name in Links._fields))
    position = by_ue(state, "position_m").astype(np.float64)
    gain, line_of_sight = mean_gains(radio.world, radio.sites, position, links)
    np.testing.assert_allclose(by_ue(state, "gain"), gain, rtol=1e-5)
    np.testing.assert_array_equal(by_ue(state, "line_of_sight"), line_of_sight)
    assert 0 < line_of_sight.mean() < 1
    part = radio.fading.rows * radio.fading.stride
    after = by_ue(state, "fading_base")
    np.testing.assert_array_equal(after // part, line_of_sight)
    np.testing.assert_array_equal(after % part, before % part)
    steps = row_steps(radio.world, radio.fading.rows_per_m, by_ue(state, "velocity_mps"), serving(state))
    np.testing.assert_array_equal(by_ue(state, "row_step"), steps)


def test_rsrp_is_filtered_and_stays_with_the_ue():
    radio = radio_of()
    state = start(radio)
    for _ in range(20):
        before = by_ue(state, "rsrp_db")
        update(radio, state)
        expected = (before + 10 * np.log10(by_ue(state, "gain"))) / 2
        np.testing.assert_allclose(by_ue(state, "rsrp_db"), expected, rtol=1e-4, atol=1e-3)


def two_dus(**handover: object) -> Radio:
    """UEs that drive to and fro between two DUs over a channel without shadowing."""
    mobility = {
        "kind": "corridor",
        "speed_min_mps": 20.0,
        "speed_max_mps": 30.0,
        "update_frames": 10,
        "handover": {"offset_db": 3.0, "hysteresis_db": 1.0, "filter_k": 0} | handover,
    }
    channel = {"shadowing_db": 0.0}
    return Radio(
        World.model_validate({"dus": 2, "ues": 12, "rbs": 6, "mobility": mobility, "channel": channel})
    )


def excess_db(state: State) -> np.ndarray:
    """RSRP of the DU that does not serve, over that of the one that does."""
    gain, du = by_ue(state, "gain").astype(np.float64), serving(state)
    rows = np.arange(len(du))
    return 10 * np.log10(gain[rows, 1 - du] / gain[rows, du])


def test_a_ue_between_two_dus_is_handed_over_where_rsrp_crosses_by_the_offset():
    radio = two_dus(time_to_trigger_s=0.0)
    state = start(radio)
    update(radio, state)
    handovers = 0
    for _ in range(600):
        before, du = excess_db(state), serving(state)
        update(radio, state)
        changed = serving(state) != du
        assert (before <= 4.0 + 1e-3).all()
        # 3 m on this road change the excess by less than 0.35 dB.
        assert (before[changed] > 3.6).all()
        handovers += int(changed.sum())
    assert handovers > 12


def test_the_time_to_trigger_delays_a_handover():
    radio = two_dus(time_to_trigger_s=1.0)
    state = start(radio)
    update(radio, state)
    above = (excess_db(state) > 4.0).astype(int)
    waited = []
    for _ in range(600):
        du = serving(state)
        update(radio, state)
        changed = serving(state) != du
        waited += above[changed].tolist()
        above = np.where(changed, 0, np.where(excess_db(state) > 4.0, above + 1, 0))
    # Ten updates of 0.1 s after the one that met the event first.
    assert len(waited) > 12
    assert set(waited) == {10}


def test_without_hysteresis_and_time_to_trigger_ues_go_to_and_fro():
    counts = []
    for handover in ({}, {"hysteresis_db": 0.0, "time_to_trigger_s": 0.0}):
        mobility = {"kind": "random_waypoint", "handover": handover}
        radio = radio_of(mobility=mobility, max_ues_per_slice=40)
        counts.append(update(radio, start(radio), 400)[1])
    assert counts[1] > 1.3 * counts[0] > 0


def test_no_ue_changes_its_du_with_handover_switched_off():
    radio = radio_of(mobility={"kind": "directions", "handover": {"enabled": False}})
    state = start(radio)
    before = serving(state)
    assert update(radio, state, 100) == (0, 0)
    assert (serving(state) == before).all()
