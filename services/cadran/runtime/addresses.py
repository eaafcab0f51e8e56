"""Network addresses as people write them: `host:port`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator


@dataclass(frozen=True)
class Address:
    """A TCP endpoint.

    Attributes:
        host: name or IP address; an IPv6 address without brackets.
        port: 0..65535; 0 lets the system choose where the address is listened on.
    """

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str) -> Address:
    """Parse `host:port`, `[ipv6]:port`.

    Args:
        text: as written by a person, for example `127.0.0.1:50051`.

    Raises:
        ValueError: host or port is missing, or the port is not in 0..65535.
    """
    host, colon, port = text.strip().rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"address '{text}': an IPv6 host must be written in brackets, [::1]:50051")
    if not colon or not host:
        raise ValueError(f"address '{text}': must read host:port, for example 127.0.0.1:50051")
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ValueError(f"address '{text}': the port must be a whole number from 0 to 65535")
    return Address(host, int(port))


def _parse_if_text(value: object) -> object:
    return parse_address(value) if isinstance(value, str) else value


AddressField = Annotated[Address, BeforeValidator(_parse_if_text)]
"""An `Address` in a settings model, given as text or as an `Address`."""
