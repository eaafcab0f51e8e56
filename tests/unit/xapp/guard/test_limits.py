import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.xapp.guard.limits import LimitError, Limits, SliceLimit

EMBB, URLLC, MMTC = 1, 2, 3


def bounds() -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(0, 33), st.integers(0, 100)).map(lambda pair: (min(pair), max(pair)))


def test_a_slice_without_limits_may_have_anything() -> None:
    assert Limits().of(0, URLLC) == SliceLimit(URLLC, 0, 100, "")


@given(st.lists(bounds(), min_size=1, max_size=5))
def test_the_tightest_of_all_origins_holds_and_the_ceiling_wins(pairs: list[tuple[int, int]]) -> None:
    limits = Limits()
    for index, (floor, ceiling) in enumerate(pairs):
        limits.set(None if index % 2 else 0, SliceLimit(URLLC, floor, ceiling, f"p{index}"))
    found = limits.of(0, URLLC)
    ceiling = min(ceiling for _, ceiling in pairs)
    assert found.ceiling_percent == ceiling
    assert found.floor_percent == min(max(floor for floor, _ in pairs), ceiling)


def test_a_limit_of_all_dus_and_one_of_a_du_meet_at_that_du_only() -> None:
    limits = Limits()
    limits.set(None, SliceLimit(URLLC, 10, 90, "all"))
    limits.set(1, SliceLimit(URLLC, 20, 80, "one"))
    assert limits.of(0, URLLC) == SliceLimit(URLLC, 10, 90, "all")
    assert limits.of(1, URLLC) == SliceLimit(URLLC, 20, 80, "one")
    assert limits.of(1, EMBB) == SliceLimit(EMBB, 0, 100, "")


def test_bounds_of_two_origins_name_both() -> None:
    limits = Limits()
    limits.set(0, SliceLimit(EMBB, 10, 100, "floor"))
    limits.set(0, SliceLimit(EMBB, 0, 60, "ceiling"))
    assert limits.of(0, EMBB) == SliceLimit(EMBB, 10, 60, "ceiling,floor")


def test_setting_again_replaces_and_clearing_takes_back_what_the_origin_set() -> None:
    limits = Limits()
    limits.set(0, SliceLimit(EMBB, 10, 50, "a"))
    limits.set(0, SliceLimit(EMBB, 20, 70, "a"))
    limits.set(None, SliceLimit(MMTC, 5, 30, "a"))
    limits.set(0, SliceLimit(EMBB, 15, 90, "b"))
    assert limits.of(0, EMBB) == SliceLimit(EMBB, 20, 70, "a")
    limits.clear("a")
    assert limits.of(0, EMBB) == SliceLimit(EMBB, 15, 90, "b")
    assert limits.of(0, MMTC).origin == ""
    limits.clear("never set anything")


def test_floors_that_cannot_all_be_kept_are_refused_and_change_nothing() -> None:
    limits = Limits()
    limits.set(None, SliceLimit(EMBB, 60, 100, "a"))
    limits.set(2, SliceLimit(URLLC, 40, 100, "b"))
    with pytest.raises(LimitError, match=r"DU 2 would sum to 101 %"):
        limits.set(None, SliceLimit(MMTC, 1, 100, "c"))
    assert limits.of(2, MMTC).floor_percent == 0
    limits.set(0, SliceLimit(MMTC, 40, 100, "c"))


@pytest.mark.parametrize(
    ("sst", "floor", "ceiling", "says"),
    [
        (4, 0, 100, "no slice with SST 4"),
        (1, 50, 40, "in order"),
        (1, -1, 4, "in order"),
        (1, 0, 101, "in order"),
    ],
)
def test_an_impossible_limit_says_what_is_wrong(sst: int, floor: int, ceiling: int, says: str) -> None:
    with pytest.raises(LimitError, match=says):
        SliceLimit(sst, floor, ceiling, "policy-7")


def test_a_limit_that_could_never_be_cleared_is_refused() -> None:
    with pytest.raises(LimitError, match="origin"):
        Limits().set(None, SliceLimit(1, 0, 10, ""))
