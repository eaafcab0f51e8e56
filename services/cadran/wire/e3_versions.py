"""Versions of E3AP: what this side speaks, and the newest that two sides both speak.

A version is "major.minor". A minor only adds to the ones before it, so who speaks 1.4 speaks 1.0 to 1.3
too, and one version per major says everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from cadran.wire.causes import Cause, WireError

_FORM = re.compile(r"(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})")
_MOST_READ = 16


class Version(NamedTuple):
    """One version; ordered by age."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


#: The newest version of each major that this side speaks.
SPOKEN = (Version(1, 1),)
#: The first version with subscriptions.
WITH_SUBSCRIPTIONS = Version(1, 1)
#: The lowest version that this side speaks.
LOWEST = Version(min(SPOKEN).major, 0)


def parse_version(text: str) -> Version:
    """The version that a text names.

    Raises:
        WireError: protocol/semantic-error, it names none.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise WireError(Cause("protocol", "semantic-error", f"E3AP {text[:20]!r}; major.minor is allowed"))
    return Version(int(found[1]), int(found[2]))


def offered(supported: Iterable[str], single: str) -> tuple[Version, ...]:
    """What a peer offers: its list or, from one of version 1.0, its single version.

    Raises:
        WireError: protocol/semantic-error, one of them is no version, or there are more than 16.
    """
    texts = tuple(supported) or (single,)
    if len(texts) > _MOST_READ:
        raise WireError(Cause("protocol", "semantic-error", f"{len(texts)} versions; at most {_MOST_READ}"))
    return tuple(parse_version(text) for text in texts)


def negotiate(theirs: Iterable[Version], ours: Iterable[Version] = SPOKEN) -> Version:
    """The newest version that both sides speak.

    Raises:
        WireError: dapp/protocol-version-unsupported, there is none.
    """
    theirs, ours = tuple(theirs), tuple(ours)
    common = [
        Version(own.major, min(own.minor, other.minor))
        for own in ours
        for other in theirs
        if own.major == other.major
    ]
    if not common:
        text = f"offered E3AP {_listed(theirs)}; spoken here {_listed(ours)}, and older minors"
        raise WireError(Cause("dapp", "protocol-version-unsupported", text))
    return max(common)


def _listed(versions: Iterable[Version]) -> str:
    return ", ".join(str(version) for version in versions)
