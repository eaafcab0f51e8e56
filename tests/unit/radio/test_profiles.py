"""DUs that differ: UEs, loads and Doppler of each by its profile."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cadran.radio import Radio, World
from cadran.radio.hashing import draw
from cadran.radio.layout import Drop, drop, sites
from cadran.radio.traffic import initial_levels, move_loads, traffic_tables
from cadran.radio.traffic.loads import LOAD_LEVELS, profile

from .worlds import digest, run, seeds

PLACES = 6


def profiled(profiles: list[dict[str, object]], **changes: object) -> World:
    """As many DUs as there are profiles, with jakes fading."""
    settings: dict[str, object] = {
        "dus": len(profiles),
        "ues": int(np.sum([of_du["ues"] for of_du in profiles])),
        "rbs": 12,
        "max_ues_per_slice": PLACES,
        "channel": {"fading": "jakes"},
        "profiles": profiles,
    }
    return World.model_validate(settings | changes)


counts_of_du = st.tuples(*[st.integers(0, PLACES)] * 3)
factors = st.floats(0.2, 3.0)
window = st.tuples(factors, factors).map(lambda two: (min(two), max(two)))
some_profiles = st.lists(
    st.builds(
        lambda ues, load: {"ues": ues, "load": load},
        counts_of_du,
        st.none() | st.tuples(window, window, window) | factors.map(lambda at: ((at, at),) * 3),
    ),
    min_size=1,
    max_size=7,
).filter(lambda found: np.sum([of_du["ues"] for of_du in found]) > 0)


@settings(deadline=None, max_examples=60)
@given(
    some_profiles,
    st.sampled_from(["paper", "3gpp"]),
    st.sampled_from(["static", "corridor"]),
    st.integers(0, 2**32),
)
def test_every_du_is_the_strongest_of_exactly_its_ues(
    profiles: list[dict[str, object]], preset: str, kind: str, seed: int
) -> None:
    world = profiled(profiles, preset=preset, mobility={"kind": kind})
    dropped = drop(world, sites(world), np.random.default_rng(seed))
    counts = np.zeros((world.dus, 3), dtype=int)
    np.add.at(counts, (dropped.du, dropped.slice_), 1)
    assert counts.tolist() == [list(of_du["ues"]) for of_du in profiles]
    np.testing.assert_array_equal(dropped.gain.argmax(axis=1), dropped.du)
    for s, members in enumerate(world.ues_per_slice):
        assert dropped.id[dropped.slice_ == s].tolist() == list(range(members))
        for c in range(world.dus):
            taken = dropped.place[(dropped.slice_ == s) & (dropped.du == c)]
            assert taken.tolist() == list(range(counts[c, s]))


@settings(deadline=None, max_examples=40)
@given(some_profiles, st.integers(1, 2**32), st.sampled_from([1.0, 3.0]))
def test_load_factors_stay_within_their_windows(
    profiles: list[dict[str, object]], key: int, dwell: float
) -> None:
    world = profiled(profiles, load={"dwell_frames": dwell})
    tables, known = traffic_tables(world), profile(world, None).factors
    least, most = (
        np.array([np.array(of_du["load"] or ((0.2, 3.0),) * 3)[:, side] for of_du in profiles])
        for side in (0, 1)
    )
    level = initial_levels(tables, world.dus, key, key + 1, 0)
    for frame in range(60):
        played = known[tables.factor[level]]
        assert (least <= played).all()
        assert (played <= most).all()
        move_loads(level, draw(key, frame), draw(key + 1, frame), frame, tables)


def test_a_window_is_used_up_to_its_edges() -> None:
    world = profiled([{"ues": (1, 1, 1), "load": ((0.5, 1.0), (0.2, 3.0), (0.7, 0.7))}])
    found, tables = profile(world, None), traffic_tables(world)
    level, seen = initial_levels(tables, 1, 1, 2, 0), []
    for frame in range(8000):
        move_loads(level, draw(3, frame), draw(4, frame), frame, tables)
        seen.append(level[0].copy())
    wide, whole, narrow = (found.factors[np.unique(levels)] for levels in np.transpose(seen))
    np.testing.assert_array_equal(wide, [f for f in found.factors[:LOAD_LEVELS] if 0.5 <= f <= 1.0])
    np.testing.assert_array_equal(whole, found.factors[:LOAD_LEVELS])
    assert narrow == pytest.approx([0.7])


def test_what_is_offered_follows_the_windows() -> None:
    loads = [((factor, factor),) * 3 for factor in (0.25, 2.0)]
    world = profiled([{"ues": (2, 2, 2), "load": load} for load in loads], load={"scale": 0.1})
    radio = Radio(world)
    state = radio.new_state(seeds(4))
    run(radio, state, 200)
    quiet, busy = state.ledger.arrived_bytes.sum(axis=0)
    np.testing.assert_allclose(busy / quiet, 8.0, rtol=0.1)


def test_ues_of_a_du_stand_as_those_of_any_drop_that_it_is_the_strongest_of() -> None:
    """Mean distance and gain by rejection and by picking from plain drops agree."""
    counts = [(5, 5, 5), (60, 60, 60), *[(35, 35, 34)] * 4, (29, 30, 30)]
    plain = World(dus=7, ues=700, max_ues_per_slice=256)
    asked = World.model_validate(plain.model_dump() | {"profiles": [{"ues": ues} for ues in counts]})
    rng = np.random.default_rng(3)
    at = sites(plain)
    values = []
    for world in (plain, asked):
        drops = [drop(world, at, rng) for _ in range(40)]
        values.append([_of_du(drops, at.position_m, c) for c in range(7)])
    for once, again in zip(*values, strict=True):
        for one, two in zip(once, again, strict=True):
            error = np.hypot(one.std() / len(one) ** 0.5, two.std() / len(two) ** 0.5)
            assert abs(one.mean() - two.mean()) < 4.5 * error


def _of_du(drops: list[Drop], position_m: np.ndarray, c: int) -> tuple[np.ndarray, np.ndarray]:
    """Distance in m and gain in dB of the UEs whose strongest DU is ``c``."""
    mine = [found.gain.argmax(axis=1) == c for found in drops]
    at = [found.position_m[which] for found, which in zip(drops, mine, strict=True)]
    gain = [found.gain[which, c] for found, which in zip(drops, mine, strict=True)]
    return np.linalg.norm(np.concatenate(at) - position_m[c], axis=1), 10 * np.log10(np.concatenate(gain))


def test_fading_moves_at_the_speed_of_the_profile() -> None:
    speeds = [30.0, None, 0.3]
    world = profiled([{"ues": (2, 0, 1), "speed_mps": speed} for speed in speeds])
    radio = Radio(world)
    state = radio.new_state(seeds(2))
    per_mps = world.tti_s * radio.fading.rows_per_m * 65536
    for c, speed in enumerate((30.0, world.channel.doppler_speed_mps, 0.3)):
        steps = state.ues.row_step[:, c][state.ues.id[:, c] >= 0]
        assert (steps == round(speed * per_mps)).all()
    assert not state.ues.velocity_mps.any()


def test_an_episode_is_a_function_of_seed_and_number() -> None:
    world = profiled([{"ues": (3, 0, 2), "load": ((0.3, 0.9),) * 3}, {"ues": (0, 6, 1)}, {"ues": (0, 0, 0)}])
    radio = Radio(world)
    state, other = radio.new_state(seeds(3)), radio.new_state(seeds(3)[::-1])
    run(radio, other, 7)
    for found in (state, other):
        radio.reset(found, np.ones(3, dtype=bool), 4)
    for name in ("id", "position_m", "gain", "row_step", "fading_base"):
        np.testing.assert_array_equal(getattr(state.ues, name), getattr(other.ues, name)[::-1])
    np.testing.assert_array_equal(state.core.load_level, other.core.load_level[::-1])
    first, again = radio.new_state(seeds(2)), radio.new_state(seeds(2))
    run(radio, first, 5)
    run(radio, again, 5)
    assert digest(first) == digest(again)


def test_profiles_that_say_nothing_new_leave_loads_and_fading_as_they_are() -> None:
    plain = profiled([{"ues": (2, 2, 2)}] * 3)
    alike = profiled([{"ues": (2, 2, 2), "load": ((0.2, 3.0),) * 3, "speed_mps": 0.833}] * 3)
    states = []
    for world in (plain, alike):
        radio = Radio(world)
        states.append(radio.new_state(seeds(2)))
        run(radio, states[-1], 10)
    assert digest(states[0]) == digest(states[1])


def test_a_world_is_written_with_its_profiles_and_without_the_key_if_it_has_none() -> None:
    world = profiled([{"ues": (2, 0, 1), "load": ((0.2, 0.3),) * 3, "speed_mps": 8.3}])
    assert World.model_validate(world.model_dump()) == world
    assert World.model_validate_json(world.model_dump_json()) == world
    assert World.model_validate(world.model_dump(exclude_unset=True)) == world
    for mode in ("python", "json"):
        assert "profiles" not in World().model_dump(mode=mode)
    assert "profiles" not in World(profiles=()).model_dump(exclude_unset=True)


def test_a_du_that_is_the_strongest_nowhere_is_found_out() -> None:
    """Three omnidirectional sectors have one gain each, and the first of them wins."""
    world = profiled([{"ues": (1, 1, 1)}] * 3, layout={"sectors": 3})
    with pytest.raises(
        ValueError, match=r"profiles\.1\.ues: 3 UEs found no place where DU 1 is the strongest"
    ):
        Radio(world).new_state(seeds(1))


UES = {"ues": (2, 2, 2)}


@pytest.mark.parametrize(
    ("profiles", "changes", "message"),
    [
        ([UES] * 2, {"dus": 3}, "2 given, allowed are none or 3, one per DU"),
        ([UES] * 2, {"ues": 13}, "ues 13: allowed is 12, the sum over the profiles"),
        ([{"ues": (0, 0, 0)}], {"ues": 1}, "ues 1: allowed is 0"),
        ([UES, {"ues": (7, 0, 0)}], {}, "profiles.1.ues (7, 0, 0): allowed are 0 to max_ues_per_slice 6"),
        ([{"ues": (-1, 0, 3)}], {}, "profiles.0.ues (-1, 0, 3): allowed"),
        ([UES | {"load": ((0.1, 1.0),) * 3}], {}, "profiles.0.load (0.1, 1.0): allowed are windows"),
        ([UES | {"load": ((0.2, 3.1),) * 3}], {}, "to load.factor_max 3.0"),
        ([UES | {"load": ((2.0, 1.0),) * 3}], {}, "profiles.0.load (2.0, 1.0)"),
        (
            [UES | {"load": ((1.0, 1.0),) * 3}],
            {"load": {"profile": "day"}},
            "needs load.profile random, not day",
        ),
        (
            [UES | {"speed_mps": 3}],
            {"mobility": {"kind": "directions"}},
            "profiles.0.speed_mps: needs mobility.kind static and channel.fading jakes, not directions",
        ),
        ([UES | {"speed_mps": 3}], {"channel": {"fading": "rayleigh"}}, "not static and rayleigh"),
        ([UES], {"slice_weights": (1, 2, 1)}, "allowed without profiles only"),
        ([{"ues": (2, 2)}], {"ues": 4}, "profiles.0.ues"),
        ([UES | {"power": 1}], {}, "Extra inputs"),
    ],
)
def test_profiles_that_do_not_fit_are_refused(
    profiles: list[dict[str, object]], changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=re.escape(message)):
        profiled(profiles, **changes)
