"""Ports are free, different, and out of the way of outgoing connections."""

import socket

import pytest

from cadran.testbed import ports
from cadran.testbed.ports import FIRST_PORT, LAST_PORT, LOOPBACK, free_ports


def test_ports_are_free_and_different() -> None:
    chosen = free_ports(40)
    assert len(set(chosen)) == 40
    for port in chosen:
        assert FIRST_PORT <= port <= LAST_PORT
        with socket.socket() as probe:
            probe.bind((LOOPBACK, port))


def test_no_free_port_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        port = taken.getsockname()[1]
        monkeypatch.setattr(ports, "FIRST_PORT", port)
        monkeypatch.setattr(ports, "LAST_PORT", port)
        with pytest.raises(OSError, match="no free TCP port"):
            free_ports(1)
