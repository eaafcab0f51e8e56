"""What training and evaluation leave behind, and keeping it in files: JSON for facts, npz for arrays."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cadran.lab.training.actors import TrainedActors
from cadran.lab.training.plan import Agents
from cadran.policy import PolicyMeta
from cadran.runtime.files import atomic_write

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

FACTS, ARRAYS = "trained.json", "trained.npz"


class RecordError(ValueError):
    """A file that is not a whole record; it has to be computed again."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Learning curve of one run, P points; the first one stands before training.

    Attributes:
        iteration: iterations so far, ``[P]``.
        frames: frames of all networks of the run so far, ``[P]``.
        seconds: wall time of the whole stack so far, evaluations left out, ``[P]``.
        reward: of mean actions on the tuning episodes, mean over frames and DUs, ``[P]``.
        training_reward: of what was done in training since the last point, mean over frames and DUs, ``[P]``;
            NaN at the first point.
    """

    iteration: Int64
    frames: Int64
    seconds: Float64
    reward: Float64
    training_reward: Float64


@dataclass(frozen=True)
class Cost:
    """What training took; times are those of the whole stack of runs.

    Attributes:
        runs: runs that trained together.
        agents: of each of them.
        updates: of each of them.
        gradient_evaluations: of this run, per network, SAM's second passes included.
        wall_s: of acting, advancing the networks, updating and looking.
        cpu_s: processor time of all threads, from beginning to end.
        env_cpu_s: of it, advancing the networks.
        act_cpu_s: of it, acting.
        update_cpu_s: of it, sampling batches and updating.
        evaluate_cpu_s: of it, looking: points of the learning curve, and the curvature.
        update_wall_s: wall time of sampling batches and updating.
    """

    runs: int
    agents: int
    updates: int
    gradient_evaluations: int
    wall_s: float
    cpu_s: float
    env_cpu_s: float
    act_cpu_s: float
    update_cpu_s: float
    evaluate_cpu_s: float
    update_wall_s: float

    @property
    def agent_updates_per_s(self) -> float:
        """Updates of one agent, all runs of the stack together, per second of updating; 0 without updates."""
        made = self.runs * self.agents * self.updates
        return made / self.update_wall_s if made else 0.0


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """One run after training.

    Attributes:
        agents: one per DU, or one for all.
        seed: of the run.
        actors: the final actors, N of them.
        curve: how they came to be.
        log: means over windows of updates, L <= 500 windows: ``updates`` [L], the last update of each, and
            every number of `UpdateMetrics` by name ``[L, ...]``, where ``sam_on`` is the share of updates.
        curvature: largest eigenvalue of the loss's Hessian at the end: ``critic`` [], ``actor`` [N]; empty
            without an update.
        cost: time and work.
    """

    agents: Agents
    seed: int
    actors: TrainedActors
    curve: Curve
    log: Mapping[str, NDArray[Any]]
    curvature: Mapping[str, Float64]
    cost: Cost


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A policy on H held-out episodes of a network of C DUs and S slices.

    Attributes:
        episode_reward: by mean actions, mean over frames and DUs, ``[H]``.
        episode_reward_sampled: by sampled actions; the same where the policy does not sample, ``[H]``.
        slice_qos: quality by mean actions, mean over frames and DUs, ``[H, S]``.
        qos_quantiles: percentiles 0, 1, ... 100 of the quality of a DU in a frame, ``[S, 101]``.
        ue_rate_quantiles: the same of a UE's rate in a frame [bit/s]: the achievable rate where the world
            measures it, else what its slice delivered, over the slice's UEs; ``[S, 101]``.
        du_reward: mean over frames, ``[H, C]``.
    """

    episode_reward: Float64
    episode_reward_sampled: Float64
    slice_qos: Float64
    qos_quantiles: Float64
    ue_rate_quantiles: Float64
    du_reward: Float64


def save_trained(folder: Path, trained: TrainedRun) -> None:
    """Keep a run in a folder, made where there is none; it is there as a whole or not at all.

    Raises:
        OSError: the folder is not writable, or the disk is full.
    """
    arrays = _npz(
        {f"actors/{name}": tensor for name, tensor in trained.actors.tensors.items()}
        | {f"curve/{field.name}": getattr(trained.curve, field.name) for field in fields(Curve)}
        | {f"log/{name}": array for name, array in trained.log.items()}
        | {f"curvature/{name}": array for name, array in trained.curvature.items()}
    )
    facts = {
        "agents": trained.agents,
        "seed": trained.seed,
        "meta": json.loads(trained.actors.meta.to_json()),
        "cost": asdict(trained.cost),
        "arrays_sha256": hashlib.sha256(arrays).hexdigest(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    atomic_write(folder / ARRAYS, arrays)
    atomic_write(folder / FACTS, json.dumps(facts, indent=1, sort_keys=True).encode())


def load_trained(folder: Path) -> TrainedRun:
    """Read what `save_trained` wrote.

    Raises:
        RecordError: not there as a whole.
    """
    try:
        facts = json.loads((folder / FACTS).read_bytes())
        data = (folder / ARRAYS).read_bytes()
        if hashlib.sha256(data).hexdigest() != facts["arrays_sha256"]:
            raise RecordError(f"{folder / ARRAYS}: does not have the sha256 that {FACTS} states")
        arrays = _arrays(data)
        return TrainedRun(
            agents=facts["agents"],
            seed=facts["seed"],
            actors=TrainedActors(PolicyMeta.from_json(json.dumps(facts["meta"])), _group(arrays, "actors")),
            curve=Curve(**_group(arrays, "curve")),
            log=_group(arrays, "log"),
            curvature=_group(arrays, "curvature"),
            cost=Cost(**facts["cost"]),
        )
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise RecordError(f"{folder}: not a trained run: {error}") from error


def save_held_out(path: Path, held_out: HeldOut) -> None:
    """Keep an evaluation in a file of an existing folder; it is there as a whole or not at all.

    Raises:
        OSError: the folder is missing or not writable, or the disk is full.
    """
    atomic_write(path, _npz({field.name: getattr(held_out, field.name) for field in fields(HeldOut)}))


def load_held_out(path: Path) -> HeldOut:
    """Read what `save_held_out` wrote.

    Raises:
        RecordError: not there as a whole.
    """
    try:
        return HeldOut(**_arrays(path.read_bytes()))
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise RecordError(f"{path}: not a held-out evaluation: {error}") from error


def _npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _arrays(data: bytes) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _group(arrays: Mapping[str, NDArray[Any]], group: str) -> dict[str, NDArray[Any]]:
    prefix = f"{group}/"
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
