"""What is trained, and for how long."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields
from typing import Literal, get_args

from cadran.lab.experiment import Experiment
from cadran.learn import LearnerSpec
from cadran.radio import World

Agents = Literal["per_du", "team", "central"]

_LEAST = {"evaluation_episodes": 2, "held_out_episodes": 2, "updates_per_iteration": 0, "evaluation_seed": 0}


@dataclass(frozen=True)
class TrainingPlan:
    """How much experience, how many updates, and when to look.

    One iteration: each of ``envs`` parallel networks of a run advances ``frames_per_iteration`` frames (a new
    episode begins when one has ended), then everything is updated ``updates_per_iteration`` times.
    Algorithm 1 of arXiv 2511.15002 read literally is 1000 iterations of 10 networks, 100 frames, one update.

    Attributes:
        iterations: at least 1.
        envs: parallel networks of one run, at least 1.
        frames_per_iteration: at least 1.
        updates_per_iteration: at least 0.
        evaluate_every: iterations between two points of the learning curve, at least 1; there is a point
            before the first iteration and one after the last besides.
        evaluation_episodes: episodes of each point, at least 2.
        held_out_episodes: episodes of the final evaluation, at least 2.
        evaluation_seed: determines the episodes of the curve's points, the same for all runs; at least 0.
    """

    iterations: int
    envs: int
    frames_per_iteration: int
    updates_per_iteration: int
    evaluate_every: int
    evaluation_episodes: int
    held_out_episodes: int
    evaluation_seed: int = 999

    def __post_init__(self) -> None:
        for field in fields(self):
            value, least = getattr(self, field.name), _LEAST.get(field.name, 1)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"plan: {field.name} is {value!r}, must be an integer >= {least}")

    def point_due(self, iteration: int) -> bool:
        """Whether the curve has a point after this many iterations."""
        return iteration % self.evaluate_every == 0 or iteration == self.iterations


@dataclass(frozen=True)
class Run:
    """One training run.

    Attributes:
        experiment: world, problem and link; its own ``learner`` is not used.
        learner: what to learn with.
        agents: ``per_du``: one agent at each DU; ``team``: the same, each rewarded with the mean over DUs;
            ``central``: one agent that observes and decides for all,
            rewarded with the mean over DUs (the reference of arXiv 2511.15002, Section VI).
        seed: of networks, batches, exploration and training episodes, 0 <= seed < 2**63.
        before: world of the first half of the training, where that is another one: an abrupt change. Points
            of the learning curve are from ``experiment`` all the same.
    """

    experiment: Experiment
    learner: LearnerSpec
    agents: Agents
    seed: int
    before: World | None = None

    def __post_init__(self) -> None:
        if self.agents not in get_args(Agents):
            raise ValueError(f"run: agents is {self.agents!r}, must be one of {', '.join(get_args(Agents))}")
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"run: seed is {self.seed}, must be in 0..2**63 - 1")

    @property
    def stack_key(self) -> Hashable:
        """Runs with equal ones can train in one call."""
        experiment, learner = self.experiment, self.learner
        place = (experiment.world, experiment.problem_spec, experiment.link, self.agents)
        texts = tuple(part if isinstance(part, str) else part.model_dump_json() for part in place)
        first = "" if self.before is None else self.before.model_dump_json()
        return *texts, first, learner.program, learner.warmup_transitions, learner.replay_capacity


def require_stackable(runs: Sequence[Run], plan: TrainingPlan) -> None:
    """Refuse runs that cannot train together.

    Raises:
        ValueError: no run; two runs differ in what they must share; or a frame does not fit into the replay.
    """
    if not runs:
        raise ValueError("runs: there must be at least one to train")
    if len({run.stack_key for run in runs}) > 1:
        raise ValueError(
            "runs: all must share worlds, problem, link, agents, learner.program, learner.warmup_transitions "
            "and learner.replay_capacity"
        )
    capacity = runs[0].learner.replay_capacity
    if plan.envs > capacity:
        raise ValueError(f"plan: envs is {plan.envs}, must be at most learner.replay_capacity {capacity}")
