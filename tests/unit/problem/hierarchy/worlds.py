"""Random but legal measurements of users for the tests of this package."""

import numpy as np

from cadran.problem import Frame, Measurements, Problem, ProblemSpec
from cadran.problem.hierarchy import HierarchicalProblem, HierarchySpec, UserMeasurements

from ..worlds import measurements

FRAME = Frame(rbs=100, slices=3, ues_per_slice=16, frame_s=0.01, rb_bandwidth_hz=200e3, total_ues=30, dus=7)


def problem(
    rbs: int = 100, places: int = 16, base: ProblemSpec | None = None, **changes
) -> HierarchicalProblem:
    frame = Frame(
        rbs=rbs, slices=3, ues_per_slice=places, frame_s=0.01, rb_bandwidth_hz=200e3, total_ues=30, dus=7
    )
    return HierarchicalProblem(HierarchySpec(**changes), Problem(base or ProblemSpec(), frame))


def measured(
    seed: int, shape: tuple[int, ...] = (), frame: Frame = FRAME
) -> tuple[Measurements, UserMeasurements]:
    m = measurements(seed, shape, frame)
    rng = np.random.default_rng(seed + 1)
    per_ue = (*shape, frame.slices, frame.ues_per_slice)
    present = np.arange(frame.ues_per_slice) < m.ues[..., np.newaxis]

    def volume() -> np.ndarray:
        return rng.integers(0, 20_000, per_ue) * (rng.random(per_ue) < 0.7) * present

    return m, UserMeasurements(
        arrived_bytes=volume(),
        delivered_bytes=volume(),
        queued_bytes=volume(),
        mean_se=(rng.uniform(0, 7.4, per_ue) * present).astype(np.float32),
        rbs=rng.integers(0, 5, per_ue) * present,
        power=rng.random((*shape, frame.slices), dtype=np.float32),
    )
