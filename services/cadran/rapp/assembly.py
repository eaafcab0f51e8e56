"""Puts the rApp together: the only place where its parts learn of each other."""

from __future__ import annotations

import time

import numpy as np
import structlog
from prometheus_client import CollectorRegistry

from cadran.learn import CheckpointError as LearnerCheckpointError
from cadran.learn.ddpg import Networks
from cadran.learn.meta import Level, MetaLearner
from cadran.rapp.a1.parts import A1Management
from cadran.rapp.checkpoints import Checkpoint, CheckpointStore
from cadran.rapp.courier import Courier
from cadran.rapp.desk import Desk, Kind
from cadran.rapp.evaluation import EvaluationSpec, SimulatedEvaluation
from cadran.rapp.experience import Experience
from cadran.rapp.host import Host, HostSpec
from cadran.rapp.kept_rows import KeptRows
from cadran.rapp.meta_trainer import MetaTrainer, TrainingSpec
from cadran.rapp.metrics import RappMetrics
from cadran.rapp.monitor import STORE, Monitor
from cadran.rapp.reader import Reader
from cadran.rapp.redis_mirror import RedisMirror
from cadran.rapp.registry import RefusedError, Registry
from cadran.rapp.rest import RestParts, create_app
from cadran.rapp.scenario import Scenario
from cadran.rapp.service import LISTENING, Parts, Rapp
from cadran.rapp.settings import RappSettings
from cadran.rapp.status import TrainingStatus, VerdictStatus
from cadran.rapp.xapp_client import XappClient
from cadran.replay import RateLimiter, ReplayError, ReplayUnavailable
from cadran.replay.consumer_group import ConsumerGroup
from cadran.replay.redis_store import RedisReplay, connect
from cadran.rest import RestTls, security_of
from cadran.runtime import ConfigError
from cadran.runtime.checkpoints import CheckpointError
from cadran.runtime.disk import DISK
from cadran.runtime.http import Health
from cadran.runtime.retry import RetrySpec

_SAMPLER = 1
"""Stream of the sampler's draws."""


def new_health() -> Health:
    """The conditions under which the rApp is ready."""
    return Health([STORE, LISTENING, DISK])


class Assembly:
    """Builds the parts of one rApp, in the order of their needs.

    Args:
        settings: The deployment's choices.
        scenario: The scenario.
        metrics: Where metrics live.
        health: From :func:`new_health`.

    Raises:
        ConfigError: The state directory cannot be used, or holds something else.
    """

    def __init__(
        self, settings: RappSettings, scenario: Scenario, metrics: CollectorRegistry, health: Health
    ) -> None:
        self._settings = settings
        self._scenario = scenario
        self._metrics = metrics
        self._health = health
        self._dus = scenario.world.dus
        self._log = structlog.get_logger("cadran.rapp")
        self._tls = settings.tls() if settings.rest_tls else None
        self._client = connect(
            settings.redis,
            settings.redis_timeout_s,
            settings.redis_password,
            settings.redis_tls(settings.tls_ca, settings.tls_cert, settings.tls_key),
        )
        try:
            self._make_state()
        except ReplayError as error:
            raise ConfigError(f"--state-dir: {error}") from error
        except OSError as error:
            raise ConfigError(f"--state-dir {settings.state_dir}: {error.strerror or error}") from error
        self._make_learner()
        self._make_desk()
        self._monitor = Monitor(
            RappMetrics(metrics), health, self._kept, self._experience, lambda: self._registry.state
        )
        self._resumed = settings.resume and self._resume()
        self._make_host()
        self._courier = self._make_courier()

    def _make_state(self) -> None:
        settings, state = self._settings, self._settings.state_dir
        state.mkdir(parents=True, exist_ok=True)
        self._registry = Registry(state / "initialisations", settings.versions_kept, time.time)
        for line in self._registry.refused:
            self._log.warning("stored initialisation refused", reason=line)
        self._kept = KeptRows(state / "experience", self._scenario.schema, self._dus, settings.rows_per_du)
        self._checkpoints = CheckpointStore(state / "checkpoints", settings.checkpoints_kept)
        self._mirror = RedisMirror(self._client, settings.redis_region)

    def _make_learner(self) -> None:
        problem, meta, settings = self._scenario.problem, self._scenario.meta, self._settings
        self._learner = MetaLearner(
            meta,
            self._dus,
            higher=(problem.higher_observation_dim, problem.higher_action_dim),
            lower=(problem.lower_observation_dim, problem.lower_action_dim),
            seed=settings.seed,
        )
        self._experience = Experience(problem, self._kept)
        self._trainer = MetaTrainer(
            self._learner,
            self._experience,
            self._kept,
            self._open_reader,
            self._checkpoints,
            np.random.default_rng([settings.seed, _SAMPLER]),
            TrainingSpec(
                rows=_batch_rows(self._scenario),
                least_transitions=settings.least_transitions,
                limiter=RateLimiter(1.0 / settings.rows_per_iteration, min_size=1),
                most_iterations=settings.iterations_per_round,
                loss_limit=settings.loss_limit,
            ),
            time.time,
        )

    def _open_reader(self) -> Reader:
        """The reader, once the xApp has begun to store experience."""
        region = self._settings.redis_region
        if not RedisReplay.exists(self._client, region):
            raise ReplayUnavailable(f"replay region '{region}' holds nothing yet")
        replay = RedisReplay.read(self._client, region)
        if (replay.schema, replay.dus) != (self._scenario.schema, self._dus):
            raise ReplayError(
                f"replay region '{region}' holds rows {replay.schema.fingerprint} of {replay.dus} DUs, the "
                f"scenario has {self._scenario.schema.fingerprint} of {self._dus}: choose another region"
            )
        group = ConsumerGroup(self._client, replay.layout, self._settings.redis_group)
        return Reader(replay, group, self._kept)

    def _make_desk(self) -> None:
        settings, scenario = self._settings, self._scenario
        evaluate = SimulatedEvaluation(
            scenario,
            self._learner,
            self._experience,
            EvaluationSpec(
                repetitions=settings.evaluation_repetitions,
                frames=settings.evaluation_frames,
                shots=settings.evaluation_shots,
            ),
        )
        kind = Kind(
            problem=scenario.problem.names,
            decision_frames=scenario.hierarchy.decision_frames,
            shapes={level: own.shape for level, own in self._learner.levels.items()},
            region=settings.redis_region,
        )
        self._desk = Desk(self._registry, evaluate, kind, settings.margin, settings.seed, time.time)
        if self._registry.best_version is not None:
            self._networks_of(self._registry.best_version)  # what candidates are compared with

    def _resume(self) -> bool:
        """Go on from a checkpoint, or else from the promoted initialisation; whether from a checkpoint."""
        checkpoint = self._newest_checkpoint()
        if checkpoint is not None:
            self._restore(checkpoint)
        else:
            self._restore_registry()
            if self._registry.promoted_version is not None:
                self._start_from(self._registry.promoted_version)
        return checkpoint is not None

    def _newest_checkpoint(self) -> Checkpoint | None:
        try:
            checkpoint, refused = self._checkpoints.newest()
        except CheckpointError as error:
            raise ConfigError(f"--state-dir {self._settings.state_dir}: {error}") from error
        for line in refused:
            self._log.warning("checkpoint refused", reason=line)
        return checkpoint

    def _restore(self, checkpoint: Checkpoint) -> None:
        try:
            self._trainer.restore(checkpoint, torn=True)
        except LearnerCheckpointError as error:
            raise ConfigError(
                f"--state-dir {self._settings.state_dir}: {error}; "
                "choose another directory, or give --no-resume"
            ) from error
        entries = self._registry.entries()
        if entries:
            self._desk.goes_on_from(entries[-1].meta.version)
        self._log.info("resumed from checkpoint", iterations=checkpoint.iterations)

    def _restore_registry(self) -> None:
        """A state directory that is new may find an earlier one's registry in Redis."""
        try:
            taken = self._mirror.restore(self._registry)
        except ReplayUnavailable as error:
            self._log.warning("the registry's copy was not asked: a new registry begins", error=str(error))
        except ReplayError as error:
            raise ConfigError(f"--redis: {error}; choose another region, or give --no-resume") from error
        else:
            if taken:
                self._log.info("registry filled from its copy in Redis", versions=taken)

    def _networks_of(self, version: int) -> dict[Level, Networks]:
        """A version's networks; they must be of this scenario's kind."""
        try:
            return self._desk.initialisation(version)
        except RefusedError as error:
            raise ConfigError(
                f"--state-dir {self._settings.state_dir}: {error}; choose another directory and region"
            ) from error

    def _start_from(self, version: int) -> None:
        self._trainer.start_from(self._networks_of(version))
        self._desk.goes_on_from(version)
        self._log.info("goes on from the promoted initialisation", version=version)

    def _make_host(self) -> None:
        settings, entries = self._settings, self._registry.entries()
        spec = HostSpec(
            learn=settings.learn,
            period_s=settings.round_period_s,
            candidate_every=settings.candidate_every,
            nice=settings.learner_nice,
            thread_switch_s=settings.thread_switch_s,
            retry=RetrySpec(settings.redis_retry_first_s, settings.redis_retry_max_s),
        )
        considered = entries[-1].meta.lineage.iterations if self._resumed and entries else 0
        if considered > self._trainer.iterations:
            considered = 0  # the newest version is an earlier learner's, which had counted further
        self._host = Host(
            self._trainer,
            self._kept,
            self._desk,
            self._mirror,
            self._checkpoints,
            spec,
            self._monitor,
            considered,
        )

    def _make_courier(self) -> Courier | None:
        settings = self._settings
        if settings.xapp is None:
            return None
        client = XappClient(settings.xapp, settings.xapp_timeout_s, self._tls)
        return Courier(client, self._registry, self._monitor, settings.delivery_period_s)

    # ------------------------------------------------------------------------------------- the whole

    def rapp(self) -> Rapp:
        """The rApp, ready to run."""
        settings = self._settings
        rest = RestParts(
            registry=self._registry,
            commands=self._host,
            status=self.status,
            tasks=lambda: self._monitor.tasks,
            adaptation=lambda: self._courier.adaptation if self._courier else None,
            metrics=self._metrics,
            health=self._health,
            security=security_of(settings, self._metrics, self._tls is not None),
        )
        a1 = A1Management(
            settings,
            settings.state_dir,
            settings.xapp,
            settings.xapp_timeout_s,
            self._tls,
            self._metrics,
            self._monitor.disk,
        )
        app = create_app(rest)
        a1.mount(app)
        parts = Parts(
            host=self._host,
            courier=self._courier,
            rest=app,
            tls=RestTls(self._tls, self._metrics) if self._tls else None,
            health=self._health,
            close=self._client.close,
            status=self.status,
            monitor=self._monitor,
            a1=a1,
        )
        return Rapp(parts, settings.rest, settings.state_dir / "status.json", settings.status_period_s)

    def status(self) -> TrainingStatus:
        """State of meta-training as of now."""
        monitor, state = self._monitor, self._registry.state
        newest = monitor.newest
        return TrainingStatus(
            time_s=time.time(),
            learning=self._settings.learn and not self._host.halted,
            resumed=self._resumed,
            iterations=self._trainer.iterations,
            iterations_asked_for=self._host.extra,
            seconds_per_iteration=monitor.seconds_per_iteration,
            tasks=[task.du for task in monitor.tasks if task.active],
            rows=[task.rows for task in monitor.tasks],
            next_candidate_at=self._host.next_candidate,
            newest_verdict=VerdictStatus.model_validate(vars(newest)) if newest else None,
            promoted=state.promotions[-1] if state.promotions else None,
            pinned=state.pinned,
            delivery=self._courier.state if self._courier else None,
            delivery_reason=self._courier.reason if self._courier else None,
            alert=monitor.alert,
        )


def _batch_rows(scenario: Scenario) -> dict[Level, int]:
    return {"higher": scenario.meta.higher.batch_size, "lower": scenario.meta.lower.batch_size}
