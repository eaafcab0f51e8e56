"""Each transition is counted once, and as stored only when it is acknowledged."""

from __future__ import annotations

import pytest

from cadran.ransim.relayed import RelayedRows
from cadran.replay.schema import TransitionSchema
from cadran.wire.causes import WireError
from cadran.wire.gen.e2sm.v1 import dapp_pb2

SCHEMA = TransitionSchema(2, 1, 1)
EPOCH = 5


def report(*frames: int, epoch: int = EPOCH) -> dapp_pb2.DappReport:
    rows = SCHEMA.empty(len(frames))
    rows["epoch"], rows["frame"] = epoch, frames
    return dapp_pb2.DappReport(
        schema_fingerprint=SCHEMA.fingerprint, row_count=len(frames), rows=rows.tobytes()
    )


def test_a_repetition_is_not_another_transition() -> None:
    relayed = RelayedRows(EPOCH)
    relayed.relayed(report(0, 1, 3))
    relayed.relayed(report(1, 3, 4))
    assert (relayed.reports, relayed.rows, relayed.acknowledged) == (2, 4, 0)


def test_an_acknowledgement_covers_what_was_relayed_up_to_its_frame() -> None:
    relayed = RelayedRows(EPOCH)
    relayed.relayed(report(0, 1, 3))
    relayed.stored_up_to(EPOCH, 2)
    assert (relayed.acknowledged, relayed.acknowledged_frame) == (2, 2)
    relayed.stored_up_to(EPOCH, 1)
    assert (relayed.acknowledged, relayed.acknowledged_frame) == (2, 2)


def test_another_epoch_says_nothing_of_this_one() -> None:
    relayed = RelayedRows(EPOCH)
    relayed.relayed(report(0, 1, epoch=EPOCH - 1))
    relayed.stored_up_to(EPOCH - 1, 9)
    assert (relayed.rows, relayed.acknowledged_frame) == (0, -1)


def test_a_ric_that_never_acknowledges_fills_no_memory_and_nothing_goes_uncounted() -> None:
    relayed, at_once = RelayedRows(EPOCH), 50_000
    for first in range(0, 8 * at_once, at_once):
        relayed.relayed(report(*range(first, first + at_once)))
        assert len(relayed._waiting) <= 2 * at_once
    newest = relayed.newest_frame
    assert (relayed.rows, newest) == (8 * at_once, 8 * at_once - 1)
    relayed.stored_up_to(EPOCH, 3 * at_once)  # no longer told apart from the others before the newest
    assert (relayed.acknowledged, relayed.acknowledged_frame) == (0, 3 * at_once)
    relayed.stored_up_to(EPOCH, newest - 1)
    assert relayed.acknowledged == relayed.rows - 1
    relayed.stored_up_to(EPOCH, newest)
    assert relayed.acknowledged == relayed.rows


def test_rows_of_an_unknown_schema_are_refused() -> None:
    with pytest.raises(WireError, match="schema"):
        RelayedRows(EPOCH).relayed(dapp_pb2.DappReport(schema_fingerprint="x", row_count=1, rows=b"abc"))
