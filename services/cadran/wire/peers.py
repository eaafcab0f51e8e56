"""Who is at the other end of a stream, by its certificate.

A certificate says in its alternative names, as URIs, which DU's dApp or E2 node its owner is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from cadran.wire.causes import Cause, WireError

_ALTERNATIVE_NAMES = "x509_subject_alternative_name"


class Authenticated(Protocol):
    """The part of a gRPC server context that tells who the peer is."""

    def auth_context(self) -> Mapping[str, Iterable[bytes]]:
        """Properties of the peer's certificate; none on a connection without TLS."""


def dapp_name(du: int) -> str:
    """The URI in the certificate of the dApp of a DU."""
    return f"urn:cadran:dapp:{du}"


def e2_node_name(du: int) -> str:
    """The URI in the certificate of a DU as an E2 node; one certificate may hold those of several."""
    return f"urn:cadran:e2-node:{du}"


def require_name(stream: Authenticated, name: str) -> None:
    """Asks for a name in the peer's certificate.

    Raises:
        WireError: dapp/not-authorised: the certificate has other names.
    """
    held = [value.decode(errors="replace") for value in stream.auth_context().get(_ALTERNATIVE_NAMES, ())]
    if name not in held:
        uris = [one for one in held if one.startswith("urn:cadran:")]
        text = f"the certificate is not that of {name}: it names {', '.join(uris[:8]) or 'nobody'}"
        raise WireError(Cause("dapp", "not-authorised", text))
