"""Tables as CSV files, one each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from cadran.lab.report.section import Cell, Section, Table
from cadran.lab.statistics import Interval
from cadran.runtime import atomic_write


def write_tables(folder: Path, sections: Sequence[Section]) -> tuple[Path, ...]:
    """Write every table to a file of its own, each at once or not at all.

    Numbers are written so that reading them gives the same numbers again. A column that holds an interval
    becomes three, ``<column>``, ``<column> low`` and ``<column> high``; a cell without a number is empty.

    Args:
        folder: Made if it is not there.
        sections: Of the report.

    Returns:
        The files, in the order of the report.

    Raises:
        ValueError: Two tables would have the same file.
    """
    written: dict[Path, None] = {}
    for section in sections:
        for table in section.tables:
            path = folder / file_name(section, table)
            if path in written:
                raise ValueError(f"tables: two of them have the file {path.name}; their names must differ")
            folder.mkdir(parents=True, exist_ok=True)
            atomic_write(path, to_csv(table).encode())
            written[path] = None
    return tuple(written)


def file_name(section: Section, table: Table) -> str:
    """Name of a table's file: that of the section, and that of the table if it is another."""
    return f"{section.name}.csv" if table.name == section.name else f"{section.name}-{table.name}.csv"


def to_csv(table: Table) -> str:
    """The table as CSV text: RFC 4180, but lines end in a line feed alone, so no cell may hold a return."""
    spans = [any(isinstance(row[at], Interval) for row in table.rows) for at in range(len(table.columns))]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            heading
            for column, span in zip(table.columns, spans, strict=True)
            for heading in ((column, f"{column} low", f"{column} high") if span else (column,))
        ]
    )
    for row in table.rows:
        writer.writerow([part for cell, span in zip(row, spans, strict=True) for part in _parts(cell, span)])
    return text.getvalue()


def _parts(cell: Cell, span: bool) -> Iterator[str]:
    """A cell's fields: three in a column that holds intervals."""
    if isinstance(cell, Interval):
        yield from (_field(cell.value), _field(cell.low), _field(cell.high))
        return
    yield _field(cell)
    if span:
        yield from ("", "")


def _field(cell: str | int | float | bool | None) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return repr(float(cell)) if isinstance(cell, float) else str(cell)
