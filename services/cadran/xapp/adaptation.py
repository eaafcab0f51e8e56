"""The learner's work where decisions have two levels: every DU adapts by shots, each on its own rows.

The initialisation that DUs start from is learned elsewhere, across DUs, and delivered here. A DU that has
decided nothing since its start takes up the newest one; one that has goes on from where it is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cadran.learn import MetaLearner, MetaSpec
from cadran.learn.ddpg import DdpgShape, DdpgSpec, policy_tensors
from cadran.learn.meta import LEVELS, Level
from cadran.policy import NetworkMeta, TwoLevelMeta, decode, encode_two_level
from cadran.problem import Problem, ProblemSpec
from cadran.problem.hierarchy import HierarchicalProblem
from cadran.replay import Identity, Replay, identities
from cadran.replay.store import read_between
from cadran.xapp.adaptation_state import AdaptationState, TaskState, read_state, write_state
from cadran.xapp.checkpoints import Checkpoint
from cadran.xapp.du_task import DuTask
from cadran.xapp.initialisation import Initialisation, LevelNetworks, Origin, read_initialisation
from cadran.xapp.trainer import Burst


@dataclass(frozen=True)
class Shot:
    """One shot of a DU's adaptation.

    Attributes:
        du: The DU.
        initialisation: Version that it started from; None for fresh networks.
        shots: Shots made since its start.
        reward: Mean reward per frame since the shot before.
        seconds: What it took.
        diverged: Why it was not made, and none will be until a new start; None: it was.
    """

    du: int
    initialisation: int | None
    shots: int
    reward: float
    seconds: float
    diverged: str | None = None


class ShotObserver(Protocol):
    """Whoever wants to know of shots; called on the learner's thread."""

    def __call__(self, shot: Shot) -> None:
        """A shot was made."""


class AdaptingTrainer:
    """Owns the networks of all DUs; one thread at a time, but for `heard` and what is only read.

    Given the same rows and the same starts, it makes the same shots, however the rows came. A DU whose next
    shot would not stay finite keeps the networks before it and makes no more; the others go on.

    Args:
        problem: The decision problem.
        spec: Networks, inner steps and shots.
        replay: Where rows are at rest.
        cold: DUs that never start from an initialisation.
        seed: Of fresh networks and of batches.
        observe: Hears of shots.
    """

    def __init__(
        self,
        problem: HierarchicalProblem,
        spec: MetaSpec,
        replay: Replay,
        cold: frozenset[int],
        seed: int,
        observe: ShotObserver,
    ) -> None:
        self._problem = problem
        self._spec = spec
        self._replay = replay
        self._observe = observe
        self._learner = MetaLearner(
            spec,
            1,
            (problem.higher_observation_dim, problem.higher_action_dim),
            (problem.lower_observation_dim, problem.lower_action_dim),
            seed,
        )
        self._fresh = self._learner.initialisation()
        self._newest: Initialisation | None = None
        self.cold = cold
        self.tasks = tuple(self._task(du, seed) for du in range(replay.dus))
        self._changed = set(range(replay.dus))
        self._restored = self._to_recall = False
        self._updates = 0

    def _task(self, du: int, seed: int) -> DuTask:
        problem, empty = self._problem.of_du(du), lambda: self._replay.schema.empty(0)
        return DuTask(du, problem, self._learner, self._spec, self._fresh, seed, empty)

    @property
    def updates(self) -> int:
        """Shots made so far, all DUs together."""
        return self._updates

    @property
    def initialisation(self) -> Origin | None:
        """The newest initialisation delivered; None before the first."""
        return self._newest.origin if self._newest else None

    # ---------------------------------------------------------------------------------------- starts

    def deliver(self, artefact: bytes) -> tuple[Origin, list[int]]:
        """Take an initialisation: DUs that have not begun start from it.

        Returns:
            What was taken, and the DUs that start from it.

        Raises:
            PolicyError: It is refused; nothing was changed.
        """
        self._newest = read_initialisation(artefact, self._problem, self._learner)
        origin = self._newest.origin
        self._take_up()
        return origin, [task.du for task in self.tasks if task.record.origin == origin]

    def _take_up(self) -> None:
        """Every DU that has not begun starts from what it should."""
        for task in self.tasks:
            newest = self._newest_for(task.du)
            if not task.record.begun and task.record.origin != (newest.origin if newest else None):
                self._begin(task)

    def _newest_for(self, du: int) -> Initialisation | None:
        return None if du in self.cold else self._newest

    def restart(self, du: int) -> None:
        """Let a DU start over, from the newest initialisation unless it is cold."""
        self._begin(self.tasks[du])

    def _begin(self, task: DuTask) -> None:
        newest = self._newest_for(task.du)
        origin, networks = (newest.origin, newest.networks) if newest else (None, self._fresh)
        task.begin(origin, networks, task.record.cursor)
        self._changed.add(task.du)

    def judge_by(self, specs: Sequence[ProblemSpec]) -> None:
        """What each DU's reward is computed with from now on; may be called from another thread."""
        for task, spec in zip(self.tasks, specs, strict=True):
            base = Problem(spec, self._problem.frame)
            task.judge_by(HierarchicalProblem(self._problem.spec, base).of_du(task.du))

    def heard(self, du: int, sha256: str) -> None:
        """A DU told the digest of the policy that it runs; may be called from another thread."""
        self.tasks[du].heard(sha256)

    # ---------------------------------------------------------------------------------------- shots

    def run(self, upto: Sequence[int] | None, most: int, *, stop_to_publish: bool) -> Burst:
        """Make the shots that are due.

        Args:
            upto: Per DU, rows that may be seen; None for all that the store holds.
            most: Shots to make; the burst ends after the first look at the store that brings as many.
            stop_to_publish: True ends the burst after a look that brings any.

        Raises:
            ReplayUnavailable: The store does not answer; the call may be repeated.
        """
        self._recall()
        made, more = 0, True
        while more and made < most and not (made and stop_to_publish):
            shots, more = self._look(upto)
            made += shots
        if upto is not None:
            self._restored = False
        return Burst(made, publish=bool(self._changed), more=more)

    def _look(self, upto: Sequence[int] | None) -> tuple[int, bool]:
        """Read once, one shot of each DU at most; returns shots made, and whether there is more to read."""
        cursors = [task.record.cursor for task in self.tasks]
        made, more = 0, False
        for task, part in zip(self.tasks, self._replay.tail(cursors, self._spec.shot_frames), strict=True):
            stop = part.count if upto is None else min(part.count, upto[task.du])
            rows = part.rows[: max(0, stop - part.start)][: task.wanted]
            if len(rows):
                task.take(part.start, rows)
                made += task.due and self._shoot(task)
                more = more or task.record.cursor < stop
        return made, more

    def _shoot(self, task: DuTask) -> bool:
        """Returns whether the networks changed: they do not with the frames after the last shot."""
        started, before = time.perf_counter(), task.record.shots
        task.shoot()
        record = task.record
        origin = record.origin.version if record.origin else None
        seconds = time.perf_counter() - started
        shot = Shot(task.du, origin, record.shots, record.rewards[-1], seconds, record.diverged)
        self._observe(shot)
        if record.shots == before:
            return False
        self._changed.add(task.du)
        self._updates += 1
        return True

    # ---------------------------------------------------------------------------------------- policies

    def artefacts(
        self, version: int, problem: Mapping[str, str], effective_frame: int, created_unix_s: float
    ) -> list[bytes]:
        """The policies of the DUs whose networks have changed since the last call.

        Args:
            version: Version that they get.
            problem: Names of observation, action and reward.
            effective_frame: First frame that they may decide; 0 for at once.
            created_unix_s: Wall clock.

        Raises:
            PolicyError: A network is not finite.
        """
        made = []
        for du in sorted(self._changed):
            task = self.tasks[du]
            meta = TwoLevelMeta(
                du=du,
                version=version,
                created_unix_s=created_unix_s,
                problem=problem,
                decision_frames=self._problem.spec.decision_frames,
                higher=_network(self._learner.levels["higher"].shape),
                lower=_network(self._learner.levels["lower"].shape),
                updates=task.record.shots,
                effective_frame=effective_frame,
            )
            made.append(encode_two_level(meta, self._actors(task.networks)))
            task.started_with(version, decode(made[-1])[0].sha256)
        self._changed.clear()
        return made

    def _actors(self, networks: LevelNetworks) -> dict[str, dict[str, Any]]:
        specs: dict[Level, DdpgSpec] = {"higher": self._spec.higher, "lower": self._spec.lower}
        return {
            level: policy_tensors(networks[level].actor, 0, specs[level].exploration_final)
            for level in LEVELS
        }

    # ---------------------------------------------------------------------------------------- checkpoints

    def checkpoint(self, policy_version: int, created_unix_s: float) -> Checkpoint:
        """Everything that `restore` needs, as of now."""
        states = tuple(
            TaskState(task.record, task.networks, task.moments, task.acknowledged_sha256)
            for task in self.tasks
        )
        return Checkpoint(
            updates=self._updates,
            policy_version=policy_version,
            cursor=tuple(task.record.cursor for task in self.tasks),
            sampler_state={},
            learner=write_state(AdaptationState(self._newest, states)),
            created_unix_s=created_unix_s,
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back, or on, to a checkpoint; all policies count as changed.

        A DU that had not begun then starts as this trainer has it, cold or not.

        Raises:
            learn.CheckpointError: The state belongs to another trainer; nothing was changed.
        """
        shapes = {level: self._learner.levels[level].shape for level in LEVELS}
        state = read_state(checkpoint.learner, len(self.tasks), shapes)
        self._newest = state.newest
        self._updates = checkpoint.updates
        self._changed = set(range(len(self.tasks)))
        for task, own in zip(self.tasks, state.tasks, strict=True):
            task.go_on(own.record, own.networks, own.moments, own.acknowledged_sha256)
        self._restored = self._to_recall = True
        self._take_up()

    def _recall(self) -> None:
        """Read again what shots draw from, after a restoration."""
        if not self._to_recall:
            return
        records = [task.record for task in self.tasks]
        counts = [self._replay.count(task.du) for task in self.tasks]
        stops = [min(pair) for pair in zip((record.cursor for record in records), counts, strict=True)]
        rows = read_between(self._replay, [record.oldest for record in records], stops)
        for task, own, stop in zip(self.tasks, rows, stops, strict=True):
            task.recall(stop, own)
        self._to_recall = False

    def unseen(self, counts: Sequence[int]) -> list[list[Identity]]:
        """Per DU, identities of the rows at rest that a restored trainer has not seen yet.

        Args:
            counts: Per DU, rows at rest.

        Raises:
            ReplayUnavailable: The store does not answer.
        """
        if not self._restored:
            return [[] for _ in self.tasks]
        cursors = [task.record.cursor for task in self.tasks]
        return [identities(rows) for rows in read_between(self._replay, cursors, counts)]


def _network(shape: DdpgShape) -> NetworkMeta:
    return NetworkMeta(
        observation_dim=shape.observation_dim,
        action_dim=shape.action_dim,
        hidden=shape.hidden,
        activation=shape.activation,
        layer_norm=shape.layer_norm,
    )
