"""A measured load from a file."""

from __future__ import annotations

import csv
import gzip
import io
import math
import tarfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.traffic import load_profile
from cadran.radio.traffic.loads import LONGEST_PROFILE
from cadran.runtime import ConfigError

NO_VALUE = ("", "-")
"""Cells that hold no value, beside NaN."""
UNDERSCORED = "%Y.%m.%d_%H.%M.%S"
"""Time stamps as G-NetTrack writes them, beside those of ISO 8601."""
TIMES = (
    "allowed before the first comma are seconds, or time stamps such as 2019.12.14_10.16.30 or "
    "2019-12-14T10:16:30"
)

_Cells = Sequence[str]


class LoadSource(NamedTuple):
    """What ``FILE[:COLUMN]`` names: a file and, in its header, a column."""

    path: Path
    column: str | None

    @classmethod
    def of(cls, text: str) -> LoadSource:
        """The source that ``text`` names; a file whose whole name this is comes first."""
        file, colon, column = text.rpartition(":")
        if not colon or Path(text).is_file():
            return cls(Path(text), None)
        return cls(Path(file), column)


@dataclass(frozen=True)
class MeasuredLoad:
    """Load over time: times in s since the earliest, not decreasing; values >= 0, or NaN for none."""

    path: Path
    times_s: NDArray[np.float64]
    values: NDArray[np.float64]

    def profile(self, step_s: float) -> NDArray[np.float64]:
        """Mean load in steps of ``step_s``, as the radio plays it.

        Raises:
            ConfigError: the file lasts longer than a profile may.
        """
        lasts_s = float(self.times_s[-1])
        if lasts_s >= LONGEST_PROFILE * step_s:
            raise ConfigError(
                f"load {self.path}: lasts {lasts_s:g} s, allowed are {LONGEST_PROFILE} steps of "
                f"world.load.profile_step_s = {step_s:g} s"
            )
        return load_profile(self.times_s, self.values, step_s)


def read_load(source: LoadSource) -> MeasuredLoad:
    """Reads lines of comma-separated cells: the time first, then the value; a ``.gz`` file is unpacked.

    A time is a number of seconds, or a time stamp; the first line decides for all. A value is a number in
    any unit, since only its ratio to the mean counts; an empty cell, ``-`` and ``nan`` are no value. Without
    a column the value is the second cell, and a first line that begins with no time is taken as the header.
    Lines are put in the order of their times: a logger that starts anew may repeat a second.

    Raises:
        ConfigError: the file cannot be read, has no such column, or no value above 0; or a line has no time
            or value that is allowed.
    """
    said = f"load {source.path}"
    lines = _lines(source.path)
    if not lines:
        raise ConfigError(f"{said}: is empty; needs lines of a time and a value")
    first = lines[0][1]
    column = 1 if source.column is None else _column(said, first, source.column)
    if source.column is not None or _clock(first[0]) is None:
        lines = lines[1:]
    times = _times(said, lines)
    values = np.array([_value(f"{said}, line {number}", cells, column) for number, cells in lines])
    if not (values > 0).any():
        raise ConfigError(f"{said}: no line has a value above 0")
    order = np.argsort(times, kind="stable")
    return MeasuredLoad(source.path, times[order] - times[order[0]], values[order])


def _lines(path: Path) -> list[tuple[int, _Cells]]:
    """Lines that are not empty, with their numbers, cut into cells."""
    try:
        packed = path.read_bytes()
        if tarfile.is_tarfile(io.BytesIO(packed)):
            raise ConfigError(f"load {path}: is an archive; unpack it and name one of its files")
        text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text), skipinitialspace=True)
        return [(reader.line_num, cells) for cells in reader if cells]
    except OSError as error:
        raise ConfigError(f"load {path}: cannot be read: {error.strerror or error}") from error
    except (EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"load {path}: is no CSV text: {error}") from error


def _column(said: str, header: _Cells, name: str) -> int:
    names = [cell.strip() for cell in header]
    if name not in names[1:]:
        raise ConfigError(
            f"{said}: no column '{name}' after the time's; the first line has: {', '.join(names)[:400]}"
        )
    return names.index(name, 1)


def _times(said: str, lines: Sequence[tuple[int, _Cells]]) -> NDArray[np.float64]:
    """Times in s, in the order of the lines; float64 loses less than 1 µs of a time stamp."""
    clock = _clock(lines[0][1][0]) if lines else None
    times: list[float] = []
    for number, cells in lines:
        time_s = None if clock is None else clock(cells[0])
        if time_s is None:
            raise ConfigError(
                f"{said}, line {number}: time {cells[0][:40]!r}: {TIMES}, the same kind in all lines"
            )
        times.append(time_s)
    return np.array(times)


def _value(said: str, cells: _Cells, column: int) -> float:
    if column >= len(cells):
        raise ConfigError(
            f"{said}: {len(cells)} cells, the value is cell {column + 1}; commas separate cells"
        )
    cell = cells[column].strip()
    value = math.nan if cell in NO_VALUE else _number(cell)
    if value is None or value < 0 or math.isinf(value):
        raise ConfigError(
            f"{said}: value {cell[:40]!r}: allowed are numbers >= 0, and '-' or nothing for no value"
        )
    return value


def _clock(cell: str) -> Callable[[str], float | None] | None:
    """What reads times such as this one; None where it is no time."""
    readers = (_seconds, _stamp)
    return next((reader for reader in readers if reader(cell) is not None), None)


def _seconds(cell: str) -> float | None:
    number = _number(cell)
    return number if number is not None and math.isfinite(number) else None


def _stamp(cell: str) -> float | None:
    """Seconds since 1970 of a time stamp; one without a time zone is taken as UTC."""
    text = cell.strip()
    for parse in (datetime.fromisoformat, lambda stamp: datetime.strptime(stamp, UNDERSCORED)):
        try:
            parsed = parse(text)
        except ValueError:
            continue
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    return None


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
