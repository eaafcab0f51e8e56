"""Compiled or not, traffic and queues come out the same, bit for bit."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from .play import arrivals, slotted

SCRIPT = """
import hashlib
import numpy as np
from cadran.radio.queues import age_ttis, expire, pop, push
from cadran.radio.traffic import traffic_tables
from radio.traffic.play import members, play, profiled, slotted

worlds = (
    (slotted(factor_min=0.2, factor_max=3.0, dwell_frames=2), None, None),
    (slotted(sources=("xr", "beta_burst", "periodic"), burst_period_s=0.0313, period_s=0.0007), None, None),
    (slotted(sources=("full_buffer", "ftp3", "xr"), ftp_file_bytes=900, profile="day"), None, None),
    (slotted(sources=("poisson", "beta_burst", "xr"), step_frame=12, step_factor=3.0), None, None),
    (profiled(factor_min=0.2, factor_max=3.0, dwell_frames=2), None, None),
    (slotted(profile="measured", profile_step_s=0.017), np.arange(50) * 7, np.arange(9.0)),
)
sha = hashlib.sha256()
for world, trace, profile in worlds:
    fresh = play(traffic_tables(world, trace, profile), members(6, 4, 5), 120, first=70)
    sha.update(fresh.tobytes())
    shape = fresh.shape[1:]
    queue = (
        np.zeros((*shape, 8), np.int32),
        np.zeros((*shape, 8), np.int32),
        np.zeros(shape, np.int16),
        np.zeros(shape, np.int16),
        np.zeros(shape, np.int64),
    )
    late = np.zeros(4, np.int64)
    counts = []
    for t in range(len(fresh)):
        for place in np.ndindex(shape):
            counts.append(push(*queue, *place, int(fresh[t][place]), 200_000, t))
            counts.append(expire(*queue, *place, t, 30))
            counts.extend(pop(*queue, *place, 700 + t, t, 9, 8, late))
            counts.append(age_ttis(*queue[1:4], *place, t + 1))
    sha.update(np.array(counts, dtype=np.int64).tobytes() + late.tobytes())
    for array in queue:
        sha.update(array.tobytes())
print(sha.hexdigest())
"""


def in_subprocess(**environment: str) -> str:
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]))
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        env=os.environ | environment | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout


def test_plain_python_gives_the_same_bits() -> None:
    compiled = in_subprocess(NUMBA_DISABLE_JIT="0")
    assert len(compiled.strip()) == 64
    assert in_subprocess(NUMBA_DISABLE_JIT="1") == compiled


def test_the_same_seed_gives_the_same_arrivals() -> None:
    world = slotted(sources=("xr", "beta_burst", "poisson"))
    np.testing.assert_array_equal(arrivals(world, 50), arrivals(world, 50))
