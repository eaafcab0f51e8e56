"""The result of a validation for a terminal."""

from rich.table import Table

from cadran.testbed.radio_validation.check import Theme, Verdict
from cadran.testbed.radio_validation.report import Validation, expectation, number


def summary_table(validation: Validation) -> Table:
    """One row per theme, and one for every check that failed."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for name in ("", "pass", "fail", "agree", "differ"):
        table.add_column(name, justify="right" if name else "left")
    for theme in validation.themes:
        table.add_row(theme.title, *(_count(theme, verdict) for verdict in Verdict))
        for check in theme.checks:
            if check.verdict is Verdict.failed:
                found = f"{number(check.value, check)} {check.unit}".strip()
                table.add_row(f"  [red]{check.name}: {found}, expected {expectation(check)}[/red]")
    return table


def _count(theme: Theme, verdict: Verdict) -> str:
    count = sum(check.verdict is verdict for check in theme.checks)
    return str(count) if count else ""
