from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest
from stack import NoEngineError, Stack, engine

PORTS = ("CADRAN_XAPP_PORT", "CADRAN_RAPP_PORT", "CADRAN_PROMETHEUS_PORT", "CADRAN_GRAFANA_PORT")


def _free_ports(names: tuple[str, ...]) -> dict[str, str]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = [str(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return dict(zip(names, ports, strict=True))


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The deployment of the sources as they are, healthy; afterwards nothing of it may be left."""
    try:
        engine("version")
        made = Stack(f"cadran-test-{os.getpid()}", {**_free_ports(PORTS), "CADRAN_TAG": "tested"})
    except NoEngineError as error:
        pytest.exit(f"make test-compose: {error}", returncode=2)
    try:
        made.compose("up", "--build", "--detach", "--wait", "--wait-timeout", "300")
        yield made
    finally:
        made.compose("--profile", "observability", "down", "--volumes", "--timeout", "40", check=False)
        assert made.left() == []
