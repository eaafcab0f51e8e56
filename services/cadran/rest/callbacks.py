"""Where a service may be told to call: plain http(s) URIs, on hosts that the deployment allows.

A URI in a request must not let its sender reach what only the service can (server-side request forgery). So
hosts are networks or names of a list; a name is looked up when the call is made and the call goes to the very
address that was checked. Link-local addresses, where clouds keep their credentials, are on no list by
default.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK_AND_PRIVATE = (
    "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7",
)  # fmt: skip
_MOST_CHARACTERS = 1024
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252})")
_NUMBERED = re.compile(r"(^|\.)([0-9]+|0[xX][0-9a-fA-F]*)\.?$")
"""No top-level domain is a number. It is an address, in a form that readers disagree about (0177.1)."""


class ForbiddenDestinationError(ValueError):
    """A URI that is not called; the text says what is allowed."""


@dataclass(frozen=True)
class Destination:
    """A URI that may be called, if its host is at an allowed address.

    Attributes:
        uri: As given.
        host: Name or address, without brackets.
        port: TCP port.
        tls: Whether it is https.
        trusted: Whether the host is allowed by name, wherever it is.
    """

    uri: str
    host: str
    port: int
    tls: bool
    trusted: bool


class CallbackRules:
    """Which hosts may be called.

    Args:
        allowed: Networks (``10.0.0.0/8``) and names of hosts.

    Raises:
        ValueError: An entry is neither.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        networks: list[IpNetwork] = []
        names: set[str] = set()
        for entry in allowed:
            network = _network(entry)
            if network is not None:
                networks.append(network)
            elif _NAME.fullmatch(entry):
                names.add(entry.lower())
            else:
                raise ValueError(f"'{entry}' must be a network such as 10.0.0.0/8 or the name of a host")
        self._networks = tuple(networks)
        self._names = frozenset(names)

    def check(self, uri: str) -> Destination:
        """Look at a URI; names are not looked up yet.

        Raises:
            ForbiddenDestinationError: It may not be called.
        """
        parts = _split(uri)
        host = (parts.hostname or "").lower()
        trusted = host in self._names
        address = _address(host)
        if address is None and (not _NAME.fullmatch(host) or _NUMBERED.search(host)):
            raise ForbiddenDestinationError("must name a host")
        if address is not None and not trusted:
            self.require_allowed(address)
        tls = parts.scheme == "https"
        return Destination(uri, host, parts.port or (443 if tls else 80), tls, trusted)

    def require_allowed(self, address: IpAddress) -> None:
        """Hold an address to the networks.

        Raises:
            ForbiddenDestinationError: It is in none of them.
        """
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        found = mapped or address
        if not any(found.version == one.version and found in one for one in self._networks):
            raise ForbiddenDestinationError(f"{found} is on no network that may be called")


def _rules(allowed: tuple[str, ...]) -> tuple[str, ...]:
    CallbackRules(allowed)
    return allowed


CallbackHosts = Annotated[tuple[str, ...], AfterValidator(_rules)]
"""A setting: what `CallbackRules` allow."""


def _split(uri: str) -> SplitResult:
    if len(uri) > _MOST_CHARACTERS or not uri.isascii() or not uri.isprintable() or " " in uri:
        raise ForbiddenDestinationError(f"must be a URI of at most {_MOST_CHARACTERS} characters (RFC 3986)")
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError as error:
        raise ForbiddenDestinationError(f"is not a URI: {error}") from error
    if parts.scheme not in ("http", "https") or port == 0:
        raise ForbiddenDestinationError("must be http:// or https://")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ForbiddenDestinationError("must not hold user, password or fragment")
    return parts


def _network(entry: str) -> IpNetwork | None:
    try:
        return ipaddress.ip_network(entry)
    except ValueError:
        return None


def _address(host: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
