"""What `cadran bench radio` measured, as text within 100 columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

_RESULTS = {
    "unit": "mode",
    "report": "csi_period_tti",
    "envs": "envs",
    "threads": "threads",
    "TTI/CPU-s": "tti_per_cpu_s",
    "best": "tti_per_cpu_s_best",
    "TTI/s": "tti_per_s",
    "UE-TTI/s": "ue_tti_per_s",
    "MB": "peak_mb",
    "busy": "busy_fraction",
    "x peer": "ratio_to_peer",
    "of ceiling": "ratio_to_ceiling",
    "2 threads": "speedup_two_threads",
}
_GROWTH = {
    "unit": "mode",
    "report": "csi_period_tti",
    "DUs": "dus",
    "UEs": "ues",
    "links": "links",
    "TTI/CPU-s": "tti_per_cpu_s",
    "ns per link and RB": "ns_per_link_rb",
    "MB": "peak_mb",
    "busy": "busy_fraction",
}


def bench_table(report: Mapping[str, Any]) -> RenderableType:
    """``report`` of ``bench_radio`` for a terminal."""
    size = f"{report['cells']} DUs, {report['ues']} UEs, {report['rbs']} RBs"
    return Group(
        _table(f"{size}; medians, per second of CPU and of wall time", _RESULTS, report["results"]),
        Text(f"Ceiling: {_cell(report['ceiling']['tti_per_cpu_s'])} TTI per CPU second, its own loop alone."),
        Text(f"Peer: {_peer(report)}\n"),
        _table("Growth, one environment", _GROWTH, report["growth"]),
    )


def _peer(report: Mapping[str, Any]) -> str:
    beside = report["peer"]
    if beside is None:
        return str(report["peer_note"])
    return f"{beside['name']}, {beside['steps_per_cpu_s']:.3g} steps per CPU second. {report['peer_note']}"


def _table(title: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="none", box=None, padding=(0, 1, 0, 0))
    for name in columns:
        table.add_column(name, justify="left" if name == "unit" else "right")
    for row in rows:
        table.add_row(*(_cell(row[key]) for key in columns.values()))
    return table


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:.3g}"
