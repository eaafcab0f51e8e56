import numpy as np
import pytest

from cadran.problem import heuristics

from .worlds import FRAME, measurements

RULES = {
    "equal": heuristics.equal,
    "need_proportional": heuristics.need_proportional,
    "pf_all": heuristics.pf_all,
    "static": heuristics.static((10, 20, 70)),
    "priority": heuristics.priority(3.5, 1.2),
    "muted": heuristics.muted(heuristics.equal, 70),
    "random": heuristics.random(np.random.default_rng(0)),
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("shape", [(), (6,), (4, 6)])
def test_every_rule_gives_a_legal_quota_of_the_batch_shape(name, shape):
    quota = RULES[name](measurements(1, shape), FRAME)
    dedicated, minimum, maximum = quota.dedicated_percent, quota.min_percent, quota.max_percent
    assert dedicated.shape == minimum.shape == maximum.shape == (*shape, 3)
    assert (dedicated >= 0).all()
    assert (dedicated <= minimum).all()
    assert (minimum <= maximum).all()
    assert (maximum <= 100).all()
    assert (minimum.sum(axis=-1) <= 100).all()


@pytest.mark.parametrize("name", sorted(set(RULES) - {"random"}))
def test_one_du_is_decided_as_in_the_batch(name):
    batch = measurements(2, (3, 6))
    whole = RULES[name](batch, FRAME)
    alone = RULES[name](batch.select((1, 4)), FRAME)
    assert (alone.min_percent == whole.min_percent[1, 4]).all()


def test_need_proportional_follows_the_need():
    m = measurements(3)
    m.backlog_rbs[:] = [30, 10, 0]
    m.arrival_rbs[:] = [20, 20, 20]
    assert heuristics.need_proportional(m, FRAME).min_percent.tolist() == [50, 30, 20]


def test_priority_serves_urllc_then_mmtc_then_embb():
    m = measurements(4)
    m.backlog_rbs[:] = 0
    m.arrival_rbs[:] = [50, 20, 10]
    assert heuristics.priority(4, 1)(m, FRAME).min_percent.tolist() == [40, 20, 40]
    assert heuristics.priority(9, 2)(m, FRAME).min_percent.tolist() == [0, 10, 90]
    assert heuristics.priority(20, 2)(m, FRAME).min_percent.tolist() == [0, 0, 100]


def test_a_muted_rule_uses_its_part_of_every_quota():
    split = heuristics.static((30, 20, 50))
    m = measurements(3)
    assert heuristics.muted(split, 70)(m, FRAME).min_percent.tolist() == [21, 14, 35]
    assert heuristics.muted(split, 100)(m, FRAME).min_percent.tolist() == [30, 20, 50]
    assert heuristics.muted(split, 0)(m, FRAME).min_percent.tolist() == [0, 0, 0]


def test_random_is_a_function_of_its_generator():
    m = measurements(5, (6,))
    first, second = (heuristics.random(np.random.default_rng(7))(m, FRAME).min_percent for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize("split", [(50, 50), (50, 50, 1), (-1, 50, 50)])
def test_an_impossible_split_is_refused(split):
    with pytest.raises(ValueError, match="split"):
        heuristics.static(split)
