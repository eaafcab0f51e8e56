"""Certificates for tests: a testbed's own authority, and others whom nobody should believe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cadran.runtime.tls import Tls, TlsFiles
from cadran.testbed.certificates import (
    CA_FILE,
    CERT_FILE,
    KEY_FILE,
    Subject,
    issue,
    load_authority,
    make,
    renew,
    subjects,
    utc_now,
)

STRANGERS = ("other CA", "expired", "other DU")


@dataclass(frozen=True)
class Certificates:
    """The folder that `cadran certs make` fills, for two DUs."""

    folder: Path
    elsewhere: Path

    def files(self, name: str) -> TlsFiles:
        return files_in(self.folder / name)

    def of(self, name: str) -> Tls:
        return Tls(self.files(name))

    def other_ca(self, name: str) -> TlsFiles:
        """The same names, signed by somebody else; trusts the testbed's authority."""
        theirs = files_in(self.elsewhere / name)
        theirs.ca.write_bytes((self.folder / "ca" / CA_FILE).read_bytes())
        return theirs

    def expired(self, subject: Subject) -> TlsFiles:
        """Signed by the testbed's authority, for a time that is over."""
        return self.issued(f"expired-{subject.name}", subject, days=-1.0)

    def issued(self, folder: str, subject: Subject, days: float) -> TlsFiles:
        cert, key = issue(load_authority(self.folder, utc_now()), subject, days, utc_now())
        place = self.elsewhere / folder
        place.mkdir(parents=True)
        (place / CA_FILE).write_bytes((self.folder / "ca" / CA_FILE).read_bytes())
        (place / CERT_FILE).write_bytes(cert)
        (place / KEY_FILE).touch(0o600)
        (place / KEY_FILE).write_bytes(key)
        return files_in(place)

    def subject(self, name: str) -> Subject:
        return next(one for one in subjects(2, {}) if one.name == name)

    def stranger(self, kind: str, name: str, other: str) -> TlsFiles:
        """One of `STRANGERS` that goes for `name`; `other` is of another DU."""
        if kind == "other CA":
            return self.other_ca(name)
        return self.expired(self.subject(name)) if kind == "expired" else self.files(other)

    def renew(self) -> None:
        renew(self.folder, 30.0, utc_now())


def files_in(folder: Path) -> TlsFiles:
    return TlsFiles(folder / CA_FILE, folder / CERT_FILE, folder / KEY_FILE)


def certificates_in(folder: Path) -> Certificates:
    """Made anew under a folder, twice: ours and theirs."""
    made = Certificates(folder / "ours", folder / "theirs")
    for place in (made.folder, made.elsewhere):
        make(place, subjects(2, {}), 30.0, utc_now())
    return made
