"""A dApp swaps policies between frames and keeps the old one when the new one is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import artefact, problem

from cadran.dapp import PolicySlot
from cadran.policy import PolicyCause, PolicyError


def test_no_policy_before_the_first() -> None:
    assert PolicySlot(0, problem()).at(0) == (None, 0)


def test_a_policy_acts_from_its_frame_on() -> None:
    slot = PolicySlot(0, problem())
    slot.install(artefact(problem(), version=1), delivery=1, effective_frame=0)
    slot.install(artefact(problem(), version=2), delivery=2, effective_frame=5)
    assert [slot.at(frame)[1] for frame in (3, 4, 5, 6)] == [1, 1, 2, 2]


def test_a_roll_back_is_an_older_version_under_a_newer_delivery() -> None:
    slot = PolicySlot(0, problem())
    slot.install(artefact(problem(), version=1), delivery=1, effective_frame=0)
    slot.install(artefact(problem(), version=2), delivery=2, effective_frame=0)
    slot.install(artefact(problem(), version=1), delivery=3, effective_frame=0)
    assert slot.at(0)[1] == 1


def test_the_same_delivery_again_changes_nothing() -> None:
    slot = PolicySlot(0, problem())
    data = artefact(problem())
    slot.install(data, delivery=4, effective_frame=0)
    slot.at(0)
    slot.install(data, delivery=4, effective_frame=9)
    assert slot.at(1)[1] == 1
    assert slot.delivery == 4


@pytest.mark.parametrize(
    ("du", "delivery", "cause"),
    [(0, 1, PolicyCause.STALE_VERSION), (1, 2, PolicyCause.INCOMPATIBLE)],
)
def test_a_refused_policy_leaves_the_old_one(du: int, delivery: int, cause: PolicyCause) -> None:
    slot = PolicySlot(0, problem())
    slot.install(artefact(problem(), version=1), delivery=1, effective_frame=0)
    with pytest.raises(PolicyError) as refused:
        slot.install(artefact(problem(), du=du, version=2, seed=1), delivery=delivery, effective_frame=0)
    assert refused.value.cause is cause
    assert slot.at(0)[1] == 1
    assert slot.delivery == 1


def test_released_policies_wait_for_no_frame() -> None:
    slot = PolicySlot(0, problem())
    slot.install(artefact(problem(), version=1), delivery=1, effective_frame=0)
    slot.install(artefact(problem(), version=2), delivery=2, effective_frame=1000)
    slot.release()
    assert slot.at(0)[1] == 2


def test_the_first_policy_waits_for_no_frame() -> None:
    slot = PolicySlot(0, problem())
    slot.install(artefact(problem(), version=1), delivery=1, effective_frame=1000)
    assert slot.version == slot.at(0)[1] == 1


def test_the_version_in_force_is_not_the_one_scheduled() -> None:
    slot = PolicySlot(0, problem())
    slot.install(artefact(problem(), version=1), delivery=1, effective_frame=0)
    slot.install(artefact(problem(), version=2), delivery=2, effective_frame=2)
    assert (slot.version, slot.newest_version, slot.delivery_in_force) == (1, 2, 1)
    slot.at(2)
    assert (slot.version, slot.delivery_in_force) == (2, 2)


_ARTEFACTS = {version: artefact(problem(), version=version, seed=version) for version in (1, 2, 3)}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([1, 2, 3]), st.integers(1, 6), st.integers(0, 12), st.booleans()),
        max_size=12,
    )
)
def test_whatever_is_delivered_the_newest_good_delivery_comes_into_force(
    deliveries: list[tuple[int, int, int, bool]],
) -> None:
    slot, newest, frame, accepted = PolicySlot(0, problem()), (0, 0), 0, {0}
    for version, delivery, effective_frame, spoilt in deliveries:
        data = _ARTEFACTS[version]
        if spoilt:
            data = data[:-1] + bytes([data[-1] ^ 1])
        try:
            slot.install(data, delivery, effective_frame)
        except PolicyError:
            assert spoilt or delivery < newest[0] or (delivery == newest[0] and version != newest[1])
        else:
            assert not spoilt
            assert delivery > newest[0] or (delivery, version) == newest
            newest = (delivery, version)
        assert (slot.delivery, slot.newest_version) == newest  # a refused one changes nothing
        accepted.add(slot.newest_version)
        assert slot.at(frame)[1] in accepted
        frame += 1
    # A roll-back is among them: an older version under a newer delivery is taken like any other.
    assert slot.at(max(frame, 13))[1] == newest[1]
