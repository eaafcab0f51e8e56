from __future__ import annotations

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from cadran.wire.causes import RangeError
from cadran.wire.codecs import SLICES
from cadran.wire.gen.e2sm.v1 import kpm_pb2
from cadran.wire.kpm_registry import REGISTRY, Window, indication_message
from cadran.xapp.kpm_board import KpmBoard


def window() -> Window:
    """Ten frames of one DU: slice 1 has no UE at all."""
    one = np.array([2.0, 0.0, 1.0])
    return Window(
        frames=10, frame_s=0.01, rbs=20, ues=10 * one, active_ues=5 * one, arrived_bytes=1000 * one,
        delivered_bytes=1000 * one, dropped_bytes=0 * one, rbs_used=30 * one, delay_s=0.02 * one,
    )  # fmt: skip


def board_with_a_report() -> tuple[KpmBoard, CollectorRegistry]:
    board, registry = KpmBoard(), CollectorRegistry()
    registry.register(board)
    header = kpm_pb2.KpmIndicationHeader(
        collect_start_time_unix_ms=1500, epoch=4, first_frame=10, last_frame=19
    )
    board.take(3, header, indication_message(REGISTRY, window(), SLICES, 100))
    return board, registry


def test_a_report_keeps_its_window_and_every_measurement() -> None:
    board, _ = board_with_a_report()
    report = board.report(3)
    assert report is not None
    assert (report.collected_unix_s, report.epoch, report.first_frame, report.last_frame) == (1.5, 4, 10, 19)
    assert {sample.measurement.name for sample in report.samples} == set(REGISTRY)
    assert board.report(0) is None


def test_gauges_are_in_base_units_and_absent_where_nothing_was_measured() -> None:
    _, registry = board_with_a_report()
    labels = {"du": "3", "sst": "1", "sd": ""}
    name = REGISTRY["DRB.UEThpDl"].prometheus_name
    # 2000 B delivered to 2 UEs in 0.1 s: 8 bit x 2000 / 2 / 0.1 s
    assert registry.get_sample_value(name, labels) == pytest.approx(80_000)
    assert registry.get_sample_value(name, {"du": "3", "sst": "3", "sd": ""}) is None
    used = REGISTRY["RRU.PrbTotDl"].prometheus_name
    assert registry.get_sample_value(used, {"du": "3", "sst": "", "sd": ""}) == pytest.approx(0.45)


def test_a_du_that_is_gone_has_no_gauges() -> None:
    board, registry = board_with_a_report()
    board.forget(3)
    board.forget(3)
    text = generate_latest(registry).decode()
    assert 'du="3"' not in text
    assert "# TYPE oran_kpm_rru_prb_tot_dl_ratio gauge" in text


def test_a_slice_out_of_range_is_refused_and_the_old_report_stays() -> None:
    board, _ = board_with_a_report()
    before = board.report(3)
    message = kpm_pb2.KpmIndicationMessage()
    record = message.meas_data.add(meas_name="DRB.UEThpDl", real=1.0)
    record.label.s_nssai.sst = 256
    with pytest.raises(RangeError):
        board.take(3, kpm_pb2.KpmIndicationHeader(), message)
    assert board.report(3) is before
