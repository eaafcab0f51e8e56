from __future__ import annotations

import numpy as np
import pytest

from cadran.problem import DeliveredSpec, Eq8Spec, Frame, Problem, ProblemSpec
from cadran.xapp.console import Judge, targets_of

FRAME = Frame(rbs=20, slices=3, ues_per_slice=4, frame_s=0.01, rb_bandwidth_hz=180e3, total_ues=12, dus=3)


def delays(*by_slice: float) -> np.ndarray:
    """KPIs of one frame: one UE per slice with this delay in seconds."""
    places = np.full((3, 4), -1.0, np.float32)
    places[:, 0] = by_slice
    return places.reshape(-1)


@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_a_ue_at_the_bound_of_its_slice_has_the_quality_of_the_target(spread: float) -> None:
    spec = ProblemSpec(delivered=DeliveredSpec(budget_spread=spread))
    problem = Problem(spec, FRAME)
    for du, rung in enumerate((-1.0, 0.0, 1.0)):
        targets = targets_of(spec, FRAME)[du]
        bounds_s = [float(target.text.split()[2]) / 1e3 for target in targets]
        assert bounds_s == pytest.approx([0.1, 0.06, 0.005 * (1 + spread) ** rung], rel=1e-2)
        kpis = delays(0.1, 0.06, 0.005 * (1 + spread) ** rung)
        if spread:
            kpis = np.append(kpis, np.float32(rung))
        np.testing.assert_allclose(problem.qos(kpis), [target.quality for target in targets], atol=1e-4)


def test_bounds_of_eq8_lie_on_its_scales_of_quality() -> None:
    targets = targets_of(ProblemSpec(reward="eq8"), FRAME)
    assert [target.quality for target in targets[0]] == pytest.approx([0.1, 0.5, 0.8])
    assert targets[0][2].text == "latency ≤ 2 ms"
    mixed = targets_of(ProblemSpec(reward="eq8", eq8=Eq8Spec(quality="eq6")), FRAME)
    assert [target.quality for target in mixed[0]] == [None, None, None]


def test_a_window_is_the_mean_of_its_frames_and_counts_those_that_met_the_target() -> None:
    problem = Problem(ProblemSpec(), FRAME)
    judge = Judge(problem, ((0.5, None, 0.5),) * 3)
    kpis = np.stack(
        [delays(0.0, 0.0, 0.0), delays(0.3, 0.0, 0.0), delays(0.0, 0.0, 0.1), delays(0.0, 0.0, 0.1)]
    )
    found = judge.judge(0, kpis)
    qos, reward = problem.judge(kpis)
    assert found.frames == 4
    assert found.reward == pytest.approx(float(reward.mean()))
    assert found.slices == pytest.approx(qos.mean(axis=0).tolist())
    assert found.met == (0.75, None, 0.5)


def test_kpis_of_users_that_follow_those_of_the_slices_do_not_count() -> None:
    problem = Problem(ProblemSpec(), FRAME)
    judge = Judge(problem, ((0.5,) * 3,) * 3)
    kpis = delays(0.05, 0.05, 0.001)[np.newaxis]
    assert judge.judge(0, np.pad(kpis, ((0, 0), (0, 7)))) == judge.judge(0, kpis)
