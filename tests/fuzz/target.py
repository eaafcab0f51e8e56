"""What a fuzz target is, and how its input is cut into messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

SEPARATOR = b"\xde\xad"
"""Between the messages of one input; a marker rather than a length, so that mutations keep the cut."""


class Finding(AssertionError):
    """A property that an input breaks."""


@dataclass(frozen=True)
class Target:
    """Something that reads bytes.

    Attributes:
        name: short, for the command line.
        run: takes one input; raises for a finding, and for nothing else.
        seeds: valid inputs.
    """

    name: str
    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]


def reads(
    name: str, read: Callable[[bytes], object], refuses: tuple[type[Exception], ...], seeds: Iterable[bytes]
) -> Target:
    """A target that either reads its input or refuses it with an error of its own.

    Args:
        name: of the target.
        read: the decoder.
        refuses: the errors that its callers expect; any other is a finding.
        seeds: valid inputs.
    """
    held = list(seeds)

    def run(data: bytes) -> None:
        try:
            read(data)
        except refuses:
            return

    return Target(name, run, lambda: held)


def joined(*messages: bytes) -> bytes:
    """One input of several messages."""
    return SEPARATOR.join(messages)


def cut(data: bytes) -> list[bytes]:
    """The messages of an input."""
    return data.split(SEPARATOR)
