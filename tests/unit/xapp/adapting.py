"""Experience of two levels for tests: a small problem, rows like a dApp's, and initialisations of it."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from cadran.learn import DdpgSpec, MetaLearner, MetaSpec
from cadran.learn.meta import LEVELS
from cadran.policy.initialisation import InitialisationMeta, LevelShape, Lineage, encode_initialisation
from cadran.problem import Frame, Measurements, Problem, ProblemSpec
from cadran.problem.hierarchy import HierarchicalProblem, HierarchySpec, UserMeasurements
from cadran.replay import MemoryReplay, RowFlag, Rows, TransitionSchema
from cadran.xapp.adaptation import AdaptingTrainer, Shot

DUS = 3
FRAME = Frame(rbs=20, slices=3, ues_per_slice=2, frame_s=0.01, rb_bandwidth_hz=200e3, total_ues=6, dus=DUS)
PROBLEM = HierarchicalProblem(HierarchySpec(decision_frames=3), Problem(ProblemSpec(), FRAME))
SCHEMA = TransitionSchema(PROBLEM.state_dim, PROBLEM.action_dim, PROBLEM.kpi_dim)
_LEVEL = DdpgSpec(hidden=(8,), batch_size=8)
SPEC = MetaSpec(
    higher=_LEVEL,
    lower=_LEVEL,
    shot_frames=10,
    shot_steps=2,
    shot_memory_frames=25,
    shots=4,
    inner_actor_lr=0.1,
)


@cache
def _frames(du: int, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """KPIs and states of random but legal frames."""
    rng = np.random.default_rng(du)
    counts, volumes = rng.integers(0, 1000, (4, count, 3)), rng.integers(0, 20_000, (3, count, 3, 2))
    shape = (count, 3)
    slices = Measurements(
        ues=np.full(shape, 2, np.int32),
        arrived_bytes=counts[0],
        delivered_bytes=counts[1],
        dropped_bytes=counts[2],
        queued_bytes=counts[3],
        rbs_quota=rng.integers(1, 7, shape).astype(np.int32),
        rbs_used=rng.integers(0, 7, shape).astype(np.int32),
        backlog_rbs=rng.uniform(0, 20, shape).astype(np.float32),
        arrival_rbs=rng.uniform(0, 20, shape).astype(np.float32),
        arrival_ewma_bytes=rng.uniform(0, 1e4, shape).astype(np.float32),
        mean_se=rng.uniform(0.1, 5, shape).astype(np.float32),
        ue_rate_bps=np.full((*shape, 2), np.nan, np.float32),
        ue_delay_s=rng.uniform(0, 0.05, (*shape, 2)).astype(np.float32),
    )
    users = UserMeasurements(
        *volumes,
        mean_se=rng.uniform(0.1, 7, (*shape, 2)).astype(np.float32),
        rbs=rng.integers(0, 5, (*shape, 2)).astype(np.int32),
        power=rng.uniform(0, 1, shape).astype(np.float32),
    )
    assessed = PROBLEM.assess(slices, users)
    return assessed.kpis, assessed.state


def rows(du: int, start: int, stop: int, policy_version: int = 1) -> Rows:
    """Frames start..stop-1 of one DU; the same frame always has the same content."""
    kpis, states = _frames(du, 500)
    made = SCHEMA.empty(stop - start)
    frames = np.arange(start, stop)
    made["epoch"], made["frame"], made["sequence"], made["policy_version"] = 1, frames, frames, policy_version
    made["flags"] = np.where(frames % 3 == 0, RowFlag.GOAL, 0) | np.where(
        frames % 50 == 0, RowFlag.PREVIOUS_IS_NEUTRAL, 0
    )
    made["state"], made["next_state"], made["kpis"] = states[frames], states[frames + 1], kpis[frames]
    for row in made:
        row["action"] = np.random.default_rng([du, row["frame"]]).random(SCHEMA.action_dim)
        # The higher level's part holds until its next decision, every 3 frames.
        row["action"][:3] = np.random.default_rng([du, row["frame"] // 3, 1]).random(3)
    return made


def filled(frames: int, capacity: int = 1000) -> MemoryReplay:
    """A store with so many frames of each DU."""
    replay = MemoryReplay(SCHEMA, DUS, capacity)
    for du in range(DUS):
        replay.append(du, rows(du, 0, frames))
    return replay


def trainer(
    replay: MemoryReplay, cold: tuple[int, ...] = (), spec: MetaSpec = SPEC, shots: list[Shot] | None = None
) -> AdaptingTrainer:
    """A trainer whose first policies have gone out as version 1."""
    made = AdaptingTrainer(
        PROBLEM, spec, replay, frozenset(cold), seed=5, observe=(shots if shots is not None else []).append
    )
    made.artefacts(1, PROBLEM.names, 0, 0.0)
    return made


def meta_learner(seed: int) -> MetaLearner:
    """Networks of the problem."""
    return MetaLearner(
        SPEC,
        1,
        (PROBLEM.higher_observation_dim, PROBLEM.higher_action_dim),
        (PROBLEM.lower_observation_dim, PROBLEM.lower_action_dim),
        seed,
    )


def initialisation(version: int, seed: int | None = None, **changed: object) -> bytes:
    """The artefact of an initialisation."""
    learner = meta_learner(version if seed is None else seed)
    shapes = {
        level: LevelShape(
            **{name: getattr(learner.levels[level].shape, name) for name in LevelShape.model_fields}
        )
        for level in LEVELS
    }
    meta = InitialisationMeta(
        version=version,
        created_unix_s=1.0,
        problem=PROBLEM.names,
        decision_frames=3,
        levels=shapes,
        lineage=Lineage(parent=None, iterations=1, region="cadran", streams=()),
        metrics={},
        evaluation=None,
    ).model_copy(update=changed)
    tensors = {
        f"{level}/{name}": array.astype(np.float32)
        for level, networks in learner.initialisation().items()
        for name, array in networks.arrays().items()
    }
    return encode_initialisation(meta, tensors)
