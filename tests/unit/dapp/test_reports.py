"""No acknowledged order of events loses a transition or lets one out of order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cadran.dapp.reports import Parcel, ReportBuffer
from cadran.replay.schema import TransitionSchema

SCHEMA = TransitionSchema(2, 1, 1)


def row(frame: int) -> np.ndarray:
    made = SCHEMA.empty(1)
    made["epoch"], made["frame"] = 1, frame
    return made


def taken(buffer: ReportBuffer, limit: int) -> list[int]:
    parcel = buffer.take(limit)
    return [] if parcel is None else SCHEMA.decode(parcel.rows)["frame"].tolist()


def test_rows_leave_in_order_and_stay_until_acknowledged() -> None:
    buffer = ReportBuffer(100, 100)
    for frame in range(5):
        buffer.add(row(frame))
    assert taken(buffer, 3) == [0, 1, 2]
    assert buffer.acknowledge(1, 1) == 2
    assert len(buffer) == 3
    buffer.rewind()
    assert taken(buffer, 10) == [2, 3, 4]
    assert buffer.resent_rows == 1


def test_beyond_its_bound_the_oldest_is_dropped_and_counted() -> None:
    buffer = ReportBuffer(3, 3)
    for frame in range(5):
        buffer.add(row(frame))
    assert buffer.dropped_rows == 2
    assert taken(buffer, 10) == [2, 3, 4]


def test_no_more_than_the_window_is_outstanding() -> None:
    buffer = ReportBuffer(100, 2)
    for frame in range(5):
        buffer.add(row(frame))
    assert taken(buffer, 10) == [0, 1]
    assert buffer.take(10) is None
    buffer.acknowledge(1, 0)
    assert taken(buffer, 10) == [2]


def test_a_parcel_names_the_row_before_it_that_is_not_acknowledged() -> None:
    buffer = ReportBuffer(100, 100)
    for frame in range(4):
        buffer.add(row(frame))
    assert [buffer.take(2).previous, buffer.take(2).previous] == [None, (1, 1)]
    buffer.acknowledge(1, 1)
    buffer.rewind()
    assert buffer.take(2).previous is None


class Store:
    """Stores as the xApp does: in order, once, never beyond a gap; acknowledges cumulatively."""

    def __init__(self) -> None:
        self.frames: list[int] = []

    def receive(self, parcel: Parcel) -> None:
        if parcel.previous is not None and (not self.frames or self.frames[-1] < parcel.previous[1]):
            return
        self.frames += [
            frame
            for frame in SCHEMA.decode(parcel.rows)["frame"].tolist()
            if not self.frames or frame > self.frames[-1]
        ]


@given(st.lists(st.sampled_from(["add", "deliver", "lose", "delay", "acknowledge", "rewind"]), max_size=300))
def test_whatever_is_lost_or_late_everything_is_stored_once_and_in_order(events: list[str]) -> None:
    """Found by killing services: reports after a lost one were stored, and acknowledged for the lost one."""
    buffer, store = ReportBuffer(1000, 7), Store()
    late: list[Parcel] = []
    added = 0
    for event in events:
        if event == "add":
            buffer.add(row(added))
            added += 1
        elif event == "acknowledge" and store.frames:
            buffer.acknowledge(1, store.frames[-1])
        elif event == "rewind":
            buffer.rewind()
        elif event in ("deliver", "lose", "delay") and (parcel := buffer.take(3)) is not None:
            if event == "deliver":
                for older in late:
                    store.receive(older)
                late.clear()
                store.receive(parcel)
            elif event == "delay":
                late.append(parcel)
    buffer.rewind()
    while len(buffer):
        if (parcel := buffer.take(3)) is not None:
            store.receive(parcel)
        if store.frames:
            buffer.acknowledge(1, store.frames[-1])
    assert store.frames == list(range(added))
