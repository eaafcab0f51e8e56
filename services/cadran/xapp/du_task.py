"""One DU as a task: its networks, what it has seen since its start, its shots (arXiv 2512.13715, Eq 11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from cadran.learn import DivergedError, MetaLearner, Networks
from cadran.learn.levels import draw_batches, frames_of
from cadran.learn.meta import LEVELS, Level, MetaSpec
from cadran.learn.shots import ShotRule, rule_of
from cadran.problem.hierarchy import HierarchicalProblem, higher_transitions, lower_transitions
from cadran.replay import Rows
from cadran.xapp.initialisation import LevelNetworks, Origin


class DuRecord(BaseModel):
    """How far a DU's adaptation is; with its networks, what its rule keeps, all that going on takes.

    Attributes:
        origin: Initialisation that it started from; None: fresh networks.
        policy_version: Version of the policy that it started with; rows that older ones decided do not count.
        policy_sha256: Digest of that policy; empty before it has gone out.
        begun_at: Rows ever stored when it started.
        cursor: Rows ever stored that were looked at.
        oldest: Index of the oldest row that shots draw from; `cursor` if there is none.
        frames: Rows since the last shot.
        shots: Shots made.
        rewards: Mean reward per frame while k shots had been made, for k = 0, 1, ...
        diverged: Why no more shots are made: the next one would not have stayed finite; None: it did.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    origin: Origin | None
    policy_version: int = 0
    policy_sha256: str = ""
    begun_at: int = 0
    cursor: int = 0
    oldest: int = 0
    frames: int = 0
    shots: int = 0
    rewards: tuple[float, ...] = ()
    diverged: str | None = None

    @property
    def begun(self) -> bool:
        """Whether the DU has decided by a policy since its start."""
        return bool(self.frames or self.rewards)


class _Memory:
    """Newest rows that count, with their indices in the store."""

    def __init__(self, empty: Rows, kept: int) -> None:
        self._kept = kept
        self._parts = [empty]
        self._indices = [np.zeros(0, np.int64)]

    def add(self, first: int, rows: Rows, counts: NDArray[np.bool_]) -> int:
        """Keep those that count of the rows from index ``first`` on; returns how many do."""
        found = first + np.flatnonzero(counts)
        if len(found):  # rows that never count must not pile up as empty parts
            self._parts.append(rows[counts])
            self._indices.append(found)
        return len(found)

    def rows(self) -> Rows:
        """All that is kept."""
        self._parts = [np.concatenate(self._parts)[-self._kept :]]
        self._indices = [np.concatenate(self._indices)[-self._kept :]]
        return self._parts[0]

    @property
    def oldest(self) -> int | None:
        """Index of the oldest row; None if there is none."""
        return next((int(indices[0]) for indices in self._indices if len(indices)), None)


class DuTask:
    """Takes a DU's rows in, and makes a shot whenever they are enough.

    What a shot does depends on the rows before it, the start and the seed, not on how the rows came.

    Args:
        du: The DU.
        problem: The decision problem, as this DU has it.
        learner: Whose inner loop adapts; its own state is not touched.
        spec: What a shot is.
        fresh: Networks to adapt from at first.
        seed: Of the batches.
        empty: Makes an array of no rows.

    Attributes:
        record: How far it is.
        acknowledged_sha256: Digest of the policy of a start, as the DU has said that it runs it; else empty.
    """

    def __init__(
        self,
        du: int,
        problem: HierarchicalProblem,
        learner: MetaLearner,
        spec: MetaSpec,
        fresh: LevelNetworks,
        seed: int,
        empty: Callable[[], Rows],
    ) -> None:
        self.du = du
        self.acknowledged_sha256 = ""
        self._problem = problem
        self._learner = learner
        self._spec = spec
        self._seed = seed
        self._empty = empty
        self.begin(None, fresh, 0)

    def begin(self, origin: Origin | None, networks: LevelNetworks, cursor: int) -> None:
        """Start, or start over.

        Args:
            origin: Initialisation that the networks are; None for fresh ones.
            networks: What to adapt from.
            cursor: Rows ever stored that were looked at.
        """
        self._rules = self._rules_for(origin, networks)
        self.record = DuRecord(origin=origin, begun_at=cursor, cursor=cursor, oldest=cursor)
        self._forget()

    def _rules_for(self, origin: Origin | None, networks: LevelNetworks) -> dict[Level, ShotRule]:
        levels, fresh = self._learner.levels, origin is None
        return {level: rule_of(levels[level], self._spec, networks[level], fresh=fresh) for level in LEVELS}

    @property
    def networks(self) -> dict[Level, Networks]:
        """As they are now, of one task, by level."""
        return {level: rule.networks() for level, rule in self._rules.items()}

    @property
    def moments(self) -> dict[Level, bytes]:
        """What going on takes besides networks and record, by level."""
        return {level: rule.moments() for level, rule in self._rules.items()}

    def _forget(self) -> None:
        self._memory = _Memory(self._empty(), self._spec.shot_memory_frames)

    def go_on(
        self,
        record: DuRecord,
        networks: LevelNetworks,
        moments: Mapping[Level, bytes],
        acknowledged_sha256: str,
    ) -> None:
        """Be as another was, but for the rows that it drew from: `recall` brings these back.

        Raises:
            CheckpointError: The moments are of other networks; nothing was changed.
        """
        rules = self._rules_for(record.origin, networks)
        for level, rule in rules.items():
            rule.load_moments(moments[level])
        self.record, self._rules = record, rules
        self.acknowledged_sha256 = acknowledged_sha256
        self._forget()

    def recall(self, cursor: int, rows: Rows) -> None:
        """Remember rows that were looked at before.

        Args:
            cursor: Rows ever stored that were looked at, as far as the store still knows them.
            rows: Those before it, from ``record.oldest`` on; the first ones may be gone.
        """
        self._forget()
        remembered = self._remember(cursor - len(rows), rows)
        self._note(cursor=cursor, frames=min(self.record.frames, remembered))

    def judge_by(self, problem: HierarchicalProblem) -> None:
        """The same problem with other thresholds, from now on; may be called from another thread."""
        self._problem = problem

    @property
    def wanted(self) -> int:
        """Rows to look at next: no more than to the next shot."""
        return self._spec.shot_frames - self.record.frames

    @property
    def finished(self) -> bool:
        """Whether no more shots come: all are made and the last one's reward is known, or one diverged."""
        return self.record.diverged is not None or len(self.record.rewards) > self._spec.shots

    def started_with(self, version: int, sha256: str) -> None:
        """The policy that goes out now is the one that this DU starts with, if it has not begun."""
        if not self.record.begun:
            self._note(policy_version=version, policy_sha256=sha256)

    def heard(self, sha256: str) -> None:
        """The DU has said that it runs the policy of this digest; may be called from another thread."""
        if sha256 == self.record.policy_sha256:
            self.acknowledged_sha256 = sha256

    @property
    def acknowledged(self) -> bool:
        """Whether the DU has said that it runs the policy that it started with."""
        return bool(self.record.policy_sha256) and self.acknowledged_sha256 == self.record.policy_sha256

    def take(self, first: int, rows: Rows) -> None:
        """Look at rows, `wanted` at most.

        Args:
            first: Index of the first one.
            rows: In their order, as stored.
        """
        counted = 0 if self.finished else self._remember(first, rows)
        self._note(cursor=first + len(rows), frames=self.record.frames + counted)

    def _remember(self, first: int, rows: Rows) -> int:
        """Keep the rows that count; returns how many do. None does until the policy of the start is out."""
        record = self.record
        counts = (rows["policy_version"] >= record.policy_version) & bool(record.policy_sha256)
        return self._memory.add(first, rows, counts)

    @property
    def due(self) -> bool:
        """Whether the frames since the last shot are complete."""
        return self.wanted == 0

    def shoot(self) -> None:
        """Note what the frames since the last shot were worth, and make the next one unless it was the last.

        A shot that does not stay finite is not made: the networks are those before it, and none follows
        until a new start.
        """
        record, rows = self.record, self._memory.rows()
        reward = self._reward(rows[-record.frames :])
        made, diverged = record.shots < self._spec.shots, None
        if made:
            before = self.networks
            try:
                self._adapt(rows)
            except DivergedError as error:
                made, diverged = False, f"shot {record.shots + 1}: {error}"
                self._rules = self._rules_for(record.origin, before)
        if not made:
            self._forget()
        rewards = (*record.rewards, reward)
        self._note(frames=0, shots=record.shots + made, rewards=rewards, diverged=diverged)

    def _reward(self, rows: Rows) -> float:
        return float(np.mean(self._problem.rewards(rows["kpis"]).reward, dtype=np.float64))

    def _adapt(self, rows: Rows) -> None:
        frames = frames_of(rows)
        held = {
            "higher": higher_transitions(self._problem, frames),
            "lower": lower_transitions(self._problem, frames),
        }
        record = self.record
        rng = np.random.default_rng([self._seed, self.du, record.begun_at, record.shots])
        for _ in range(self._spec.shot_steps):
            for level, rule in self._rules.items():
                (batch,) = draw_batches(rng, [held[level]], self._learner.levels[level].ddpg.batch_size)
                rule.step(batch)
        for level, networks in self.networks.items():
            _require_finite(level, networks)

    def _note(self, **changed: object) -> None:
        noted = self.record.model_copy(update=changed)
        oldest = self._memory.oldest
        self.record = noted.model_copy(update={"oldest": noted.cursor if oldest is None else oldest})


def _require_finite(level: Level, networks: Networks) -> None:
    """A rule looks at losses and gradients; its last step may still have ruined the networks."""
    for name, tensor in networks.tensors().items():
        if not tensor.isfinite().all():
            raise DivergedError(f"{level} level: {name} is not finite")


def shots_to_settle(rewards: NDArray[np.float64], window: int = 5, share: float = 0.95) -> int | None:
    """Shots after which a DU had most of what adapting has given it so far; None while that cannot be said.

    ASSUMED: a running mean over ``window`` shots, because a second of traffic is noisy; the share is of the
    gain over the start, as rewards have no natural zero.

    Args:
        rewards: Mean reward per frame while k shots had been made, ``[k]``.
        window: Shots of the running mean.
        share: In (0, 1].
    """
    if len(rewards) < 2 * window:
        return None
    means = np.convolve(rewards, np.full(window, 1 / window), mode="valid")
    gain = float(means.max() - means[0])
    if gain <= 0.0:
        return 0
    return int(np.argmax(means >= means[0] + share * gain))
