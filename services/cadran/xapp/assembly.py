"""Puts the xApp together: the only place where its parts learn of each other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import structlog
from prometheus_client import CollectorRegistry

from cadran.learn import CheckpointError as LearnerCheckpointError
from cadran.problem import Problem, ProblemSpec
from cadran.problem.hierarchy import HierarchicalProblem
from cadran.replay import Identity
from cadran.rest import RestTls, security_of
from cadran.rest.recorded import RecordedExchanges
from cadran.runtime import ConfigError
from cadran.runtime.checkpoints import CheckpointError
from cadran.runtime.disk import DISK
from cadran.runtime.http import Health
from cadran.runtime.link_metrics import LinkMetrics
from cadran.runtime.retry import RetrySpec
from cadran.runtime.tracing import Tracer
from cadran.wire.e2_server import E2Server
from cadran.wire.link import LinkSettings
from cadran.wire.trace.recorder import Recorder
from cadran.xapp.a1.parts import A1, Neighbours
from cadran.xapp.a1.rest import PREFIX
from cadran.xapp.acknowledger import Acknowledger
from cadran.xapp.adaptation import AdaptingTrainer
from cadran.xapp.adaptation_desk import AdaptationDesk
from cadran.xapp.checkpoints import Checkpoint, CheckpointStore
from cadran.xapp.console import (
    ConsoleParts,
    History,
    Judge,
    RegistryWatch,
    Tap,
    add_console,
    qualities,
    read_past,
    targets_of,
    targets_of_each,
)
from cadran.xapp.delivery_traces import DeliveryTraces
from cadran.xapp.guard.parts import GuardParts
from cadran.xapp.inference import Inference
from cadran.xapp.ingest import Ingest
from cadran.xapp.kpm_board import KpmBoard, KpmReport
from cadran.xapp.learner_host import HostSpec, LearnerHost, Publication
from cadran.xapp.learning import learning_of
from cadran.xapp.metrics import XappMetrics
from cadran.xapp.monitor import STORE, Monitor
from cadran.xapp.policy_desk import PolicyDesk
from cadran.xapp.policy_store import PolicyStore
from cadran.xapp.progress import Progress
from cadran.xapp.rest import RestParts, create_app
from cadran.xapp.row_flow import FreeFlow, LockstepFlow
from cadran.xapp.scenario import Scenario
from cadran.xapp.service import LISTENING, Parts, Xapp
from cadran.xapp.settings import XappSettings
from cadran.xapp.status import LearnerStatus
from cadran.xapp.stores import Stores
from cadran.xapp.termination import Expected, Termination

_PROGRESS = "learner.jsonl"


def new_health() -> Health:
    """The conditions under which the xApp is ready; nodes need not be there, or they could never connect."""
    return Health([STORE, LISTENING, DISK])


class Assembly:
    """Builds the parts of one xApp, in the order of their needs.

    Args:
        settings: The deployment's choices.
        scenario: The scenario.
        registry: Where metrics live.
        health: From :func:`new_health`.
        tracer: Follows deliveries of policies; None: nobody does.
        link: Limits and times of E2; None: the usual ones.
        recorder: Keeps the exchanges of A1-P; None: nobody does.
    """

    def __init__(
        self,
        settings: XappSettings,
        scenario: Scenario,
        registry: CollectorRegistry,
        health: Health,
        tracer: Tracer | None = None,
        link: LinkSettings | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self._link = link
        self._recorder = recorder
        self._settings = settings
        self._scenario = scenario
        self._registry = registry
        self._health = health
        self._traces = None if tracer is None else DeliveryTraces(tracer, settings.trace_every_deliveries)
        self._dus = scenario.problem.frame.dus
        self._log = structlog.get_logger("cadran.xapp")
        self._tls = settings.tls()
        self._rest_tls = self._tls if settings.rest_tls else None
        self._retry = RetrySpec(settings.redis_retry_first_s, settings.redis_retry_max_s)
        self._make_history()
        self._make_directories()
        self._guard = GuardParts(settings, self._base, scenario.clock.lockstep, self._monitor)
        self._stores = Stores(settings, scenario)
        self._watch = RegistryWatch(self._stores.async_client, settings.redis_region)
        self._make_learner()
        self._make_flow()

    def _make_history(self) -> None:
        problem = self._scenario.problem
        base = self._base = problem.base if isinstance(problem, HierarchicalProblem) else problem
        self._targets = targets_of(base.spec, base.frame)
        self._judge = Judge(base, qualities(self._targets))
        self._history = History(self._dus, self._judge, time.time)

    def _make_directories(self) -> None:
        state = self._settings.state_dir
        try:
            state.mkdir(parents=True, exist_ok=True)
            self._policies = PolicyStore(state / "policies", self._dus, self._settings.policies_kept)
            self._checkpoints = CheckpointStore(state / "checkpoints", self._settings.checkpoints_kept)
        except OSError as error:
            raise ConfigError(f"--state-dir {state}: {error.strerror}") from error
        for line in self._policies.refused:
            self._log.warning("stored policy refused", reason=line)
        self._progress = Progress(
            state / _PROGRESS,
            self._settings.progress_every_updates,
            time.time,
            self._history.learned,
            self._history.rewards,
        )
        metrics = XappMetrics(self._registry)
        metrics.learns.set(self._settings.learn)
        self._monitor = Monitor(metrics, self._progress, self._health, time.time)

    def _make_learner(self) -> None:
        settings, problem = self._settings, self._scenario.problem
        self._learning = learning_of(settings, self._scenario, self._stores.replay, self._monitor)
        self._trainer = self._learning.trainer
        checkpoint = self._resumable()
        self._resumed = checkpoint is not None
        if checkpoint is not None:
            self._restore(checkpoint)
        self._desk = PolicyDesk(self._policies, self._monitor, settings.delivery_timeout_s, self._guard.guard)
        self._host = LearnerHost(
            self._trainer,
            self._checkpoints,
            self._publish,
            HostSpec(
                problem=problem.names,
                checkpoint_period_s=settings.checkpoint_period_s,
                nice=settings.learner_nice,
                thread_switch_s=settings.thread_switch_s,
                push_delay_frames=self._scenario.clock.push_delay_frames,
                retry=self._retry,
            ),
            self._monitor,
            max(self._policies.newest_version(), checkpoint.policy_version if checkpoint else 0),
            time.time,
        )

    def _resumable(self) -> Checkpoint | None:
        if not self._settings.resume:
            return None
        try:
            checkpoint, refused = self._checkpoints.newest()
        except CheckpointError as error:
            raise ConfigError(f"--state-dir {self._settings.state_dir}: {error}") from error
        for line in refused:
            self._log.warning("checkpoint refused", reason=line)
        return checkpoint

    def _restore(self, checkpoint: Checkpoint) -> None:
        try:
            self._trainer.restore(checkpoint)
        except LearnerCheckpointError as error:
            raise ConfigError(
                f"--state-dir {self._settings.state_dir}: {error}; "
                "choose another directory, or give --no-resume"
            ) from error
        self._log.info("resumed from checkpoint", updates=checkpoint.updates)
        self._remember()

    def _remember(self) -> None:
        """The console's curves go on where the learner does; without its progress file they begin anew."""
        path = self._settings.state_dir / _PROGRESS
        try:
            self._history.begin_with(read_past(path, self._dus))
        except OSError as error:
            self._log.warning("progress of earlier is not shown", file=str(path), reason=error.strerror)

    def _make_flow(self) -> None:
        settings = self._settings
        self._acknowledger = Acknowledger(self._dus)
        self._learn: Callable[[], Coroutine[Any, Any, None]]
        flow: FreeFlow | LockstepFlow
        if self._scenario.clock.lockstep:
            flow = LockstepFlow(
                self._acknowledger,
                self._monitor,
                self._host.unseen if settings.learn else _nothing_unseen,
                self._host.complete if settings.learn else _nothing,
                settings.lockstep_patience_s,
            )
            self._learn = flow.run
        else:
            flow = FreeFlow(self._acknowledger, self._monitor)
            self._learn = self._host.run_free if settings.learn else _nothing
        self._ingest = Ingest(
            self._stores.schema,
            self._dus,
            Tap(self._stores.async_replay, self._history.stored),
            flow,
            self._retry,
            settings.queued_reports_per_du,
        )

    # ------------------------------------------------------------------------------------- the whole

    def xapp(self) -> Xapp:
        """The xApp, ready to run."""
        settings, problem = self._settings, self._scenario.problem
        adapting = self._learning.adapting
        board = KpmBoard(self._measured)
        self._registry.register(board)
        self._termination = Termination(
            Expected(problem.frame, self._scenario.clock.lockstep),
            self._ingest,
            self._acknowledger,
            self._desk.couriers,
            board,
            self._monitor,
            _unheard if adapting is None else adapting.heard,
            settings.kpm_period_s,
            self._guard.breakers,
            self._traces,
        )
        self._a1 = self._make_a1()
        desk = self._adaptation_desk()
        links = LinkMetrics(self._registry, "e2")
        self._guard_desk = self._guard.desk(lambda: self._termination.nodes)
        rest = RestParts(
            desk=self._desk,
            inference=Inference(self._policies, problem),
            adaptation=desk,
            nodes=lambda: dict(self._termination.nodes),
            board=board,
            status=self.status,
            resume=self._host.resume,
            registry=self._registry,
            health=self._health,
            guard=self._guard_desk,
            security=security_of(settings, self._registry, self._rest_tls is not None),
        )
        app = create_app(rest)
        self._a1.mount(app)
        if self._recorder is not None:
            app.add_middleware(RecordedExchanges, prefix=PREFIX, keep=self._recorder.exchange)
        add_console(app, self._console(board, desk, links))
        parts = Parts(
            ingest=self._ingest,
            host=self._host,
            desk=self._desk,
            e2=E2Server(
                str(settings.e2_listen),
                self._termination,
                self._link,
                links,
                credentials=self._tls.server_credentials(links.handshake) if self._tls else None,
            ),
            rest=app,
            tls=RestTls(self._rest_tls, self._registry) if self._rest_tls else None,
            monitor=self._monitor,
            health=self._health,
            start_policies=self._start_policies,
            open_store=self._stores.open,
            close_store=self._close_store,
            learn=self._learn,
            watch=self._watch.run if adapting is not None else _nothing,
            a1=self._a1,
            breakers=self._guard.breakers,
            status=self.status,
        )
        return Xapp(
            parts, settings.rest, settings.state_dir / "status.json", settings.status_period_s, self._retry
        )

    def _console(self, board: KpmBoard, desk: AdaptationDesk | None, links: LinkMetrics) -> ConsoleParts:
        return ConsoleParts(
            scenario=self._scenario.name,
            frame=self._scenario.problem.frame,
            lockstep=self._scenario.clock.lockstep,
            targets=lambda: self._targets,
            history=self._history,
            desk=self._desk,
            adaptation=desk,
            registry=lambda: self._watch.sighting,
            nodes=lambda: self._termination.nodes,
            board=board,
            status=self.status,
            a1=self._a1.desk.all,
            guard=self._guard_desk,
            e2_totals=links.totals,
            health=self._health,
            unix_s=time.time,
        )

    def _make_a1(self) -> A1:
        around = Neighbours(
            problem=self._base,
            limits=self._guard.limits,
            rejudge=self._rejudge,
            plmn_of=self._plmn_of,
            registry=self._registry,
            disk=self._monitor.disk,
            unix_s=time.time,
        )
        return A1(self._settings, self._settings.state_dir, around)

    def _rejudge(self, specs: Sequence[ProblemSpec]) -> None:
        """Each DU is judged by these numbers from now on, by the learner and on the console."""
        self._learning.rejudge(specs)
        frame = self._base.frame
        self._targets = targets_of_each(specs, frame)
        self._judge.rejudge([Problem(spec, frame) for spec in specs], qualities(self._targets))

    def _plmn_of(self, du: int) -> str | None:
        node = self._termination.nodes.get(du)
        return None if node is None else node.request.global_e2_node_id.plmn_identity

    def _measured(self, du: int, report: KpmReport) -> None:
        self._history.measured(du, report)
        self._a1.desk.measured(du, report)

    def _adaptation_desk(self) -> AdaptationDesk | None:
        adapting = self._learning.adapting
        if adapting is None:
            return None
        return AdaptationDesk(adapting, self._host, self._scenario.meta.shot_frames)

    async def _publish(self, publication: Publication) -> None:
        self._progress.policy_version = publication.version
        await self._desk.publish(publication)

    async def _start_policies(self) -> None:
        """Take up stored targets; DUs without one, or a learner begun anew, get a first version."""
        await self._desk.open()
        complete = all(self._policies.target(du) is not None for du in range(self._dus))
        self._progress.policy_version = self._host.policy_version
        if not (complete and self._resumed):
            await self._publish_first()
        await self._host.save()

    async def _publish_first(self) -> None:
        given = self._learning.given_policies
        if given is None:
            await self._host.publish()
            return
        version = self._host.policy_version + 1
        artefacts = await asyncio.to_thread(given, version)
        self._host.policy_version = version
        await self._publish(Publication(version, tuple(artefacts), None))

    async def _close_store(self) -> None:
        await self._stores.close()
        await asyncio.to_thread(self._guard.audit.close)

    def status(self) -> LearnerStatus:
        """State of learning as of now."""
        summary = self._progress.summary
        line = summary.line if summary else {}
        adapting = self._learning.adapting
        targets = [self._policies.target(du) for du in range(self._dus)]
        return LearnerStatus(
            time_s=time.time(),
            learning=self._settings.learn and not self._host.halted,
            resumed=self._resumed,
            updates=self._trainer.updates,
            updates_per_s=summary.updates_per_s if summary else 0.0,
            stored=list(self._ingest.counts),
            duplicates=self._monitor.duplicates,
            policy_versions=[target.version if target else None for target in targets],
            running_versions=self._desk.running_versions,
            beta=line.get("beta"),
            critic_loss=line.get("critic_loss"),
            td_variance=line.get("td_variance"),
            sam_on=[share > 0.5 for share in line["sam_share"]] if line else None,
            shots=[task.record.shots for task in adapting.tasks] if adapting else None,
            e2_nodes=sorted(self._termination.nodes),
            alert=self._monitor.alert or (adapting and _stuck(adapting)),
        )


def _stuck(adapting: AdaptingTrainer) -> str | None:
    """Which DUs have diverged and why; None if none has."""
    found = [(task.du, task.record.diverged) for task in adapting.tasks if task.record.diverged]
    return "; ".join(f"DU {du} diverged: {reason}" for du, reason in found) or None


async def _nothing_unseen(counts: Sequence[int]) -> list[list[Identity]]:
    """Nobody learns, so there is nothing to catch up with."""
    return [[] for _ in counts]


def _unheard(du: int, sha256: str) -> None:
    """Nobody wants to know which policy runs."""


async def _nothing(*_: object) -> None:
    """No updates."""
