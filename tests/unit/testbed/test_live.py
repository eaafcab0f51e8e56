"""What a person sees: nothing is cut off at 80 columns, nothing known is missing."""

import io
from dataclasses import replace

import fake_run
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from cadran.runtime.durations import clock
from cadran.testbed.live import (
    Headline,
    LineDisplay,
    LiveView,
    bar,
    display,
    progress_line,
    sparkline,
    versions,
)
from cadran.testbed.snapshot import Snapshot
from cadran.testbed.status import RanStatus, RappStatus, XappStatus
from cadran.testbed.supervisor import ChildState, Phase

HEADLINE = Headline("demo", "fast", None, 240.0)


def snapshot(dus: int = 6) -> Snapshot:
    names = ["redis", "xapp", *(f"dapp-{du}" for du in range(dus)), "ransim"]
    return Snapshot(
        elapsed_s=70.0,
        served_s=65.0,
        frames=12_345,
        missed_frames=3,
        fallback_frames=0,
        ran=RanStatus.model_validate(fake_run.status(12_345, dus=dus)),
        xapp=XappStatus.model_validate(fake_run.xapp_status([12_345] * dus)),
        children=tuple(ChildState(name, Phase.RUNNING, 1, int(name == "dapp-1"), None) for name in names),
        reward_sampled=0.85,
        reward_deterministic=0.87,
        events=("00:50 dapp-1 was killed by SIGKILL; restart in 0.25 s",),
    )


def text(shown: Snapshot | None, width: int) -> str:
    view = LiveView(HEADLINE)
    if shown is not None:
        view.take(shown)
        view.take(shown)
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(view.render(width))
    return console.export_text()


@pytest.mark.parametrize("width", [80, 120, 200])
def test_where_dus_adapt_the_view_tells_of_shots_of_the_rapp_and_of_who_is_to_come(width: int) -> None:
    plain = snapshot()
    assert plain.xapp is not None
    late = ChildState("dapp-5", Phase.IDLE, None, 0, None)
    adapting = replace(
        plain,
        xapp=plain.xapp.model_copy(
            update={"shots": (4, 4, 4, 4, 4, 17), "td_variance": None, "sam_on": None}
        ),
        rapp=RappStatus(iterations=350, promoted=7),
        children=(*plain.children[:-2], late, plain.children[-1]),
    )
    lines = text(adapting, width).splitlines()
    assert max(map(len, lines)) <= width
    shown = "\n".join(lines)
    for word in ("shots", "17", "350 meta-iterations", "initialisation v7", "to come: dapp-5", "8 of 9 run"):
        assert word in shown
    assert "SAM" not in shown
    waiting = text(replace(adapting, rapp=RappStatus(iterations=0, promoted=None)), width)
    assert "none promoted yet" in waiting


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_view_fits_and_tells_everything(width: int) -> None:
    shown = text(snapshot(), width)
    lines = shown.splitlines()
    assert len(lines) <= 24
    assert max(len(line) for line in lines) <= width
    assert "…" not in shown
    for part in (
        "12,345",
        "0.850",
        "0.870",
        "v3",
        "0.70",
        "0.90",
        "74,070",
        "missed 3",
        "dapp-1 ×1",
        "01:05 of 04:00",
    ):
        assert part in shown
    assert sum("dapp" in line and "v3" in line for line in lines) == 6


def test_before_anything_is_known_the_view_says_so() -> None:
    assert "starting" in text(None, 80)
    assert "0 of 1 run" in text(
        replace(snapshot(), ran=None, children=(ChildState("x", Phase.IDLE, None, 0, None),)), 80
    )


def test_a_ran_that_has_served_no_frame_yet_is_shown() -> None:
    status = fake_run.status(0, dus=1)
    none = [None] * 3
    du = {**status["dus"][0], "reward": None, "qos": none, "prb_share": none, "prb_used": none}
    status["dus"] = [{**du, "delivered_bps": none, "queued_bytes": None, "source": None}]
    status["loop_latency_ms"] = dict.fromkeys(["p50", "p99", "max"])
    shown = text(replace(snapshot(), ran=RanStatus.model_validate(status), xapp=None), 80)
    assert "frame 12,345" in shown


def test_trouble_is_told() -> None:
    known = snapshot()
    assert known.ran is not None
    assert known.xapp is not None
    du = known.ran.dus[0].model_copy(update={"connected": False})
    broken = replace(
        known,
        ran=known.ran.model_copy(update={"dus": (du, *known.ran.dus[1:])}),
        xapp=known.xapp.model_copy(update={"alert": "learning stopped: loss is not finite"}),
        children=(replace(known.children[0], phase=Phase.WAITING, pid=None), *known.children[1:]),
    )
    shown = text(broken, 80)
    assert "gone" in shown
    assert "learning stopped: loss is not finite" in shown
    assert "down: redis" in shown


def test_the_line_tells_the_same_without_colours() -> None:
    line = progress_line(HEADLINE, snapshot())
    assert line == (
        "demo 01:10 | frame 12,345, 100/s | reward 0.850 sampled, 0.870 deterministic | missed 3 | "
        "stored 74,070, updates 500, policy v4 | restarts 1"
    )


def test_lines_come_now_and_then_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    shown = LineDisplay(HEADLINE)
    for second in range(25):
        shown.show(replace(snapshot(), elapsed_s=float(second)))
    captured = capsys.readouterr()
    assert [line.split()[1] for line in captured.err.splitlines()] == ["00:00", "00:10", "00:20"]
    assert captured.out == ""


def test_without_a_terminal_there_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with display(HEADLINE, live=True) as shown:
        assert isinstance(shown, LineDisplay)


def test_the_address_of_the_console_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    headline = replace(HEADLINE, console="http://127.0.0.1:20001/")
    with display(headline, live=False):
        assert capsys.readouterr().err == "console: http://127.0.0.1:20001/\n"
    view = LiveView(headline)
    view.take(snapshot())
    recorder = Console(width=80, record=True, file=io.StringIO())
    recorder.print(view.render(80))
    assert "console       http://127.0.0.1:20001/" in recorder.export_text()


def test_clock_reads_as_on_a_wall() -> None:
    assert [clock(s) for s in (0, 65.9, 3600)] == ["00:00", "01:05", "1:00:00"]


def test_versions_of_dus_are_told_as_a_range() -> None:
    status = XappStatus.model_validate(fake_run.xapp_status([1, 1]))
    assert versions(status) == "v4"
    assert versions(status.model_copy(update={"policy_versions": (2, None, 5)})) == "v2–v5"
    assert versions(status.model_copy(update={"policy_versions": (None,)})) == "–"


@given(st.floats(-1, 2), st.integers(1, 20))
def test_a_bar_keeps_its_width(share: float, cells: int) -> None:
    assert len(bar(share, cells)) == cells
    assert bar(1.0, cells) == "█" * cells
    assert bar(0.0, cells).strip() == ""


@given(st.lists(st.floats(-5, 5), max_size=40), st.integers(0, 20))
def test_a_sparkline_is_never_wider_than_asked(values: list[float], width: int) -> None:
    assert len(sparkline(values, width)) <= width
