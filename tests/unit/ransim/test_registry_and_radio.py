"""The KPM registry and the radio are equal: what one names the other counts, and nothing else."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any

import numpy as np
from rans import FALLBACK

from cadran.problem import Measurements
from cadran.problem.hierarchy import UserMeasurements
from cadran.problem.measurements import EMBB, MMTC, SLICES, URLLC
from cadran.radio import Kpis, World
from cadran.ransim.ladder import DecisionLadder
from cadran.ransim.ran import FrameResult, Ran
from cadran.wire.codecs import SLICES as S_NSSAIS
from cadran.wire.kpm_registry import REGISTRY
from cadran.wire.kpm_samples import indication_message, samples
from cadran.wire.kpm_window import COUNTERS, DU_SUMS, SLICE_SUMS, KpmAccumulator, Window

ONLY_FOR_DAPPS = {"rbs_used", "backlog_rbs", "arrival_rbs", "arrival_ewma_bytes", "ue_rate_bps"}
"""KPIs that E3 carries and KPM does not: what a dApp expects of the next frame, the rate of single UEs, and
the rounded mean of what `rb_ttis` counts exactly."""

OF_USERS = {"ue_arrived_bytes", "ue_delivered_bytes", "ue_queued_bytes", "ue_mean_se", "ue_rbs"}
"""KPIs that E3 carries to dApps which decide for users, and report styles 3 and 5 of KPM."""

FOR_ENERGY = {"rb_power"}
"""Told by the energy that is made of it."""

SMALL: dict[str, Any] = {"dus": 2, "ues": 24, "max_ues_per_slice": 12, "rbs": 24, "episode_frames": 50}
SLOTS: dict[str, Any] = {**SMALL, "preset": "3gpp"}
FRAMES = 20


@cache
def run(world: World) -> tuple[Ran, list[FrameResult]]:
    """Some frames of a RAN without dApps."""
    ran = Ran(world, 5, tuple(DecisionLadder(FALLBACK, 3) for _ in range(world.dus)), 0)
    return ran, [ran.run_frame() for _ in range(FRAMES)]


def windows(world: World) -> list[Window]:
    """What each DU measured in these frames."""
    accumulator = KpmAccumulator(world.dus, SLICES, world.frame_s, world.ttis_per_frame, world.rbs)
    accumulator.add([result.kpis for result in run(world)[1]])
    return accumulator.take()


def told(window: Window) -> dict[tuple[str, int | None], float | None]:
    """Every sample of a DU by measurement and slice (None: the whole DU)."""
    places = {s_nssai: place for place, s_nssai in enumerate(S_NSSAIS)}
    message = indication_message(REGISTRY, window, S_NSSAIS, 200)
    return {
        (one.measurement.name, None if one.slice is None else places[one.slice]): one.value
        for one in samples(message)
    }


def absent(window: Window, label: int) -> set[str]:
    """Measurements without a value for a slice."""
    return {name for (name, slice_), value in told(window).items() if slice_ == label and value is None}


MEANS_OF_TRAFFIC = {
    "DRB.UEThpDl", "DRB.UEUnresVolDl", "DRB.RlcSduDelayDl", "DRB.AirIfDelayDl", "VS.DRB.DelayDlNgranUe",
    "DRB.RlcPacketDropRateDl", "DRB.PacketLossRateUu", "VS.DRB.ExpiredRateDl", "VS.DRB.LateRateDl",
}  # fmt: skip
MEANS_OF_THE_LINK = {"VS.TB.InitialErrRateDl", "VS.CARR.WBCQIMean"}
MEANS_OVER_UES = {"VS.DRB.UeDelayDl", "VS.CARR.MeanSeDl"}


def test_every_kpi_is_a_counter_of_kpm_or_for_dapps_only() -> None:
    others = ONLY_FOR_DAPPS | OF_USERS | FOR_ENERGY
    assert set(COUNTERS) | others == set(Kpis._fields)
    assert not set(COUNTERS) & others
    assert {field.name for field in fields(Measurements)} > ONLY_FOR_DAPPS
    assert {f"ue_{field.name}" for field in fields(UserMeasurements)} > OF_USERS


def test_with_traffic_every_measurement_has_a_value_for_each_label() -> None:
    world = World.model_validate({**SLOTS, "load": {"scale": 8.0}})
    for window in windows(world):
        values = told(window)
        assert set(values) == {
            (m.name, label)
            for m in REGISTRY.values()
            for label in (range(SLICES) if m.per_slice else (None,))
        }
        assert [key for key, value in values.items() if value is None] == []


def test_a_window_is_the_sum_of_the_radios_arrays() -> None:
    world = World.model_validate({**SLOTS, "load": {"scale": 8.0}})
    results = run(world)[1]
    for du, window in enumerate(windows(world)):
        for name in SLICE_SUMS + DU_SUMS:
            total = sum(np.atleast_1d(getattr(result.kpis, name)[du]).astype(float) for result in results)
            np.testing.assert_allclose(getattr(window, name), total, rtol=1e-12, err_msg=name)


def test_measurements_agree_with_the_books_and_with_each_other() -> None:
    world = World.model_validate({**SLOTS, "load": {"scale": 8.0}})
    ran, _ = run(world)
    books, every = ran.ledger(), [told(window) for window in windows(world)]

    def total(name: str) -> float:
        return sum(value or 0.0 for values in every for (key, _), value in values.items() if key == name)

    rounding = world.dus * SLICES * 0.5
    assert abs(total("DRB.RlcSduTransmittedVolumeDL") - 8e-3 * books.delivered) <= rounding
    assert abs(total("DRB.PdcpSduVolumeDL") - 8e-3 * books.offered) <= rounding
    assert total("RRC.ConnMean") == world.ues
    seconds = FRAMES * world.frame_s
    assert np.isclose(total("PEE.AvgPower") * seconds, 3.6e6 * total("PEE.Energy"))
    for values in every:
        used = [values["RRU.PrbUsedDl", s] or 0 for s in range(SLICES)]
        assert sum(used) <= world.rbs + 0.5 * SLICES
        assert abs((values["RRU.PrbTotDl", None] or 0) - 100 * sum(used) / world.rbs) <= 1 + 150 / world.rbs
        for s in range(SLICES):
            queue, air = values["DRB.RlcSduDelayDl", s], values["DRB.AirIfDelayDl", s]
            assert queue is not None
            assert air is not None
            assert air >= 1e4 * world.tti_s
            assert np.isclose(values["VS.DRB.DelayDlNgranUe", s] or 0, queue + air)
            assert 0 <= (values["VS.CARR.WBCQIMean", s] or 0) <= 15
            assert (values["DRB.MeanActiveUeDl", s] or 0) <= (values["RRC.ConnMean", s] or 0)


def test_the_papers_world_measures_all_but_the_link() -> None:
    world = World.model_validate({**SMALL, "load": {"scale": 0.5}})
    for window in windows(world):
        values = told(window)
        missing = {name for (name, _), value in values.items() if value is None}
        assert missing == MEANS_OF_THE_LINK | {"TB.IntialErrNbrDl"}
        assert values["TB.TotNbrDlInitial", None] == 0


def test_an_idle_ran_has_no_value_where_nothing_was_measured() -> None:
    world = World.model_validate({**SLOTS, "load": {"mean_bps": (0.0, 0.0, 0.0)}})
    for window in windows(world):
        values = told(window)
        for s in range(SLICES):
            assert absent(window, s) == MEANS_OF_TRAFFIC | MEANS_OF_THE_LINK
            assert values["DRB.RlcSduTransmittedVolumeDL", s] == 0
            assert values["DRB.MeanActiveUeDl", s] == 0
        assert values["TB.IntialErrNbrDl", None] is None
        assert values["RRU.PrbTotDl", None] == 0
        assert np.isclose(values["PEE.AvgPower", None] or 0, world.energy.sleep_w)


def test_a_slice_without_ues_has_no_value_where_nothing_was_measured() -> None:
    world = World.model_validate({**SLOTS, "ues": 12, "slice_weights": (1, 0, 0), "load": {"scale": 8.0}})
    for window in windows(world):
        values = told(window)
        assert absent(window, EMBB) == set()
        for s in (MMTC, URLLC):
            assert absent(window, s) == MEANS_OF_TRAFFIC | MEANS_OF_THE_LINK | MEANS_OVER_UES
            assert values["RRC.ConnMean", s] == 0
            assert values["RRU.PrbUsedDl", s] == 0


def test_the_counters_of_a_frame_stay_when_the_radio_goes_on() -> None:
    world = World.model_validate({**SMALL, "load": {"scale": 0.5}})
    ran = Ran(world, 6, tuple(DecisionLadder(FALLBACK, 3) for _ in range(world.dus)), 0)
    kept = ran.run_frame().kpis
    before = [array.copy() for array in kept]
    ran.run_frame()
    for name, array, copy in zip(Kpis._fields, kept, before, strict=True):
        np.testing.assert_array_equal(array, copy, err_msg=name)
