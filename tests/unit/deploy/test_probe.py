"""The health check of the images, as the container engine runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cadran.runtime import Address
from cadran.runtime.http import Health, HttpServer
from cadran.runtime.metrics import new_registry

PROBE = Path(__file__).parents[3] / "deploy" / "images" / "probe.py"


def probe(*variables: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-IS", PROBE, *variables], env=environment, capture_output=True, text=True
    )
    assert not done.stderr
    return done.returncode, done.stdout


def test_it_says_whether_the_service_is_ready_and_why_not() -> None:
    health = Health(["e3"])
    with HttpServer(Address("127.0.0.1", 0), new_registry("dapp"), health) as server:
        everywhere = f"0.0.0.0:{server.address.port}"
        status, said = probe("HTTP", HTTP=everywhere)
        assert status == 1
        assert "not yet" in said
        health.met("e3")
        assert probe("HTTP", HTTP=everywhere) == (0, "")
        assert probe("HTTP", HTTP=f"localhost:{server.address.port}") == (0, "")


def test_one_ready_service_of_an_image_of_two_is_enough(unused_tcp_port: int) -> None:
    nobody = f"0.0.0.0:{unused_tcp_port}"
    with HttpServer(Address("127.0.0.1", 0), new_registry("rapp"), Health([])) as server:
        assert probe("XAPP", "RAPP", XAPP=nobody, RAPP=f"0.0.0.0:{server.address.port}") == (0, "")
    status, said = probe("XAPP", "RAPP", XAPP=nobody)
    assert status == 1
    assert "refused" in said
    assert probe("XAPP", "RAPP") == (1, "none of XAPP, RAPP is set\n")
