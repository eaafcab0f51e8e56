"""Random but legal measurements for the tests of this room."""

import numpy as np

from cadran.problem import Frame, Measurements

FRAME = Frame(rbs=100, slices=3, ues_per_slice=24, frame_s=0.01, rb_bandwidth_hz=200e3, total_ues=200, dus=6)


def measurements(seed: int, shape: tuple[int, ...] = (), frame: Frame = FRAME) -> Measurements:
    rng = np.random.default_rng(seed)
    per_slice = (*shape, frame.slices)
    per_ue = (*per_slice, frame.ues_per_slice)
    ues = rng.integers(0, frame.ues_per_slice + 1, per_slice).astype(np.int32)
    absent = np.arange(frame.ues_per_slice) >= ues[..., np.newaxis]
    delay = rng.gamma(1.0, 0.03, per_ue).astype(np.float32)
    delay[..., 2, :] = np.minimum(delay[..., 2, :] / 10 + 0.001, 0.01)
    rate = rng.gamma(1.0, 3e6, per_ue).astype(np.float32)
    delay[absent] = np.nan
    rate[absent] = np.nan

    def volume() -> np.ndarray:
        return rng.integers(0, 200_000, per_slice)

    return Measurements(
        ues=ues,
        arrived_bytes=volume(),
        delivered_bytes=volume(),
        dropped_bytes=volume(),
        queued_bytes=volume() * (rng.random(per_slice) < 0.8),
        rbs_quota=rng.integers(0, frame.rbs // 3, per_slice).astype(np.int32),
        rbs_used=rng.integers(0, frame.rbs // 3, per_slice).astype(np.int32),
        backlog_rbs=rng.gamma(1.0, 40.0, per_slice).astype(np.float32),
        arrival_rbs=rng.gamma(1.0, 20.0, per_slice).astype(np.float32),
        arrival_ewma_bytes=rng.gamma(1.0, 2e4, per_slice).astype(np.float32),
        mean_se=rng.uniform(0, 7.4, per_slice).astype(np.float32),
        ue_rate_bps=rate,
        ue_delay_s=delay,
    )
