"""A report as one HTML page that needs nothing else."""

from __future__ import annotations

from markupsafe import Markup

from cadran.lab.report.csv_files import file_name
from cadran.lab.report.numbers import decimals, number
from cadran.lab.report.page import data_uri, page_environment
from cadran.lab.report.section import Cell, Report, Table
from cadran.lab.statistics import Interval

TEMPLATE = "lab-report.html.j2"


def render(report: Report) -> str:
    """The page: style sheet and pictures inside it, readable in light and dark and on a narrow screen."""
    environment = page_environment("cadran.lab.report")
    environment.filters["image"] = data_uri
    environment.globals["cells"] = cells
    environment.globals["file_name"] = file_name
    return environment.get_template(TEMPLATE).render(report=report)


def cells(table: Table) -> tuple[tuple[bool, tuple[Markup, ...]], ...]:
    """The table by columns: whether a column is of numbers, and its cells as HTML."""
    columns = []
    for at in range(len(table.columns)):
        column = [row[at] for row in table.rows]
        digits = decimals(value for value in map(_value, column) if isinstance(value, float))
        columns.append((_is_numeric(column), tuple(_cell(cell, digits) for cell in column)))
    return tuple(columns)


def _value(cell: Cell) -> Cell:
    return cell.value if isinstance(cell, Interval) else cell


def _is_numeric(column: list[Cell]) -> bool:
    """Of numbers, with or without gaps; a column of truth values is of words."""
    kinds = [cell for cell in column if cell is not None]
    return bool(kinds) and all(
        isinstance(cell, int | float | Interval) and not isinstance(cell, bool) for cell in kinds
    )


def _cell(cell: Cell, digits: int) -> Markup:
    if isinstance(cell, Interval):
        value, low, high = (number(part, digits) for part in (cell.value, cell.low, cell.high))
        return Markup('{} <span class="soft">{} to {}</span>').format(value, low, high)
    if cell is None:
        return Markup("–")
    if isinstance(cell, bool):
        return Markup("yes" if cell else "no")
    if isinstance(cell, float):
        return Markup("{}").format(number(cell, digits))
    return Markup("{}").format(f"{cell:,}".replace("-", "−") if not isinstance(cell, str) else cell)
