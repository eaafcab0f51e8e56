"""What a study has to say: sections of sentences, tables and plots, and the report that holds them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cadran.lab.statistics import Interval

Cell = str | int | float | bool | Interval | None
"""One entry of a table; None where there is nothing to say."""

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Table:
    """Numbers, once for the page and once for a CSV file.

    Attributes:
        name: Of its CSV file, beside the section's: lower-case words joined by hyphens.
        title: What it shows, for the page.
        columns: Headings, each with its unit in parentheses where it has one; all different.
        rows: As long as ``columns``; the first cell of each names the row.
        note: What one has to know to read it, such as what its intervals span; may be empty.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        _require_name("table", self.name)
        if len(set(self.columns)) < len(self.columns):
            raise ValueError(f"table {self.name}: columns must have different names, not {self.columns}")
        for index, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ValueError(
                    f"table {self.name}: row {index} has {len(row)} cells for {len(self.columns)} columns"
                )


@dataclass(frozen=True)
class Plot:
    """A picture.

    Attributes:
        name: Lower-case words joined by hyphens.
        caption: What it shows, in words that also serve those who cannot see it.
        png: The picture on a white background.
    """

    name: str
    caption: str
    png: bytes

    def __post_init__(self) -> None:
        _require_name("plot", self.name)


@dataclass(frozen=True)
class Section:
    """One question and its answer.

    Attributes:
        name: Lower-case words joined by hyphens; starts the names of its CSV files.
        title: Heading.
        question: What is asked.
        answer: Plain sentences, with intervals.
        tables: What the answer rests on.
        plots: The same to look at.
    """

    name: str
    title: str
    question: str
    answer: tuple[str, ...]
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()

    def __post_init__(self) -> None:
        _require_name("section", self.name)


@dataclass(frozen=True)
class Report:
    """A page.

    Attributes:
        title: Heading.
        facts: How it came about (command, scenario hash, versions, run time), in the order to be read.
        sections: In the order to be read.
    """

    title: str
    facts: Mapping[str, str]
    sections: tuple[Section, ...]


def _require_name(what: str, name: str) -> None:
    if not NAME.fullmatch(name):
        raise ValueError(f"{what} {name!r}: a name is lower-case letters and digits, joined by hyphens")
