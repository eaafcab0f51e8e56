"""The certificates of a release on Kubernetes, kept in its secrets.

A secret that is there and good stays as it is: the CA for good, a certificate until less than a third of its
life is left or until its names are no longer those wanted. Secrets of others are left alone.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from cadran.runtime import ConfigError
from cadran.testbed.certificates import (
    CA_FILE,
    CA_KEY_FILE,
    CERT_FILE,
    KEY_FILE,
    Authority,
    Subject,
    authority_files,
    authority_from,
    issue,
    new_authority,
    subject_of,
    subjects,
)
from cadran.testbed.kubernetes_api import KubernetesApi

AUTHORITY_DAYS = 3650
"""As long as a cluster's own CA usually holds: a new one would cut services off until all have it."""

LEAST_LIFE_LEFT = 1 / 3
RENEWED = "cadran/certificates-renewed"
"""Annotation of the dApps' pods: files that a pod mounts by name change only when it starts anew."""

_OWNER = {"app.kubernetes.io/managed-by": "cadran-certs"}
_ATTEMPTS = 5

Data = dict[str, bytes]


@dataclass(frozen=True)
class Release:
    """Whom certificates are for.

    Attributes:
        name: the release's.
        fullname: beginning of the names of its objects.
        dus: number of DUs.
        days: how long certificates hold.
    """

    name: str
    fullname: str
    dus: int
    days: float

    @property
    def authority_secret(self) -> str:
        """Where the CA and its key are; no pod mounts it."""
        return f"{self.fullname}-tls-ca"

    def secret(self, service: str) -> str:
        """Where a service's certificates are."""
        return f"{self.fullname}-{service}-tls"


@dataclass(frozen=True)
class Leaf:
    """A certificate's place.

    Attributes:
        subject: whom it is for.
        cert: the secret's key of the certificate.
        key: the secret's key of its private key.
    """

    subject: Subject
    cert: str = CERT_FILE
    key: str = KEY_FILE


@dataclass(frozen=True)
class Change:
    """What was done to a secret.

    Attributes:
        made: subjects that had no certificate.
        renewed: subjects that had one.
        authority: whether it held another CA before, or none.
    """

    made: tuple[str, ...] = ()
    renewed: tuple[str, ...] = ()
    authority: bool = False

    @property
    def concerns_running(self) -> bool:
        """Whether those who run already have what is no longer good."""
        return bool(self.renewed) or self.authority


def provide(api: KubernetesApi, release: Release, now: datetime) -> dict[str, Change]:
    """Make what is missing and renew what is due; restart the dApps that have others.

    Args:
        api: the cluster.
        release: whom for.
        now: the time.

    Returns:
        Secret to what was done to it; a pass over good secrets changes none.

    Raises:
        ConfigError: the cluster refuses, a secret is somebody else's, or the CA has ended.
    """
    authority = _authority(api, release, now)
    changes = {}
    for service, leaves in _leaves(release, api.namespace).items():
        name = release.secret(service)
        issued = partial(_issued, leaves=leaves, authority=authority, days=release.days, now=now)
        changes[name] = _keep(api, release, name, issued)
    if changes[release.secret("dapp")].concerns_running:
        api.annotate_pods(f"{release.fullname}-dapp", {RENEWED: now.isoformat(timespec="seconds")})
    return changes


def _authority(api: KubernetesApi, release: Release, now: datetime) -> Authority:
    """The release's; a new one if it has none."""
    name = release.authority_secret

    def unless_there(held: Data) -> tuple[Data, Change]:
        return ({}, Change()) if held else (authority_files(new_authority(now, AUTHORITY_DAYS)), Change())

    _keep(api, release, name, unless_there)
    held = _data(name, api.secret(name) or {})
    try:
        return authority_from(held[CA_FILE], held[CA_KEY_FILE], now)
    except (KeyError, ConfigError) as error:
        raise ConfigError(
            f"secret {name}: no authority that can be used: {error}; remove it, and a new one is made"
        ) from error


def _leaves(release: Release, namespace: str) -> dict[str, list[Leaf]]:
    """Service to its certificates; the dApps share a secret, in which each has the name of its pod."""
    hosts = {
        service: (f"{release.fullname}-{service}", f"{release.fullname}-{service}.{namespace}.svc")
        for service in ("ransim", "xapp")
    }
    known = {subject.name: subject for subject in subjects(release.dus, hosts)}
    pods = [(known[f"dapp-{du}"], f"{release.fullname}-dapp-{du}") for du in range(release.dus)]
    return {
        "ransim": [Leaf(known["ransim"])],
        "xapp": [Leaf(known["xapp"])],
        "dapp": [Leaf(subject, f"{pod}.crt", f"{pod}.key") for subject, pod in pods],
    }


def _issued(
    held: Data, leaves: list[Leaf], authority: Authority, days: float, now: datetime
) -> tuple[Data, Change]:
    """What to write into a secret, and what that changes for whom."""
    ca = authority_files(authority)[CA_FILE]
    due = [leaf for leaf in leaves if not _good(held, leaf, authority, now)]
    written = {} if held.get(CA_FILE) == ca else {CA_FILE: ca}
    for leaf in due:
        written[leaf.cert], written[leaf.key] = issue(authority, leaf.subject, days, now)
    return written, Change(
        tuple(leaf.subject.name for leaf in due if leaf.cert not in held),
        tuple(leaf.subject.name for leaf in due if leaf.cert in held),
        authority=CA_FILE in written,
    )


def _good(held: Data, leaf: Leaf, authority: Authority, now: datetime) -> bool:
    """Whether one is there, of this CA, with its key and the names wanted, and holds long enough."""
    try:
        certificate = x509.load_pem_x509_certificate(held[leaf.cert])
        certificate.verify_directly_issued_by(authority.certificate)
        key = serialization.load_pem_private_key(held[leaf.key], None)
        subject = subject_of(leaf.subject.name, certificate)
    except (KeyError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    long_enough = end - now >= (end - begin) * LEAST_LIFE_LEFT
    return long_enough and _same(subject, leaf.subject) and key.public_key() == certificate.public_key()


def _same(one: Subject, other: Subject) -> bool:
    """Whether they have the same names, in whatever order."""
    sides = [(set(side.hosts), set(side.uris), side.server) for side in (one, other)]
    return sides[0] == sides[1]


# ---------------------------------------------------------------------------------------------- secrets


def _keep(
    api: KubernetesApi, release: Release, name: str, wanted: Callable[[Data], tuple[Data, Change]]
) -> Change:
    """Bring a secret to what is wanted, looking again where somebody else changes it meanwhile.

    Args:
        api: the cluster.
        release: whose it is.
        name: of the secret.
        wanted: from what it holds to what must be written into it besides; nothing leaves it as it is.
    """
    for _ in range(_ATTEMPTS):
        found = api.secret(name)
        written, change = wanted({} if found is None else _data(name, found))
        if not written:
            return change
        if found is None:
            done = api.create_secret(_secret(release, name, written))
        else:
            done = api.replace_secret({**found, "data": {**(found.get("data") or {}), **_encoded(written)}})
        if done:
            return change
    raise ConfigError(f"secret {name}: changed by somebody else {_ATTEMPTS} times while it was written")


def _secret(release: Release, name: str, data: Mapping[str, bytes]) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": "cadran", "app.kubernetes.io/instance": release.name, **_OWNER}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": labels},
        "type": "Opaque",
        "data": _encoded(data),
    }


def _encoded(data: Mapping[str, bytes]) -> dict[str, str]:
    return {key: base64.b64encode(value).decode() for key, value in data.items()}


def _data(name: str, found: Mapping[str, Any]) -> Data:
    """What a secret of ours holds.

    Raises:
        ConfigError: it is not ours.
    """
    labels = (found.get("metadata") or {}).get("labels") or {}
    if not _OWNER.items() <= labels.items():
        raise ConfigError(
            f"secret {name}: not made by this command; remove it, or name it in tls.existingSecrets"
        )
    try:
        return {key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}
    except (ValueError, TypeError) as error:
        raise ConfigError(f"secret {name}: holds what is not base64: {error}") from error
