"""What `cadran bench` measures; each function returns one JSON object.

Times of a shared machine drift: compare figures of one call with each other, not with those of another day.
"""

import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cadran.envs import problem_of
from cadran.learn import LearnerSpec
from cadran.learn.bench import BenchSize, bench_updates
from cadran.policy import PolicyMeta, decode_actor, encode, save, tensor_shapes
from cadran.problem import Problem, ProblemSpec
from cadran.radio import World
from cadran.replay import MemoryReplay, TransitionSchema, paper_buffer_bytes
from cadran.replay.bench import bench_replay
from cadran.replay.redis_protocol import Layout
from cadran.replay.redis_store import RedisReplay, connect
from cadran.testbed import torchrl_store
from cadran.testbed.dapp_memory import dapp_rss_mb
from cadran.testbed.loop_bench.report import LoopPlan, bench_loop
from cadran.testbed.radio_bench.report import bench_radio
from cadran.testbed.radio_bench.timing import say
from cadran.testbed.redis_child import serving_redis

INFERENCES = 5000
REPLAY_ROWS = 25_600
PEER_ROWS, PEER_SAMPLES = 5_120, 50
# A row of 69 numbers, as in `TransitionSchema`: state, next state, action, reward and KPIs.
FLOATS_69 = TransitionSchema(state_dim=24, action_dim=3, kpi_dim=17)
PAPER_HIDDEN, PAPER_OBSERVATION, PAPER_ACTION = (300, 400, 400), 206, 200
DEMO_HIDDEN, DEMO_OBSERVATION, DEMO_ACTION = (128, 128), 42, 3


def radio() -> dict[str, Any]:
    """The radio's full step beside a peer and the machine's ceiling, and how its cost grows."""
    return bench_radio(say)


def loop(scenario: Path, dus: Sequence[int]) -> dict[str, Any]:
    """E3 round trips and their phases, E2 controls and their effect, A1 over REST."""
    return bench_loop(scenario, LoopPlan(dus=dus), say)


def replay() -> dict[str, Any]:
    """Stores side by side: in memory, and in a Redis that acknowledges after the write is on disk.

    Beside them TorchRL's storages with the same rows, in the same run and a Redis of the same settings; null
    with the reason where TorchRL is not installed.
    """
    demo, paper = demo_schema(), paper_schema()
    stores = [bench_replay(MemoryReplay(demo, 1, REPLAY_ROWS), "memory", REPLAY_ROWS)]
    with tempfile.TemporaryDirectory() as folder, serving_redis(Path(folder)) as url:
        client = connect(url, timeout_s=5.0)
        for name, schema in {"redis": demo, "redis-69-floats": FLOATS_69, "redis-paper-row": paper}.items():
            store = RedisReplay.open(client, Layout(name, schema, 1, REPLAY_ROWS))
            stores.append(bench_replay(store, name, REPLAY_ROWS))
    remote = next(store for store in stores if store.backend == "redis-69-floats")
    return {
        **_torchrl(),
        "insert_rows_per_s": remote.insert_rows_per_s,
        "sample_256_ms": remote.sample_256_ms,
        "stores": [asdict(store) for store in stores],
        "paper_buffer_bytes": paper_buffer_bytes(paper),
    }


def _torchrl() -> dict[str, Any]:
    if not torchrl_store.installed():
        return {"torchrl": None, "torchrl_missing": torchrl_store.MISSING}
    with tempfile.TemporaryDirectory() as folder, serving_redis(Path(folder)) as url:
        return {"torchrl": torchrl_store.bench_torchrl(url, FLOATS_69, PEER_ROWS, PEER_SAMPLES)}


def demo_schema() -> TransitionSchema:
    """Transitions of the demo: backlog, demand and delay, slice quotas, reward of what is delivered."""
    return _schema_of(problem_of(World(), ProblemSpec(observation="rich")))


def paper_schema() -> TransitionSchema:
    """Transitions of arXiv 2511.15002: state (Q, N_u), 2K action bits, reward eq8 in the paper's world."""
    spec = ProblemSpec(observation="paper", action="rb_bits", reward="eq8")
    return _schema_of(problem_of(World(kpis={"achievable_rate": True}), spec))


def _schema_of(problem: Problem) -> TransitionSchema:
    return TransitionSchema(problem.state_dim, problem.action_dim, problem.kpi_dim)


def learn() -> dict[str, Any]:
    """One update in its variants: the demo's networks; stacked actors of the paper's; seeds of small ones."""
    torch.set_num_threads(min(2, len(os.sched_getaffinity(0))))
    return asdict(bench_updates(LearnerSpec(), BenchSize(), time.perf_counter))


def dapp() -> dict[str, Any]:
    """Inference of one observation on one core, and the memory of a process with the dApp's modules."""
    shapes = {
        "paper": (PAPER_OBSERVATION, PAPER_HIDDEN, PAPER_ACTION, "tanh", False),
        "demo": (DEMO_OBSERVATION, DEMO_HIDDEN, DEMO_ACTION, "relu", True),
    }
    return {"results": [_inference(name, _random_policy(*shape)) for name, shape in shapes.items()]}


def _inference(name: str, artefact: bytes) -> dict[str, Any]:
    actor = decode_actor(artefact)[1]
    rng = np.random.default_rng(0)
    observations = rng.random((64, actor.observation_dim), dtype=np.float32)
    taken_ms = np.empty(INFERENCES)
    for index in range(INFERENCES):
        started_s = time.perf_counter()
        actor.mean(observations[index % 64])
        taken_ms[index] = 1e3 * (time.perf_counter() - started_s)
    p50, p99 = np.quantile(taken_ms, [0.5, 0.99])
    with tempfile.TemporaryDirectory() as folder:
        rss_mb = dapp_rss_mb(save(Path(folder), artefact))
    return {
        "actor": name,
        "p50_ms": float(p50),
        "p99_ms": float(p99),
        "max_ms": float(taken_ms.max()),
        "rss_mb": rss_mb,
    }


def _random_policy(
    inputs: int, hidden: tuple[int, ...], outputs: int, activation: str, layer_norm: bool
) -> bytes:
    meta = PolicyMeta(
        du=0,
        version=1,
        created_unix_s=0.0,
        observation_dim=inputs,
        action_dim=outputs,
        hidden=hidden,
        activation=activation,
        layer_norm=layer_norm,
        problem={},
    )
    rng = np.random.default_rng(0)
    tensors = {
        key: (rng.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)
        for key, shape in tensor_shapes(inputs, outputs, hidden, layer_norm).items()
    }
    return encode(meta, tensors)
