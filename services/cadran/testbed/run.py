"""One run of the whole testbed: prepares its folder, keeps its processes alive, shows it, and sums it up."""

import asyncio
import signal
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TextIO

from cadran.envs.link import require_ideal
from cadran.lab.experiment import load_experiment
from cadran.learn import require_own_rows
from cadran.ransim.measured import measured_traffic
from cadran.runtime import ConfigError, atomic_write
from cadran.runtime.durations import clock
from cadran.testbed.children import Plan, Remaining, allocate, children
from cadran.testbed.folder import RunFolder, create, take_up
from cadran.testbed.joins import check_joins
from cadran.testbed.live import Display, Headline, display
from cadran.testbed.prepare import (
    check_hierarchy,
    check_paths,
    check_redis,
    own_redis_server,
    redis_region,
    write_record,
    write_scenario,
)
from cadran.testbed.redis_child import OPEN, answers_ping, redis_url, transitions_in
from cadran.testbed.report import write_report
from cadran.testbed.secured import RedisAccess, secure
from cadran.testbed.series import read_episodes
from cadran.testbed.settings import TestbedSettings
from cadran.testbed.snapshot import MetricsFile, Observer
from cadran.testbed.summary import RunFacts, RunSummary, summarise
from cadran.testbed.supervisor import ConfigRefusedError, Supervisor

OBSERVE_PERIOD_S = 0.5
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# The RAN ends a run with --duration itself; should it hang, the testbed does, this much later.
DURATION_GRACE_S = 30.0


class Testbed:
    """A testbed, ready to run once.

    Args:
        settings: the run's choices.

    Raises:
        ConfigError: a setting, a file or a section of the scenario cannot be used; nothing was started or
            written.
    """

    def __init__(self, settings: TestbedSettings) -> None:
        self._settings = settings
        check_paths(settings)
        experiment = load_experiment(settings.scenario, settings.overrides)
        require_ideal(experiment.link, str(settings.scenario))
        require_own_rows(experiment.learner, str(settings.scenario))
        check_joins(settings.join_dus, experiment, settings.duration_s)
        check_hierarchy(settings, experiment)
        measured = measured_traffic(experiment.world, settings.trace, settings.load)
        self._experiment = replace(experiment, world=measured.world)
        if settings.redis is not None:
            check_redis(settings.redis)
        self._redis_server = own_redis_server() if settings.redis is None else None
        self._folder = create(settings.out)
        self._observer = Observer(self._folder)
        self._events: deque[str] = deque(maxlen=20)
        self._stored_before: int | None = None
        self._signalled = False

    @property
    def folder(self) -> RunFolder:
        """Where the run is written."""
        return self._folder

    def run(self) -> RunSummary:
        """Runs until the frames are served, the time is over, or SIGINT, SIGTERM or SIGHUP comes.

        Returns:
            The summary, which the run folder holds as well, beside the report.

        Raises:
            ConfigError: a service refused its configuration.
            ChildFailedError: a process could not be kept alive.
            KeyboardInterrupt: a second signal came while the processes were ending; all were killed.
        """
        plan = self._prepare()
        with (self._folder.logs / "testbed.log").open("a") as log:
            supervisor = Supervisor(children(plan), notify=lambda line: self._tell(log, line))
            try:
                ended_by = asyncio.run(self._live(supervisor, plan))
            except ConfigRefusedError as error:
                raise ConfigError(str(error)) from error
            except asyncio.CancelledError:
                raise KeyboardInterrupt from None
        return self._finish(ended_by, supervisor.restarts, plan.redis_region)

    def _prepare(self) -> Plan:
        """Writes what can be written before the start, and takes up an earlier run if one is resumed."""
        settings, dus = self._settings, self._experiment.world.dus
        addresses = allocate(dus)
        secured = secure(self._folder.tls, dus, self._redis_server) if settings.tls else None
        url = settings.redis or redis_url(addresses.redis_port, secured is not None and secured.redis_tls)
        access = secured.redis_access() if secured and settings.redis is None else OPEN
        region = redis_region(settings)
        write_scenario(self._folder, self._experiment)
        redis = {"url": url, "region": region}
        hierarchical = self._experiment.hierarchy is not None
        write_record(self._folder, settings, redis, addresses.scrape_targets(hierarchical, settings.tls))
        if settings.resume is not None:
            take_up(settings.resume, self._folder)
        return Plan(
            settings=settings,
            folder=self._folder,
            dus=dus,
            addresses=addresses,
            redis_url=url,
            redis_region=region,
            redis_ready=lambda: self._redis_ready(url, region, access),
            redis_server=self._redis_server,
            remaining=self._remaining,
            hierarchical=hierarchical,
            served_s=lambda: self._observer.ran_elapsed_s,
            secured=secured,
        )

    async def _redis_ready(self, url: str, region: str, access: RedisAccess) -> bool:
        """Whether Redis serves; when it first does, counts what an earlier run has left in it."""
        if not await answers_ping(url, access):
            return False
        if self._stored_before is None:
            self._stored_before = await asyncio.to_thread(transitions_in, url, region, access)
        return True

    def _remaining(self) -> Remaining:
        """What is left for the RAN that starts now; at least one frame, so that it ends the run by itself."""
        frames, duration_s = self._settings.frames, self._settings.duration_s
        served, elapsed_s = self._observer.totals.frames, self._observer.ran_elapsed_s
        return Remaining(
            frames=None if frames is None else max(1, frames - served),
            duration_s=None if duration_s is None else max(1e-3, duration_s - elapsed_s),
        )

    async def _live(self, supervisor: Supervisor, plan: Plan) -> str:
        """Runs the processes, watched and shown; returns what ended the run."""
        stop = asyncio.Event()
        if self._redis_server is None:
            await plan.redis_ready()
        with self._watched_end(stop), self._metrics() as metrics, self._display(plan) as shown:
            watching = asyncio.create_task(self._watch(supervisor, metrics, shown))
            # A fault in watching ends the run, in order, and is raised below.
            watching.add_done_callback(lambda _: stop.set())
            try:
                ended_by = await supervisor.run(stop)
            finally:
                watching.cancel()
                await asyncio.wait([watching])
            if not watching.cancelled():
                watching.result()
            self._observe(supervisor, metrics, shown)
        return self._why(ended_by)

    async def _watch(self, supervisor: Supervisor, metrics: MetricsFile, shown: Display) -> None:
        while True:
            self._observe(supervisor, metrics, shown)
            await asyncio.sleep(OBSERVE_PERIOD_S)

    def _observe(self, supervisor: Supervisor, metrics: MetricsFile, shown: Display) -> None:
        snapshot = self._observer.observe(supervisor.states(), tuple(self._events))
        metrics.write(snapshot)
        shown.show(snapshot)

    @contextmanager
    def _watched_end(self, stop: asyncio.Event) -> Iterator[None]:
        """Sets ``stop`` at the first signal or past the run's time; a second signal cancels the task."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def on_signal() -> None:
            if stop.is_set() and task is not None:
                task.cancel()
            self._signalled = True
            stop.set()

        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, on_signal)
        if self._settings.duration_s is not None:
            latest_s = self._settings.duration_s + self._experiment.clock.start_timeout_s + DURATION_GRACE_S
            loop.call_later(latest_s, stop.set)
        try:
            yield
        finally:
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)

    @contextmanager
    def _metrics(self) -> Iterator[MetricsFile]:
        with self._folder.metrics.open("w") as file:
            yield MetricsFile(file)

    @contextmanager
    def _display(self, plan: Plan) -> Iterator[Display]:
        settings = self._settings
        headline = Headline(
            scenario=self._experiment.name,
            pace=settings.pace,
            frames=settings.frames,
            duration_s=settings.duration_s,
            console=f"{'https' if settings.tls else 'http'}://{plan.addresses.xapp_rest}/",
        )
        with display(headline, settings.live) as shown:
            yield shown

    def _why(self, ended_by: str | None) -> str:
        """``stopped`` by a signal, or else ``frames`` or ``duration``."""
        settings = self._settings
        if self._signalled:
            return "stopped"
        if settings.frames is not None and self._observer.totals.frames >= settings.frames:
            return "frames"
        if settings.duration_s is not None and (
            ended_by is not None or self._observer.elapsed_s > settings.duration_s
        ):
            return "duration"
        return "stopped"

    def _tell(self, log: TextIO, line: str) -> None:
        self._events.append(f"{clock(self._observer.elapsed_s)} {line}")
        log.write(f"{time.strftime('%H:%M:%S')} {line}\n")
        log.flush()

    def _finish(self, ended_by: str, restarts: dict[str, int], redis_region: str) -> RunSummary:
        facts = RunFacts(
            scenario=self._experiment.name,
            seed=self._settings.seed,
            pace=self._settings.pace,
            dus=self._experiment.world.dus,
            ended_by=ended_by,
            duration_s=self._observer.elapsed_s,
            stored_before=self._stored_before or 0,
            restarts=restarts,
            redis_region=redis_region,
            folder=str(self._folder.root),
        )
        summary = summarise(facts, self._observer, read_episodes(self._folder.episodes))
        atomic_write(self._folder.summary, (summary.to_json() + "\n").encode())
        write_report(self._folder)
        return summary
