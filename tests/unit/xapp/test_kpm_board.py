from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

import kpm_counters
from cadran.wire.causes import RangeError
from cadran.wire.codecs import SLICES
from cadran.wire.gen.e2sm.v1 import kpm_pb2
from cadran.wire.kpm_registry import REGISTRY
from cadran.wire.kpm_samples import indication_message
from cadran.wire.kpm_window import Window
from cadran.xapp.kpm_board import KpmBoard, KpmReport


def window() -> Window:
    """Ten frames of one DU: slice 1 has no UE at all."""
    return kpm_counters.window(
        frames=10,
        rbs=20,
        ues=[2, 0, 1],
        delivered_bytes=[200, 0, 100],
        busy_ue_ttis=[2, 0, 1],
        rb_ttis=[6, 0, 3],
    )


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
    # 200 B a frame to 2 UEs that are busy all the time: 8 bit x 200 / 2 / 0.01 s
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


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_value_that_is_no_number_is_refused_and_the_old_report_stays(value: float) -> None:
    board, _ = board_with_a_report()
    before = board.report(3)
    message = kpm_pb2.KpmIndicationMessage()
    message.meas_data.add(meas_name="RRU.PrbUsedDl", real=value).label.s_nssai.sst = 1
    with pytest.raises(RangeError, match="finite"):
        board.take(3, kpm_pb2.KpmIndicationHeader(), message)
    assert board.report(3) is before


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    board, _ = board_with_a_report()
    before = board.report(3)
    header = kpm_pb2.KpmIndicationHeader(first_frame=20, last_frame=19)
    with pytest.raises(RangeError, match="20 to 19"):
        board.take(3, header, kpm_pb2.KpmIndicationMessage())
    assert board.report(3) is before


def test_whoever_wants_to_hears_of_every_report() -> None:
    heard: list[tuple[int, KpmReport]] = []
    board = KpmBoard(lambda du, report: heard.append((du, report)))
    board.take(1, kpm_pb2.KpmIndicationHeader(epoch=4), kpm_pb2.KpmIndicationMessage())
    assert [(du, report.epoch) for du, report in heard] == [(1, 4)]
    assert heard[0][1] is board.report(1)
