"""How the DUs of a scenario learn: by one learner of decisions on one level, or by adapting on two."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cadran.learn import Learner, TrainingSchedule, batch_sampler
from cadran.problem import Problem, ProblemSpec
from cadran.problem.hierarchy import HierarchicalProblem
from cadran.replay import Mirror, Replay
from cadran.runtime import ConfigError
from cadran.xapp.a1.thresholds import RewardBook
from cadran.xapp.adaptation import AdaptingTrainer, Shot
from cadran.xapp.learner_host import Training
from cadran.xapp.monitor import Monitor
from cadran.xapp.scenario import Scenario
from cadran.xapp.settings import XappSettings
from cadran.xapp.shot_log import ShotLog
from cadran.xapp.start_policy import load_policies, start_from
from cadran.xapp.trainer import Trainer

_SHOTS = "adaptation.jsonl"


@dataclass(frozen=True)
class Learning:
    """What learns, and where first policies come from.

    Attributes:
        trainer: For the host.
        adapting: The same, where DUs adapt; None where decisions have one level.
        given_policies: Loads the first policies as those of a version; None: they are the trainer's own.
        rejudge: Takes, for each DU, what its reward is computed with from now on.
    """

    trainer: Training
    adapting: AdaptingTrainer | None
    given_policies: Callable[[int], list[bytes]] | None
    rejudge: Callable[[Sequence[ProblemSpec]], None]


def learning_of(settings: XappSettings, scenario: Scenario, replay: Replay, monitor: Monitor) -> Learning:
    """What the scenario asks for.

    Raises:
        ConfigError: A setting that the scenario has no use for.
    """
    if isinstance(scenario.problem, HierarchicalProblem):
        return _two_levels(settings, scenario, scenario.problem, replay, monitor)
    return _one_level(settings, scenario, scenario.problem, replay, monitor)


def _one_level(
    settings: XappSettings, scenario: Scenario, problem: Problem, replay: Replay, monitor: Monitor
) -> Learning:
    if settings.cold_dus:
        raise ConfigError("--cold-dus: DUs adapt only in a scenario with a hierarchy")
    spec, dus = scenario.learner, problem.frame.dus
    book = RewardBook(problem)
    learner = Learner(spec, dus, problem.observation_dim, problem.action_dim, settings.seed)
    trainer = Trainer(
        learner,
        TrainingSchedule.of(spec),
        Mirror(replay, spec.replay_capacity, problem.neutral_action),
        batch_sampler(settings.seed),
        spec.batch_size,
        book.reward,
        settings.loss_limit,
        monitor.updated,
    )
    source = settings.policy
    if source is None:
        return Learning(trainer, None, None, book.set)

    def given(version: int) -> list[bytes]:
        artefacts = load_policies(source, problem, dus, version)
        if settings.learn:
            start_from(learner, artefacts, source)
        return artefacts

    return Learning(trainer, None, given, book.set)


def _two_levels(
    settings: XappSettings, scenario: Scenario, problem: HierarchicalProblem, replay: Replay, monitor: Monitor
) -> Learning:
    if settings.policy is not None:
        raise ConfigError(
            f"--policy {settings.policy}: in a scenario with a hierarchy DUs start from an initialisation"
        )
    dus = problem.frame.dus
    unknown = [du for du in settings.cold_dus if not 0 <= du < dus]
    if unknown:
        raise ConfigError(f"--cold-dus: no DUs {unknown}, there are DUs 0..{dus - 1}")
    log = ShotLog(settings.state_dir / "adaptation.jsonl", time.time)

    def observe(shot: Shot) -> None:
        monitor.shot(shot)
        with monitor.disk.writing(_SHOTS):
            log.write(shot)

    cold = frozenset(settings.cold_dus)
    trainer = AdaptingTrainer(problem, scenario.meta, replay, cold, settings.seed, observe)
    return Learning(trainer, trainer, None, trainer.judge_by)
