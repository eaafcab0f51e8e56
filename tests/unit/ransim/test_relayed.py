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


def test_rows_of_an_unknown_schema_are_refused() -> None:
    with pytest.raises(WireError, match="schema"):
        RelayedRows(EPOCH).relayed(dapp_pb2.DappReport(schema_fingerprint="x", row_count=1, rows=b"abc"))
