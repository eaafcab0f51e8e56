"""A certificate authority of one testbed, and the certificates of its services and people.

Keys are ECDSA P-256. A service has a folder of its own with `ca.crt`, `tls.crt` and `tls.key`, named as
Kubernetes names them, so that each can be given its own key and no other. What a certificate's owner may do
stands in its alternative names as URIs: `wire.peers` and `rest.certified` say which.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cadran.rest import Role
from cadran.rest.certified import role_name
from cadran.runtime import ConfigError, atomic_write
from cadran.wire.peers import dapp_name, e2_node_name

CA_FILE, CERT_FILE, KEY_FILE, CA_KEY_FILE = "ca.crt", "tls.crt", "tls.key", "ca.key"
AUTHORITY_DAYS = 365
_LOCAL = ("localhost", "127.0.0.1", "::1")
_EARLIER = timedelta(minutes=5)
"""Certificates hold from a little before they were made: clocks differ."""


@dataclass(frozen=True)
class Subject:
    """Who a certificate is for.

    Attributes:
        name: common name, and name of the folder.
        hosts: names and IP addresses that it may be reached by.
        uris: what its owner is and may do.
        server: whether others connect to it; all may connect to others.
    """

    name: str
    hosts: tuple[str, ...]
    uris: tuple[str, ...]
    server: bool


@dataclass(frozen=True)
class Authority:
    """Who signs.

    Attributes:
        certificate: its own.
        key: its private key.
    """

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def subjects(dus: int, hosts: Mapping[str, Sequence[str]]) -> list[Subject]:
    """The services of a testbed with so many DUs, and a person of each role.

    Args:
        dus: number of DUs.
        hosts: further names and addresses of the services that others connect to.

    Raises:
        ConfigError: a host is named of a service that nobody connects to.
    """
    servers = {
        "ransim": tuple(e2_node_name(du) for du in range(dus)),
        "xapp": (role_name(Role.OPERATE),),
        "rapp": (role_name(Role.OPERATE),),
        "redis": (),
    }
    for name in hosts:
        if name not in servers:
            raise ConfigError(f"--host {name}=...: nobody connects to it; allowed: {', '.join(servers)}")
    people = {"reader": Role.READ, "operator": Role.OPERATE, "admin": Role.ADMIN}
    return [
        *(Subject(name, (name, *_LOCAL, *hosts.get(name, ())), uris, True) for name, uris in servers.items()),
        *(Subject(f"dapp-{du}", (), (dapp_name(du),), False) for du in range(dus)),
        *(Subject(name, (), (role_name(role),), False) for name, role in people.items()),
    ]


def make(folder: Path, wanted: Sequence[Subject], days: float, now: datetime, shared: bool = False) -> None:
    """Make an authority and certificates in a folder.

    Args:
        folder: where; the authority's key goes to `ca`, which services need not see.
        wanted: whom for.
        days: how long certificates hold; the authority's own holds for a year.
        now: the time.
        shared: the files' group may read the keys.

    Raises:
        ConfigError: there is an authority already, or the folder cannot be written.
    """
    if has_authority(folder):
        raise ConfigError(f"{folder / 'ca'}: there is an authority already; `cadran certs renew` keeps it")
    authority = new_authority(now)
    try:
        _write(folder / "ca", {CA_FILE: _pem(authority.certificate)}, (CA_KEY_FILE, _key_pem(authority.key)))
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error.strerror}") from error
    _issue_all(folder, authority, wanted, days, now, shared)


def renew(
    folder: Path, days: float, now: datetime, more: Sequence[Subject] = (), shared: bool = False
) -> list[str]:
    """Make new keys and certificates for all that a folder holds, with the names that they have.

    Args:
        folder: from `make`.
        days: how long they hold.
        now: the time.
        more: whom to make certificates for besides, with other names than the folder's if it holds theirs.
        shared: the files' group may read the keys.

    Returns:
        Whose were renewed or made.

    Raises:
        ConfigError: the folder holds no authority, or a certificate that cannot be read.
    """
    authority = load_authority(folder, now)
    held = [_subject_in(path) for path in sorted(folder.glob(f"*/{CERT_FILE}"))]
    wanted = {subject.name: subject for subject in (*held, *more)}
    _issue_all(folder, authority, list(wanted.values()), days, now, shared)
    return list(wanted)


def has_authority(folder: Path) -> bool:
    """Whether a folder holds an authority."""
    return (folder / "ca" / CA_KEY_FILE).exists()


def new_authority(now: datetime, days: float = AUTHORITY_DAYS) -> Authority:
    """An authority that is nobody else's, for so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Cadran testbed CA")])
    public = key.public_key()
    certificate = (
        _builder(name, name, public, now, now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def load_authority(folder: Path, now: datetime) -> Authority:
    """The authority of a folder.

    Raises:
        ConfigError: there is none, it cannot be read, or it does not hold any more.
    """
    place = folder / "ca"
    try:
        files = (place / CA_FILE).read_bytes(), (place / CA_KEY_FILE).read_bytes()
    except OSError as error:
        raise ConfigError(f"{place}: no authority that can be used: {error}") from error
    try:
        return authority_from(*files, now)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}; make another in a new folder") from error


def authority_from(ca: bytes, ca_key: bytes, now: datetime) -> Authority:
    """The authority of two files' content (PEM).

    Raises:
        ConfigError: it cannot be read, or it does not hold any more.
    """
    try:
        certificate = x509.load_pem_x509_certificate(ca)
        key = serialization.load_pem_private_key(ca_key, None)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"no authority that can be used: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise ConfigError(f"{CA_KEY_FILE} is not the key of {CA_FILE}")
    if certificate.not_valid_after_utc <= now:
        raise ConfigError("the authority has ended")
    return Authority(certificate, key)


def authority_files(authority: Authority) -> dict[str, bytes]:
    """What `authority_from` reads, by the files' names."""
    return {CA_FILE: _pem(authority.certificate), CA_KEY_FILE: _key_pem(authority.key)}


def issue(authority: Authority, subject: Subject, days: float, now: datetime) -> tuple[bytes, bytes]:
    """A new key, and its certificate, which never outlives the authority.

    Args:
        authority: who signs.
        subject: whom for.
        days: how long it holds; a negative number makes one that has ended.
        now: the time.

    Returns:
        Certificate and key as PEM.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject.name)])
    end = min(now + timedelta(days=days), authority.certificate.not_valid_after_utc)
    begin = min(now, end) - _EARLIER
    client, server = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
    built = (
        _builder(name, authority.certificate.subject, key.public_key(), begin, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([client, server] if subject.server else [client]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
    )
    names = _names(subject)
    if names:
        built = built.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return _pem(built.sign(authority.key, hashes.SHA256())), _key_pem(key)


def _builder(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, begin: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _names(subject: Subject) -> list[x509.GeneralName]:
    return [
        *(_host(host) for host in subject.hosts),
        *(x509.UniformResourceIdentifier(uri) for uri in subject.uris),
    ]


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _subject_in(path: Path) -> Subject:
    try:
        return subject_of(path.parent.name, x509.load_pem_x509_certificate(path.read_bytes()))
    except (OSError, ValueError, x509.ExtensionNotFound) as error:
        raise ConfigError(f"{path}: not a certificate of this command: {error}") from error


def subject_of(name: str, certificate: x509.Certificate) -> Subject:
    """Whom a certificate from `issue` is for.

    Raises:
        ExtensionNotFound, ValueError: it is from elsewhere.
    """
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    hosts = [
        *names.get_values_for_type(x509.DNSName),
        *(str(address) for address in names.get_values_for_type(x509.IPAddress)),
    ]
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    return Subject(name, tuple(hosts), tuple(uris), ExtendedKeyUsageOID.SERVER_AUTH in usage)


def _issue_all(
    folder: Path, authority: Authority, wanted: Sequence[Subject], days: float, now: datetime, shared: bool
) -> None:
    ca = _pem(authority.certificate)
    try:
        for subject in wanted:
            cert, key = issue(authority, subject, days, now)
            _write(folder / subject.name, {CA_FILE: ca, CERT_FILE: cert}, (KEY_FILE, key), shared)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error.strerror}") from error


def _write(folder: Path, files: Mapping[str, bytes], key: tuple[str, bytes], shared: bool = False) -> None:
    """Key first: services take up a new pair once both are there."""
    folder.mkdir(parents=True, exist_ok=True)
    before = os.umask(0o027 if shared else 0o077)
    try:
        atomic_write(folder / key[0], key[1])
    finally:
        os.umask(before)
    for name, content in files.items():
        atomic_write(folder / name, content)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def utc_now() -> datetime:
    """The time, as certificates count it."""
    return datetime.now(UTC)
