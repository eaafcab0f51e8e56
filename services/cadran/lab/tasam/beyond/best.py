"""Our own best agent, apart from the paper's: which observation, networks and updates measure best?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cadran.lab.experiment import varied
from cadran.lab.report import Section, Table
from cadran.lab.statistics import verdict
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.comparison import compare
from cadran.lab.tasam.methods import method
from cadran.lab.tasam.rows import BASELINES
from cadran.lab.tasam.scores import over_runs, rewards, tuning_rewards
from cadran.lab.tasam.settings import DELIVERED
from cadran.lab.tasam.standing import against, best_heuristic

_PRACTICAL = (
    "learner.hidden=[128, 128]",
    "learner.activation=relu",
    "learner.layer_norm=true",
    "learner.lr=5e-4",
    "learner.batch_size=64",
    "learner.gamma=0.9",
    "learner.tau=0.01",
    "learner.beta_initial=0.03",
    "learner.beta_automatic=true",
    "learner.beta_lr=5e-4",
    "learner.warmup_transitions=320",
)
"""What measured well before; every candidate says what it changes."""


@dataclass(frozen=True)
class Candidate:
    """A configuration that may become the default.

    Attributes:
        name: As tables call it.
        line: What it changes, and why that might help.
        overrides: The changes.
        updates: Updates for each one of the plan.
    """

    name: str
    line: str
    overrides: tuple[str, ...] = ()
    updates: int = 1


_FAST = ("learner.lr=1e-3", "learner.beta_lr=1e-3")
_FASTER = ("learner.lr=2e-3", "learner.beta_lr=2e-3")
_RICH = "problem.observation=rich"
CANDIDATES = (
    Candidate("plain", "SAC on backlog and demand: what the demo had"),
    Candidate("fast", "steps of twice the size", _FAST),
    Candidate("fast-twice", "the same with twice the updates on the same experience", _FAST, updates=2),
    Candidate("faster-twice", "steps of four times the size, twice the updates", _FASTER, updates=2),
    Candidate(
        "fast-far-twice",
        "fast-twice, and looks twice as far ahead",
        (*_FAST, "learner.gamma=0.95"),
        updates=2,
    ),
    Candidate("fast-rich-twice", "fast-twice, and sees delays", (*_FAST, _RICH), updates=2),
    Candidate("fast-four", "the same with four times the updates", _FAST, updates=4),
    Candidate(
        "rich", "also sees delays, and what the last frame brought: the reward is made of delays", (_RICH,)
    ),
    Candidate("rich-twice", "twice the updates on the same experience", (_RICH,), updates=2),
    Candidate("rich-wide", "networks of twice the width", (_RICH, "learner.hidden=[256, 256]")),
    Candidate(
        "rich-far", "looks further ahead: a queue lasts longer than ten frames", (_RICH, "learner.gamma=0.97")
    ),
    Candidate("rich-near", "looks less far: most of a decision shows at once", (_RICH, "learner.gamma=0.8")),
    Candidate("rich-large-batch", "less noise in each update", (_RICH, "learner.batch_size=256")),
    Candidate(
        "rich-joint", "a critic that sees all DUs: interference couples them", (_RICH, "learner.critic=joint")
    ),
)


def cells(context: Context) -> Sequence[Cell]:
    """All candidates on the same experience; the baselines stand beside the first."""
    return [cell for candidate in CANDIDATES for cell in _cells(context, candidate)]


def _cells(context: Context, candidate: Candidate) -> Sequence[Cell]:
    plan = replace(context.plan, updates_per_iteration=candidate.updates * context.plan.updates_per_iteration)
    updates = plan.iterations * plan.updates_per_iteration
    plain = method("sac").settings(updates)
    place = varied(context.experiment, (*DELIVERED, *_PRACTICAL, *plain, *candidate.overrides))
    return context.cells(candidate.name, place.learner, experiment=place, plan=plan)


def analyse(results: Results) -> Section:
    """The candidate that is best on tuning episodes, examined on held-out ones."""
    tuned = {candidate.name: tuning_rewards(results, candidate.name) for candidate in CANDIDATES}
    chosen = max(tuned, key=lambda name: float(np.mean(tuned[name])))
    first = CANDIDATES[0].name
    answer = [f"By the tuning episodes, which the sentences below do not use, {chosen} is best."]
    if chosen != first:
        answer.append(_sentence(results, chosen, first))
    if (rule := best_heuristic(results)) is not None:
        answer.append(_sentence(results, chosen, rule))
    answer += [
        _sentence(results, chosen, name) for name in ("greedy", "frame-oracle") if name in results.baselines
    ]
    return compare(STUDY, results, (), placed=False, answer=answer, tables=(_table(results, tuned, chosen),))


def _sentence(results: Results, chosen: str, other: str) -> str:
    return verdict(against(results, chosen, other), chosen, other)


def _table(results: Results, tuned: dict[str, list[float]], chosen: str) -> Table:
    rows_ = tuple(
        (
            candidate.name,
            candidate.line,
            candidate.name == chosen,
            over_runs(tuned[candidate.name]),
            None if candidate is CANDIDATES[0] else against(results, candidate.name, CANDIDATES[0].name),
            float(
                np.mean([exam.episode_reward_sampled.mean() for exam in results.all_held_out(candidate.name)])
            ),
            float(rewards(results, candidate.name).mean()),
        )
        for candidate in CANDIDATES
    )
    columns = (
        "candidate",
        "what it changes",
        "chosen",
        "tuning reward",
        "minus plain, held out",
        "held out, sampled actions",
        "held out, mean actions",
    )
    note = (
        "Chosen by the last quarter of the learning curves on tuning episodes. All had the same experience."
    )
    return Table("candidates", "Candidates", columns, rows_, note)


STUDY = Study(
    name="best",
    title="Our best agent",
    question="Which configuration earns most of delivered traffic, and how near is it to the frame oracle?",
    cells=cells,
    analyse=analyse,
    baselines=BASELINES,
)
