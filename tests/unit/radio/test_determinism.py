"""Same seed, same result: whatever the threads, the batch, the compiler."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from cadran.radio import Radio

from .worlds import digest, equal, random_decisions, run, seeds, small_world

TINY = """
import sys
import numpy as np
from cadran.radio import Radio
from radio.worlds import digest, run, seeds, small_world

for changes in (
    {"kpis": {"achievable_rate": True}},
    {
        "mac": {"idle_rbs": "active"},
        "kpis": {"achievable_rate": True, "rate": "won_rbs", "latency": "literal"},
    },
    {"mac": {"schedulers": ["rr", "pf", "mlwdf"]}},
):
    radio = Radio(small_world(**changes), np.arange(50) * 7 if "mac" not in changes else None)
    state = radio.new_state(seeds(2))
    run(radio, state, 12)
    radio.reset(state, np.array([True, False]), 3)
    run(radio, state, 12, seed=1)
    print(digest(state))
"""


def in_subprocess(**environment: str) -> str:
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", TINY],
        env=os.environ | environment | {"PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout


def test_plain_python_and_one_and_two_threads_give_the_same_bits() -> None:
    compiled = in_subprocess(NUMBA_NUM_THREADS="2")
    assert len(compiled.split()) == 3
    assert in_subprocess(NUMBA_NUM_THREADS="1") == compiled
    assert in_subprocess(NUMBA_DISABLE_JIT="1") == compiled


def test_an_environment_does_not_depend_on_those_beside_it() -> None:
    radio = Radio(small_world())
    four, two, one = radio.new_state(seeds(4)), radio.new_state(seeds(2)), radio.new_state(seeds(1))
    rng = np.random.default_rng(5)
    for _ in range(20):
        decisions = random_decisions(radio.world, 4, rng)
        radio.step(four, decisions)
        radio.step(two, type(decisions)(*(array[:2] for array in decisions)))
        radio.step(one, type(decisions)(*(array[:1] for array in decisions)))
    assert digest(four, slice(0, 2)) == digest(two)
    assert digest(two, slice(0, 1)) == digest(one)


def test_seeds_and_episodes_differ() -> None:
    radio = Radio(small_world())
    state = radio.new_state(np.array([1, 1, 2, 2**63 + 1], dtype=np.uint64))
    radio.reset(state, np.array([False, True, False, False]), 1)
    positions = [state.core.position_m[e].tobytes() for e in range(4)]
    assert len(set(positions)) == 4
    assert len({tuple(keys) for keys in state.core.keys}) == 4


def test_a_clone_has_the_same_future_and_shares_nothing() -> None:
    radio = Radio(small_world())
    state = radio.new_state(seeds(2))
    run(radio, state, 10)
    before = digest(state)
    twin = radio.clone(state)
    run(radio, twin, 10)
    assert digest(state) == before
    run(radio, state, 10)
    assert digest(state) == digest(twin)


def test_reset_is_a_function_of_seed_and_episode() -> None:
    radio = Radio(small_world())
    played, fresh = radio.new_state(seeds(2)), radio.new_state(seeds(2))
    run(radio, played, 15)
    for state in (played, fresh):
        radio.reset(state, np.array([True, True]), 4)
    for one, other in zip((*played.core, *played.kpis), (*fresh.core, *fresh.kpis), strict=True):
        np.testing.assert_array_equal(one, other)
    run(radio, played, 10)
    run(radio, fresh, 10)
    np.testing.assert_array_equal(played.kpis.ue_delay_s, fresh.kpis.ue_delay_s)


def test_reset_leaves_other_environments_alone() -> None:
    radio = Radio(small_world())
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
