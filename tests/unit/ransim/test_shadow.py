"""The model of what the DU's own scheduler would have come to, beside the radio itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rans import FALLBACK, WORLD, percent, problem, ran

from cadran.problem import Problem, Quota
from cadran.problem.measurements import EMBB, URLLC
from cadran.radio import World
from cadran.ransim.ladder import Submitted
from cadran.ransim.ran import Ran
from cadran.ransim.shadow import HORIZON_FRAMES, Compared, Shadow, ShadowFrame

# In proportion to the demo: load that the DU's own scheduler carries with little to spare.
LOADED = World.model_validate(
    {"dus": 2, "ues": 66, "max_ues_per_slice": 24, "rbs": 100, "load": {"scale": 1.7}, "episode_frames": 100}
)
WEIGHTS = np.array([1.0, 0.5, 2.0]) / 3.5
STARVE_URLLC = Quota.hard(percent(80, 19, 1))
STARVE_EMBB = Quota.hard(percent(1, 49, 50))


def _problem(world: World) -> Problem:
    from cadran.envs import problem_of
    from cadran.problem import ProblemSpec

    return problem_of(world, ProblemSpec())


def followed(made: Ran, world: World, decision: Quota | None, frames: int) -> Compared:
    """Frames under one decision at all DUs, or under their own scheduler."""
    shadow = Shadow(_problem(world), Quota.stack([FALLBACK] * world.dus))
    parts = []
    for _ in range(frames):
        for du in range(world.dus):
            if decision is not None:
                made.submit(du, Submitted(made.frame, 1, decision))
        result = made.run_frame()
        own = np.array([not applied.source.learned for applied in result.applied])
        parts.append(shadow.frames([ShadowFrame(result.outcome, own, result.start is not None)]))
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("measured", "modelled", "baseline")
    }
    return Compared(**arrays)


def satisfaction(quality: Any) -> float:
    return float((quality @ WEIGHTS).mean())


@pytest.fixture(scope="module")
def under_own() -> Compared:
    return followed(ran(world=LOADED), LOADED, None, 300)


def test_under_its_own_scheduler_both_copies_are_the_same(under_own: Compared) -> None:
    np.testing.assert_array_equal(under_own.modelled, under_own.baseline)


def test_the_models_error_is_small_whatever_decides(under_own: Compared) -> None:
    assert abs(satisfaction(under_own.modelled) - satisfaction(under_own.measured)) < 0.15
    for decision in (STARVE_URLLC, STARVE_EMBB):
        found = followed(ran(world=LOADED), LOADED, decision, 200)
        assert abs(satisfaction(found.modelled) - satisfaction(found.measured)) < 0.15


def test_a_starved_slice_is_seen_to_do_better_under_the_own_scheduler(under_own: Compared) -> None:
    for decision, starved in ((STARVE_URLLC, URLLC), (STARVE_EMBB, EMBB)):
        found = followed(ran(world=LOADED), LOADED, decision, 200)
        measured, baseline = found.measured[..., starved].mean(), found.baseline[..., starved].mean()
        assert measured < 0.4
        assert baseline > measured + 0.25
        truth = under_own.measured[..., starved].mean()
        assert abs(baseline - truth) < 0.2


def test_frames_together_or_one_by_one_are_the_same() -> None:
    made = ran()
    results = [made.run_frame() for _ in range(12)]
    frames = [ShadowFrame(r.outcome, np.array([True, True]), r.start is not None) for r in results]
    baseline = Quota.stack([FALLBACK] * WORLD.dus)
    one, many = Shadow(problem(), baseline), Shadow(problem(), baseline)
    together = many.frames(frames)
    for index, frame in enumerate(frames):
        alone = one.frames([frame])
        np.testing.assert_array_equal(alone.baseline[0], together.baseline[index])
        np.testing.assert_array_equal(alone.measured[0], together.measured[index])


def test_ages_are_those_of_a_queue_first_in_first_out() -> None:
    """Against queues of single bytes' arrival frames, told plainly."""
    rng = np.random.default_rng(4)
    shadow = Shadow(problem(), Quota.stack([FALLBACK] * 2))
    plain: list[int] = []
    for frame in range(3 * HORIZON_FRAMES):
        arrived = int(rng.integers(0, 9))
        plain += [frame] * arrived
        left = max(0, len(plain) - int(rng.integers(0, 8)))
        plain = plain[len(plain) - left :]
        plain = [at for at in plain if frame - at < HORIZON_FRAMES - 1]
        shape = np.ones((2, 3))
        ages = shadow._ages(arrived * shape, np.stack([left * shape, left * shape]))
        oldest = frame - plain[0] + 1 if plain else 0
        assert (ages == oldest).all()


def test_measurements_of_nobody_are_no_number_out_of_range() -> None:
    made = ran()
    outcome = made.run_frame().outcome
    nobody = replace(
        outcome,
        ues=np.zeros_like(outcome.ues),
        arrived_bytes=np.zeros_like(outcome.arrived_bytes),
        arrival_rbs=np.zeros_like(outcome.arrival_rbs),
        mean_se=np.zeros_like(outcome.mean_se),
        rbs_quota=np.zeros_like(outcome.rbs_quota),
        ue_delay_s=np.full_like(outcome.ue_delay_s, np.nan),
    )
    shadow = Shadow(problem(), Quota.stack([FALLBACK] * 2))
    compared = shadow.frames([ShadowFrame(nobody, np.array([False, True]), start=False)] * 3)
    for quality in (compared.measured, compared.modelled, compared.baseline):
        assert (quality == 1.0).all()
