"""The KPM registry: units, names, definitions, and that no value is not zero."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.wire.codecs import SLICES as S_NSSAIS
from cadran.wire.gen.e2sm.v1 import kpm_pb2
from cadran.wire.kpm_registry import REGISTRY
from cadran.wire.kpm_samples import Sample, function_definition, indication_message, samples
from cadran.wire.kpm_window import COUNTERS, KpmAccumulator, Window
from kpm_counters import PLACES, SLICES, frame, window

DU = None
"""The label of a measurement of the whole DU; slices are labelled by their SST."""

TWO_UES = np.where(np.arange(PLACES) < 2, 0.005, np.nan)
BUSY: dict[str, Any] = {
    "ues": 2, "arrived_bytes": 1000, "delivered_bytes": 750, "dropped_bytes": 250, "expired_bytes": 100,
    "lost_bytes": 50, "late_bytes": 150, "queued_bytes": 500, "queue_byte_ttis": 1500, "air_byte_ttis": 900,
    "burst_bytes": 600, "burst_ttis": 4, "busy_ue_ttis": 10, "blocks": 20, "failed_blocks": 3,
    "cqi_reports": 4, "cqi_sum": 30, "rbs_quota": 40, "rb_ttis": 100, "mean_se": 3.5, "ue_delay_s": TWO_UES,
    "active_ttis": 5, "energy_j": 1.5, "handovers_requested": 2, "handovers_succeeded": 1,
}  # fmt: skip
"""What each slice counts in a frame of ten TTIs of 1 ms."""


def sent(of: Window) -> dict[tuple[str, int | None], Sample]:
    """Every measurement of a window after a trip over the wire, by name and label."""
    message = indication_message(REGISTRY, of, S_NSSAIS, granul_period_ms=40)
    again = kpm_pb2.KpmIndicationMessage.FromString(message.SerializeToString())
    return {(s.measurement.name, s.slice.sst if s.slice else DU): s for s in samples(again)}


EXPECTED = {
    ("DRB.UEThpDl", 1): 8 * 600 / 4,  # bit/ms: the TTIs that emptied a queue left out
    ("DRB.UEUnresVolDl", 1): 20.0,  # per cent
    ("DRB.RlcSduTransmittedVolumeDL", 2): 24.0,  # kbit in four frames
    ("DRB.PdcpSduVolumeDL", 2): 32.0,
    ("VS.DRB.BufferedVolumeDl", 2): 4.0,
    ("DRB.RlcSduDelayDl", 1): 20.0,  # 0.1 ms: two TTIs
    ("DRB.AirIfDelayDl", 1): 12.0,
    ("VS.DRB.DelayDlNgranUe", 1): 32.0,
    ("VS.DRB.UeDelayDl", 1): 50.0,
    ("DRB.RlcPacketDropRateDl", 3): 200_000.0,  # 1e-6: 200 of 1000 bytes dropped unsent
    ("DRB.PacketLossRateUu", 3): 62_500.0,  # 50 of the 800 that were sent to an end
    ("VS.DRB.ExpiredRateDl", 3): 100_000.0,
    ("VS.DRB.LateRateDl", 3): 400_000.0,
    ("TB.TotNbrDlInitial", DU): 240.0,
    ("TB.IntialErrNbrDl", DU): 36.0,
    ("VS.TB.InitialErrRateDl", 2): 150_000.0,
    ("VS.CARR.WBCQIMean", 2): 7.5,
    ("VS.CARR.MeanSeDl", 2): 3.5,
    ("RRU.PrbUsedDl", 1): 10.0,
    ("VS.RRU.PrbQuotaDl", 1): 40.0,
    ("RRU.PrbTotDl", DU): 30.0,  # per cent
    ("RRU.PrbAvailDl", DU): 100.0,
    ("VS.RRU.ActiveTimeDl", DU): 50.0,
    ("PEE.AvgPower", DU): 150.0,
    ("PEE.Energy", DU): 6 / 3.6e6,
    ("DRB.MeanActiveUeDl", 3): 1.0,
    ("RRC.ConnMean", 3): 2.0,
    ("MM.HoPrepIntraReq", DU): 8.0,
    ("MM.HoExeIntraSucc", DU): 4.0,
}


def test_values_are_in_the_units_of_the_standard() -> None:
    found = sent(window(frames=4, ttis_per_frame=10, **BUSY))
    assert {name for name, _ in EXPECTED} == set(REGISTRY)
    assert {key: found[key].value for key in EXPECTED} == pytest.approx(EXPECTED)


def test_every_measurement_has_each_of_its_labels() -> None:
    found = sent(window(frames=4, ttis_per_frame=10, **BUSY))
    labels = {m.name: [1, 3, 2] if m.per_slice else [DU] for m in REGISTRY.values()}
    assert list(found) == [(name, label) for name in labels for label in labels[name]]
    assert all(sample.value is not None for sample in found.values())


def test_a_frame_of_one_tti_counts_the_ttis_that_emptied_a_queue() -> None:
    found = sent(window(frames=4, **BUSY))
    assert found["DRB.UEThpDl", 1].value == pytest.approx(8 * 750 / 10 / 0.01 / 1e3)


def test_base_values_are_si() -> None:
    found = sent(window(frames=4, ttis_per_frame=10, **BUSY))
    assert found["DRB.RlcSduDelayDl", 1].base_value == pytest.approx(0.002)
    assert found["DRB.UEThpDl", 1].base_value == pytest.approx(1.2e6)
    assert found["RRU.PrbTotDl", DU].base_value == pytest.approx(0.3)
    assert found["PEE.Energy", DU].base_value == pytest.approx(6.0)
    assert found["PEE.AvgPower", DU].base_value == pytest.approx(150.0)


COUNTED_FROM_NOTHING = {
    "DRB.RlcSduTransmittedVolumeDL", "DRB.PdcpSduVolumeDL", "VS.DRB.BufferedVolumeDl", "TB.TotNbrDlInitial",
    "RRU.PrbUsedDl", "VS.RRU.PrbQuotaDl", "RRU.PrbTotDl", "VS.RRU.ActiveTimeDl", "PEE.AvgPower", "PEE.Energy",
    "DRB.MeanActiveUeDl", "RRC.ConnMean", "MM.HoPrepIntraReq", "MM.HoExeIntraSucc",
}  # fmt: skip
"""What is zero, and so measured, in a DU without UEs that consumes nothing."""


def test_without_ues_counts_are_zero_and_means_have_no_value() -> None:
    found = sent(window(frames=4))
    zero = {name for (name, _), sample in found.items() if sample.value == 0.0}
    absent = {name for (name, _), sample in found.items() if sample.value is None}
    assert zero == COUNTED_FROM_NOTHING
    assert absent == set(REGISTRY) - COUNTED_FROM_NOTHING - {"RRU.PrbAvailDl"}


def test_without_frames_nothing_is_measured() -> None:
    found = sent(window(frames=0))
    assert {name for (name, _), sample in found.items() if sample.value is not None} == {"RRU.PrbAvailDl"}
    assert found["RRU.PrbAvailDl", DU].value == 100.0
    assert found["RRC.ConnMean", 1].base_value is None


def test_a_ue_that_waits_in_vain_has_a_throughput_of_zero() -> None:
    starved = window(ttis_per_frame=10, ues=1, busy_ue_ttis=10, burst_ttis=10)
    assert sent(starved)["DRB.UEThpDl", 1].value == 0.0


def test_every_counter_of_a_window_changes_a_measurement() -> None:
    assert tuple(field.name for field in fields(Window))[4:] == COUNTERS
    base = window(frames=4, ttis_per_frame=10, **BUSY)
    before = {m.name: m.compute(base).tolist() for m in REGISTRY.values()}
    for name in COUNTERS:
        more = replace(base, **{name: 1.5 * getattr(base, name)})
        assert {m.name: m.compute(more).tolist() for m in REGISTRY.values()} != before, name


def test_windows_do_not_overlap() -> None:
    accumulator = KpmAccumulator(2, SLICES, 0.01, 1, 100)
    accumulator.add([frame(dus=2, **BUSY)])
    first = accumulator.take()
    second = accumulator.take()
    assert [one.frames for one in first + second] == [1, 1, 0, 0]
    assert second[1].delivered_bytes.sum() == 0
    assert second[1].energy_j.sum() == 0


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=6), st.integers(0, 6))
def test_sums_do_not_depend_on_how_frames_are_handed_over(counts: list[int], cut: int) -> None:
    frames = [frame(ues=1, arrived_bytes=count, active_ttis=count) for count in counts]
    singly, split = (KpmAccumulator(1, SLICES, 0.01, 1, 100) for _ in range(2))
    for one in frames:
        singly.add([one])
    split.add(frames[:cut])
    split.add(frames[cut:])
    (a,), (b,) = singly.take(), split.take()
    assert a.frames == b.frames == len(counts)
    assert a.arrived_bytes.tolist() == b.arrived_bytes.tolist() == [sum(counts)] * SLICES
    assert a.active_ttis.tolist() == b.active_ttis.tolist() == [sum(counts)]


@given(st.integers(0, 100), st.integers(1, 300))
def test_prb_usage_is_the_floor_of_the_exact_share(used: int, rbs: int) -> None:
    found = sent(window(frames=3, rbs=rbs, rb_ttis=[[used, 0, 0]]))
    assert found["RRU.PrbTotDl", DU].value == 100 * used // rbs


def test_prometheus_names_are_unique_and_in_base_units() -> None:
    names = [measurement.prometheus_name for measurement in REGISTRY.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"oran_kpm_[a-z][a-z0-9_]*[a-z0-9]", name) for name in names)
    assert REGISTRY["DRB.UEThpDl"].prometheus_name == "oran_kpm_drb_ue_thp_dl_bits_per_second"
    assert REGISTRY["RRU.PrbTotDl"].prometheus_name == "oran_kpm_rru_prb_tot_dl_ratio"
    assert REGISTRY["DRB.RlcSduDelayDl"].prometheus_name == "oran_kpm_drb_rlc_sdu_delay_dl_seconds"
    assert REGISTRY["RRU.PrbUsedDl"].prometheus_name == "oran_kpm_rru_prb_used_dl"
    assert REGISTRY["PEE.Energy"].prometheus_name == "oran_kpm_pee_energy_joules"


def test_only_own_names_and_those_of_e2sm_kpm_have_no_clause() -> None:
    without = {name for name, measurement in REGISTRY.items() if not measurement.clause}
    assert without == {name for name in REGISTRY if name.startswith("VS.")} | {
        "DRB.RlcSduTransmittedVolumeDL"
    }
    assert {REGISTRY[name].source for name in without} == {"own", "O-RAN"}


def test_the_function_definition_tells_every_unit() -> None:
    described = {m.meas_name: m.unit for m in function_definition().measurements}
    assert described == {name: measurement.unit.name for name, measurement in REGISTRY.items()}


def test_samples_with_unknown_names_are_left_out() -> None:
    message = kpm_pb2.KpmIndicationMessage()
    message.meas_data.add(meas_name="DRB.Newer", integer=1)
    assert samples(message) == []


def test_the_documentation_lists_the_registry() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "interfaces.md").read_text()
    for m in REGISTRY.values():
        row = f"| `{m.name}` | {m.source} | {m.unit.name} | {'yes' if m.per_slice else 'no'} |"
        assert f"{row} {m.text} | `{m.prometheus_name}` |" in text
