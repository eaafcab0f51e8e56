"""The circuit breaker of one DU: back to the DU's own scheduler while the learned policy does worse.

What it compares, both as satisfaction in [0, 1], the mean of the slices' qualities by the reward's weights:

- measured: of the frames that the policy decided, as they were;
- baseline: the DU's model of its own scheduler on the same arrivals and channels (`ransim.shadow`), plus the
  error that this model showed when that scheduler really ruled (`bias`, 0 until it has).

All times are the RAN's, counted in reported frames, so that they mean the same at any pace.

============  ==========================================================================================
unproven      the DU learns and has not yet been within the margin for ``prove_s``: nothing is done
closed        the policy decides; opens when measured stays more than ``margin`` below the baseline for
              ``open_after_s``, both smoothed over ``SMOOTH_S``
open          the DU's own scheduler rules; after a wait the policy is tried; an operator's opening stays
half_open     the policy decides for ``trial_s`` (after ``SETTLE_S`` that do not count): closes if it was less
              than half the margin below, or opens again with twice the wait
============  ==========================================================================================

While the model errs by more than ``trust`` on the policy's own frames nothing is opened on its word.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field

SMOOTH_S = 2.0
SETTLE_S = 1.0
_BIAS_S = 10.0


class State(enum.Enum):
    """Of a breaker; the value of its gauge."""

    UNPROVEN = "unproven"
    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"

    @property
    def baseline(self) -> bool:
        """Whether the DU's own scheduler is to rule."""
        return self is State.OPEN


@dataclass(frozen=True)
class BreakerSpec:
    """Times and bounds; times in seconds of the RAN.

    Attributes:
        margin: How far below the baseline's estimate a policy may stay, in satisfaction.
        open_after_s: For how long it must have been further below.
        prove_s: How long a DU that learns must have been within the margin before the breaker acts.
        wait_s: Before the first trial; doubled after each that failed.
        wait_most_s: Longest wait.
        trial_s: Length of a trial.
        trust: Largest error of the model at which it is believed, in satisfaction.
    """

    margin: float = 0.1
    open_after_s: float = 10.0
    prove_s: float = 300.0
    wait_s: float = 30.0
    wait_most_s: float = 600.0
    trial_s: float = 10.0
    trust: float = 0.25


@dataclass(frozen=True)
class Span:
    """Consecutive frames of one kind in satisfaction.

    Attributes:
        seconds: How long they lasted.
        measured: As they were.
        modelled: As the DU's model has it for the decisions in force.
        baseline: As it has it for the DU's own scheduler.
    """

    seconds: float
    measured: float
    modelled: float
    baseline: float


@dataclass
class _Smooth:
    """A mean that forgets with a time constant; None before the first value."""

    constant_s: float
    value: float | None = None

    def take(self, value: float, seconds: float) -> float:
        held = value if self.value is None else self.value
        self.value = held + (1.0 - math.exp(-seconds / self.constant_s)) * (value - held)
        return self.value


@dataclass(frozen=True)
class Kept:
    """What outlives the xApp.

    Attributes:
        state: A trial that was under way counts as failed.
        manual: Whether an operator opened it.
        proven: Whether the DU has proven itself, or need not.
        wait_s: The wait that follows the next failed trial or opening.
    """

    state: State
    manual: bool
    proven: bool
    wait_s: float


@dataclass
class Breaker:
    """State and rules of one DU.

    Attributes:
        spec: Times and bounds.
        state: Where it stands.
        manual: Whether an operator opened it: it then stays open until one resets it.
        proven: Whether the DU has proven itself, or need not; only then is a policy judged.
        measured: Satisfaction of the newest span that the policy decided; None before the first.
        baseline: The baseline's estimate for it.
    """

    spec: BreakerSpec
    state: State
    manual: bool = False
    proven: bool = True
    measured: float | None = None
    baseline: float | None = None
    _wait_s: float = 0.0
    _left_s: float = 0.0
    _within_s: float = 0.0
    _below_s: float = 0.0
    _closed_s: float = 0.0
    _settle_s: float = 0.0
    _trial_s: float = 0.0
    _trial: float = 0.0
    _bias: _Smooth = field(default_factory=lambda: _Smooth(_BIAS_S))
    _error: _Smooth = field(default_factory=lambda: _Smooth(_BIAS_S))
    _deficit: _Smooth = field(default_factory=lambda: _Smooth(SMOOTH_S))

    def __post_init__(self) -> None:
        self._wait_s = self._wait_s or self.spec.wait_s
        self.proven = self.proven and self.state is not State.UNPROVEN

    @property
    def bias(self) -> float:
        """Error of the model under the DU's own scheduler: measured less modelled; 0 while unknown."""
        return self._bias.value or 0.0

    @property
    def error(self) -> float:
        """Error of the model under the policy: measured less modelled; 0 while unknown."""
        return self._error.value or 0.0

    @property
    def trusted(self) -> bool:
        """Whether the model is believed."""
        return abs(self.error) <= self.spec.trust

    @property
    def next_trial_s(self) -> float | None:
        """Until the next trial; None if there is none to come."""
        return self._left_s if self.state is State.OPEN and not self.manual else None

    # ------------------------------------------------------------------------------------- what happened

    def own(self, span: Span) -> None:
        """Frames of the DU's own scheduler."""
        self._bias.take(span.measured - span.modelled, span.seconds)
        if self.state is State.OPEN:
            self._wait(span.seconds)

    def learned(self, span: Span) -> None:
        """Frames that the policy decided."""
        self._error.take(span.measured - span.modelled, span.seconds)
        self.measured, self.baseline = span.measured, min(1.0, span.baseline + self.bias)
        deficit = self.baseline - self.measured
        if self.state is State.HALF_OPEN:
            self._try(deficit, span.seconds)
        elif self.state is State.OPEN:  # nobody acts on this breaker
            self._wait(span.seconds)
        else:
            self._watch(self._deficit.take(deficit, span.seconds), span.seconds)

    def open_by_hand(self) -> None:
        """An operator wants the baseline, until `reset`."""
        self._open()
        self.manual = True

    def reset(self) -> None:
        """An operator wants the policy, and all that was held against it forgotten.

        A DU that has not proven itself yet still must.
        """
        self._close()
        self._wait_s = self.spec.wait_s

    # ------------------------------------------------------------------------------------- rules

    def _watch(self, deficit: float, seconds: float) -> None:
        below = deficit > self.spec.margin
        self._below_s = self._below_s + seconds if below else 0.0
        self._within_s = 0.0 if below else self._within_s + seconds
        if self.state is State.UNPROVEN:
            if self._within_s >= self.spec.prove_s:
                self.proven = True
                self._close()
            return
        self._closed_s += seconds
        if self._closed_s >= self.spec.wait_most_s:
            self._wait_s = self.spec.wait_s
        if self._below_s >= self.spec.open_after_s and self.trusted:
            self._open()

    def _open(self) -> None:
        self.state, self._left_s = State.OPEN, self._wait_s
        self._wait_s = min(2.0 * self._wait_s, self.spec.wait_most_s)

    def _wait(self, seconds: float) -> None:
        self._left_s -= seconds
        if self._left_s <= 0.0 and not self.manual:
            self._begin_trial()

    def _begin_trial(self) -> None:
        self.state, self._settle_s, self._trial_s, self._trial = State.HALF_OPEN, SETTLE_S, 0.0, 0.0

    def _try(self, deficit: float, seconds: float) -> None:
        if self._settle_s > 0.0:
            self._settle_s -= seconds
            return
        self._trial += deficit * seconds
        self._trial_s += seconds
        if self._trial_s >= self.spec.trial_s:
            if self._trial / self._trial_s <= 0.5 * self.spec.margin:
                self._close()
            else:
                self._open()

    def _close(self) -> None:
        self.state, self.manual = State.CLOSED if self.proven else State.UNPROVEN, False
        self._below_s = self._within_s = self._closed_s = 0.0
        self._deficit = _Smooth(SMOOTH_S)

    # ------------------------------------------------------------------------------------- at rest

    def kept(self) -> Kept:
        """What the next life is to know."""
        return Kept(self.state, self.manual, self.proven, self._wait_s)

    @classmethod
    def again(cls, spec: BreakerSpec, kept: Kept) -> Breaker:
        """As another life left it."""
        state = State.OPEN if kept.state is State.HALF_OPEN else kept.state
        breaker = cls(spec, state, kept.manual, kept.proven)
        breaker._wait_s = breaker._left_s = min(max(kept.wait_s, spec.wait_s), spec.wait_most_s)
        return breaker
