"""Bytes stay in the books while UEs carry their queues from DU to DU, at every frame."""

import numpy as np
import pytest

from cadran.radio import Radio, World

from ..worlds import pf_all, seeds


@pytest.mark.parametrize("preset", ["paper", "3gpp"])
def test_every_du_accounts_for_the_bytes_that_ues_bring_and_take(preset):
    world = World.model_validate(
        {
            "preset": preset,
            "dus": 4,
            "ues": 60,
            "rbs": 24,
            "max_ues_per_slice": 16,
            "load": {"scale": 0.3},
            "mobility": {"kind": "directions", "speed_min_mps": 60, "speed_max_mps": 90, "update_frames": 2},
        }
    )
    radio = Radio(world)
    state, decisions, handovers = radio.new_state(seeds(1)), pf_all(world, 1), 0
    for _ in range(150):
        radio.step(state, decisions)
        handovers += int(state.kpis.handovers_succeeded.sum())
        ledger, waiting = state.ledger, state.queued.sum(axis=-1)
        came = ledger.arrived_bytes + ledger.moved_in_bytes
        went = ledger.delivered_bytes + ledger.dropped_bytes + ledger.discarded_bytes + ledger.moved_out_bytes
        np.testing.assert_array_equal(came, went + waiting)
        np.testing.assert_array_equal(state.kpis.queued_bytes, waiting)
        np.testing.assert_array_equal(state.ues.queued, state.ues.entry_bytes.sum(axis=-1))
        np.testing.assert_array_equal(state.ues.in_flight, state.ues.harq_bytes.sum(axis=-1))
    assert handovers > 5
