"""A recorded session is a test of a fresh service: the same decisions come back, and others are told."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from cadran.wire.gen.trace.v1 import trace_pb2
from cadran.wire.trace.file import framed, read
from running import SCENARIO, Run

ALWAYS_BY_THE_MEAN = "clock.deterministic_every=1"
A1_POLICIES = "/A1-P/v2/policytypes/ORAN_SliceSLATarget_1.0.0/policies"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the dApps of two DUs, the RAN and the xApp recorded of a run of learning."""
    folder = tmp_path_factory.mktemp("recorded")
    with pytest.MonkeyPatch.context() as patch:
        for service in ("ransim", "xapp", "dapp"):
            patch.setenv(f"CADRAN_{service.upper()}_RECORD", str(folder / service))
        run = Run(folder / "run", "--set", ALWAYS_BY_THE_MEAN)
        try:
            run.until(lambda: run.progress()[0] > 400, "frames run")
            with httpx.Client(base_url=f"http://{rest_of(run)}", timeout=60.0) as client:
                assert [answer.status_code for answer in a1_conversation(client)] == [201, 200, 400, 415, 200]
            run.end()
        finally:
            run.discard()
    return folder


def rest_of(run: Run) -> str:
    """Where the xApp of a run serves REST."""
    pid = run.child("cadran.xapp")
    assert pid is not None
    words = psutil.Process(pid).cmdline()
    return words[words.index("--rest") + 1]


def a1_conversation(client: httpx.Client) -> Iterator[httpx.Response]:
    policy = {
        "scope": {"sliceId": {"sst": 1, "plmnId": {"mcc": "001", "mnc": "01"}}},
        "sliceSlaObjectives": {"guaDlThptPerSlice": 100},
    }
    yield client.put(f"{A1_POLICIES}/embb", json=policy)
    yield client.get(f"{A1_POLICIES}/embb/status")
    yield client.put(f"{A1_POLICIES}/other", json={})
    yield client.put(f"{A1_POLICIES}/other", content=b"{}", headers={"Content-Type": "text/plain"})
    yield client.get(A1_POLICIES)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def dapp(du: int, port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "cadran.dapp", "--scenario", str(SCENARIO), "--du", str(du)]
    addresses = ["--e3-connect", f"127.0.0.1:{port}", "--http", "127.0.0.1:0"]
    process = subprocess.Popen([*command, *addresses], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def replay(file: Path, against: str, port: int, *options: str) -> subprocess.CompletedProcess[str]:
    return replay_to(f"127.0.0.1:{port}", file, against, *options)


def replay_to(address: str, file: Path, against: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cadran.cli", "trace", "replay", str(file), address]
    return subprocess.run(
        [*command, "--against", against, "--fast", *options],
        capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip


def du_of(file: Path) -> int:
    with file.open("rb") as opened:
        for stored in read(opened):
            pdu = e3ap_pb2.E3Pdu.FromString(stored.record.pdu.data)
            if pdu.HasField("setup_request"):
                return int(pdu.setup_request.du_id)
    raise AssertionError("no setup request")


def changed(file: Path, change: Callable[[e3ap_pb2.E3Pdu], None], to: Path) -> Path:
    """The recording with a changed message in it."""
    with file.open("rb") as opened, to.open("wb") as written:
        for stored in read(opened):
            record = trace_pb2.Record()
            record.CopyFrom(stored.record)
            if record.HasField("pdu"):
                pdu = e3ap_pb2.E3Pdu.FromString(record.pdu.data)
                change(pdu)
                record.pdu.data = pdu.SerializeToString()
            written.write(framed(record))
    return to


@pytest.mark.timeout(300)
def test_a_fresh_dapp_decides_as_the_recorded_one(recorded: Path) -> None:
    files = [recorded / "dapp", recorded / "dapp.1"]
    assert sorted(map(du_of, files)) == [0, 1]
    for file in files:
        port = free_port()
        with dapp(du_of(file), port):
            ended = replay(file, "dapp", port)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout.startswith("as recorded: ")
        assert int(ended.stdout.split(", ")[1].split()[0]) > 300


@pytest.mark.timeout(300)
def test_what_the_peer_recorded_serves_as_well(recorded: Path) -> None:
    """The RAN's file holds both DUs: the dApp of one makes that one's conversation, the other is missed."""
    port = free_port()
    with dapp(0, port):
        ended = replay(recorded / "ransim", "dapp", port)
    assert ended.returncode == 1
    assert ended.stderr == "DU 1: the service did not connect\n"
    assert ended.stdout.startswith("1 difference: ")


@pytest.mark.timeout(300)
def test_another_decision_is_told(recorded: Path, tmp_path: Path) -> None:
    file = recorded / "dapp"

    def another_version(pdu: e3ap_pb2.E3Pdu) -> None:
        if pdu.dapp_control_action.frame == 150:
            pdu.dapp_control_action.policy_version += 1

    port = free_port()
    with dapp(du_of(file), port):
        ended = replay(changed(file, another_version, tmp_path / "changed"), "dapp", port)
    assert ended.returncode == 1
    assert ended.stdout.startswith("1 difference: ")
    assert "dapp_control_action frame=150" in ended.stderr


@pytest.mark.timeout(300)
def test_a_fresh_xapp_answers_a1_as_the_recorded_one(recorded: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    try:
        run.until(lambda: run.progress()[0] > 0, "frames run")
        first, again = (
            replay_to(rest_of(run), recorded / "xapp", "xapp", "--interface", "a1") for _ in range(2)
        )
        run.end()
    finally:
        run.discard()
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == "as recorded: 5 messages played, 5 answers compared and alike\n"
    assert again.returncode == 1  # the policy stands there now
    assert again.stderr == f"PUT {A1_POLICIES}/embb: 200 instead of 201\n"


def test_what_cannot_be_played_is_one_line(recorded: Path) -> None:
    for file, against in ((recorded / "dapp", "xapp"), (recorded / "none", "dapp")):
        ended = replay(file, against, free_port())
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.count("\n") == 1
