"""Exploration noise that depends on nothing but its coordinates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def noise(seed: int, du: int, frame: int, dim: int) -> NDArray[np.float32]:
    """Standard normal noise of one DU in one frame.

    Philox is keyed by (seed, du) and its counter starts at the frame, so a dApp that restarts, the lab and
    the live loop all draw the same numbers without sharing any state.

    Args:
        seed: run seed, 0 <= seed < 2**64.
        du: DU index, >= 0.
        frame: frame number, >= 0.
        dim: how many numbers.

    Returns:
        float32 ``[dim]``.

    Raises:
        ValueError: a negative coordinate.
    """
    if min(seed, du, frame, dim) < 0:
        raise ValueError(f"noise: seed {seed}, du {du}, frame {frame}, dim {dim} must all be >= 0")
    key = np.array([seed, du], dtype=np.uint64)
    # The draws of one frame advance the lowest counter word; the frame stands in the next one.
    counter = np.array([0, frame, 0, 0], dtype=np.uint64)
    generator = np.random.Generator(np.random.Philox(key=key, counter=counter))
    return generator.standard_normal(dim, dtype=np.float32)
