from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cadran.xapp.frame_gate import CompleteFrame, FrameGate


def _drain(gate: FrameGate) -> list[CompleteFrame]:
    frames = []
    while (frame := gate.complete()) is not None:
        frames.append(frame)
    return frames


def test_a_frame_waits_for_every_du() -> None:
    gate = FrameGate([10, 20])
    gate.stored(0, [(1, 0), (1, 1)])
    assert gate.complete() is None
    gate.stored(1, [(1, 0)])
    assert _drain(gate) == [CompleteFrame((1, 0), (11, 21))]
    assert gate.waiting()


def test_a_row_that_never_comes_is_passed_over_by_a_later_one() -> None:
    gate = FrameGate([0, 0])
    gate.stored(0, [(1, 4), (1, 5)])
    gate.stored(1, [(1, 5)])
    assert _drain(gate) == [CompleteFrame((1, 4), (1, 0)), CompleteFrame((1, 5), (2, 1))]
    assert not gate.waiting()


def test_force_completes_what_waits() -> None:
    gate = FrameGate([0, 0])
    assert gate.force() is None
    gate.stored(0, [(1, 4)])
    assert gate.force() == CompleteFrame((1, 4), (1, 0))


@given(st.permutations([(du, frame) for du in range(3) for frame in range(4)]))
def test_the_order_of_arrival_between_dus_does_not_matter(arrivals: list[tuple[int, int]]) -> None:
    gate, frames = FrameGate([0, 0, 0]), []
    next_frame = [0, 0, 0]
    for du, _ in arrivals:  # each DU's own rows always come in order
        gate.stored(du, [(1, next_frame[du])])
        next_frame[du] += 1
        frames += _drain(gate)
    assert frames == [CompleteFrame((1, frame), (frame + 1,) * 3) for frame in range(4)]
