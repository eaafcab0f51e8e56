"""How the figures look: the simulator in colour, what it should be in black."""

from typing import Any

from cadran.lab.report.palette import LIGHT

INK = LIGHT.ink
COLOURS = (*LIGHT.slices, LIGHT.deterministic, LIGHT.learner, LIGHT.sampled)
THEORY: dict[str, Any] = {"color": INK, "linewidth": 1.3, "linestyle": (0, (4, 2)), "zorder": 3}
"""Lines of theory, over those of the simulator."""
REFERENCE: dict[str, Any] = {
    "color": "none",
    "marker": "o",
    "markersize": 7,
    "markeredgecolor": INK,
    "markeredgewidth": 1.4,
    "linestyle": "none",
    "zorder": 4,
}
"""Points of a table or of an oracle: rings, so that a line is seen through them."""
FOUND: dict[str, Any] = {"marker": "o", "markersize": 6, "linestyle": "none", "zorder": 4}
"""Points of the simulator."""
