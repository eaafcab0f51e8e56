"""Each test runs a small service in a process of its own and looks at how it ends."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap

import pytest
from structlog.testing import capture_logs

from cadran.runtime import ConfigError
from cadran.runtime.http import Health
from cadran.runtime.lifecycle import run

PREAMBLE = """
import asyncio, os, subprocess, sys, threading, time
from cadran.runtime import ConfigError
from cadran.runtime.lifecycle import run
"""


def start(program: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: subprocess.Popen[str], *signals: signal.Signals) -> tuple[int, str, str]:
    for number in signals:
        process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


SERVES = """
async def main():
    try:
        print("ready", flush=True)
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0.05)
        print("closed", flush=True)
sys.exit(run(main, grace_s=10))
"""


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT, signal.SIGTERM]])
def test_a_service_that_is_told_to_stop_closes_cleanly(signals: list[signal.Signals]) -> None:
    status, output, errors = end(start(SERVES), *signals)
    assert status == 0
    assert output.endswith("closed\n")
    assert "Traceback" not in errors


STUCK_IN_CLEAN_UP = """
async def main():
    try:
        print("ready", flush=True)
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(60)
sys.exit(run(main, grace_s=0.2))
"""
STUCK_IN_ITS_LOOP = """
async def main():
    print("ready", flush=True)
    time.sleep(60)
sys.exit(run(main, grace_s=0.2))
"""
STUCK_IN_A_THREAD = """
async def main():
    threading.Thread(target=time.sleep, args=(60,)).start()
    print("ready", flush=True)
    await asyncio.sleep(60)
sys.exit(run(main, grace_s=0.2))
"""


@pytest.mark.parametrize("program", [STUCK_IN_CLEAN_UP, STUCK_IN_ITS_LOOP, STUCK_IN_A_THREAD])
def test_a_service_that_does_not_stop_is_ended(program: str) -> None:
    status, _, errors = end(start(program), signal.SIGTERM)
    assert status == 70
    assert "did not stop within 0.2 s: ended" in errors


def test_a_service_that_fails_while_closing_says_so() -> None:
    program = """
    async def main():
        try:
            print("ready", flush=True)
            await asyncio.sleep(60)
        finally:
            raise RuntimeError("could not close")
    sys.exit(run(main))
    """
    status, output, errors = end(start(program), signal.SIGTERM)
    assert status == 1
    assert "could not close" in output + errors


# ------------------------------------------------------------------------------- in this very process


def test_the_services_result_is_the_exit_status() -> None:
    async def main() -> int:
        return 7

    before = signal.getsignal(signal.SIGTERM)
    assert run(main) == 7
    assert signal.getsignal(signal.SIGTERM) is before


def test_bad_configuration_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> int:
        raise ConfigError("a.yaml: world.dus = 0: must be at least 1")

    assert run(main) == 2
    assert capsys.readouterr().err == "a.yaml: world.dus = 0: must be at least 1\n"


def test_another_error_is_logged_and_status_1() -> None:
    async def main() -> int:
        raise RuntimeError("no such thing")

    with capture_logs() as logged:
        assert run(main) == 1
    assert [(entry["event"], entry["log_level"]) for entry in logged] == [("service failed", "error")]
    assert logged[0]["exc_info"]


def test_the_health_is_kept_fresh_while_the_loop_turns() -> None:
    health = Health([], stale_after_s=0.0, clock=iter(range(100)).__next__)

    async def main() -> int:
        await asyncio.sleep(0.01)
        return 0

    run(main, health)
    # The clock was read once at the start, once for the beat, and now.
    assert health.silent_s == 1


def test_once_a_service_is_ready_the_collector_looks_at_what_came_after_only() -> None:
    program = """
    import gc
    from cadran.runtime.http import Health
    health = Health(["peer"])
    async def main():
        print("ready", flush=True)
        await asyncio.sleep(0)
        early = gc.get_freeze_count()
        health.met("peer")
        while not gc.get_freeze_count():
            await asyncio.sleep(0.05)
        spared = gc.get_freeze_count() > 1000 and len(gc.get_objects()) < 1000
        return 3 if early == 0 and spared else 4
    sys.exit(run(main, health))
    """
    status, _, _ = end(start(program))
    assert status == 3
