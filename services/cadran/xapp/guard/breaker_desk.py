"""The breakers of all DUs: reports in, orders out until they are answered, and everybody told."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from cadran.runtime.files import atomic_write
from cadran.wire.causes import QueueFullError
from cadran.wire.codecs import out_of_range
from cadran.wire.gen.e2sm.v1 import guard_pb2
from cadran.xapp.guard.breaker import Breaker, BreakerSpec, Kept, Span, State
from cadran.xapp.guard.control import Event

_FILE = "breakers.json"
_REPORT_S = 1.0
_POLL_S = 0.02

Mode = Literal["act", "observe"]


@dataclass(frozen=True)
class DeskSpec:
    """Facts and choices.

    Attributes:
        breaker: Times and bounds.
        mode: ``observe``: breakers are followed and told of, but order nothing by themselves.
        proven: Whether DUs need not prove themselves first, because nothing is learned.
        weights: Of the slices in satisfaction, in the order of the RAN's slices.
        frame_s: Seconds of a frame.
        repeat_s: Wait for an answer before an order is repeated.
    """

    breaker: BreakerSpec
    mode: Mode
    proven: bool
    weights: tuple[float, ...]
    frame_s: float
    repeat_s: float


class OrderLink(Protocol):
    """An association, as far as orders go."""

    def send_guard_order(self, order: guard_pb2.GuardOrder) -> None:
        """Queue an order. Raises `QueueFullError`."""


class BreakerObserver(Protocol):
    """Whoever wants to know how breakers stand; called in the event loop."""

    def breaker_moved(self, du: int, state: State, reason: str) -> None:
        """A breaker has another state."""

    def breaker_saw(self, du: int, breaker: Breaker) -> None:
        """A report was taken."""

    def disk_refused(self, file: str, error: OSError) -> None:
        """States could not be written."""

    def disk_written(self, file: str) -> None:
        """They were."""


class Line:
    """One DU.

    Attributes:
        breaker: Its state and rules.
        link: Its association; None while there is none.
        order: Number of the newest order.
        baseline: What the newest order says.
        answered: Whether the DU has answered it over this association.
        effective_frame: First frame under it, as the DU says.
        reason: Why the breaker stands as it does.
    """

    def __init__(self, breaker: Breaker, *, baseline: bool) -> None:
        self.breaker = breaker
        self.link: OrderLink | None = None
        self.order = 1
        self.baseline = baseline
        self.answered = False
        self.effective_frame = 0
        self.reason = "as the xApp's last life left it"


class BreakerDesk:
    """Breakers of all DUs; used from one event loop.

    Args:
        spec: Facts and choices.
        dus: Number of DUs.
        folder: Where states are kept.
        tell: Takes each event for the audit log.
        observer: Hears of states.
        unix_s: Wall clock.

    Raises:
        ValueError: The file of states is not one of ours.
        OSError: It cannot be read.
    """

    def __init__(
        self,
        spec: DeskSpec,
        dus: int,
        folder: Path,
        tell: Callable[[Event], None],
        observer: BreakerObserver,
        unix_s: Callable[[], float],
    ) -> None:
        self.spec = spec
        self._path = folder / _FILE
        self._tell = tell
        self._observer = observer
        self._unix_s = unix_s
        self._changed = asyncio.Event()
        self._report_frames = max(1, round(_REPORT_S / spec.frame_s))
        kept = _read(self._path)
        self.lines = tuple(self._line(kept.get(du)) for du in range(dus))
        for du, line in enumerate(self.lines):
            observer.breaker_moved(du, line.breaker.state, "")

    def _line(self, kept: Kept | None) -> Line:
        spec = self.spec
        if kept is None:
            breaker = Breaker(spec.breaker, State.CLOSED if spec.proven else State.UNPROVEN)
        else:
            breaker = Breaker.again(spec.breaker, kept)
        return Line(breaker, baseline=self._wanted(breaker))

    def _wanted(self, breaker: Breaker) -> bool:
        """Whether the DU is to be under its own scheduler."""
        return breaker.state.baseline and (self.spec.mode == "act" or breaker.manual)

    # ------------------------------------------------------------------------------------- associations

    def connected(self, du: int, link: OrderLink) -> None:
        """The DU can be told and will report; whatever it runs by, it is told again."""
        line = self.lines[du]
        line.link, line.answered = link, False
        self._send(du)

    def disconnected(self, du: int, link: OrderLink) -> None:
        """The association is gone; what was ordered stays in force."""
        if self.lines[du].link is link:
            self.lines[du].link = None

    async def run(self) -> None:
        """Repeat orders that are not answered, and keep states that changed, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._repeat(), name="guard orders")
            tasks.create_task(self._keep(), name="guard states")

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(self.spec.repeat_s)
            for du, line in enumerate(self.lines):
                if line.link is not None and not line.answered:
                    self._send(du)

    def _send(self, du: int) -> None:
        line = self.lines[du]
        if line.link is None:
            return
        mode = guard_pb2.GUARD_MODE_BASELINE if line.baseline else guard_pb2.GUARD_MODE_LEARNED
        order = guard_pb2.GuardOrder(
            du_id=du, order=line.order, mode=mode, report_frames=self._report_frames, reason=line.reason
        )
        try:
            line.link.send_guard_order(order)
        except QueueFullError:
            return  # repeated, as every order without an answer

    # ------------------------------------------------------------------------------------- reports

    def reported(self, du: int, report: guard_pb2.GuardReport) -> None:
        """A DU answered an order, or told how its frames went.

        Raises:
            RangeError: The report is out of range.
        """
        learned, own = self._span(report.learned), self._span(report.own)
        line = self.lines[du]
        baseline = report.mode == guard_pb2.GUARD_MODE_BASELINE
        if report.order != line.order or baseline != line.baseline:
            return  # of before the newest order
        line.answered, line.effective_frame = True, report.effective_frame
        before = line.breaker.state
        if own is not None:
            line.breaker.own(own)
        if learned is not None:
            line.breaker.learned(learned)
        self._observer.breaker_saw(du, line.breaker)
        if line.breaker.state is not before:
            self._moved(du, _reason(line.breaker, before), "breaker", "")

    def _span(self, frames: guard_pb2.GuardFrames) -> Span | None:
        if frames.frames == 0:
            return None
        measured, modelled, baseline = (
            self._satisfaction(values) for values in (frames.measured, frames.modelled, frames.baseline)
        )
        return Span(frames.frames * self.spec.frame_s, measured, modelled, baseline)

    def _satisfaction(self, quality: Sequence[float]) -> float:
        weights = self.spec.weights
        if len(quality) != len(weights) or not all(0.0 <= value <= 1.0 for value in quality):
            raise out_of_range(f"qualities {list(quality)[:4]}: {len(weights)} numbers, each in [0, 1]")
        return sum(weight * value for weight, value in zip(weights, quality, strict=True)) / sum(weights)

    # ------------------------------------------------------------------------------------- people

    async def open(self, du: int, name: str) -> None:
        """An operator wants the baseline until `reset`."""
        self.lines[du].breaker.open_by_hand()
        self._moved(du, "by an operator", "operator", name)
        await self._answered(du)

    async def reset(self, du: int, name: str) -> None:
        """An operator wants the learned policy again."""
        self.lines[du].breaker.reset()
        self._moved(du, "by an operator", "operator", name)
        await self._answered(du)

    async def _answered(self, du: int) -> None:
        """Return when the DU has answered, or after the time in which an order is repeated."""
        line, waited_s = self.lines[du], 0.0
        while line.link is not None and not line.answered and waited_s < self.spec.repeat_s:
            await asyncio.sleep(_POLL_S)
            waited_s += _POLL_S

    def _moved(self, du: int, reason: str, source: str, name: str) -> None:
        """Tell of a state, order what it wants, and keep it."""
        line = self.lines[du]
        state, line.reason = line.breaker.state, reason
        wanted = self._wanted(line.breaker)
        if wanted != line.baseline:
            line.order, line.baseline, line.answered = line.order + 1, wanted, False
            self._send(du)
        values = {
            "measured": line.breaker.measured,
            "baseline": line.breaker.baseline,
            "mode": self.spec.mode,
        }
        event = Event(self._unix_s(), du, source, name, "baseline", state.value, "none", reason, values)
        self._tell(event)
        self._observer.breaker_moved(du, state, reason)
        self._changed.set()

    async def _keep(self) -> None:
        """Write states that changed; what the disk refuses is tried again after a while."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            states = {
                du: {**asdict(kept), "state": kept.state.value}
                for du, kept in enumerate(line.breaker.kept() for line in self.lines)
            }
            try:
                await asyncio.to_thread(atomic_write, self._path, json.dumps(states).encode())
            except OSError as error:
                self._observer.disk_refused(_FILE, error)
                await asyncio.sleep(self.spec.repeat_s)
                self._changed.set()
            else:
                self._observer.disk_written(_FILE)


def _reason(breaker: Breaker, before: State) -> str:
    """Why a breaker has moved, for people."""
    spec, state = breaker.spec, breaker.state
    if state is State.HALF_OPEN:
        return f"the learned policy is tried for {spec.trial_s:g} s"
    if before is State.UNPROVEN:
        return f"the learned policy has kept up with the baseline for {spec.prove_s:g} s"
    if state is State.CLOSED:
        return "the learned policy has passed its trial"
    against = f"{breaker.measured or 0.0:.2f} against {breaker.baseline or 0.0:.2f}"
    if before is State.HALF_OPEN:
        return f"the learned policy has failed its trial: {against}"
    return f"satisfaction below the baseline's for {spec.open_after_s:g} s: {against}"


def _read(path: Path) -> dict[int, Kept]:
    """States as they were kept; none where there is no file."""
    if not path.exists():
        return {}
    try:
        stored = json.loads(path.read_bytes())
        return {
            int(du): Kept(
                State(kept["state"]), bool(kept["manual"]), bool(kept["proven"]), _finite(kept["wait_s"])
            )
            for du, kept in stored.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"{path}: no states of breakers ({error})") from error


def _finite(value: Any) -> float:
    found = float(value)
    if not math.isfinite(found):
        raise ValueError(f"wait_s is {found}")
    return found
