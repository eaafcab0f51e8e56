"""Recorded messages: all of them in order, bounded, and told where some are missing."""

from __future__ import annotations

import io
import stat
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.wire.e3_client import E3Client
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from cadran.wire.gen.trace.v1 import trace_pb2
from cadran.wire.trace.file import DamageError, framed, read
from cadran.wire.trace.recorder import E3, RECEIVED, SENT, Described, Recorder, RecorderSpec

from .parties import QUICK, Dapp, Du, e3_server, running, until

ABOUT = Described("dapp", "1.2", "smoke", "ab" * 32, seed=7, epoch=3)


def records(path: Path) -> list[trace_pb2.Record]:
    with path.open("rb") as file:
        return [stored.record for stored in read(file)]


def kinds(path: Path) -> list[str | None]:
    return [record.WhichOneof("record") for record in records(path)]


def test_pdus_are_in_the_file_in_order_with_their_times(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "t", ABOUT)
    seen = recorder.tap(E3).opened("10.0.0.1:5")
    for n in range(300):
        (seen.sent if n % 2 else seen.received)(b"%d" % n)
    seen.closed()
    recorder.close()
    header, opened, *pdus, closed = records(tmp_path / "t")
    assert header.header == ABOUT.header()
    assert (opened.opened.peer, opened.opened.interface) == ("10.0.0.1:5", E3)
    assert [record.pdu.data for record in pdus] == [b"%d" % n for n in range(300)]
    assert {record.pdu.direction for record in pdus[::2]} == {RECEIVED}
    assert {record.pdu.direction for record in pdus[1::2]} == {SENT}
    assert closed.closed.association == opened.opened.association
    times = [record.monotonic_ns for record in pdus]
    assert times == sorted(times)
    assert min(times) > 0


def test_a_recording_never_replaces_another_and_is_for_its_owner(tmp_path: Path) -> None:
    for _ in range(3):
        Recorder(tmp_path / "t", ABOUT).close()
    made = sorted(tmp_path.iterdir())
    assert [path.name for path in made] == ["t", "t.1", "t.2"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    assert all(kinds(path) == ["header"] for path in made)


def test_the_file_ends_at_its_limit_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder(tmp_path / "t", ABOUT, RecorderSpec(file_bytes=10_000))
    seen = recorder.tap(E3).opened("peer")
    for _ in range(30):
        seen.sent(bytes(1000))
    recorder.close()
    assert (tmp_path / "t").stat().st_size < 10_100
    assert kinds(tmp_path / "t")[-1] == "full"
    assert records(tmp_path / "t")[-1].full.limit_bytes == 10_000
    assert "reached its limit of 10000 bytes" in caplog.text


def test_what_did_not_fit_while_the_disk_was_slow_is_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write = threading.Event()

    def slow(record: trace_pb2.Record) -> bytes:
        may_write.wait(30)
        return framed(record)

    monkeypatch.setattr("cadran.wire.trace.recorder.framed", slow)
    recorder = Recorder(tmp_path / "t", ABOUT, RecorderSpec(waiting_bytes=5000))
    seen = recorder.tap(E3).opened("peer")
    for _ in range(40):
        seen.sent(bytes(936))  # 1000 with its overhead
    may_write.set()
    recorder.close()
    found = records(tmp_path / "t")
    kept = [record for record in found if record.HasField("pdu")]
    gaps = [record.gap for record in found if record.HasField("gap")]
    assert 0 < len(kept) < 10
    assert sum(gap.records for gap in gaps) == 40 - len(kept)
    assert sum(gap.bytes for gap in gaps) == 936 * (40 - len(kept))


async def test_both_ends_of_an_association_record_the_same(tmp_path: Path) -> None:
    at_du, at_dapp = Recorder(tmp_path / "du", ABOUT), Recorder(tmp_path / "dapp", ABOUT)
    dapp = Dapp()
    async with e3_server(Du(), settings=replace(QUICK, tap=at_du.tap(E3))) as (server, port):
        client = E3Client(
            f"127.0.0.1:{port}", dapp, np.random.default_rng(0), replace(QUICK, tap=at_dapp.tap(E3))
        )
        async with running(client):
            await until(lambda: dapp.session and dapp.session.subscribed)
            for frame in range(20):
                server.sessions[0].send_indication(e3ap_pb2.IndicationMessage(epoch=7, frame=frame))
            await until(lambda: len(dapp.events) >= 20)
    at_du.close()
    at_dapp.close()

    def of(name: str, direction: trace_pb2.Direction) -> list[bytes]:
        found = records(tmp_path / name)
        return [one.pdu.data for one in found if one.HasField("pdu") and one.pdu.direction == direction]

    assert of("du", SENT) == of("dapp", RECEIVED)
    assert of("du", RECEIVED) == of("dapp", SENT)
    assert len(of("du", SENT)) > 20


def whole() -> bytes:
    pdus = [trace_pb2.Record(pdu=trace_pb2.Pdu(data=b"some message %d" % n)) for n in range(20)]
    return b"".join(framed(record) for record in (trace_pb2.Record(header=ABOUT.header()), *pdus))


WHOLE = whole()


def readable(data: bytes) -> tuple[list[trace_pb2.Record], DamageError | None]:
    found: list[trace_pb2.Record] = []
    try:
        found.extend(stored.record for stored in read(io.BytesIO(data)))
    except DamageError as error:
        return found, error
    return found, None


ALL = readable(WHOLE)[0]


@given(st.integers(0, len(WHOLE) - 1))
def test_a_cut_file_is_read_up_to_the_cut(length: int) -> None:
    found, damage = readable(WHOLE[:length])
    assert found == ALL[: len(found)]
    intact = sum(len(framed(record)) for record in found)
    assert intact <= length
    if damage is None:
        assert intact == length
    else:
        assert damage.offset == intact


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_changed_byte_never_changes_what_is_read(place: int, change: int) -> None:
    data = bytearray(WHOLE)
    data[place] ^= change
    found, damage = readable(bytes(data))
    assert found == ALL[: len(found)]
    # A changed byte may only be unseen where it made no difference to what is stored.
    assert damage is not None or len(found) == len(ALL)
    if damage is not None:
        assert damage.offset <= place


@given(st.binary(max_size=200))
def test_any_bytes_end_in_damage_or_in_records(data: bytes) -> None:
    found, damage = readable(data)
    assert damage is not None or found


def test_a_file_of_a_later_format_says_so() -> None:
    header = ABOUT.header()
    header.version = 2
    assert "format version 2; this software reads 1" in str(
        readable(framed(trace_pb2.Record(header=header)))[1]
    )
