"""Recorded messages are shown with the service models' messages in them, whatever the bytes are."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.cli import main
from cadran.wire.e2_session import DAPP_FUNCTION_ID, KPM_FUNCTION_ID, serialise
from cadran.wire.e3_session import serialise as serialise_e3
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import dapp_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2, measurements_pb2
from cadran.wire.gen.trace.v1 import trace_pb2
from cadran.wire.trace.file import DamageError, framed, read
from cadran.wire.trace.recorder import E2, E3, Described, Recorder
from cadran.wire.trace.text import Line, lines

Show = Callable[..., tuple[int, list[str], str]]


def write(path: Path) -> Path:
    """A file with a message of each sort."""
    recorder = Recorder(path, Described("ransim", "1", "smoke", "ab" * 32, seed=1, epoch=9))
    e2, e3 = recorder.tap(E2).opened("xapp:1"), recorder.tap(E3).opened("dapp:2")
    setup = e2ap_pb2.E2SetupRequest(transaction_id=4, epoch=9)
    setup.global_e2_node_id.gnb_du_id = 3
    e2.sent(serialise("e2_setup_request", setup))
    report = dapp_pb2.DappReport(du_id=3, row_count=2, rows=bytes(500))
    relayed = dapp_pb2.DappRelayIndication(report=report).SerializeToString()
    e2.sent(
        serialise(
            "ric_indication",
            e2ap_pb2.RicIndication(ran_function_id=DAPP_FUNCTION_ID, ric_indication_message=relayed),
        )
    )
    e2.received(
        serialise(
            "ric_control_request",
            e2ap_pb2.RicControlRequest(ran_function_id=KPM_FUNCTION_ID, ric_control_message=b"\xff\x00"),
        )
    )
    e3.received(serialise_e3(1, "setup_request", e3ap_pb2.SetupRequest(du_id=5, dapp_id=6)))
    outcome = measurements_pb2.Measurements(ue_delay_s=[float("nan")] * 200)
    e3.sent(serialise_e3(2, "indication_message", e3ap_pb2.IndicationMessage(frame=77, outcome=outcome)))
    e3.received(b"\xff\xff")
    e3.closed()
    recorder.exchange(trace_pb2.Exchange(method="PUT", path="/A1-P/v2/x", status=201, request_body=b"\xff{}"))
    recorder.close()
    return path


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Show:
    def run(*arguments: str) -> tuple[int, list[str], str]:
        monkeypatch.setattr("sys.argv", ["cadran", "trace", "show", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out.splitlines(), output.err

    return run


def test_a_line_for_each_message_with_what_is_inside(tmp_path: Path, show: Show) -> None:
    status, out, err = show(str(write(tmp_path / "t")))
    assert (status, err) == (0, "")
    text = "\n".join(out)
    assert "service=ransim" in out[0]
    assert "sent     e2 du 3  e2_setup_request transaction_id=4" in text
    assert "ric_indication_message={report={du_id=3 row_count=2 rows=500 bytes}}" in text
    assert "sent     e3 du 5  indication_message frame=77 outcome={ue_delay_s=[nan, nan" in text
    assert "received e3 du 5  malformed bytes=2" in text
    assert "a1       PUT path=/A1-P/v2/x status=201" in text
    assert len(out) == 11
    assert max(map(len, out)) < 500


@pytest.mark.parametrize(
    ("filters", "kinds"),
    [
        (["--interface", "e3", "--kind", "indication_message"], ["indication_message"]),
        (["--du", "3", "--interface", "e2"], ["e2_setup_request", "ric_indication", "ric_control_request"]),
        (["--interface", "a1"], ["PUT"]),
        (["--from", "1000"], []),
        (["--to", "-1"], []),
    ],
)
def test_filters_and_json(tmp_path: Path, show: Show, filters: list[str], kinds: list[str]) -> None:
    status, out, _ = show(str(write(tmp_path / "t")), "--json", *filters)
    assert status == 0
    assert [json.loads(line)["kind"] for line in out] == kinds


def test_a_damaged_file_is_shown_up_to_the_damage(tmp_path: Path, show: Show) -> None:
    path = write(tmp_path / "t")
    whole = show(str(path))[1]
    data = bytearray(path.read_bytes())
    data[-30] ^= 1  # in the last entry
    path.write_bytes(data)
    status, out, err = show(str(path))
    assert status == 1
    assert out == whole[:-1]
    assert err.startswith(f"{path}: byte ")
    assert "checksum" in err


def test_no_such_file_is_one_line(tmp_path: Path, show: Show) -> None:
    status, out, err = show(str(tmp_path / "none"))
    assert (status, out) == (2, [])
    assert err.count("\n") == 1


@given(st.binary(max_size=400), st.sampled_from([E2, E3]))
def test_any_pdu_has_a_line(data: bytes, interface: trace_pb2.Interface) -> None:
    header = trace_pb2.Record(header=trace_pb2.Header(format="cadran-trace", version=1))
    pdu = trace_pb2.Record(pdu=trace_pb2.Pdu(association=1, interface=interface, data=data))
    for line in lines(read(io.BytesIO(framed(header) + framed(pdu)))):
        assert "\n" not in line.text()
        json.loads(line.json())


@given(st.integers(0, 2**20), st.integers(1, 255))
def test_a_corrupt_file_is_shown_or_told(place: int, change: int) -> None:
    data = bytearray(GOOD)
    data[place % len(GOOD)] ^= change
    shown: list[Line] = []
    with suppress(DamageError):
        shown.extend(lines(read(io.BytesIO(bytes(data)))))
    assert all("\n" not in line.text() and json.loads(line.json()) for line in shown)


def _good() -> bytes:
    header = trace_pb2.Record(header=trace_pb2.Header(format="cadran-trace", version=1))
    request = e3ap_pb2.SetupRequest(du_id=1, dapp_id=2)
    pdu = trace_pb2.Pdu(association=1, interface=E3, data=serialise_e3(1, "setup_request", request))
    return b"".join(framed(record) for record in (header, *[trace_pb2.Record(pdu=pdu)] * 5))


GOOD = _good()
