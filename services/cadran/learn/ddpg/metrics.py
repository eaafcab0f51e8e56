"""What an update of stacked tasks did, as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cadran.learn.metrics import DivergedError

FloatArray = NDArray[np.floating]


@dataclass(frozen=True)
class DdpgMetrics:
    """What one update of T tasks did; arrays ``[T]``.

    Attributes:
        updates: made so far, this one included.
        critic_loss: mean squared TD error.
        actor_loss: mean negated value of the actor's actions.
        critic_grad_norm: before clipping.
        actor_grad_norm: before clipping.
        td_variance: of the TD errors.
        value_mean: mean Q(s, a).
        target_mean: mean TD target.
    """

    updates: int
    critic_loss: FloatArray
    actor_loss: FloatArray
    critic_grad_norm: FloatArray
    actor_grad_norm: FloatArray
    td_variance: FloatArray
    value_mean: FloatArray
    target_mean: FloatArray


def finite_table(what: str, columns: dict[str, Tensor]) -> dict[str, FloatArray]:
    """Columns as arrays, in one transfer from torch.

    Args:
        what: subject of the error message.
        columns: each ``[T]``.

    Raises:
        DivergedError: an entry is not finite; names the column and the task.
    """
    table = torch.stack([column.detach() for column in columns.values()]).numpy()
    broken = np.argwhere(~np.isfinite(table))
    if len(broken) > 0:
        column, task = broken[0]
        raise DivergedError(f"{what}: {list(columns)[column]} of task {task} is not finite")
    return dict(zip(columns, table, strict=True))
