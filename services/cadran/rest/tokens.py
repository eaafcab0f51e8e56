"""Bearer tokens from a file: who calls, and with which role.

One token a line, `ROLE NAME TOKEN`; empty lines and lines that begin with `#` say nothing:

    operate alice 1f0c5a...
    read grafana 9be2d7...
"""

from __future__ import annotations

import hmac
import os
import re
import stat
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from pathlib import Path

import structlog

from cadran.runtime import ConfigError
from cadran.runtime.files import exposed

_LINE = re.compile(r"(?P<role>\w+)\s+(?P<name>[\w.@-]{1,64})\s+(?P<token>[A-Za-z0-9._~+/-]{32,512}=*)")


class Role(IntEnum):
    """What a caller may do; each role may do what the ones below it may.

    READ looks, OPERATE changes what a network's operator changes, ADMIN changes what keeps operators safe.
    """

    ANYONE = 0
    READ = 1
    OPERATE = 2
    ADMIN = 3


@dataclass(frozen=True)
class Caller:
    """Who calls, by the name in the tokens' file or in the certificate, and with which role."""

    name: str
    role: Role


NOBODY = Caller("", Role.ANYONE)
"""A caller who has shown nothing."""


@dataclass(frozen=True)
class _Known:
    digest: bytes
    caller: Caller


class TokenFile:
    """The callers that a file names; it is read again whenever it has changed.

    A file that cannot be used any more makes every token void until it can be, and is told of once.

    Args:
        path: the file. Others than its owner and group must not be able to read it.

    Raises:
        ConfigError: it cannot be used; the text never tells what a line holds.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = _fingerprint(path)
        self._known = _read(path)

    def caller(self, token: str) -> Caller | None:
        """Whose token this is; None: nobody's. Takes the same time whichever it is."""
        self._refresh()
        digest = sha256(token.encode()).digest()
        found = None
        for known in self._known:
            if hmac.compare_digest(known.digest, digest):
                found = known.caller
        return found

    def _refresh(self) -> None:
        now = _fingerprint(self._path)
        if now == self._seen:
            return
        self._seen = now
        log = structlog.get_logger("cadran.rest")
        try:
            self._known = _read(self._path)
        except ConfigError as error:
            self._known = ()
            log.error("no token is valid until their file can be used", reason=str(error))
        else:
            log.info("tokens read again", callers=[known.caller.name for known in self._known])


def _fingerprint(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode)


def _read(path: Path) -> tuple[_Known, ...]:
    try:
        with path.open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            lines = file.read().splitlines()
    except OSError as error:
        raise ConfigError(f"--rest-tokens {path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"--rest-tokens {path}: not UTF-8 text (byte {error.start})") from error
    if exposed(mode):
        raise ConfigError(
            f"--rest-tokens {path}: mode {mode:04o} lets others at it; allowed are 0600 and 0640"
        )
    known = tuple(
        _parse(path, number, line.strip())
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    )
    if not known:
        raise ConfigError(f"--rest-tokens {path}: holds no token; each line reads: ROLE NAME TOKEN")
    return known


def _parse(path: Path, number: int, line: str) -> _Known:
    parts = _LINE.fullmatch(line)
    roles = {role.name.lower(): role for role in Role if role is not Role.ANYONE}
    if parts is None or parts["role"] not in roles:
        raise ConfigError(
            f"--rest-tokens {path}: line {number}: must read ROLE NAME TOKEN, with a role out of "
            f"{', '.join(roles)} and a token of 32 to 512 letters, digits and ._~+/-"
        )
    caller = Caller(parts["name"], roles[parts["role"]])
    return _Known(sha256(parts["token"].encode()).digest(), caller)
