"""What `cadran bench radio` measured, as text within 80 columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

_RESULTS = {
    "unit": "mode",
    "report\nTTIs": "csi_period_tti",
    "envs": "envs",
    "thr.": "threads",
    "TTI/\nCPU-s": "tti_per_cpu_s",
    "TTI/s": "tti_per_s",
    "UE-TTI/s": "ue_tti_per_s",
    "MB": "peak_mb",
    "busy\nUEs": "busy_fraction",
    "x\npeer": "ratio_to_peer",
    "of\nceiling": "ratio_to_ceiling",
    "2 / 1\nthr.": "speedup_two_threads",
}
_GROWTH = {
    "unit": "mode",
    "report\nTTIs": "csi_period_tti",
    "DUs": "dus",
    "UEs": "ues",
    "links": "links",
    "TTI/\nCPU-s": "tti_per_cpu_s",
    "ns/(link\nx RB)": "ns_per_link_rb",
    "MB": "peak_mb",
    "busy\nUEs": "busy_fraction",
}


def bench_table(report: Mapping[str, Any]) -> RenderableType:
    """``report`` of ``bench_radio`` for a terminal."""
    size = f"{report['cells']} DUs, {report['ues']} UEs, {report['rbs']} RBs"
    ceiling = _cell(report["ceiling"]["tti_per_cpu_s"])
    machine = report["machine"]
    return Group(
        _table(f"{size}: medians over short windows", _RESULTS, report["results"]),
        Text(f"Ceiling: {ceiling} TTI per CPU second, for the bare arithmetic of per_rb."),
        Text(f"Peer: {_peer(report)}"),
        Text(f"Machine: {machine['cpus']} CPUs, load {machine['load_average_1m_before']} before.\n"),
        _table("Growth: one environment, all UEs with data", _GROWTH, report["growth"]),
    )


def _peer(report: Mapping[str, Any]) -> str:
    beside = report["peer"]
    if beside is None:
        return str(report["peer_note"])
    return f"{beside['name']}, {beside['steps_per_cpu_s']:.3g} steps per CPU second. {report['peer_note']}"


def _table(title: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="none", box=None, padding=(0, 1, 0, 0), pad_edge=False
    )
    for name in columns:
        table.add_column(name, justify="left" if name == "unit" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(_cell(row[key]) for key in columns.values()))
    return table


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:.3g}"
