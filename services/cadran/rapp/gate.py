"""Whether a candidate may take the promoted initialisation's place, and why.

It is compared with the *best* one: the last that was promoted because it was surely better than the best
before it. Were it compared with the promoted one, each promotion could fall short of the one before by the
margin, and a long row of them by any amount.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cadran.policy.initialisation import Evaluation
from cadran.runtime.student import student_quantile


@dataclass(frozen=True)
class Verdict:
    """What the gate decides.

    Attributes:
        promote: Whether the candidate is promoted.
        reason: One sentence for people.
        best: Whether it is surely better than what it was compared with, and becomes what others are.
    """

    promote: bool
    reason: str
    best: bool = False


@dataclass(frozen=True)
class Difference:
    """Mean of paired differences with Student's 95 % interval; infinitely wide for a single pair."""

    mean: float
    low: float
    high: float
    pairs: int


def difference(evaluation: Evaluation) -> Difference:
    """By how much the scores exceed those of the version compared with, which there must be."""
    paired = np.subtract(evaluation.scores, evaluation.scores_against)
    pairs = len(paired)
    mean = float(paired.mean())
    half = math.inf
    if pairs > 1:
        half = student_quantile(pairs - 1) * float(paired.std(ddof=1)) / math.sqrt(pairs)
    return Difference(mean, mean - half, mean + half, pairs)


def judge(evaluation: Evaluation, best: int | None, margin: float) -> Verdict:
    """Promote what is not worse: the interval of the difference must end above minus the margin.

    A test of non-inferiority. Asking for "better" would keep an initialisation for ever that is as good as
    all after it; asking only that the difference is not surely negative would let noise walk downhill.

    Args:
        evaluation: The candidate's scores, paired with those of the best one.
        best: The best version promoted so far; None if there is none.
        margin: How much worse than the best one counts as equal, in units of the score, >= 0.
    """
    if evaluation.against != best:
        told = "nothing" if evaluation.against is None else f"initialisation {evaluation.against}"
        return Verdict(False, f"was compared with {told}, but the best is {best or 'none'}")
    if best is None:
        return Verdict(True, "the first one: there is nothing to compare with", True)
    found = difference(evaluation)
    told = (
        f"{evaluation.score} differs by {found.mean:+.4g} from initialisation {best} "
        f"(95 % interval {found.low:+.4g} to {found.high:+.4g}, {found.pairs} pairs)"
    )
    if found.low > 0.0:
        return Verdict(True, f"better: {told}", True)
    if found.low > -margin:
        return Verdict(True, f"not worse: {told}")
    verdict = "worse" if found.high < 0 else "perhaps worse"
    return Verdict(False, f"{verdict}: {told}, and may fall short by at most {margin:.4g}")
