"""Decisions of two levels through real services and in one process walk the same trajectory."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from ric import Ric, free_port

from cadran.dapp import DuAgent, Indication, PolicySlot
from cadran.envs.hierarchical import HierarchicalEnv
from cadran.lab.experiment import Experiment, load_experiment
from cadran.policy import NetworkMeta, TwoLevelMeta, encode_two_level
from cadran.problem.hierarchy import HierarchicalProblem, UserGrants
from cadran.replay.schema import RowFlag, TransitionSchema
from cadran.wire.e2_server import E2Server

SCENARIO = Path(__file__).parents[2] / "scenarios" / "smoke.yaml"
OVERRIDES = (
    "hierarchy.decision_frames=4",
    "world.dus=2",
    "world.ues=12",
    "world.max_ues_per_slice=4",
    "world.rbs=20",
    "world.episode_frames=30",
    "clock.lockstep=true",
    "clock.deterministic_every=3",
)
# UEs that keep going from one DU to the other change who can be granted RBs from frame to frame.
MOVING = (
    "world.mobility.kind=random_waypoint",
    "world.mobility.speed_min_mps=100",
    "world.mobility.speed_max_mps=200",
    "world.mobility.handover.offset_db=-6",
    "world.mobility.handover.time_to_trigger_s=0",
)
SEED, FRAMES = 5, 100


def policy(problem: HierarchicalProblem, du: int) -> bytes:
    """Two small networks, drawn for this DU."""
    dims = {
        "higher": (problem.higher_observation_dim, problem.higher_action_dim),
        "lower": (problem.lower_observation_dim, problem.lower_action_dim),
    }
    meta = TwoLevelMeta(
        du=du,
        version=1,
        created_unix_s=0.0,
        problem=problem.names,
        decision_frames=problem.spec.decision_frames,
        **{level: NetworkMeta(*sizes, (16, 8), "relu", True) for level, sizes in dims.items()},
    )
    rng = np.random.default_rng(du)
    return encode_two_level(
        meta,
        {
            level: {
                name: rng.normal(0, 0.3, shape).astype(np.float32)
                for name, shape in getattr(meta, level).tensor_shapes.items()
            }
            for level in dims
        },
    )


def alone(experiment: Experiment) -> Iterator[tuple[int, np.void]]:
    """DU and row of every transition, all in this process."""
    hierarchy, world, every = experiment.hierarchy, experiment.world, experiment.clock.deterministic_every
    assert hierarchy is not None
    env = HierarchicalEnv(world, experiment.problem_spec, hierarchy, np.array([SEED], dtype=np.uint64))
    problem = env.problem
    schema = TransitionSchema(problem.state_dim, problem.action_dim, problem.kpi_dim)
    agents = []
    for du in range(world.dus):
        slot = PolicySlot(du, problem)
        slot.install(policy(problem, du), delivery=1, effective_frame=0)
        agents.append(DuAgent(du, problem, slot, SEED))
    outcome, start = None, (env.measurements, env.users)
    for frame in range(FRAMES + 1):
        decisions = []
        for du, agent in enumerate(agents):
            told = Indication(
                epoch=1,
                frame=frame,
                outcome=None if outcome is None else outcome[0].select((0, du)),
                applied_frame=frame - 1 if frame else None,
                start=None if start is None else start[0].select((0, du)),
                deterministic=env.episode % every == every - 1,
                users=None if outcome is None else outcome[1].select((0, du)),
                start_users=None if start is None else start[1].select((0, du)),
            )
            action, transition = agent.step(told)
            if transition is not None:
                yield du, transition.row(schema)[0]
            assert action is not None
            decisions.append(action.decision)
        step = env.step_decision(UserGrants.stack([UserGrants.stack(decisions)]))
        outcome, start = (step.measurements, step.users), None
        if step.episode_end:
            env.reset(env.episode + 1)
            start = (env.measurements, env.users)


async def served(ric: Ric, overrides: tuple[str, ...]) -> None:
    """Runs ransim and its dApps as processes until all frames are over."""
    server = E2Server("127.0.0.1:0", ric)
    e2_port, e3_port = await server.start(), free_port()
    scenario = ["--scenario", str(SCENARIO), "--seed", str(SEED), "--http", "127.0.0.1:0"]
    for override in overrides:
        scenario += ["--set", override]
    addresses = ("--e3-listen", f"127.0.0.1:{e3_port}", "--e2-connect", f"127.0.0.1:{e2_port}")
    ran = await started("cadran.ransim", *scenario, *addresses, "--pace", "fast", "--frames", str(FRAMES))
    e3 = ("--e3-connect", f"127.0.0.1:{e3_port}")
    dapps = [await started("cadran.dapp", *scenario, "--du", str(du), *e3) for du in range(2)]
    try:
        assert await asyncio.wait_for(ran.wait(), 100) == 0
    finally:
        for process in (ran, *dapps):
            if process.returncode is None:
                process.terminate()
            await process.wait()
        await server.stop()


async def started(module: str, *options: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-m", module, *options)


@pytest.mark.parametrize("variant", [(), MOVING], ids=["static", "moving"])
async def test_same_seed_same_trajectory_in_process_and_through_the_services(
    variant: tuple[str, ...],
) -> None:
    experiment = load_experiment(SCENARIO, OVERRIDES + variant)
    assert experiment.hierarchy is not None
    problem = HierarchicalProblem(experiment.hierarchy, experiment.problem())
    ric = Ric(problem, lambda du: policy(problem, du))
    await served(ric, OVERRIDES + variant)

    within: dict[int, list[np.void]] = {0: [], 1: []}
    for du, row in alone(experiment):
        within[du].append(row)
    for du, rows in within.items():
        assert len(ric.rows[du]) == len(rows) == FRAMES
        for through, own in zip(ric.rows[du], rows, strict=True):
            for field in own.dtype.names:
                if field != "epoch":
                    np.testing.assert_array_equal(through[field], own[field], err_msg=f"DU {du}: {field}")
        goals = [int(row["frame"]) for row in rows if row["flags"] & RowFlag.GOAL]
        assert goals == [start + at for start in range(0, FRAMES, 30) for at in range(0, 30, 4)][: len(goals)]
        assert len(goals) > FRAMES // 4
        means = {bool(row["flags"] & RowFlag.DETERMINISTIC) for row in rows}
        assert means == {True, False}
        ues = [problem.ues(row["state"]).tolist() for row in rows[:30]]
        assert any(before != after for before, after in pairwise(ues)) == bool(variant)
