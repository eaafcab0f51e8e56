"""How figures look: letters, lines, colours of both backgrounds, and names where they cover nothing."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from cadran.lab.report.palette import Palette

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "axes.labelsize": 12,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "lines.linewidth": 2.2,
    "savefig.dpi": 170,
}
# Small, so that the letters stay legible where the page is as narrow as a phone.
WIDTH_IN, HEIGHT_IN = 5.8, 3.9


def style_of(palette: Palette) -> dict[str, object]:
    """Settings for figures on the palette's background."""
    inked = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    paged = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")
    return {
        **STYLE,
        **dict.fromkeys(inked, palette.ink),
        **dict.fromkeys(paged, palette.page),
        "grid.color": palette.grid,
    }


def legend(axes: Axes, columns: int = 2) -> None:
    """Names the curves in rows below the axes, where they cover nothing."""
    handles, labels = axes.get_legend_handles_labels()
    axes.figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=columns,
        fontsize=11,
        handlelength=1.7,
        columnspacing=1.4,
    )


def logarithmic(axes: Axes) -> None:
    """A logarithmic scale of values whose ticks read 0.01, 0.02, 0.05 rather than as powers."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
