"""Both levels' initialisations, learned side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import torch
from torch import Tensor

from cadran.learn.ddpg import DdpgBatch, Networks
from cadran.learn.ddpg.state import checkpoint, load_checkpoint
from cadran.learn.meta.level import MetaLevel
from cadran.learn.meta.metrics import MetaUpdate
from cadran.learn.meta.spec import MetaSpec

Level = Literal["higher", "lower"]
LEVELS: Final[tuple[Level, ...]] = ("higher", "lower")


class MetaLearner:
    """Meta-learning of the higher and the lower level of the same tasks.

    Args:
        spec: of both levels.
        tasks: number of tasks, >= 1.
        higher: length of observation and action of the higher level.
        lower: the same of the lower level.
        seed: of the first networks, 0 <= seed < 2**63; the levels draw from different streams.
        dtype: torch.float32, or torch.float64 where rounding must not matter.

    Attributes:
        levels: by name; each can be used by itself.
    """

    def __init__(
        self,
        spec: MetaSpec,
        tasks: int,
        higher: tuple[int, int],
        lower: tuple[int, int],
        seed: int,
        *,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        generator = torch.Generator().manual_seed(seed)
        seeds = torch.randint(2**62, (len(LEVELS),), generator=generator).tolist()
        parts = zip(LEVELS, (spec.higher, spec.lower), (higher, lower), seeds, strict=True)
        self.levels: Final[Mapping[Level, MetaLevel]] = {
            level: MetaLevel(spec, ddpg, *dims, tasks, own, dtype=dtype) for level, ddpg, dims, own in parts
        }

    def update(
        self,
        batches: Mapping[Level, tuple[DdpgBatch, DdpgBatch]],
        tasks: Sequence[int] | None = None,
    ) -> dict[Level, MetaUpdate]:
        """One meta-update of each level that has rows.

        Args:
            batches: training and validation rows by level; a level that is absent stays as it is.
            tasks: which tasks these are; None = all in order.

        Raises:
            ValueError: a shape or a task is wrong; that level was not changed.
            DivergedError: a loss or gradient is not finite; that level was not changed.
        """
        return {
            level: self.levels[level].update(train, validation, tasks)
            for level, (train, validation) in batches.items()
        }

    def initialisation(self) -> dict[Level, Networks]:
        """Copies of both initialisations, ``[1, ...]``."""
        return {level: own.initialisation() for level, own in self.levels.items()}

    def state_bytes(self) -> bytes:
        """Everything that changes, so that a learner that loads it goes on bit for bit."""
        return checkpoint(self._tensors(), self._activations())

    def load_state(self, data: bytes) -> None:
        """Go on from a checkpoint.

        Args:
            data: what ``state_bytes`` returned on a learner of the same networks, tasks and dtype.

        Raises:
            CheckpointError: damaged, or of other networks; nothing was changed.
        """
        load_checkpoint(self._tensors(), data, self._activations())

    def _tensors(self) -> dict[str, Tensor]:
        return {
            f"{level}/{name}": tensor
            for level, own in self.levels.items()
            for name, tensor in own.tensors().items()
        }

    def _activations(self) -> str:
        return ", ".join(own.shape.activation for own in self.levels.values())
