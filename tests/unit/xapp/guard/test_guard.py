import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.wire.codecs import Ratios
from cadran.xapp.guard.control import Source, SourceKind
from cadran.xapp.guard.limits import SliceLimit
from cadran.xapp.guard.rate import RateSpec, TokenBuckets

from ..guarding import GuardBench

EMBB, URLLC, MMTC = 1, 2, 3
LEARNER, OPERATOR = Source(SourceKind.LEARNER), Source(SourceKind.OPERATOR, "ann")
A1, OTHER_A1 = Source(SourceKind.A1, "p1"), Source(SourceKind.A1, "p2")
QUOTA = {URLLC: Ratios(10, 20, 40)}


def ratios() -> st.SearchStrategy[Ratios]:
    return st.lists(st.integers(0, 100), min_size=3, max_size=3).map(lambda three: Ratios(*sorted(three)))


def test_a_control_that_nothing_stands_against_goes_out_as_asked_for() -> None:
    bench = GuardBench()
    decision = bench.guard.quotas(OPERATOR, 0, QUOTA, 5.0)
    assert (decision.verdict, decision.cause, decision.text) == ("allowed", "none", "")
    assert decision.quotas == QUOTA
    (event,) = bench.events
    assert (event.du, event.source, event.name, event.control) == (0, "operator", "ann", "slice_quota")
    assert event.values == {"asked": {"2": [10, 20, 40]}}


def test_a_lesser_source_is_refused_with_the_holder_and_until_when() -> None:
    bench = GuardBench()
    bench.guard.quotas(OPERATOR, 0, QUOTA, 5.0)
    bench.now_s += 2.0
    decision = bench.guard.quotas(A1, 0, QUOTA, 5.0)
    assert (decision.verdict, decision.cause) == ("refused", "reserved")
    assert decision.text == "DU 0: slice_quota of SST 2 is held by operator 'ann' for 3.0 s more"
    assert decision.retry_after_s == pytest.approx(3.0)
    bench.now_s += 3.0
    assert bench.guard.quotas(A1, 0, QUOTA, 5.0).verdict == "allowed"


def test_a_greater_source_takes_over_and_says_from_whom() -> None:
    bench = GuardBench()
    bench.guard.quotas(A1, 0, QUOTA, 60.0)
    decision = bench.guard.quotas(OPERATOR, 0, QUOTA, 5.0)
    assert (decision.verdict, decision.cause) == ("allowed", "taken_over")
    assert decision.text == "taken over from a1 'p1'"
    assert bench.guard.quotas(A1, 0, QUOTA, 60.0).cause == "reserved"


def test_of_equal_sources_the_first_holds_but_people_share_one_desk() -> None:
    bench = GuardBench()
    bench.guard.quotas(A1, 0, QUOTA, 60.0)
    assert bench.guard.quotas(OTHER_A1, 0, QUOTA, 60.0).cause == "reserved"
    assert bench.guard.quotas(A1, 0, QUOTA, 60.0).verdict == "allowed"
    bench.guard.quotas(OPERATOR, 1, QUOTA, 60.0)
    assert bench.guard.quotas(Source(SourceKind.OPERATOR, "bob"), 1, QUOTA, 60.0).verdict == "allowed"


def test_only_the_same_parameter_of_the_same_slice_of_the_same_du_is_a_conflict() -> None:
    bench = GuardBench()
    bench.guard.quotas(OPERATOR, 0, QUOTA, 60.0)
    assert bench.guard.quotas(A1, 1, QUOTA, 0.0).verdict == "allowed"
    assert bench.guard.quotas(A1, 0, {EMBB: Ratios(0, 20, 40)}, 0.0).verdict == "allowed"
    assert bench.guard.policy(LEARNER, 0, 7, reserve=False).verdict == "allowed"
    both = {EMBB: Ratios(0, 20, 40), **QUOTA}
    assert bench.guard.quotas(A1, 0, both, 0.0).cause == "reserved"


def test_a_refused_control_reserves_nothing() -> None:
    bench = GuardBench(beyond="refuse")
    bench.limits.set(None, SliceLimit(URLLC, 30, 100, "p9"))
    assert bench.guard.quotas(OPERATOR, 0, QUOTA, 60.0).refused
    assert bench.guard.reservations == ()


def test_a_pinned_policy_is_kept_from_the_learner_until_released() -> None:
    bench = GuardBench()
    assert not bench.guard.policy(OPERATOR, 0, 3, reserve=True).refused
    decision = bench.guard.policy(LEARNER, 0, 9, reserve=False)
    assert decision.text == "DU 0: policy is held by operator 'ann' until released"
    assert decision.retry_after_s == 0.0
    bench.guard.release(OPERATOR, 0)
    assert not bench.guard.policy(LEARNER, 0, 9, reserve=False).refused


@given(
    asked=st.dictionaries(st.sampled_from([EMBB, URLLC, MMTC]), ratios(), min_size=1),
    bounds=st.dictionaries(
        st.sampled_from([EMBB, URLLC, MMTC]),
        st.tuples(st.integers(0, 33), st.integers(0, 100)).map(sorted),
    ),
)
def test_what_goes_out_is_possible_and_within_the_limits(
    asked: dict[int, Ratios], bounds: dict[int, list[int]]
) -> None:
    bench = GuardBench()
    for sst, (floor, ceiling) in bounds.items():
        bench.limits.set(None, SliceLimit(sst, floor, ceiling, f"of {sst}"))
    decision = bench.guard.quotas(OPERATOR, 0, asked, 0.0)
    assert bench.events[-1].verdict == decision.verdict
    if decision.refused:
        assert decision.cause in ("sanity", "limit")
        assert decision.quotas == {}
        return
    assert decision.quotas.keys() == asked.keys()
    assert sum(sent.minimum for sent in decision.quotas.values()) <= 100
    for sst, sent in decision.quotas.items():
        floor, ceiling = bounds.get(sst, [0, 100])
        assert 0 <= sent.dedicated <= sent.minimum <= sent.maximum <= 100
        assert floor <= sent.minimum
        assert sent.maximum <= ceiling
        if floor <= asked[sst].minimum and asked[sst].maximum <= ceiling:
            assert sent == asked[sst]
    assert (decision.verdict == "clipped") == (decision.quotas != asked)


def test_clipping_and_refusing_name_the_limit_and_its_origin() -> None:
    for beyond, verdict in (("clip", "clipped"), ("refuse", "refused")):
        bench = GuardBench(beyond=beyond)  # type: ignore[arg-type]
        bench.limits.set(0, SliceLimit(URLLC, 30, 35, "slice-sla-4"))
        decision = bench.guard.quotas(OPERATOR, 0, QUOTA, 0.0)
        assert (decision.verdict, decision.cause) == (verdict, "limit")
        assert decision.text == "SST 2: 30..35 % by slice-sla-4"
    assert bench.guard.quotas(OPERATOR, 1, QUOTA, 0.0).verdict == "allowed"


@pytest.mark.parametrize(
    "asked",
    [
        {URLLC: Ratios(30, 20, 40)},
        {URLLC: Ratios(0, 20, 101)},
        {URLLC: Ratios(0, 60, 100), EMBB: Ratios(0, 41, 100)},
        {9: Ratios(0, 1, 2)},
    ],
)
def test_impossible_values_are_refused_before_anything_else(asked: dict[int, Ratios]) -> None:
    bench = GuardBench(rate=RateSpec(1.0, 1))
    for _ in range(3):
        assert bench.guard.quotas(OPERATOR, 0, asked, 60.0).cause == "sanity"
    assert bench.guard.quotas(OPERATOR, 0, QUOTA, 60.0).verdict == "allowed"


def test_a_source_that_asks_too_often_is_told_when_to_come_back_and_alone_pays_for_it() -> None:
    bench = GuardBench(rate=RateSpec(2.0, 3))
    for _ in range(3):
        assert not bench.guard.quotas(OPERATOR, 0, QUOTA, 0.0).refused
    decision = bench.guard.quotas(OPERATOR, 0, QUOTA, 0.0)
    assert decision.cause == "rate"
    assert decision.retry_after_s == pytest.approx(0.5)
    assert not bench.guard.quotas(OPERATOR, 1, QUOTA, 0.0).refused
    assert not bench.guard.quotas(A1, 0, QUOTA, 0.0).refused
    bench.now_s += decision.retry_after_s
    assert not bench.guard.quotas(OPERATOR, 0, QUOTA, 0.0).refused


def test_in_lock_step_the_learner_is_paced_by_the_frames_alone() -> None:
    bench = GuardBench(rate=RateSpec(1.0, 1), learner_is_paced=False)
    assert not any(bench.guard.policy(LEARNER, 0, n, reserve=False).refused for n in range(20))
    paced = GuardBench(rate=RateSpec(1.0, 1))
    assert [paced.guard.policy(LEARNER, 0, n, reserve=False).refused for n in (1, 2)] == [False, True]


@given(
    steps=st.lists(st.floats(0, 5), max_size=60),
    per_s=st.floats(0.1, 20),
    burst=st.integers(1, 10),
)
def test_no_span_of_time_sees_more_than_burst_and_rate(steps: list[float], per_s: float, burst: int) -> None:
    buckets, now_s, taken = TokenBuckets(RateSpec(per_s, burst)), 0.0, []
    for step in steps:
        now_s += step
        wait_s = buckets.take("one", now_s)
        if wait_s == 0.0:
            taken.append(now_s)
        else:
            assert 0 < wait_s <= 1 / per_s + 1e-9
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= burst + per_s * (taken[last] - taken[first]) + 1e-6
