"""What a control's outcome says was applied is what KPM then shows, over real gRPC."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ric_end import Loop, loop

from cadran.radio import World
from cadran.wire.causes import RefusedError
from cadran.wire.codecs import SLICES, Ratios, ratios_to_proto, s_nssai_from_proto
from cadran.wire.gen.e2sm.v1 import rc_pb2
from cadran.wire.kpm_actions import KpmAction
from cadran.wire.kpm_samples import Sample, samples

# A hundred RBs: a per cent is an RB, and nothing is rounded.
PAPER = {"dus": 2, "ues": 24, "max_ues_per_slice": 12, "rbs": 100, "episode_frames": 1000}
WORLDS = {
    "idle": World.model_validate({**PAPER, "load": {"scale": 0.05}}),
    "full": World.model_validate({**PAPER, "load": {"scale": 40.0}}),
}
FRAMES = 8
FRAME_MS = 10
NAMES = ("RRU.PrbUsedDl", "RRU.PrbTotDl", "VS.DRB.BufferedVolumeDl", "RRC.ConnMean")


@st.composite
def quotas(draw: st.DrawFn) -> list[Ratios]:
    """Ratios of all slices that fit together."""
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=3, max_size=3)))
    minima = [cuts[0], cuts[1] - cuts[0], cuts[2] - cuts[1]]
    return [Ratios(draw(st.integers(0, low)), low, draw(st.integers(low, 100))) for low in minima]


async def shown(on: Loop, asked: list[Ratios]) -> tuple[rc_pb2.RicControlOutcome, list[dict[object, Sample]]]:
    """The outcome of a control, and the KPM samples of each frame from the effective one on."""
    key, reports = await on.subscribe(0, FRAME_MS, KpmAction(1, NAMES))
    policies = [ratios_to_proto(*pair) for pair in zip(asked, SLICES, strict=True)]
    outcome = await on.ric.nodes[0].control_slice_quota(policies)
    on.play(FRAMES)
    async with asyncio.timeout(60):
        while len(reports) < FRAMES:
            await asyncio.sleep(0.001)
    await on.ric.nodes[0].unsubscribe(key)
    assert [header.first_frame for header, _ in reports] == [
        outcome.effective_frame + n for n in range(FRAMES)
    ]
    return outcome, [
        {(one.measurement.name, one.slice): one for one in samples(message)} for _, message in reports
    ]


def check(outcome: rc_pb2.RicControlOutcome, frames: list[dict[object, Sample]], loaded: bool) -> int:
    """Hold every frame to what was applied; returns how often a slice had load and got its guarantee.

    Only where all slices always have load is a guarantee always needed: a few bytes can be left over because
    the channel was worse than reported, and not for want of RBs.
    """
    guaranteed = 0
    assert len(outcome.applied_ratios) == len(SLICES)
    for frame in frames:
        used_of_all = 0.0
        for entry in outcome.applied_ratios:
            slice_, applied = s_nssai_from_proto(entry.s_nssai), entry.applied
            used = frame["RRU.PrbUsedDl", slice_].value
            waiting = frame["VS.DRB.BufferedVolumeDl", slice_].value
            assert used is not None
            assert waiting is not None
            used_of_all += used
            assert used <= applied.max_prb_policy_ratio
            if loaded and waiting > 0:
                assert used >= applied.min_prb_policy_ratio
                guaranteed += applied.min_prb_policy_ratio > 0
        total = frame["RRU.PrbTotDl", None].value
        assert total == used_of_all <= 100
    return guaranteed


@settings(max_examples=12, deadline=None)
@given(st.lists(quotas(), min_size=1, max_size=4), st.sampled_from(sorted(WORLDS)))
def test_no_slice_is_above_its_max_nor_with_load_below_its_min(asked: list[list[Ratios]], world: str) -> None:
    async def scenario() -> None:
        async with loop(WORLDS[world]) as on:
            for ratios in asked:
                outcome, frames = await shown(on, ratios)
                told = [entry.applied for entry in outcome.applied_ratios]
                assert [
                    (one.dedicated_prb_policy_ratio, one.min_prb_policy_ratio, one.max_prb_policy_ratio)
                    for one in told
                ] == ratios
                check(outcome, frames, loaded=world == "full")

    asyncio.run(scenario())


async def test_a_full_ran_shows_the_guarantees_and_the_bounds_exactly() -> None:
    async with loop(WORLDS["full"]) as on:
        bounds = [Ratios(0, 30, 30), Ratios(5, 20, 25), Ratios(10, 40, 45)]
        outcome, frames = await shown(on, bounds)
        assert check(outcome, frames, loaded=True) >= 2 * FRAMES  # the property is not empty
        used = [[frame["RRU.PrbUsedDl", slice_].value for frame in frames] for slice_ in SLICES]
        assert set(used[0]) == {30}
        outcome, frames = await shown(on, [Ratios(0, 0, 0), Ratios(0, 0, 0), Ratios(0, 0, 100)])
        check(outcome, frames, loaded=True)
        assert {frame["RRU.PrbUsedDl", SLICES[0]].value for frame in frames} == {0}


async def test_a_refused_control_changes_nothing_that_is_shown() -> None:
    async with loop(WORLDS["full"]) as on:
        await shown(on, [Ratios(0, 10, 20), Ratios(0, 10, 100), Ratios(0, 10, 100)])
        with pytest.raises(RefusedError, match="control-message-invalid"):
            await shown(on, [Ratios(0, 60, 60), Ratios(0, 60, 60), Ratios(0, 0, 0)])
        _, reports = await on.subscribe(0, FRAME_MS, KpmAction(1, NAMES))
        on.play(FRAMES)
        while len(reports) < FRAMES:
            await asyncio.sleep(0.001)
        for _, message in reports:
            used = {one.slice: one.value for one in samples(message) if one.measurement.name == NAMES[0]}
            assert used[SLICES[0]] == 20
