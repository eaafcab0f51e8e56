"""An address that is taken is told in one line, with exit status 2."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

SCENARIO = str(Path(__file__).parents[2] / "scenarios" / "smoke.yaml")


@pytest.mark.parametrize(
    ("service", "flag"),
    [
        (("cadran.ransim", "--http", "127.0.0.1:0"), "--e3-listen"),
        (("cadran.ransim",), "--http"),
        (("cadran.dapp", "--du", "0"), "--http"),
    ],
)
def test_a_taken_address_is_told_in_one_line(service: tuple[str, ...], flag: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        command = [sys.executable, "-m", *service, "--scenario", SCENARIO, flag, address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert flag in done.stderr
    assert address in done.stderr
