"""The role that a client certificate gives over REST: a URI among its alternative names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cadran.rest.tokens import NOBODY, Caller, Role

_PREFIX = "urn:cadran:role:"


def role_name(role: Role) -> str:
    """The URI that gives a certificate's owner this role."""
    return _PREFIX + role.name.lower()


_ROLES = {role_name(role): role for role in Role if role is not Role.ANYONE}


def caller_in(certificate: dict[str, Any] | None) -> Caller:
    """Who calls, and with which role.

    Args:
        certificate: as `ssl.SSLSocket.getpeercert` gives it, verified; None or empty: there is none.
    """
    if not certificate:
        return NOBODY
    uris = [value for kind, value in certificate.get("subjectAltName", ()) if kind == "URI"]
    role = max((_ROLES[uri] for uri in uris if uri in _ROLES), default=Role.ANYONE)
    return Caller(_common_name(certificate.get("subject", ())), role)


def _common_name(subject: Iterable[Iterable[tuple[str, str]]]) -> str:
    return next((value for part in subject for key, value in part if key == "commonName"), "unnamed")
