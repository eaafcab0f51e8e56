from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cadran.problem import Frame, Problem, ProblemSpec
from cadran.xapp.console.history import CURVE_POINTS, History
from cadran.xapp.console.past import MOST_BYTES, PastLine, read_past
from cadran.xapp.console.quality import Judge

FRAME = Frame(rbs=20, slices=3, ues_per_slice=4, frame_s=0.01, rb_bandwidth_hz=180e3, total_ues=12, dus=2)


def line(second: float, **changes: Any) -> dict[str, Any]:
    found = {"time_s": second, "critic_loss": second, "beta": 0.1, "sam_share": [0.0, 1.0], "updates": 5}
    return {**found, "reward": [0.7, None], **changes}


def written(path: Path, *lines: dict[str, Any] | str) -> Path:
    texts = [text if isinstance(text, str) else json.dumps(text) for text in lines]
    path.write_text("".join(f"{text}\n" for text in texts))
    return path


def history(now_s: float) -> History:
    return History(2, Judge(Problem(ProblemSpec(), FRAME), ((None,) * 3,) * 2), lambda: now_s)


def test_without_a_file_nothing_is_remembered(tmp_path: Path) -> None:
    assert read_past(tmp_path / "none", 2) == []
    made = history(50.0)
    made.begin_with([])
    assert made.began_s == made.started_s == 50.0


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "{",
        "\x00" * 50,
        '{"time_s": 2.0, "critic_lo',
        "null",
        json.dumps(line(2.0, critic_loss=float("nan"))),
        json.dumps(line(2.0, beta="much")),
        json.dumps(line(2.0, sam_share=[0.0, 1.0, 1.0])),
        json.dumps(line(2.0, reward=[0.7])),
    ],
)
def test_lines_that_say_nothing_sound_are_left_out(tmp_path: Path, damaged: str) -> None:
    path = written(tmp_path / "learner.jsonl", line(1.0), damaged, line(3.0))
    assert [found.time_s for found in read_past(path, 2)] == [1.0, 3.0]


def test_lines_of_before_rewards_were_kept_are_read(tmp_path: Path) -> None:
    old = line(1.0)
    del old["reward"]
    assert [found.reward for found in read_past(written(tmp_path / "f", old), 2)] == [[]]


def test_only_the_end_of_a_long_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "learner.jsonl"
    with path.open("w") as file:
        for second in range(30_000):
            file.write(json.dumps(line(float(second))) + "\n")
    assert path.stat().st_size > 2 * MOST_BYTES
    found = read_past(path, 2)
    seconds = [one.time_s for one in found]
    assert seconds == [float(second) for second in range(30_000 - len(found), 30_000)]


def test_the_curves_go_on_where_they_were_without_the_pause() -> None:
    made = history(5000.0)
    made.begin_with([PastLine(**line(second)) for second in (100.0, 110.0, 105.0, 130.0)])
    assert made.began_s == 4970.0
    assert [point.time_s for point in made.learning()] == [4970.0, 4980.0, 4980.0, 5000.0]
    assert [point.values[0] for point in made.learning()] == [100.0, 110.0, 105.0, 130.0]
    assert [point.values for point in made.dus[0].reward.points] == [(0.7,)] * 4
    assert made.dus[1].reward.points == ()
    made.learned(line(5004.0))
    assert made.learning()[-1].time_s == 5004.0


def test_a_long_past_stays_short() -> None:
    made = history(5000.0)
    made.begin_with([PastLine(**line(float(second))) for second in range(10_000)])
    assert len(made.learning()) < CURVE_POINTS
    assert len(made.dus[0].reward.points) < CURVE_POINTS
