"""The closed loop in one process: the twin of RAN, dApps and xApp in lock-step.

The same radio, problem, actors, replay and learner as the services, called in the order that the
services keep under `clock.lockstep`: the DU's frame, the dApps' transitions, the updates that are due,
the policies that they give, and the frame from which each acts. A test holds both trajectories equal.
"""

from __future__ import annotations

import numpy as np

from cadran.dapp import Action, DuAgent, Indication, PolicySlot, Transition
from cadran.envs import to_decisions, to_measurements
from cadran.envs.link import require_ideal
from cadran.lab.experiment import Experiment
from cadran.learn import Batch, Learner, TrainingSchedule, batch_sampler, require_own_rows
from cadran.problem import Assignment, Measurements, Quota
from cadran.radio import Decisions, Radio
from cadran.replay import MemoryReplay, Mirror, TransitionSchema
from cadran.runtime import ConfigError

EPOCH = 1
"""The one life of the RAN in a process."""


class OnlineRun:
    """Learns online from one network of DUs.

    Args:
        experiment: world, problem, learner and clock.
        seed: seed of the world, the exploration, the networks and the batches.

    Raises:
        ConfigError: the scenario's link is not ideal, or its critic is joint, which the services refuse too;
            or its decisions have two levels, for which this learner has no actors.

    Attributes:
        replay: every transition so far.
        learner: the networks and their optimisers.
        slots: what each DU runs, and what it will.
        frame: the next frame to run.
    """

    def __init__(self, experiment: Experiment, seed: int) -> None:
        require_ideal(experiment.link, experiment.name)
        require_own_rows(experiment.learner, experiment.name)
        if experiment.hierarchy is not None:
            raise ConfigError(
                f"{experiment.name}: hierarchy: this run learns one level, leave the section out"
            )
        self._experiment = experiment
        world = experiment.world
        self._problem = experiment.problem()
        schema = TransitionSchema(self._problem.state_dim, self._problem.action_dim, self._problem.kpi_dim)
        dims = (self._problem.observation_dim, self._problem.action_dim)
        self.learner = Learner(experiment.learner, world.dus, *dims, seed=seed)
        self.replay = MemoryReplay(schema, world.dus, experiment.learner.replay_capacity)
        self._mirror = Mirror(self.replay, experiment.learner.replay_capacity, self._problem.neutral_action)
        self._schedule = TrainingSchedule.of(experiment.learner)
        self._sampler = batch_sampler(seed)
        self.slots = [PolicySlot(du, self._problem) for du in range(world.dus)]
        self._schema = schema
        self._agents = [DuAgent(du, self._problem, slot, seed) for du, slot in enumerate(self.slots)]
        self._radio = Radio(world)
        self._state = self._radio.new_state(np.array([seed], dtype=np.uint64))
        self.frame = 0
        self.updates = 0
        self._episode = 0
        self._version = 0
        self._outcome: Measurements | None = None
        self._start: Measurements | None = self._measure()
        self._publish(effective_frame=0)

    def advance(self, frames: int) -> None:
        """Runs this many frames, learning as the schedule says."""
        for _ in range(frames):
            self._run_frame()

    def _run_frame(self) -> None:
        acted = [agent.step(self._indication(du)) for du, agent in enumerate(self._agents)]
        if self.frame > 0:
            self._learn([transition for _, transition in acted])
        actions = [action for action, _ in acted if action is not None]
        self._radio.step(self._state, self._decisions(actions))
        self._outcome, self._start = self._measure(), None
        self.frame += 1
        if self.frame % self._experiment.world.episode_frames == 0:
            self._episode += 1
            self._radio.reset(self._state, np.array([True]), self._episode)
            self._start = self._measure()

    def _indication(self, du: int) -> Indication:
        every = self._experiment.clock.deterministic_every
        return Indication(
            epoch=EPOCH,
            frame=self.frame,
            outcome=self._outcome.select(du) if self._outcome is not None else None,
            applied_frame=self.frame - 1 if self.frame > 0 else None,
            start=self._start.select(du) if self._start is not None else None,
            deterministic=every > 0 and self._episode % every == every - 1,
        )

    def _learn(self, transitions: list[Transition | None]) -> None:
        """What the xApp does when the rows of frame - 1 of every DU are stored."""
        for du, transition in enumerate(transitions):
            if transition is not None:
                self.replay.append(du, transition.row(self._schema))
        self._mirror.refresh()
        publish = False
        stored = min(self.replay.count(du) for du in range(self.replay.dus))
        for _ in range(self._schedule.updates_due(stored, self.updates)):
            self._update()
            publish |= self._schedule.publish_due(self.updates)
        if publish:
            self._publish(effective_frame=self.frame + self._experiment.clock.push_delay_frames)

    def _update(self) -> None:
        drawn = self._mirror.sample(self._sampler, self._experiment.learner.batch_size)
        self.learner.update(
            Batch(
                observation=drawn.observation,
                action=drawn.action,
                reward=self._problem.reward(drawn.kpis),
                next_observation=drawn.next_observation,
                discount=drawn.discount_mask,
            )
        )
        self.updates += 1

    def _publish(self, effective_frame: int) -> None:
        self._version += 1
        for du, slot in enumerate(self.slots):
            artefact = self.learner.artifact(
                du,
                version=self._version,
                created_unix_s=0.0,
                problem=self._problem.names,
                effective_frame=effective_frame,
            )
            slot.install(artefact, self._version, effective_frame)

    def _measure(self) -> Measurements:
        return to_measurements(self._state.kpis).select(0)

    def _decisions(self, actions: list[Action]) -> Decisions:
        """The decisions of all DUs, which decide in the same form, as one batch of one environment."""
        rbs, first = self._experiment.world.rbs, actions[0].decision
        if isinstance(first, Quota):
            quotas = [action.decision for action in actions if isinstance(action.decision, Quota)]
            return to_decisions(Quota.stack([Quota.stack(quotas)]), rbs)
        assignments = [action.decision for action in actions if isinstance(action.decision, Assignment)]
        return to_decisions(Assignment.stack([Assignment.stack(assignments)]), rbs)
