"""No acknowledged order of events loses a transition or lets one out of order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cadran.dapp.reports import ReportBuffer
from cadran.replay.schema import TransitionSchema

SCHEMA = TransitionSchema(2, 1, 1)


def row(frame: int) -> np.ndarray:
    made = SCHEMA.empty(1)
    made["epoch"], made["frame"] = 1, frame
    return made


def frames(data: bytes) -> list[int]:
    return SCHEMA.decode(data)["frame"].tolist()


def test_rows_leave_in_order_and_stay_until_acknowledged() -> None:
    buffer = ReportBuffer(100, 100)
    for frame in range(5):
        buffer.add(row(frame))
    assert frames(buffer.take(3)[1]) == [0, 1, 2]
    assert buffer.acknowledge(1, 1) == 2
    assert len(buffer) == 3
    buffer.rewind()
    assert frames(buffer.take(10)[1]) == [2, 3, 4]
    assert buffer.resent_rows == 1


def test_beyond_its_bound_the_oldest_is_dropped_and_counted() -> None:
    buffer = ReportBuffer(3, 3)
    for frame in range(5):
        buffer.add(row(frame))
    assert buffer.dropped_rows == 2
    assert frames(buffer.take(10)[1]) == [2, 3, 4]


def test_no_more_than_the_window_is_outstanding() -> None:
    buffer = ReportBuffer(100, 2)
    for frame in range(5):
        buffer.add(row(frame))
    assert buffer.take(10)[0] == 2
    assert buffer.take(10) == (0, b"")
    buffer.acknowledge(1, 0)
    assert frames(buffer.take(10)[1]) == [2]


@given(st.lists(st.sampled_from(["add", "take", "lose", "store", "rewind"]), max_size=200))
def test_in_the_end_everything_is_stored_once_and_in_order(events: list[str]) -> None:
    buffer = ReportBuffer(1000, 7)
    stored: list[int] = []
    added = 0

    def store(data: bytes) -> None:
        for frame in frames(data):
            if not stored or frame > stored[-1]:
                stored.append(frame)
        if stored:
            buffer.acknowledge(1, stored[-1])

    for event in events:
        if event == "add":
            buffer.add(row(added))
            added += 1
        elif event == "take":
            store(buffer.take(3)[1])
        elif event == "lose":
            buffer.take(3)
            buffer.rewind()
        elif event == "rewind":
            buffer.rewind()
    buffer.rewind()
    while len(buffer):
        store(buffer.take(3)[1])
    assert stored == list(range(added))
