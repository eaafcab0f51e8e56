"""Pictures of a network: cells, UEs and links on a map, and beside it who holds which RB.

Drawn with matplotlib's Agg canvas, without pyplot: no window, no state outside the figure.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cadran.envs.batched import BatchedEnv
from cadran.envs.scene import Scene, scene_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Points = NDArray[np.float64]

RENDER_MODES = ("rgb_array",)
SLICE_COLOURS = ("#0072B2", "#E69F00", "#009E73")
"""After Okabe and Ito, safe for colour-blind eyes; the report's colours."""

_PATCHES = ("eMBB", "mMTC", "URLLC", "idle RB")
_INK, _MUTED, _PAPER = "#1B1F24", "#6B7280", "#FFFFFF"
_CELL, _CELL_EDGE, _IDLE = "#F2F4F7", "#C5CCD6", "#DCDFE3"
_SIZE_IN = (12.8, 6.4)
_SCREEN_DPI, _PRINT_DPI = 100, 200
_TALLEST_ROW = 0.18
"""Of the figure's height, for a DU's row of RBs."""
_COUNTED_DUS = 24
"""Up to as many DUs, numbers beside their rows stay legible."""
_STUB = 0.25
"""Part of its link that is shown for a UE that a copy of a site serves."""
_SEPARATE_UNITS = 60
"""Up to as many units in a row, a line between them is thinner than they are."""
_CROWD = 250
"""With more UEs than this, their marks shrink."""
_CORNERS_RAD = np.deg2rad(30 + 60 * np.arange(6))


def render_mode_of(mode: str | None) -> str | None:
    """A mode that exists, or None.

    Raises:
        ValueError: There is no such mode.
    """
    if mode is not None and mode not in RENDER_MODES:
        raise ValueError(f"environment: render_mode = {mode!r}: must be None or {', '.join(RENDER_MODES)}")
    return mode


def rgb_array(batch: BatchedEnv, env: int = 0) -> NDArray[np.uint8]:
    """The picture of one environment of a batch, uint8 ``[640, 1280, 3]``.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
    """
    return to_array(draw(scene_of(batch, env)))


def save_png(batch: BatchedEnv, path: Path | str, env: int = 0) -> None:
    """Write the picture of one environment of a batch as PNG, 2560 x 1280.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
        OSError: The file cannot be written.
    """
    draw(scene_of(batch, env)).savefig(path, dpi=_PRINT_DPI, format="png")


def to_array(figure: Figure) -> NDArray[np.uint8]:
    """Pixels of a figure, uint8 ``[height, width, 3]``."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(np.asarray(canvas.buffer_rgba())[..., :3], dtype=np.uint8, order="C")


def draw(scene: Scene) -> Figure:
    """Draw a scene.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "rendering needs the Python package matplotlib: install cadran[testbed]", name=error.name
        ) from error
    figure = Figure(figsize=_SIZE_IN, dpi=_SCREEN_DPI, facecolor=_PAPER)
    _draw_map(figure.add_axes((0.015, 0.11, 0.47, 0.79)), scene)
    height = min(0.725, _TALLEST_ROW * len(scene.site_m))
    _draw_rbs(figure.add_axes((0.535, 0.9 - height, 0.345, height)), scene)
    _draw_legend(figure)
    figure.text(0.02, 0.94, "Cells and UEs", color=_INK, fontsize=14, weight="bold")
    figure.text(0.535, 0.94, "RBs in the last TTI", color=_INK, fontsize=14, weight="bold")
    figure.text(0.985, 0.945, scene.title, color=_MUTED, fontsize=11, ha="right")
    return figure


# ------------------------------------------------------------------------------------------ the map


def _draw_map(axes: Axes, scene: Scene) -> None:
    axes.set_axis_off()
    axes.set_aspect("equal")
    _draw_cells(axes, scene)
    _draw_links(axes, scene)
    _draw_ues(axes, scene)
    _draw_sites(axes, scene)
    _fit(axes, scene)
    _draw_scale(axes, scene)


def _draw_cells(axes: Axes, scene: Scene) -> None:
    from matplotlib.collections import PolyCollection

    cells = scene.site_m[:: scene.sectors, np.newaxis] + scene.cell_radius_m * _directions(_CORNERS_RAD)
    axes.add_collection(
        PolyCollection(list(cells), facecolor=_CELL, edgecolor=_CELL_EDGE, linewidth=1.2, zorder=1)
    )
    if scene.sectors > 1:
        border_rad = scene.azimuth_rad + np.pi / scene.sectors
        reach_m = _to_border(border_rad, scene.cell_radius_m)[:, np.newaxis]
        ends = scene.site_m + reach_m * _directions(border_rad)
        _draw_lines(axes, scene.site_m, ends, color=_CELL_EDGE, linewidth=1.0, zorder=1)


def _draw_links(axes: Axes, scene: Scene) -> None:
    """A line from each UE to its DU's disc; where a copy of that serves it, a dotted stub towards it."""
    served, colours = scene.ue_rbs > 0, _colours_of_ues(scene)
    to_disc = _discs(scene)[scene.ue_du] + scene.copy_m - scene.ue_m
    wrapped = scene.copy_m.any(axis=1)
    for of_copy, length, line in ((False, 1.0, "-"), (True, _STUB, ":")):
        for transmits, width, alpha in ((False, 0.7, 0.25), (True, 1.4, 0.75)):
            chosen = np.equal(wrapped, of_copy) & np.equal(served, transmits)
            _draw_lines(
                axes, scene.ue_m[chosen], scene.ue_m[chosen] + length * to_disc[chosen],
                colors=colours[chosen], linestyle=line, linewidth=width * _shrink(scene), alpha=alpha,
                zorder=2,
            )  # fmt: skip


def _draw_ues(axes: Axes, scene: Scene) -> None:
    served, colours, scale = scene.ue_rbs > 0, _colours_of_ues(scene), _shrink(scene)
    _draw_dots(
        axes, scene.ue_m[~served], s=20 * scale**2, facecolor=_PAPER, edgecolor=colours[~served],
        linewidth=1.1 * scale, zorder=3,
    )  # fmt: skip
    _draw_dots(
        axes, scene.ue_m[served], s=40 * scale**2, facecolor=colours[served], edgecolor=_PAPER,
        linewidth=0.8 * scale, zorder=4,
    )  # fmt: skip


def _draw_sites(axes: Axes, scene: Scene) -> None:
    """A numbered disc per DU; those of a site stand around it, each towards its sector."""
    discs = _discs(scene)
    _draw_lines(axes, scene.site_m, discs, color=_INK, linewidth=1.6, zorder=5)
    size = 15.0 if len(discs) <= _COUNTED_DUS else 10.0
    _draw_dots(axes, discs, s=size**2, facecolor=_INK, edgecolor=_PAPER, linewidth=1.2, zorder=6)
    for du, (x, y) in enumerate(discs):
        axes.text(
            x, y, str(du), color=_PAPER, fontsize=size * 0.52, weight="bold", ha="center",
            va="center_baseline", zorder=7,
        )  # fmt: skip


def _discs(scene: Scene) -> Points:
    towards = scene.cell_radius_m * 0.2 * (scene.sectors > 1)
    return np.asarray(scene.site_m + towards * _directions(scene.azimuth_rad), dtype=np.float64)


def _draw_lines(axes: Axes, starts: Points, ends: Points, **style: Any) -> None:
    from matplotlib.collections import LineCollection

    axes.add_collection(LineCollection(list(np.stack([starts, ends], axis=1)), **style))


def _draw_dots(axes: Axes, points: Points, **style: Any) -> None:
    axes.scatter(points[:, 0], points[:, 1], **style)


def _colours_of_ues(scene: Scene) -> NDArray[np.str_]:
    return np.asarray(SLICE_COLOURS)[scene.ue_slice]


def _shrink(scene: Scene) -> float:
    return float(np.sqrt(min(1.0, _CROWD / max(len(scene.ue_m), 1))))


def _fit(axes: Axes, scene: Scene) -> None:
    margin = 1.06 * scene.cell_radius_m
    low, high = scene.site_m.min(axis=0) - margin, scene.site_m.max(axis=0) + margin
    if len(scene.ue_m):
        low = np.minimum(low, scene.ue_m.min(axis=0) - 0.05 * margin)
        high = np.maximum(high, scene.ue_m.max(axis=0) + 0.05 * margin)
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])


def _draw_scale(axes: Axes, scene: Scene) -> None:
    """A bar of a round length below the map's left corner."""
    length_m = _round_length(scene.cell_radius_m)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    y = bottom - 0.025 * (top - bottom)
    axes.plot([left, left + length_m], [y, y], color=_MUTED, linewidth=2, clip_on=False)
    axes.text(
        left + length_m + 0.012 * (right - left), y, f"{length_m:g} m", color=_MUTED, fontsize=10, va="center"
    )


# ------------------------------------------------------------------------------------------ the RBs


def _draw_rbs(axes: Axes, scene: Scene) -> None:
    from matplotlib.colors import BoundaryNorm, ListedColormap

    dus = len(scene.slice_of_unit)
    edges = np.concatenate([[0], np.cumsum(scene.unit_rbs)])
    colours = ListedColormap([_IDLE, *SLICE_COLOURS])
    norm = BoundaryNorm(np.arange(-1.5, len(SLICE_COLOURS)), colours.N)
    gap = 0.14 if dus <= _COUNTED_DUS else 0.08
    for du, held in enumerate(scene.slice_of_unit):
        axes.pcolormesh(
            edges, [du - 0.5 + gap, du + 0.5 - gap], held[np.newaxis], cmap=colours, norm=norm,
            edgecolor=_PAPER, linewidth=0.5 if len(held) <= _SEPARATE_UNITS else 0.0,
        )  # fmt: skip
    axes.set_xlim(0, edges[-1])
    axes.set_ylim(dus - 0.5, -0.5)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, colors=_MUTED, labelsize=10)
    axes.set_xlabel("RB", color=_MUTED, fontsize=10)
    every = -(-dus // _COUNTED_DUS)
    axes.set_yticks(range(0, dus, every), [f"DU {du}" for du in range(0, dus, every)])
    if dus <= _COUNTED_DUS:
        _draw_counts(axes, scene)


def _draw_counts(axes: Axes, scene: Scene) -> None:
    """Beside each row, how many RBs each slice holds, in the slice's colour."""
    size = 10.0 if len(scene.slice_of_unit) <= 12 else 8.0
    transform = axes.get_yaxis_transform()
    axes.annotate(
        "RBs per slice", (1.2, 0), xycoords="axes fraction", xytext=(0, -10), textcoords="offset points",
        color=_MUTED, fontsize=10, ha="center", va="center",
    )  # fmt: skip
    for slice_, colour in enumerate(SLICE_COLOURS):
        x = 1.1 + 0.1 * slice_
        held = (scene.slice_of_unit == slice_) @ scene.unit_rbs
        for du, rbs in enumerate(held):
            axes.text(
                x, du, str(rbs), transform=transform, color=colour, fontsize=size, weight="bold",
                ha="right", va="center",
            )  # fmt: skip


def _draw_legend(figure: Figure) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    colours = (*SLICE_COLOURS, _IDLE)
    marks = (("UE served in the last TTI", _MUTED, 7.0), ("UE not served", _PAPER, 5.5))
    handles = [
        *(Patch(facecolor=colour, label=name) for name, colour in zip(_PATCHES, colours, strict=True)),
        *(Line2D([], [], linestyle="", marker="o", markersize=size, markerfacecolor=face,
                 markeredgecolor=_MUTED, label=label) for label, face, size in marks),
    ]  # fmt: skip
    figure.legend(
        handles=handles, loc="lower right", bbox_to_anchor=(0.99, 0.015), ncols=len(handles), frameon=False,
        fontsize=10, labelcolor=_INK, handlelength=1.1, handletextpad=0.5, columnspacing=1.6,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------ geometry


def _directions(angle_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.cos(angle_rad), np.sin(angle_rad)], axis=-1)


def _to_border(angle_rad: NDArray[np.float64], radius_m: float) -> NDArray[np.float64]:
    """Distance from a hexagon's centre to its border; its corners stand at 30 degrees and every 60."""
    from_edge = np.mod(angle_rad + np.pi / 6, np.pi / 3) - np.pi / 6
    return np.asarray(radius_m * np.cos(np.pi / 6) / np.cos(from_edge), dtype=np.float64)


def _round_length(longest_m: float) -> float:
    """The greatest of 1, 2, 5 times a power of ten that is not longer."""
    decade = 10.0 ** np.floor(np.log10(longest_m))
    return float(max(step * decade for step in (1, 2, 5) if step * decade <= longest_m))
