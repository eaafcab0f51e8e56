"""Compiled and in plain Python the scheduler grants the same, bit for bit."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np

from .scenes import play, random_scene, user_scene


def digest() -> str:
    """SHA-256 over the outcomes of scenes of all kinds."""
    rng, digest = np.random.default_rng(11), sha256()
    scenes = [
        random_scene(
            rng,
            places=1 + number % 6,
            rbs=1 + number % 19,
            group=(1, 1, 4)[number % 3],
            mode=number % 5 // 4,
            pad=number % 4 == 3,
        )
        for number in range(60)
    ]
    scenes += [user_scene(rng, 1 + number % 6, 1 + number % 19, number % 4 == 3) for number in range(40)]
    for scene in scenes:
        outcome = play(scene)
        for array in (outcome.slice_of_unit, outcome.ue_of_unit, outcome.held, outcome.next_place):
            digest.update(array.tobytes())
        for array in (*outcome.waiting, outcome.quota, outcome.service):
            digest.update(array.tobytes())
    return digest.hexdigest()


def test_plain_python_grants_the_same() -> None:
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            "from radio.mac.test_compiled import digest; print(digest())",
        ],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == digest()
