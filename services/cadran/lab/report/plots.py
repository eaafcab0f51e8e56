"""Figures of studies as PNG bytes: each carries its message as its title, and units on its axes.

Colours are safe for colour-blind eyes (after Okabe and Ito) and never alone: lines have their names beside
them. A method keeps its look in all figures that are given the same `order`.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, cycle
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cadran.lab.report.numbers import decimals, number
from cadran.lab.report.palette import LIGHT
from cadran.lab.report.style import HEIGHT_IN, WIDTH_IN, legend, style_of
from cadran.lab.statistics import Interval

Array = NDArray[np.float64]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#C0629A", "#C98500", "#3E9BD0", "#5B4B9A", "#7A5C2E")
"""Dark enough for letters on white, light enough to be turned for a dark page."""
DASHES = ("-", (0, (6, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
MOST_LINES = len(COLOURS)
FAINT = "#C3C9D0"
REFERENCE: dict[str, Any] = {"color": LIGHT.ink, "linewidth": 1.1, "linestyle": (0, (4, 3)), "zorder": 1}
TITLE_LETTERS = 54
NAME_LETTERS = 17
SMALL, SMALLEST = 11, 10
ROW_IN = 0.36
MOST_NUMBERED = 12
"""Columns of a heat map that leave room for numbers."""
GOLDEN = 0.6180339887
"""Multiples of the golden section, modulo 1, scatter points evenly without chance."""


@dataclass(frozen=True)
class Line:
    """A curve, with a band where there is one.

    Attributes:
        name: Of the method.
        x: Where, ``[points]``.
        value: ``[points]``; what is not finite is not drawn.
        low: Lower end of the band, ``[points]``; None without.
        high: Upper end.
    """

    name: str
    x: Array
    value: Array
    low: Array | None = None
    high: Array | None = None


@dataclass(frozen=True)
class Estimate:
    """A row of a forest plot; what does not learn is drawn hollow."""

    name: str
    interval: Interval
    learned: bool = True


def draw_lines(
    title: str,
    lines: Sequence[Line],
    x_label: str,
    y_label: str,
    *,
    references: Mapping[str, float] | None = None,
    order: Sequence[str] = (),
    marked: bool = False,
    log_x: bool = False,
) -> bytes:
    """Curves with bands, such as learning curves, each with its name at its end.

    More than eight lines become small multiples: one panel each, with all others faint behind it.

    Args:
        title: The message.
        lines: At least one.
        x_label: With its unit.
        y_label: With its unit.
        references: Values of what does not vary along x (baselines, the oracle, the bound), by name.
        order: All names of the study, whose places give the looks; lines that are not in it come after them.
        marked: Mark the points, for values of a variable that was swept rather than followed.
        log_x: Logarithmic x axis.
    """
    looks = _looks([line.name for line in lines], order)
    if len(lines) > MOST_LINES:
        return _small_multiples(title, lines, x_label, y_label, references or {}, log_x=log_x, marked=marked)
    with _canvas(title, HEIGHT_IN) as (figure, png):
        axes = figure.subplots()
        for line in lines:
            _line(axes, line, looks[line.name], marked)
        ends = [
            (line.name, float(line.value[np.isfinite(line.value)][-1]), _colour(looks[line.name]))
            for line in lines
            if np.isfinite(line.value).any()
        ]
        for name, value in (references or {}).items():
            axes.axhline(value, **REFERENCE)
            ends.append((name, value, LIGHT.ink))
        if log_x:
            axes.set_xscale("log")
        if marked:
            _tick_at(axes, np.unique(np.concatenate([line.x for line in lines])))
        axes.margins(x=0.01)
        axes.set(xlabel=x_label, ylabel=y_label)
        _name_ends(axes, ends)
    return png.getvalue()


def draw_distributions_of_quantiles(
    title: str,
    panels: Mapping[str, Mapping[str, Array]],
    x_label: str,
    *,
    order: Sequence[str] = (),
    log_x: bool = False,
) -> bytes:
    """Cumulative distributions from quantiles, one panel below the other.

    Args:
        title: The message.
        panels: By name of the panel (the slice) and of the method: quantiles at equal steps of probability
            from 0 to 1, ``[n]``; at most eight methods. What is not finite is not drawn.
        x_label: With its unit.
        order: See `draw_lines`.
        log_x: Logarithmic x axis, of positive quantiles.
    """
    looks = _looks(list(dict.fromkeys(chain.from_iterable(panels.values()))), order)
    with _canvas(title, 0.9 + 2.1 * len(panels)) as (figure, png):
        every = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (panel, methods) in zip(every, panels.items(), strict=True):
            for name, quantiles in methods.items():
                share = np.linspace(0.0, 100.0, len(quantiles))
                axes.plot(quantiles, share, label=name, **_stroke(looks[name]))
            axes.set_title(panel, fontsize=SMALL + 1)
            axes.set(ylabel="share (%)", ylim=(0, 101), yticks=(0, 25, 50, 75, 100))
            if log_x:
                axes.set_xscale("log")
        every[-1].set_xlabel(x_label)
        legend(every[0])
    return png.getvalue()


def draw_forest(
    title: str,
    estimates: Sequence[Estimate],
    x_label: str,
    *,
    references: Mapping[str, float] | None = None,
) -> bytes:
    """Estimates with their intervals, the highest on top.

    Args:
        title: The message.
        estimates: Methods and baselines.
        x_label: With its unit.
        references: Values to compare with (the oracle, the bound, no difference), by name: vertical lines.
    """
    rows = sorted(estimates, key=lambda one: one.interval.value)
    with _canvas(title, 1.4 + ROW_IN * len(rows)) as (figure, png):
        axes = figure.subplots()
        digits = decimals(row.interval.value for row in rows)
        for at, row in enumerate(rows):
            colour = COLOURS[0] if row.learned else LIGHT.ink
            face = colour if row.learned else LIGHT.page
            axes.plot((row.interval.low, row.interval.high), (at, at), color=colour, linewidth=2)
            axes.plot(row.interval.value, at, "o", color=colour, markerfacecolor=face, markersize=7)
            axes.annotate(
                number(row.interval.value, digits),
                (1.0, at),
                xycoords=("axes fraction", "data"),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize=SMALL,
            )
        axes.set(yticks=range(len(rows)), ylim=(-0.7, len(rows) - 0.3), xlabel=x_label)
        axes.set_yticklabels([_wrapped(row.name) for row in rows], fontsize=SMALL)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        _upright(axes, references or {})
    return png.getvalue()


def draw_heat_map(
    title: str, values: Array, rows: Sequence[str], columns: Sequence[str], x_label: str, value_label: str
) -> bytes:
    """Values as shades, with numbers where there is room: such as the duty cycle of SAM for each DU.

    Args:
        title: The message.
        values: ``[rows, columns]``; what is not finite stays empty.
        rows: Their names.
        columns: Their names.
        x_label: What the columns are.
        value_label: What the values are, with their unit.
    """
    with _canvas(title, 1.7 + ROW_IN * len(rows)) as (figure, png):
        axes = figure.subplots()
        least, most = float(np.nanmin(values)), float(np.nanmax(values))
        # From below the least, so that it does not look empty.
        image = axes.imshow(
            values, cmap="Blues", aspect="auto", vmin=least - 0.15 * (most - least), vmax=most
        )
        if len(columns) <= MOST_NUMBERED:
            _number(axes, values, (least + most) / 2)
        axes.set_xticks(range(len(columns)), columns, fontsize=SMALLEST)
        if len(columns) > MOST_NUMBERED:
            axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        axes.set_yticks(range(len(rows)), [_wrapped(name) for name in rows], fontsize=SMALL)
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_xlabel(x_label)
        bar = figure.colorbar(image, ax=axes, location="bottom", fraction=0.06, aspect=40)
        bar.set_label(value_label, fontsize=SMALL)
        bar.ax.set_xlim(least, max(most, least + 1e-9))
        bar.outline.set_visible(False)
    return png.getvalue()


def draw_distributions(
    title: str, groups: Mapping[str, Array], x_label: str, *, references: Mapping[str, float] | None = None
) -> bytes:
    """Every value as a point, with a box from quartile to quartile and a line at the median.

    Args:
        title: The message.
        groups: Values by name, from top to bottom.
        x_label: With its unit.
        references: See `draw_forest`.
    """
    with _canvas(title, 1.4 + 0.62 * len(groups)) as (figure, png):
        axes = figure.subplots()
        for at, values in enumerate(groups.values()):
            scatter = (np.arange(1, len(values) + 1) * GOLDEN) % 1.0 - 0.5
            axes.plot(values, at + 0.5 * scatter, "o", color=COLOURS[0], alpha=0.45, markersize=4.5, mew=0)
            lower, middle, upper = np.quantile(values, [0.25, 0.5, 0.75])
            axes.fill_betweenx(
                (at - 0.32, at + 0.32), lower, upper, color=COLOURS[0], alpha=0.16, linewidth=0
            )
            axes.plot((middle, middle), (at - 0.32, at + 0.32), color=LIGHT.ink, linewidth=2.2)
        axes.set_yticks(range(len(groups)), [_wrapped(name) for name in groups], fontsize=SMALL)
        axes.set(ylim=(len(groups) - 0.45, -0.55), xlabel=x_label)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(visible=False, axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(6))
        _upright(axes, references or {})
    return png.getvalue()


@contextmanager
def _canvas(title: str, height_in: float) -> Iterator[tuple[Figure, io.BytesIO]]:
    """An empty figure under its title; when drawn, the PNG bytes lie in the stream."""
    words = textwrap.wrap(title, TITLE_LETTERS)
    png = io.BytesIO()
    with mpl.rc_context(style_of(LIGHT)):
        figure = Figure(figsize=(WIDTH_IN, height_in + 0.22 * len(words)), layout="constrained")
        figure.suptitle("\n".join(words), x=0.012, ha="left", fontsize=13, fontweight="bold")
        yield figure, png
        # Without the version of the library, so that equal figures are equal bytes for longer.
        figure.savefig(png, format="png", metadata={"Software": None})


def _looks(names: Sequence[str], order: Sequence[str]) -> dict[str, int]:
    """A number for each name: its place in ``order``, or after all of it."""
    return {name: at for at, name in enumerate(dict.fromkeys([*order, *names]))}


def _colour(look: int) -> str:
    return COLOURS[look % len(COLOURS)]


def _stroke(look: int) -> dict[str, Any]:
    return {"color": _colour(look), "linestyle": DASHES[(look + look // len(COLOURS)) % len(DASHES)]}


def _wrapped(name: str) -> str:
    return "\n".join(textwrap.wrap(name, 2 * NAME_LETTERS))


def _line(axes: Axes, line: Line, look: int, marked: bool) -> None:
    if line.low is not None and line.high is not None:
        axes.fill_between(line.x, line.low, line.high, color=_colour(look), alpha=0.16, linewidth=0)
    axes.plot(
        line.x, line.value, marker="o" if marked else None, markersize=5, label=line.name, **_stroke(look)
    )


def _tick_at(axes: Axes, values: Array) -> None:
    """Ticks where a variable was swept, unless there are too many."""
    if len(values) <= MOST_NUMBERED:
        axes.set_xticks(values, [f"{value:g}" for value in values])
        axes.minorticks_off()


def _name_ends(axes: Axes, ends: Sequence[tuple[str, float, str]]) -> None:
    """Writes names at the right, each at the height of its value, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    texts = [textwrap.fill(name, NAME_LETTERS) for name, _, _ in ends]
    # The axes are a little lower than the figure; a line of text takes its points of that height.
    line = (high - low) * 1.25 * SMALL / 72 / (HEIGHT_IN - 0.9)
    sizes = np.array([line * (1 + text.count("\n")) for text in texts])
    heights = np.clip([value for _, value, _ in ends], low, high)
    for (_, value, colour), text, at in zip(ends, texts, _apart(heights, sizes, low, high), strict=True):
        axes.annotate(
            text,
            (1.0, float(np.clip(value, low, high))),
            xycoords=("axes fraction", "data"),
            xytext=(1.05, at),
            textcoords=("axes fraction", "data"),
            color=colour,
            fontsize=SMALL,
            va="center",
            linespacing=1.0,
            arrowprops={"arrowstyle": "-", "color": colour, "relpos": (0, 0.5), "shrinkA": 1, "shrinkB": 0},
        )
    axes.set_ylim(low, high)


def _apart(heights: Array, sizes: Array, low: float, high: float) -> Array:
    """Heights moved as little as keeps things of these sizes apart, in their order, within the ends.

    Least squares under an order: pools of neighbours that touch stand around the mean of what they want.
    """
    order = np.argsort(heights, kind="stable")
    below = np.concatenate([[0.0], np.cumsum(sizes[order])[:-1]]) + sizes[order] / 2
    pools: list[list[float]] = []
    for wanted in (heights[order] - below).tolist():
        pools.append([wanted])
        while len(pools) > 1 and np.mean(pools[-2]) > np.mean(pools[-1]):
            last = pools.pop()
            pools[-1] += last
    bottom = np.concatenate([np.full(len(pool), np.mean(pool)) for pool in pools])
    bottom = np.clip(bottom, low, max(low, high - sizes.sum()))
    placed = np.empty_like(heights)
    placed[order] = bottom + below
    return placed


def _small_multiples(
    title: str,
    lines: Sequence[Line],
    x_label: str,
    y_label: str,
    references: Mapping[str, float],
    *,
    log_x: bool,
    marked: bool,
) -> bytes:
    count = -(-len(lines) // 2)
    with _canvas(title, 0.6 + 1.55 * count) as (figure, png):
        every = figure.subplots(count, 2, sharex=True, sharey=True, squeeze=False)
        for axes, line in zip(every.flat, lines, strict=False):
            for other in lines:
                axes.plot(other.x, other.value, color=FAINT, linewidth=0.9, zorder=1)
            _line(axes, line, 0, marked)
            for (name, value), dash in zip(references.items(), cycle(DASHES[1:]), strict=False):
                axes.axhline(value, label=name, **{**REFERENCE, "linestyle": dash})
            axes.set_title(line.name, fontsize=SMALL, pad=4)
            axes.tick_params(labelsize=SMALLEST)
            if log_x:
                axes.set_xscale("log")
        if len(lines) % 2:
            every.flat[-1].set_visible(False)
            every[-2, 1].tick_params(labelbottom=True)
        every[-1, 0].set_xlabel(x_label)
        (every[-2, 1] if len(lines) % 2 else every[-1, 1]).set_xlabel(x_label)
        figure.supylabel(y_label, fontsize=12)
        if references:
            drawn = every[0, 0].lines[-len(references) :]
            figure.legend(drawn, list(references), loc="outside lower center", ncols=2, fontsize=SMALL)
    return png.getvalue()


def _upright(axes: Axes, references: Mapping[str, float]) -> None:
    """Vertical lines with their names above the axes, one row of names for each so that none overlap."""
    for at, (name, value) in enumerate(sorted(references.items(), key=lambda one: -one[1])):
        axes.axvline(value, **REFERENCE)
        axes.annotate(
            name,
            (value, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2 + 14 * at),
            textcoords="offset points",
            ha="center",
            fontsize=SMALLEST,
            annotation_clip=False,
        )


def _number(axes: Axes, values: Array, middle: float) -> None:
    """Numbers on the fields of a heat map, light on dark ones."""
    digits = max(0, decimals(values.reshape(-1).tolist()) - 1)
    for row, column in np.argwhere(np.isfinite(values)):
        value = float(values[row, column])
        colour = LIGHT.page if value > middle else LIGHT.ink
        axes.text(
            column, row, number(value, digits), ha="center", va="center", color=colour, fontsize=SMALLEST
        )
