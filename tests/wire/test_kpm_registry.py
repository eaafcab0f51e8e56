"""The KPM registry: units, names, and that no value is not zero."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.wire.codecs import SLICES, MeasurementArrays
from cadran.wire.gen.e2sm.v1 import kpm_pb2
from cadran.wire.kpm_registry import (
    REGISTRY,
    KpmAccumulator,
    Sample,
    Window,
    function_definition,
    indication_message,
    samples,
)


def _measurements(ues: int, dus: int = 1, **changes: object) -> MeasurementArrays:
    """One frame; each DU has `ues` UEs a slice with 5 ms delay, 1000 bytes in, 750 out, 250 dropped."""
    delay = np.full((1, dus, 3, 4), np.nan, np.float32)
    delay[..., :ues] = 0.005
    values: dict[str, object] = {
        field.name: np.zeros((1, dus, 3), np.float32) for field in fields(MeasurementArrays)
    }
    values |= {
        "ues": np.full((1, dus, 3), ues, np.int32),
        "arrived_bytes": np.full((1, dus, 3), 1000),
        "delivered_bytes": np.full((1, dus, 3), 750),
        "dropped_bytes": np.full((1, dus, 3), 250),
        "rbs_used": np.full((1, dus, 3), 10, np.int32),
        "ue_delay_s": delay,
        "ue_rate_bps": delay,
    }
    return MeasurementArrays(**(values | changes))  # type: ignore[arg-type]


def _window(ues: int = 2, frames: int = 4) -> Window:
    accumulator = KpmAccumulator(dus=1, slices=3, frame_s=0.01, rbs=100)
    for _ in range(frames):
        accumulator.add(_measurements(ues))
    return accumulator.take()[0]


def _samples(window: Window) -> dict[tuple[str, int | None], Sample]:
    message = indication_message(REGISTRY, window, SLICES, granul_period_ms=40)
    again = kpm_pb2.KpmIndicationMessage.FromString(message.SerializeToString())
    found = samples(again)
    return {(s.measurement.name, s.slice.sst if s.slice else None): s for s in found}


def test_values_are_in_the_units_of_the_standard() -> None:
    found = _samples(_window())
    expected = {
        ("DRB.UEThpDl", 1): 8 * 750 / 2 / 0.01 / 1e3,  # kbit/s and UE
        ("DRB.RlcSduDelayDl", 1): 50.0,  # 0.1 ms
        ("DRB.RlcSduTransmittedVolumeDL", 2): 24.0,  # kbit in four frames
        ("DRB.PdcpSduVolumeDL", 2): 32.0,
        ("DRB.RlcPacketDropRateDl", 3): 250_000.0,  # 1e-6
        ("DRB.MeanActiveUeDl", 3): 2.0,
        ("RRC.ConnMean", 3): 2.0,
        ("RRU.PrbUsedDl", 1): 10.0,
        ("RRU.PrbTotDl", None): 30.0,  # per cent
        ("RRU.PrbAvailDl", None): 100.0,
    }
    assert {key: found[key].value for key in expected} == pytest.approx(expected)


def test_base_values_are_si() -> None:
    found = _samples(_window())
    assert found["DRB.RlcSduDelayDl", 1].base_value == pytest.approx(0.005)
    assert found["DRB.UEThpDl", 1].base_value == pytest.approx(8 * 750 / 2 / 0.01)
    assert found["RRU.PrbTotDl", None].base_value == pytest.approx(0.3)


def test_no_ues_or_no_frames_is_no_value_and_not_zero() -> None:
    for window in (_window(ues=0), _window(frames=0)):
        found = _samples(window)
        assert found["DRB.UEThpDl", 1].value is None
        assert found["DRB.RlcSduDelayDl", 1].value is None
        assert found["DRB.RlcSduDelayDl", 1].base_value is None
    assert _samples(_window(ues=0))["RRC.ConnMean", 1].value == 0.0
    assert _samples(_window(frames=0))["RRU.PrbTotDl", None].value is None


def test_windows_do_not_overlap() -> None:
    accumulator = KpmAccumulator(dus=2, slices=3, frame_s=0.01, rbs=100)
    accumulator.add(_measurements(1, dus=2))
    first = accumulator.take()
    second = accumulator.take()
    assert [window.frames for window in first + second] == [1, 1, 0, 0]
    assert second[1].delivered_bytes.sum() == 0


@given(st.integers(1, 30), st.integers(1, 30))
def test_volumes_add_up_over_windows(a: int, b: int) -> None:
    def volume(window: Window) -> float:
        return float(window.delivered_bytes.sum())

    assert volume(_window(frames=a)) + volume(_window(frames=b)) == volume(_window(frames=a + b))


def test_prometheus_names_are_unique_and_in_base_units() -> None:
    names = [measurement.prometheus_name for measurement in REGISTRY.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"oran_kpm_[a-z][a-z0-9_]*[a-z0-9]", name) for name in names)
    assert REGISTRY["DRB.UEThpDl"].prometheus_name == "oran_kpm_drb_ue_thp_dl_bits_per_second"
    assert REGISTRY["RRU.PrbTotDl"].prometheus_name == "oran_kpm_rru_prb_tot_dl_ratio"
    assert REGISTRY["DRB.RlcSduDelayDl"].prometheus_name == "oran_kpm_drb_rlc_sdu_delay_dl_seconds"
    assert REGISTRY["RRU.PrbUsedDl"].prometheus_name == "oran_kpm_rru_prb_used_dl"


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
        row = f"| `{m.name}` | {m.clause or 'O-RAN'} | {m.unit.name} | {'yes' if m.per_slice else 'no'} |"
        assert f"{row} {m.text} | `{m.prometheus_name}` |" in text
