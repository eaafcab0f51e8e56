"""Same seed, same result: whatever the threads, the batch, the compiler."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cadran.radio import Radio, World

from .worlds import (
    block_world,
    digest,
    equal,
    fast_moves,
    random_decisions,
    random_grants,
    run,
    seeds,
    small_world,
)

TINY = """
import sys
import numpy as np
from cadran.radio import Radio
from radio.worlds import block_world, digest, fast_moves, run, run_users, seeds, small_world

worlds = (
    small_world(kpis={"achievable_rate": True}),
    small_world(
        mac={"idle_rbs": "active"},
        kpis={"achievable_rate": True, "rate": "won_rbs", "latency": "literal"},
    ),
    small_world(mac={"schedulers": ["rr", "pf", "mlwdf"]}),
    block_world(
        ttis_per_frame=4,
        frame_s=0.004,
        layout={"inter_site_distance_m": 60, "min_distance_m": 10},
        mac={"schedulers": ["max_cqi", "edf", "mlwdf"]},
        load={"sources": ["ftp3", "poisson", "periodic"], "ftp_file_bytes": 5000, "discard_late": True},
        mobility=fast_moves(),
    ),
)
for number, world in enumerate(worlds):
    radio = Radio(world, np.arange(50) * 7 if number == 0 else None)
    state = radio.new_state(seeds(2))
    run(radio, state, 6)
    radio.reset(state, np.array([True, False]), 3)
    run(radio, state, 6, seed=1)
    print(digest(state), state.ledger.moved_in_bytes.any(), state.kpis.blocks.any())
for idle in ("silent", "active"):
    world = small_world(
        mac={"idle_rbs": idle},
        kpis={"achievable_rate": True, "rate": "won_rbs"},
        layout={"inter_site_distance_m": 60, "min_distance_m": 10},
        mobility=fast_moves(),
    )
    radio = Radio(world)
    state = radio.new_state(seeds(3))
    run_users(radio, state, 10)
    print(digest(state), state.ledger.moved_in_bytes.any(), state.kpis.blocks.any())
"""


def in_subprocess(**environment: str) -> str:
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", TINY],
        env=os.environ | environment | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout


def test_plain_python_and_one_and_two_threads_give_the_same_bits() -> None:
    compiled = in_subprocess(NUMBA_NUM_THREADS="2")
    assert [line.split()[1:] for line in compiled.splitlines()] == [["False", "False"]] * 3 + [
        ["True", "True"],
        *[["True", "False"]] * 2,
    ]
    assert in_subprocess(NUMBA_NUM_THREADS="1") == compiled
    assert in_subprocess(NUMBA_DISABLE_JIT="1") == compiled


WORLDS = [small_world(), block_world(mobility=fast_moves(), layout={"inter_site_distance_m": 60})]
each_world = pytest.mark.parametrize("world", WORLDS, ids=["paper", "3gpp"])


@each_world
def test_an_environment_does_not_depend_on_those_beside_it(world: World) -> None:
    radio = Radio(world)
    eight, two, one = radio.new_state(seeds(8)), radio.new_state(seeds(2)), radio.new_state(seeds(1))
    rng = np.random.default_rng(5)
    for _ in range(20):
        decisions = random_decisions(radio.world, 8, rng)
        radio.step(eight, decisions)
        radio.step(two, type(decisions)(*(array[:2] for array in decisions)))
        radio.step(one, type(decisions)(*(array[:1] for array in decisions)))
    assert digest(eight, slice(0, 2)) == digest(two)
    assert digest(two, slice(0, 1)) == digest(one)


def test_with_rbs_for_each_ue_an_environment_does_not_depend_on_those_beside_it() -> None:
    radio = Radio(WORLDS[0])
    eight, two = radio.new_state(seeds(8)), radio.new_state(seeds(2))
    rng = np.random.default_rng(5)
    for _ in range(20):
        decisions = random_grants(radio.world, eight.core.ues, rng)
        radio.step(eight, decisions)
        radio.step(two, type(decisions)(*(array[:2] for array in decisions)))
    assert digest(eight, slice(0, 2)) == digest(two)


@each_world
def test_a_frame_does_not_depend_on_what_its_radio_played_before(world: World) -> None:
    used, fresh = Radio(world), Radio(world)
    run(used, used.new_state(np.array([5, 6], dtype=np.uint64)), 15, seed=3)
    states = [radio.new_state(seeds(2)) for radio in (used, fresh)]
    run(used, states[0], 10)
    run(fresh, states[1], 10)
    assert digest(states[0]) == digest(states[1])


def test_seeds_and_episodes_differ() -> None:
    radio = Radio(small_world())
    state = radio.new_state(np.array([1, 1, 2, 2**63 + 1], dtype=np.uint64))
    radio.reset(state, np.array([False, True, False, False]), 1)
    positions = [state.ues.position_m[e].tobytes() for e in range(4)]
    assert len(set(positions)) == 4
    assert len({tuple(keys) for keys in state.core.keys}) == 4


@each_world
def test_a_clone_has_the_same_future_and_shares_nothing(world: World) -> None:
    radio = Radio(world)
    state = radio.new_state(seeds(2))
    run(radio, state, 10)
    before = digest(state)
    twin = radio.clone(state)
    run(radio, twin, 10)
    assert digest(state) == before
    run(radio, state, 10)
    assert digest(state) == digest(twin)


@each_world
def test_reset_is_a_function_of_seed_and_episode(world: World) -> None:
    radio = Radio(world)
    played, fresh = radio.new_state(seeds(2)), radio.new_state(seeds(2))
    run(radio, played, 15)
    for state in (played, fresh):
        radio.reset(state, np.array([True, True]), 4)
    for one, other in zip(
        (*played.core, *played.ues, *played.kpis), (*fresh.core, *fresh.ues, *fresh.kpis), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    run(radio, played, 10)
    run(radio, fresh, 10)
    np.testing.assert_array_equal(played.kpis.ue_delay_s, fresh.kpis.ue_delay_s)


@each_world
def test_reset_leaves_other_environments_alone(world: World) -> None:
    radio = Radio(world)
    state = radio.new_state(seeds(3))
    run(radio, state, 5)
    before = digest(state, slice(1, 3))
    radio.reset(state, np.array([True, False, False]), 7)
    assert digest(state, slice(1, 3)) == before
    assert state.episode.tolist() == [7, 0, 0]
    assert state.frame.tolist() == [0, 5, 5]


def test_measurements_before_the_first_frame_are_those_of_an_idle_ran() -> None:
    radio = Radio(small_world())
    kpis = radio.new_state(seeds(2)).kpis
    taken = np.arange(5) < kpis.ues[..., None]
    for name in (
        "arrived_bytes",
        "delivered_bytes",
        "dropped_bytes",
        "queued_bytes",
        "rbs_used",
        "backlog_rbs",
    ):
        assert not getattr(kpis, name).any()
    has_ues = kpis.ues > 0
    assert (kpis.arrival_ewma_bytes[has_ues] > 0).all()
    assert (kpis.arrival_rbs[has_ues] > 0).all()
    assert (kpis.mean_se[has_ues] > 0).all()
    np.testing.assert_array_equal(np.isnan(kpis.ue_delay_s), ~taken)
    assert np.nanmax(kpis.ue_delay_s[:, :, :2]) == 0
    assert np.nanmax(kpis.ue_delay_s[:, :, 2]) == np.float32(1e-3)
    assert np.isnan(kpis.ue_rate_bps).all()
    np.testing.assert_array_equal(np.isnan(kpis.ue_mean_se), ~taken)
    for zero in (
        kpis.ue_arrived_bytes,
        kpis.ue_delivered_bytes,
        kpis.ue_queued_bytes,
        kpis.ue_rbs,
        kpis.rb_power,
    ):
        assert not zero.any()


def test_decisions_of_any_memory_layout_are_taken() -> None:
    radio = Radio(small_world())
    states = [radio.new_state(seeds(2)) for _ in range(2)]
    decisions = equal(radio.world, 2)
    strange = decisions._replace(
        min_rbs=np.asfortranarray(decisions.min_rbs.astype(np.int64)),
        max_rbs=np.broadcast_to(decisions.max_rbs[:1], decisions.max_rbs.shape),
    )
    radio.step(states[0], decisions)
    radio.step(states[1], strange)
    assert digest(states[0]) == digest(states[1])
