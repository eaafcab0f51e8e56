"""From a learner's candidate to a judged version, and what people may do with versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cadran.learn import CheckpointError, DivergedError
from cadran.learn.ddpg import DdpgShape, Networks
from cadran.learn.meta import LEVELS, Level
from cadran.policy import PolicyError
from cadran.policy.initialisation import (
    Evaluation,
    InitialisationMeta,
    LevelShape,
    Lineage,
    Stream,
    decode_initialisation,
    encode_initialisation,
    of_level,
    of_levels,
)
from cadran.rapp.evaluation import Evaluate, Initialisation
from cadran.rapp.gate import Verdict, judge
from cadran.rapp.registry import Entry, RefusedError, Registry


@dataclass(frozen=True)
class Kind:
    """What every initialisation of one rApp has in common.

    Attributes:
        problem: Names of observation, action and reward.
        decision_frames: Frames from one higher decision to the next.
        shapes: Networks by level.
        region: Name under which the experience is kept.
    """

    problem: Mapping[str, str]
    decision_frames: int
    shapes: Mapping[Level, DdpgShape]
    region: str


@dataclass(frozen=True)
class Cut:
    """A candidate as the learner cut it.

    Attributes:
        initialisation: Networks.
        iterations: Meta-iterations made.
        rows: Per DU, rows read.
        metrics: What meta-training measured.
    """

    initialisation: Initialisation
    iterations: int
    rows: tuple[int, ...]
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Considered:
    """What became of a candidate.

    Attributes:
        iterations: Meta-iterations that it had.
        version: Its version; None if it was not registered.
        promoted: Whether it is promoted.
        reason: Why, for people.
    """

    iterations: int
    version: int | None
    promoted: bool
    reason: str


@dataclass(frozen=True)
class Assessed:
    """A candidate that was evaluated and is not registered yet.

    Attributes:
        cut: As the learner cut it.
        version: The version that it gets.
        promoted: The version promoted when it was evaluated.
        artifact: With its evaluation.
        evaluation: Beside the best version.
    """

    cut: Cut
    version: int
    promoted: int | None
    artifact: bytes
    evaluation: Evaluation


class Desk:
    """Evaluates, registers, judges; its evaluations run where it is called, one at a time.

    Args:
        registry: Versions at rest.
        evaluate: Scores initialisations.
        kind: What they have in common.
        margin: How much worse than the best one promoted counts as equal.
        seed: Of the evaluations; each version is scored in episodes of its own.
        unix_s: Wall clock.
    """

    def __init__(
        self,
        registry: Registry,
        evaluate: Evaluate,
        kind: Kind,
        margin: float,
        seed: int,
        unix_s: Callable[[], float],
    ) -> None:
        self.registry = registry
        self._evaluate = evaluate
        self._kind = kind
        self._margin = margin
        self._seed = seed
        self._unix_s = unix_s
        self._parent: int | None = None

    def consider(self, cut: Cut) -> Considered:
        """Evaluate a candidate, register it, and promote it if the gate lets it pass."""
        assessed = self.assess(cut)
        return assessed if isinstance(assessed, Considered) else self.settle(assessed)

    def assess(self, cut: Cut) -> Assessed | Considered:
        """Evaluate a candidate; one that is not finite, or cannot be compared, goes no further."""
        version, promoted = self.registry.next_version, self.registry.promoted_version
        best = self.registry.best_version
        try:
            evaluation = self._compared(cut.initialisation, version, best)
            artifact = encode_initialisation(
                self._described(cut, version, evaluation), _tensors(cut.initialisation)
            )
        except (DivergedError, PolicyError, RefusedError) as error:
            return Considered(cut.iterations, None, False, f"not registered: {error}")
        return Assessed(cut, version, promoted, artifact, evaluation)

    def settle(self, assessed: Assessed) -> Considered:
        """Register a candidate, and promote it if the gate lets it pass; after a roll-back none is promoted.

        Raises:
            OSError: The disk refuses; the call may be repeated, and goes on with what could not be written.
        """
        version = assessed.version
        if version == self.registry.next_version:
            self.registry.register(assessed.artifact)
        self._parent = version
        verdict = judge(assessed.evaluation, assessed.evaluation.against, self._margin)
        if verdict.promote and self.registry.pinned:
            verdict = Verdict(False, f"held back by the pin of a roll-back, though {verdict.reason}")
        return self._settled(assessed.cut.iterations, version, assessed.promoted, verdict)

    def _settled(self, iterations: int, version: int, over: int | None, verdict: Verdict) -> Considered:
        if verdict.promote:
            try:
                self.registry.promote(version, verdict.reason, over, best=verdict.best)
            except RefusedError as error:
                verdict = Verdict(False, str(error))
        if not verdict.promote:
            self.registry.refuse(version, verdict.reason)
        return Considered(iterations, version, verdict.promote, verdict.reason)

    def promote(self, version: int) -> Entry:
        """Promote a version for a person, if the gate lets it pass; ends a pin.

        Its evaluation counts if it was against the best version promoted; else it is evaluated again.

        Raises:
            UnknownVersionError: Not held.
            DamagedError: Its file, or that of the best one, cannot be read.
            RefusedError: The gate refuses it, or it is promoted already.
        """
        promoted = self.registry.promoted_version
        if version == promoted:
            raise RefusedError(f"initialisation {version} is promoted already")
        verdict = self._judged(version)
        if not verdict.promote:
            self.registry.refuse(version, verdict.reason)
            raise RefusedError(verdict.reason)
        reason = f"asked for; {verdict.reason}"
        return self.registry.promote(version, reason, promoted, best=verdict.best)

    def _judged(self, version: int) -> Verdict:
        best = self.registry.best_version
        evaluation = self.registry.entry(version).meta.evaluation
        if version == best:
            return Verdict(True, "the best one promoted so far", True)
        if evaluation is None or evaluation.against != best:
            try:
                evaluation = self._compared(self.initialisation(version), version, best)
            except DivergedError as error:
                raise RefusedError(str(error)) from error
        return judge(evaluation, best, self._margin)

    def initialisation(self, version: int) -> dict[Level, Networks]:
        """The networks of a version.

        Raises:
            UnknownVersionError: Not held.
            DamagedError: The file cannot be read.
            RefusedError: They are not of this rApp's kind.
        """
        meta, tensors = decode_initialisation(self.registry.artifact(version))
        kind = self._kind
        if (meta.problem, meta.decision_frames) != (dict(kind.problem), kind.decision_frames):
            raise RefusedError(
                f"initialisation {version} was learned for {meta.problem} with a higher decision every "
                f"{meta.decision_frames} frames, this rApp learns for {dict(kind.problem)} with one every "
                f"{kind.decision_frames}"
            )
        try:
            return {
                level: Networks.from_arrays(kind.shapes[level], of_level(tensors, level)) for level in LEVELS
            }
        except CheckpointError as error:
            raise RefusedError(f"initialisation {version} is of other networks: {error}") from error

    def _compared(self, one: Initialisation, version: int, best: int | None) -> Evaluation:
        sides = [one] if best is None else [one, self.initialisation(best)]
        scores = self._evaluate(sides, self._seed + version)
        if not np.isfinite(scores).all():
            raise DivergedError(f"{self._evaluate.score} is not finite")
        return Evaluation(
            against=best,
            score=self._evaluate.score,
            scores=tuple(scores[0].tolist()),
            scores_against=tuple(scores[1].tolist()) if len(sides) > 1 else (),
        )

    def _described(self, cut: Cut, version: int, evaluation: Evaluation) -> InitialisationMeta:
        kind = self._kind
        return InitialisationMeta(
            version=version,
            created_unix_s=self._unix_s(),
            problem=dict(kind.problem),
            decision_frames=kind.decision_frames,
            levels={level: _shape(shape) for level, shape in kind.shapes.items()},
            lineage=Lineage(
                parent=self._parent,
                iterations=cut.iterations,
                region=kind.region,
                streams=tuple(Stream(du=du, rows=rows) for du, rows in enumerate(cut.rows)),
            ),
            metrics=dict(cut.metrics),
            evaluation=evaluation,
        )

    def goes_on_from(self, version: int) -> None:
        """The learner goes on from this version, or from where it was when it gave it out."""
        self._parent = version


def _shape(shape: DdpgShape) -> LevelShape:
    return LevelShape.model_validate(vars(shape))


def _tensors(initialisation: Initialisation) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    return of_levels(
        {
            level: {name: np.asarray(array, np.float32) for name, array in networks.arrays().items()}
            for level, networks in initialisation.items()
        }
    )
