"""What preparing and adapting leave behind, and keeping it in files: JSON for facts, npz for arrays."""

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

from cadran.lab.training.record import RecordError
from cadran.runtime.files import atomic_write

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Arrays = Mapping[str, NDArray[Any]]

FACTS, ARRAYS = "initialisation.json", "initialisation.npz"


@dataclass(frozen=True, eq=False)
class MetaCurve:
    """Learning curve of a preparation, P points; the first one stands before training.

    Attributes:
        iteration: iterations so far, ``[P]``.
        frames: frames of all copies so far, ``[P]``.
        seconds: wall time so far, evaluations left out, ``[P]``.
        reward: of what new DUs start from, without a shot, on tuning episodes of the training network, mean
            over frames and DUs, ``[P]``.
        adapted_reward: the same of what acts in training: after the inner steps of Eq (11), by each DU's own
            networks, or by those for all DUs, ``[P]``.
        training_reward: of what was done in training since the last point, ``[P]``; NaN at the first point.
        weights: share of each task in the last update by level, ``[P, C]``; NaN where tasks are not weighed.
        td_variance: what these are made of by level, ``[P, C]``.
    """

    iteration: Int64
    frames: Int64
    seconds: Float64
    reward: Float64
    adapted_reward: Float64
    training_reward: Float64
    weights: Mapping[str, Float64]
    td_variance: Mapping[str, Float64]


@dataclass(frozen=True)
class MetaCost:
    """Processor time of a preparation [s]: collecting, updating, and looking."""

    collect_s: float
    update_s: float
    evaluate_s: float


@dataclass(frozen=True, eq=False)
class MetaTrained:
    """What a new DU starts from.

    Attributes:
        method: name in `METHODS`.
        seed: of the run.
        initialisation: by level, tensors of `learn.ddpg.Networks.arrays` with one task.
        curve: how it came to be.
        cost: time.
    """

    method: str
    seed: int
    initialisation: Mapping[str, Arrays]
    curve: MetaCurve
    cost: MetaCost


@dataclass(frozen=True, eq=False)
class Adaptation:
    """A method on one new network of C DUs, at K counts of shots, on H held-out episodes.

    Attributes:
        method: name in `METHODS`.
        seed: of the run.
        shots: counts, ``[K]``.
        reward: mean over frames, without exploration, ``[K, C, H]``.
        seconds: wall time of it all.
    """

    method: str
    seed: int
    shots: Int64
    reward: Float64
    seconds: float


def save_meta_trained(folder: Path, trained: MetaTrained) -> None:
    """Keep a preparation in a folder, made where there is none; it is there as a whole or not at all.

    Raises:
        OSError: the folder is not writable, or the disk is full.
    """
    named: dict[str, NDArray[Any]] = {}
    for level, tensors in trained.initialisation.items():
        named |= {f"initialisation/{level}/{name}": tensor for name, tensor in tensors.items()}
    for field in fields(MetaCurve):
        value = getattr(trained.curve, field.name)
        if isinstance(value, Mapping):
            named |= {f"curve/{field.name}/{level}": array for level, array in value.items()}
        else:
            named[f"curve/{field.name}"] = value
    arrays = _npz(named)
    facts = {
        "method": trained.method,
        "seed": trained.seed,
        "cost": asdict(trained.cost),
        "arrays_sha256": hashlib.sha256(arrays).hexdigest(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    atomic_write(folder / ARRAYS, arrays)
    atomic_write(folder / FACTS, json.dumps(facts, indent=1, sort_keys=True).encode())


def load_meta_trained(folder: Path) -> MetaTrained:
    """Read what `save_meta_trained` wrote.

    Raises:
        RecordError: not there as a whole.
    """
    try:
        facts = json.loads((folder / FACTS).read_bytes())
        data = (folder / ARRAYS).read_bytes()
        if hashlib.sha256(data).hexdigest() != facts["arrays_sha256"]:
            raise RecordError(f"{folder / ARRAYS}: does not have the sha256 that {FACTS} states")
        tree = _tree(_arrays(data))
        return MetaTrained(
            method=facts["method"],
            seed=facts["seed"],
            initialisation=tree["initialisation"],
            curve=MetaCurve(**tree["curve"]),
            cost=MetaCost(**facts["cost"]),
        )
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise RecordError(f"{folder}: not an initialisation: {error}") from error


def save_adaptation(path: Path, adaptation: Adaptation) -> None:
    """Keep an adaptation in a file of an existing folder; it is there as a whole or not at all.

    Raises:
        OSError: the folder is missing or not writable, or the disk is full.
    """
    atomic_write(path, _npz({name: np.asarray(value) for name, value in vars(adaptation).items()}))


def load_adaptation(path: Path) -> Adaptation:
    """Read what `save_adaptation` wrote.

    Raises:
        RecordError: not there as a whole.
    """
    try:
        arrays = _arrays(path.read_bytes())
        return Adaptation(
            method=str(arrays["method"]),
            seed=int(arrays["seed"]),
            shots=arrays["shots"],
            reward=arrays["reward"],
            seconds=float(arrays["seconds"]),
        )
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise RecordError(f"{path}: not an adaptation: {error}") from error


def _npz(arrays: Arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _arrays(data: bytes) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _tree(arrays: Arrays) -> dict[str, Any]:
    """Arrays by the first part of their names, and by level below it where there is one.

    What follows the level is a tensor's own name, slashes and all.
    """
    tree: dict[str, Any] = {}
    for name, array in arrays.items():
        group, *rest = name.split("/", 2)
        place = tree.setdefault(group, {})
        if len(rest) == 1:
            place[rest[0]] = array
        else:
            place.setdefault(rest[0], {})[rest[1]] = array
    return tree
