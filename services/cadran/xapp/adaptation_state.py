"""The state of all DUs' adaptation as bytes, for a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor

from cadran.learn import CheckpointError, Networks
from cadran.learn.checkpoint import pack, unpack
from cadran.learn.ddpg import DdpgShape
from cadran.learn.meta import LEVELS, Level
from cadran.xapp.du_task import DuRecord
from cadran.xapp.initialisation import Initialisation, LevelNetworks, Origin

_NEWEST = "initialisation"


@dataclass(frozen=True)
class TaskState:
    """One DU: how far it is, its networks, their moments, and the digest that it has acknowledged."""

    record: DuRecord
    networks: LevelNetworks
    moments: Mapping[Level, bytes]
    acknowledged_sha256: str


@dataclass(frozen=True)
class AdaptationState:
    """The newest initialisation delivered, and every DU."""

    newest: Initialisation | None
    tasks: tuple[TaskState, ...]


class _Scalars(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    newest: Origin | None
    records: tuple[DuRecord, ...]
    acknowledged: tuple[str, ...]


def write_state(state: AdaptationState) -> bytes:
    """Serialise; equal states give equal bytes."""
    tensors: dict[str, Tensor] = {}
    for du, task in enumerate(state.tasks):
        tensors |= _named(str(du), task.networks)
        tensors |= {_moments(du, level): _as_tensor(data) for level, data in task.moments.items()}
    if state.newest is not None:
        tensors |= _named(_NEWEST, state.newest.networks)
    scalars = _Scalars(
        newest=state.newest.origin if state.newest else None,
        records=tuple(task.record for task in state.tasks),
        acknowledged=tuple(task.acknowledged_sha256 for task in state.tasks),
    )
    return pack(tensors, scalars.model_dump(mode="json"))


def read_state(data: bytes, dus: int, shapes: Mapping[Level, DdpgShape]) -> AdaptationState:
    """Inverse of `write_state`.

    Args:
        data: The bytes.
        dus: Number of DUs that it must be of.
        shapes: Networks that it must hold, by level.

    Raises:
        CheckpointError: Damaged, of other networks, or of another number of DUs.
    """
    tensors, content = unpack(data)
    try:
        scalars = _Scalars.model_validate(content)
    except ValidationError as error:
        raise CheckpointError(f"checkpoint: not one of adapting DUs: {error.errors()[0]['msg']}") from error
    if len(scalars.records) != dus:
        raise CheckpointError(f"checkpoint: of {len(scalars.records)} DUs, not of {dus}")
    newest = scalars.newest
    return AdaptationState(
        None if newest is None else Initialisation(newest, _networks(_NEWEST, tensors, shapes)),
        tuple(
            TaskState(
                record,
                _networks(str(du), tensors, shapes),
                {level: _as_bytes(tensors, _moments(du, level)) for level in LEVELS},
                acknowledged,
            )
            for du, (record, acknowledged) in enumerate(
                zip(scalars.records, scalars.acknowledged, strict=True)
            )
        ),
    )


def _moments(du: int, level: Level) -> str:
    return f"moments/{du}/{level}"


def _as_tensor(data: bytes) -> Tensor:
    return torch.from_numpy(np.frombuffer(data, np.uint8).copy())


def _as_bytes(tensors: Mapping[str, Tensor], name: str) -> bytes:
    if name not in tensors:
        raise CheckpointError(f"checkpoint: not one of adapting DUs: {name} is missing")
    return tensors[name].numpy().tobytes()


def _named(owner: str, networks: LevelNetworks) -> dict[str, Tensor]:
    return {
        f"{owner}/{level}/{name}": tensor
        for level in LEVELS
        for name, tensor in networks[level].tensors().items()
    }


def _networks(owner: str, tensors: Mapping[str, Tensor], shapes: Mapping[Level, DdpgShape]) -> LevelNetworks:
    found: dict[Level, Networks] = {}
    for level in LEVELS:
        prefix = f"{owner}/{level}/"
        own = {
            name.removeprefix(prefix): tensor.numpy()
            for name, tensor in tensors.items()
            if name.startswith(prefix)
        }
        found[level] = Networks.from_arrays(shapes[level], own)
    return found
