"""Mutual TLS from three files that may change while the service runs.

Every handshake uses what the files hold then, so that a renewed certificate is taken up by the next
connection. Files that do not go together, as between the writing of one and the next, are left alone: the
pair before them stays.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import structlog

from cadran.runtime.files import exposed
from cadran.runtime.settings import ConfigError


@dataclass(frozen=True)
class TlsFiles:
    """Where the certificates are (PEM).

    Attributes:
        ca: whose certificates are trusted.
        cert: the service's own certificate, followed by those between it and the CA, if any.
        key: its private key, without a passphrase.
    """

    ca: Path
    cert: Path
    key: Path


@dataclass(frozen=True)
class Material:
    """What the files held at one time (PEM)."""

    ca: bytes
    cert: bytes
    key: bytes = field(repr=False)


_Fingerprint = tuple[tuple[int, int, int], ...]


class Tls:
    """A service's certificates, as new as their files.

    Args:
        files: where they are.

    Raises:
        ConfigError: one cannot be used, or key and certificate do not go together.
    """

    def __init__(self, files: TlsFiles) -> None:
        self.files = files
        self._lock = threading.Lock()
        self._seen = _fingerprint(files)
        self._material = _read(files)

    def material(self) -> Material:
        """The newest that can be used; may be called from any thread."""
        with self._lock:
            self._refresh()
            return self._material

    def _refresh(self) -> None:
        log = structlog.get_logger("cadran.tls")
        try:
            now = _fingerprint(self.files)
            if now == self._seen:
                return
            material = _read(self.files)
        except ConfigError as error:
            log.warning("renewed certificates cannot be used; those before them stay", reason=str(error))
            return
        if material != self._material:
            log.info("certificates renewed", cert=str(self.files.cert))
        self._seen, self._material = now, material

    # ------------------------------------------------------------------------------------------ gRPC

    def server_credentials(self, begun: Callable[[], None]) -> grpc.ServerCredentials:
        """For a server that only talks to those with a certificate of the CA.

        Args:
            begun: called as each handshake begins, from a thread of gRPC's.
        """

        def fetch() -> grpc.ServerCertificateConfiguration:
            begun()
            return _configuration(self.material())

        initial = _configuration(self.material())
        return grpc.dynamic_ssl_server_credentials(initial, fetch, require_client_authentication=True)

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """For one connection to a server with a certificate of the CA; to be asked for anew for the next."""
        held = self.material()
        return grpc.ssl_channel_credentials(held.ca, held.key, held.cert)

    # ------------------------------------------------------------------------------------------ Python's ssl

    def server_context(self, begun: Callable[[], None]) -> ssl.SSLContext:
        """For a server that talks to anyone, and knows those who show a certificate of the CA.

        Args:
            begun: called as each handshake begins.
        """
        newest = self._server_context()
        held = self.material()

        def choose(connection: ssl.SSLSocket | ssl.SSLObject, _: str | None, __: ssl.SSLContext) -> None:
            nonlocal newest, held
            begun()
            if (now := self.material()) != held:
                newest, held = self._server_context(), now
            connection.context = newest

        first = self._server_context()
        first.sni_callback = choose  # called as each handshake begins, with a name or without
        return first

    def _server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_OPTIONAL
        return self._filled(context)

    def client_context(self) -> ssl.SSLContext:
        """For one connection to a server with a certificate of the CA; to be asked for anew for the next."""
        return self._filled(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    def _filled(self, context: ssl.SSLContext) -> ssl.SSLContext:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(cadata=self.material().ca.decode())
        context.load_cert_chain(self.files.cert, self.files.key, _no_passphrase)
        return context


def _configuration(material: Material) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(material.key, material.cert)], material.ca)


def _no_passphrase() -> str:
    raise ssl.SSLError("a key with a passphrase is not taken")


def _fingerprint(files: TlsFiles) -> _Fingerprint:
    """What changes when one of the files does."""
    return tuple(_stat(name, path) for name, path in vars(files).items())


def _stat(name: str, path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise ConfigError(f"--tls-{name} {path}: cannot be read: {error.strerror}") from error
    if name == "key" and exposed(found.st_mode):
        raise ConfigError(f"--tls-key {path}: mode {found.st_mode & 0o777:04o}: allowed are 0600 and 0640")
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read(files: TlsFiles) -> Material:
    """What the files hold, checked: the CA is one, and the key is the certificate's.

    Raises:
        ConfigError: it cannot be used; the text never tells what the key's file holds.
    """
    before = _fingerprint(files)
    content = {name: _bytes(name, path) for name, path in vars(files).items()}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_verify_locations(cadata=content["ca"].decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(f"--tls-ca {files.ca}: holds no certificate (PEM)") from error
    try:
        context.load_cert_chain(files.cert, files.key, _no_passphrase)
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise ConfigError(f"--tls-cert {files.cert}: not a certificate with its key: {reason}") from error
    if _fingerprint(files) != before:
        raise ConfigError(f"--tls-cert {files.cert}: changed while it was read")
    return Material(**content)


def _bytes(name: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"--tls-{name} {path}: cannot be read: {error.strerror}") from error
