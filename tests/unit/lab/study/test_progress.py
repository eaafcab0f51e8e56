"""What is shown adds up, and the time left follows the pace."""

from __future__ import annotations

import pytest

from cadran.lab.study.jobs import TrainingJob
from cadran.lab.study.progress import LINE_EVERY_S, Board, Lines
from made_cells import cell


class Watch:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_line_says_what_is_done_and_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch()
    first, second = (TrainingJob((cell("sac", seed),)) for seed in range(2))
    board = Board([first, second], 3, Lines(watch), watch)
    assert board.line() == "3/5 results, 0 %, 00:00 elapsed"
    board.begun(first)
    watch.now_s += 60
    board.progressed(first, 0.5)
    assert board.line() == "3/5 results, 25 %, 01:00 elapsed, about 03:00 left, now sac (1 run) 50 %"
    board.finished(first)
    board.begun(second)
    board.dropped(second)
    assert board.results == 4
    assert board.share == pytest.approx(0.5)
    board.finished(second)
    assert board.line() == "5/5 results, 100 %, 01:00 elapsed, about 00:00 left"


def test_lines_come_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch()
    lines = Lines(watch)
    for _ in range(int(4 * LINE_EVERY_S)):
        watch.now_s += 1.0
        lines.state(0.5, "half")
    assert capsys.readouterr().err.splitlines() == ["  half"] * 4
    lines.say("now")
    assert capsys.readouterr().err == "  now\n"
