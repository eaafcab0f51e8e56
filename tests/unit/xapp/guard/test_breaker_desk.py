"""Orders go out until they are answered, over every association, and over restarts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cadran.wire.causes import Cause, QueueFullError, WireError
from cadran.wire.gen.e2sm.v1 import guard_pb2
from cadran.xapp.guard.breaker import BreakerSpec
from cadran.xapp.guard.breaker_desk import BreakerDesk, Mode
from cadran.xapp.guard.control import Event

from ..guarding import Watch, desk_spec

LEARNED, BASELINE = guard_pb2.GUARD_MODE_LEARNED, guard_pb2.GUARD_MODE_BASELINE
SPEC = BreakerSpec(open_after_s=3.0, wait_s=5.0, trial_s=2.0)


class Du:
    """Obeys orders and reports, as a DU does; its dApp starves URLLC or does not."""

    def __init__(self) -> None:
        self.orders: list[guard_pb2.GuardOrder] = []
        self.obeyed: guard_pb2.GuardOrder | None = None
        self.deaf = False

    def send_guard_order(self, order: guard_pb2.GuardOrder) -> None:
        if self.deaf:
            raise QueueFullError(Cause("transport", "unspecified"))
        self.orders.append(order)

    def obey(self) -> None:
        self.obeyed = self.orders[-1]

    def report(self, urllc: float = 0.9, frames: int = 100) -> guard_pb2.GuardReport:
        assert self.obeyed is not None
        mode = self.obeyed.mode
        report = guard_pb2.GuardReport(du_id=0, order=self.obeyed.order, mode=mode, effective_frame=7)
        if frames:
            part = report.learned if mode == LEARNED else report.own
            part.frames = frames
            part.measured[:] = part.modelled[:] = [0.9, 0.9, urllc]
            part.baseline[:] = [0.9, 0.9, 0.9]
        return report


class Bench:
    def __init__(self, folder: Path, mode: Mode = "act") -> None:
        self.events: list[Event] = []
        self.watch = Watch()
        self.desk = BreakerDesk(desk_spec(SPEC, mode), 2, folder, self.events.append, self.watch, lambda: 1.0)
        self.du = Du()

    def seconds(self, count: int, urllc: float = 0.9) -> None:
        """So many reports, the DU obeying at once."""
        for _ in range(count):
            self.du.obey()
            self.desk.reported(0, self.du.report(urllc))


@contextlib.asynccontextmanager
async def running(desk: BreakerDesk) -> AsyncIterator[None]:
    task = asyncio.create_task(desk.run())
    yield
    task.cancel()


def test_an_association_begins_with_what_the_du_is_to_run_by(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.desk.connected(0, bench.du)
    (order,) = bench.du.orders
    assert (order.du_id, order.mode, order.report_frames) == (0, LEARNED, 100)
    assert not bench.desk.lines[0].answered
    bench.du.obey()
    bench.desk.reported(0, bench.du.report(frames=0))
    assert (bench.desk.lines[0].answered, bench.desk.lines[0].effective_frame) == (True, 7)


def test_a_bad_policy_is_taken_from_the_du_told_of_and_tried_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.desk.connected(0, bench.du)
    bench.seconds(3, urllc=0.0)
    assert [order.mode for order in bench.du.orders] == [LEARNED, BASELINE]
    assert bench.watch.moves == [(0, "open")]
    (event,) = bench.events
    assert (event.source, event.control, event.verdict) == ("breaker", "baseline", "open")
    assert event.text == "satisfaction below the baseline's for 3 s: 0.39 against 0.90"
    bench.seconds(5)
    bench.seconds(3, urllc=0.9)
    assert [state for _, state in bench.watch.moves] == ["open", "half_open", "closed"]
    assert [order.mode for order in bench.du.orders] == [LEARNED, BASELINE, LEARNED]
    assert [order.order for order in bench.du.orders] == [1, 2, 3]


def test_reports_of_before_the_newest_order_count_for_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.desk.connected(0, bench.du)
    bench.seconds(3, urllc=0.0)
    for _ in range(20):  # the DU has not obeyed yet
        bench.desk.reported(0, bench.du.report(urllc=0.0))
    assert not bench.desk.lines[0].answered
    assert bench.desk.lines[0].breaker.next_trial_s == SPEC.wait_s


async def test_an_order_is_repeated_until_it_is_answered(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.du.deaf = True
    bench.desk.connected(0, bench.du)
    async with running(bench.desk), asyncio.timeout(60):
        await asyncio.sleep(0.15)
        bench.du.deaf = False
        while len(bench.du.orders) < 2:
            await asyncio.sleep(0.01)
        bench.du.obey()
        bench.desk.reported(0, bench.du.report(frames=0))
        sent = len(bench.du.orders)
        await asyncio.sleep(0.3)
        assert len(bench.du.orders) == sent


async def test_what_was_ordered_is_said_again_over_a_new_association_and_in_a_new_life(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path)
    async with running(bench.desk), asyncio.timeout(60):
        bench.desk.connected(0, bench.du)
        await bench.desk.open(0, "ann")
        assert bench.events[-1].name == "ann"
        bench.desk.disconnected(0, bench.du)
        other = Du()
        bench.desk.connected(0, other)
        assert other.orders[-1].mode == BASELINE
        while not (tmp_path / "breakers.json").exists():
            await asyncio.sleep(0.01)
    again = Bench(tmp_path)
    again.desk.connected(0, again.du)
    again.desk.connected(1, Du())
    assert again.du.orders[-1].mode == BASELINE
    assert [line.breaker.state.value for line in again.desk.lines] == ["open", "closed"]
    assert again.desk.lines[0].breaker.manual


async def test_what_the_disk_refused_is_kept_once_it_takes_it(tmp_path: Path) -> None:
    folder = tmp_path / "guard"
    bench = Bench(folder)  # is not there, so nothing can be written
    async with running(bench.desk), asyncio.timeout(60):
        await bench.desk.open(0, "ann")
        while not bench.watch.refused:
            await asyncio.sleep(0.01)
        folder.mkdir()
        while not (folder / "breakers.json").exists():
            await asyncio.sleep(0.01)
    assert Bench(folder).desk.lines[0].breaker.manual


async def test_an_operators_call_returns_with_the_dus_answer(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.desk.connected(0, bench.du)

    async def answer() -> None:
        while len(bench.du.orders) < 2:
            await asyncio.sleep(0.001)
        bench.du.obey()
        bench.desk.reported(0, bench.du.report(frames=0))

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(answer())
        await bench.desk.open(0, "")
    assert bench.desk.lines[0].answered


def test_an_observer_tells_and_orders_nothing_but_what_an_operator_wants(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "observe")
    bench.desk.connected(0, bench.du)
    bench.seconds(3, urllc=0.0)
    assert bench.watch.moves == [(0, "open")]
    assert [order.mode for order in bench.du.orders] == [LEARNED]
    asyncio.run(bench.desk.open(0, ""))
    assert [order.mode for order in bench.du.orders] == [LEARNED, BASELINE]


@pytest.mark.parametrize("urllc", [1.5, -0.1, float("nan")])
def test_a_report_out_of_range_is_refused(tmp_path: Path, urllc: float) -> None:
    bench = Bench(tmp_path)
    bench.desk.connected(0, bench.du)
    bench.du.obey()
    with pytest.raises(WireError, match="each in"):
        bench.desk.reported(0, bench.du.report(urllc))
    short = bench.du.report()
    del short.learned.measured[:]
    with pytest.raises(WireError, match="3 numbers"):
        bench.desk.reported(0, short)


@pytest.mark.parametrize("text", ["[]", "{", '{"0": {"state": "ajar"}}', '{"0": 3}'])
def test_a_file_of_states_that_is_none_is_told_by_its_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "breakers.json").write_text(text)
    with pytest.raises(ValueError, match=r"breakers\.json: no states of breakers"):
        Bench(tmp_path)
