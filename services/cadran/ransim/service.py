"""The RAN as a service: frames in their pace, E3 towards the dApps, E2 towards the near-RT RIC."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from structlog.stdlib import BoundLogger

from cadran.problem import Measurements, Problem
from cadran.problem.hierarchy import HierarchicalProblem
from cadran.ransim.chores import Chores
from cadran.ransim.e2_agent import E2Agents
from cadran.ransim.e3_agent import E3Agent, RanIdentity
from cadran.ransim.frame_traces import FrameTraces
from cadran.ransim.guard_reports import GuardReports
from cadran.ransim.ladder import Source
from cadran.ransim.metrics import RansimMetrics
from cadran.ransim.pacing import Pace
from cadran.ransim.ran import ByteLedger, FrameResult, Ran
from cadran.ransim.settings import RansimSettings
from cadran.ransim.statistics import RanStatistics, TraceShare
from cadran.ransim.status_files import StatusFiles
from cadran.runtime import ClockSpec, ConfigError
from cadran.runtime.http import Health
from cadran.runtime.link_metrics import LinkMetrics
from cadran.runtime.tracing import Tracer
from cadran.wire.e3_server import E3Server
from cadran.wire.link import LinkSettings

_READY_POLL_S = 0.02
_BOOKED_FRAMES = 25
# A decision comes at most a dApp's lease of three seconds late; this covers it at a thousand frames a second.
_TIMED_FRAMES = 4096

_Counts = tuple[tuple[int, ...], tuple[int, ...]]
"""Missed and fallback frames, each per DU."""


@dataclass(frozen=True)
class Limits:
    """When the run ends by itself: frames, seconds since the first frame; None = not by that."""

    frames: int | None
    duration_s: float | None


@dataclass(frozen=True)
class Links:
    """Limits and times of the associations, per interface."""

    e2: LinkSettings = field(default_factory=LinkSettings)
    e3: LinkSettings = field(default_factory=LinkSettings)


class RansimService:
    """Runs the frames of one epoch.

    Args:
        settings: the service's settings.
        clock: pace of the loop, from the scenario.
        ran: the world.
        problem: gives names to agree on, and reward and quality for people to see.
        epoch: identity of this life of the RAN.
        rng: jitter of the waits between connection attempts.
        metrics: what the RAN counts.
        e2_counters, e3_counters: what the sessions count.
        health: told when the frames run.
        log: where to tell.
        files: where status and episodes are written; None: nowhere.
        now_s: monotonic seconds.
        tracer: follows frames and policies; None: nobody does.
        links: limits and times of the associations; None: the usual ones.
    """

    def __init__(
        self,
        settings: RansimSettings,
        clock: ClockSpec,
        ran: Ran,
        problem: Problem | HierarchicalProblem,
        epoch: int,
        rng: np.random.Generator,
        metrics: RansimMetrics,
        e2_counters: LinkMetrics,
        e3_counters: LinkMetrics,
        health: Health,
        log: BoundLogger,
        files: StatusFiles | None = None,
        now_s: Callable[[], float] = time.monotonic,
        tracer: Tracer | None = None,
        links: Links | None = None,
    ) -> None:
        links = links or Links()
        self._settings = settings
        self._clock = clock
        self._ran = ran
        self._metrics = metrics
        self._health = health
        self._log = log
        self._now_s = now_s
        self._dus = problem.frame.dus
        identity = RanIdentity(problem.frame, epoch, clock.lockstep, problem.names)
        self._decided = asyncio.Event()
        target = str(settings.e2_connect) if settings.e2_connect is not None else None
        self._e3 = E3Agent(identity, ran, log, self._on_decision, self._on_gone)
        tls = settings.tls()
        of_slices = problem.base if isinstance(problem, HierarchicalProblem) else problem
        self._guard = GuardReports(of_slices, ran.ladders, epoch)
        self._e2 = E2Agents(
            identity,
            ran,
            target,
            rng,
            e2_counters,
            log,
            self._e3,
            self._guard,
            tls.channel_credentials if tls else None,
            tracer,
            links.e2,
        )
        self._traces = None if tracer is None else FrameTraces(tracer, settings.trace_every_frames)
        self._e3.traces = self._traces
        self._e3.relay = self._e2
        self._server = E3Server(
            str(settings.e3_listen),
            self._e3,
            links.e3,
            e3_counters,
            credentials=tls.server_credentials(e3_counters.handshake) if tls else None,
        )
        self._in_real_time = settings.pace == "realtime"
        self._pace = Pace(settings.pace, clock, problem.frame.frame_s, now_s)
        self._statistics = RanStatistics(of_slices, self._dus, files, epoch)
        self._files = files
        self._limits = Limits(settings.frames, settings.duration_s)
        self._unbooked: list[FrameResult] = []
        self._chores = Chores()
        self._follow_waits = False
        self._unkept: FrameResult | None = None
        self._compute_s: list[float] = []
        self._loop_s: list[float] = []
        self._indicated_s: OrderedDict[int, float] = OrderedDict()
        self._awaited: set[int] = set()
        self._began_s = 0.0
        self._next_status_s = 0.0

    async def run(self) -> int:
        """Serves until the frames or the time are over; returns the process's exit status.

        Raises:
            ConfigError: The E3 address cannot be listened on.
        """
        try:
            await self._server.start()
        except OSError as error:
            raise ConfigError(f"--e3-listen: {error}") from error
        self._e2.start()
        try:
            await self._wait_for_peers()
            self._health.met("frames")
            await self._run_frames()
        finally:
            self._close_books()
            await self._e2.stop()
            await self._server.stop()
            if self._files is not None:
                self._files.close()
        return 0

    # Start -------------------------------------------------------------------------------------------------

    async def _wait_for_peers(self) -> None:
        """Waits, for a bounded time, until every DU has a dApp, and each dApp a policy if there is a RIC."""
        deadline_s = self._now_s() + self._clock.start_timeout_s
        while self._now_s() < deadline_s:
            if self._missing() is None:
                return
            await asyncio.sleep(_READY_POLL_S)
        self._log.warning("starting without all peers", missing=self._missing())

    def _missing(self) -> str | None:
        awaited = [du for du in range(self._dus) if du not in self._settings.late_dus]
        ready, running = self._e3.subscribed, self._e3.running_versions
        absent = [du for du in awaited if not ready[du]]
        if absent:
            return f"no dApp for DUs {absent}"
        by_ric = self._settings.require_policy and self._settings.e2_connect is not None
        if by_ric and not all(running[du] for du in awaited):
            return "not every dApp holds a policy"
        return None

    # Frames ------------------------------------------------------------------------------------------------

    async def _run_frames(self) -> None:
        self._pace.start()
        self._began_s = self._now_s()
        last: FrameResult | None = None
        while not self._over():
            if self._clock.lockstep:
                await self._rows_stored(self._ran.frame - 1 - self._clock.push_delay_frames)
            self._indicated_s[self._ran.frame] = self._now_s()
            if len(self._indicated_s) > _TIMED_FRAMES:
                self._indicated_s.popitem(last=False)
            self._indicate(last)
            await self._await_decisions()
            await self._pace.frame_end()
            last = self._run_frame()
        await self._drain(last)

    def _indicate(self, last: FrameResult | None) -> None:
        self._decided.clear()
        self._e3.indicate(last)
        self._awaited = set(self._e3.deciding)

    async def _await_decisions(self) -> None:
        """Waits for the decisions of this frame, and keeps the books of the last one.

        In real time in the quiet of the frame, when decisions need the event loop no more; else meanwhile.
        """
        if not self._in_real_time:
            await asyncio.sleep(0)  # lets the indications leave first
            self._keep_books()
        await self._pace.decisions(self._all_decided, self._decided)
        if self._in_real_time:
            self._keep_books()

    async def _drain(self, last: FrameResult | None) -> None:
        """Tells the dApps the outcome of the last frame, and gives their last reports time to be stored."""
        self._indicate(last)
        await asyncio.sleep(0)  # lets the indications leave first
        self._keep_books()
        late = await self._e2.acknowledged(self._ran.frame - 1, self._settings.drain_s)
        if late:
            self._log.warning("some of the last transitions are not acknowledged", dus=late)

    async def _rows_stored(self, frame: int) -> None:
        """Lock-step: waits, for a bounded time, until what the dApps report up to `frame` is stored."""
        late = await self._e2.acknowledged(frame, self._clock.start_timeout_s)
        if late:
            self._log.error(
                "lock-step goes on without rows; this run will not repeat exactly",
                dus=late,
                up_to_frame=frame,
                waited_s=self._clock.start_timeout_s,
            )

    def _over(self) -> bool:
        frames, duration_s = self._limits.frames, self._limits.duration_s
        if frames is not None and self._ran.frame >= frames:
            return True
        return duration_s is not None and self._now_s() - self._began_s >= duration_s

    def _run_frame(self) -> FrameResult:
        started_s = self._now_s()
        result = self._ran.run_frame()
        self._compute_s.append(self._now_s() - started_s)
        self._unkept = result
        if self._traces is not None:
            self._traces.ran(result)
        owing = (
            du for du in self._awaited if result.applied[du].source is Source.DAPP and self._e3.reports(du)
        )
        self._e2.decided(result.frame, owing)
        return result

    def _keep_books(self) -> None:
        """Notes the last frame, once; many are booked at a time, because that costs little more than one."""
        result, self._unkept = self._unkept, None
        if result is None:
            return
        self._unbooked.append(result)
        self._guard.note(result)
        status_due = self._now_s() >= self._next_status_s
        if status_due or result.start is not None or len(self._unbooked) >= _BOOKED_FRAMES:
            self._book()
        if result.start is not None:
            self._chores.put(partial(self._statistics.end_episode, *self._counts(), time.time()))
        if status_due:
            self._chores.put(partial(self._write_status, self._counts(), self._ran.ledger()))
            self._next_status_s = self._now_s() + self._settings.status_period_s
        if self._in_real_time and not self._follow_waits:
            self._follow_waits = True
            self._chores.put(self._follow)
        self._chores.work(self._pace.ends_soon)

    def _book(self) -> None:
        """Leaves to the chores what the frames since the last time brought."""
        results, self._unbooked = self._unbooked, []
        self._chores.put(partial(self._book_times, self._compute_s, self._loop_s))
        self._compute_s, self._loop_s = [], []
        if results:
            self._chores.put(partial(self._metrics.frames, results))
            self._chores.put(partial(self._judge, results))
            self._chores.put(partial(self._measure, results))
            if not self._in_real_time:
                self._chores.put(self._guard.follow)

    def _follow(self) -> None:
        self._follow_waits = False
        self._guard.follow()

    def _book_times(self, compute_s: Sequence[float], loop_s: Sequence[float]) -> None:
        self._metrics.timed(compute_s, loop_s)
        self._statistics.latencies(loop_s)

    def _judge(self, results: Sequence[FrameResult]) -> None:
        outcomes = Measurements.stack([result.outcome for result in results])
        self._metrics.assessed(self._statistics.frames(results, outcomes))

    def _measure(self, results: Sequence[FrameResult]) -> None:
        ue_numbers = [result.ue_numbers for result in results]
        self._e2.measured(results[0].frame, [result.kpis for result in results], ue_numbers)

    def _on_decision(self, frame: int) -> None:
        """Times a decision from its own frame's indication; that of the drain asks for none."""
        indicated_s = self._indicated_s.get(frame)
        if indicated_s is not None:
            self._loop_s.append(self._now_s() - indicated_s)
        if self._all_decided():
            self._decided.set()

    def _on_gone(self, du: int) -> None:
        self._awaited.discard(du)
        self._e2.dapp_gone(du)
        self._decided.set()

    def _all_decided(self) -> bool:
        """Whether every dApp that was there with a policy when the frame was indicated has decided it."""
        frame = self._ran.frame
        return all(self._ran.ladders[du].has(frame) for du in self._awaited)

    def _counts(self) -> _Counts:
        ladders = self._ran.ladders
        return (
            tuple(ladder.missed_frames for ladder in ladders),
            tuple(ladder.fallback_frames for ladder in ladders),
        )

    # What people see ---------------------------------------------------------------------------------------

    def _write_status(self, counts: _Counts, ledger: ByteLedger) -> None:
        missed, fallback = counts
        self._metrics.bytes(ledger)
        self._statistics.write_status(
            self._e3.connected, missed, fallback, ledger, self._e2.relayed(), self._trace_share(), time.time()
        )

    def _trace_share(self) -> TraceShare | None:
        if self._settings.trace is None:
            return None
        return TraceShare(str(self._settings.trace), *self._ran.trace_bytes())

    def _close_books(self) -> None:
        self._keep_books()  # where it was told to stop while the decisions of the next frame were awaited
        self._book()
        self._chores.finish()
        self._statistics.end_episode(*self._counts(), time.time())
        self._write_status(self._counts(), self._ran.ledger())
