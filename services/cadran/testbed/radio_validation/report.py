"""`cadran validate radio`: runs the themes, writes figures and one page that needs nothing else."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from cadran.lab.report.page import data_uri, page_environment
from cadran.lab.report.palette import LIGHT
from cadran.lab.report.style import HEIGHT_IN, style_of
from cadran.runtime import ConfigError, atomic_write
from cadran.testbed.radio_validation import measured_links, measured_packets
from cadran.testbed.radio_validation.check import Bound, Check, Figure, Theme, Verdict
from cadran.testbed.radio_validation.conservation import conservation
from cadran.testbed.radio_validation.fading import fading
from cadran.testbed.radio_validation.geometry import geometry
from cadran.testbed.radio_validation.line_of_sight import line_of_sight
from cadran.testbed.radio_validation.link_curves import link_curves
from cadran.testbed.radio_validation.link_runs import link_runs
from cadran.testbed.radio_validation.path_loss import path_loss
from cadran.testbed.radio_validation.queueing import queueing
from cadran.testbed.radio_validation.rayleigh import rayleigh
from cadran.testbed.radio_validation.scheduling import scheduling

TEMPLATE = "radio-validation.html.j2"
PAGE = "radio-validation.html"
THEMES: tuple[Callable[[], Theme], ...] = (
    path_loss,
    line_of_sight,
    geometry,
    fading,
    rayleigh,
    link_curves,
    link_runs,
    scheduling,
    queueing,
    conservation,
)
MEASURED: tuple[tuple[str, str, Callable[[Path], Theme]], ...] = (
    (measured_links.TITLE, measured_links.FILE, measured_links.measured_links),
    (measured_packets.TITLE, measured_packets.FILE, measured_packets.measured_packets),
)
"""Title, file, and theme of what needs measured data."""
WIDTHS_IN = {1: 5.8, 2: 10.4}
MOST_DECIMALS = 4

Say = Callable[[str], None]


@dataclass(frozen=True)
class Validation:
    """What a validation found.

    Attributes:
        themes: in the order of the report.
        page: the report.
        seconds: how long it took.
    """

    themes: Sequence[Theme]
    page: Path
    seconds: float

    def count(self, *verdicts: Verdict) -> int:
        """Checks with one of these verdicts."""
        return sum(check.verdict in verdicts for theme in self.themes for check in theme.checks)

    @property
    def passed(self) -> bool:
        """No check failed; comparisons do not matter."""
        return self.count(Verdict.failed) == 0

    @property
    def sentence(self) -> str:
        """The result in words."""
        right, wrong = self.count(Verdict.passed), self.count(Verdict.failed)
        agree, differ = self.count(Verdict.agrees), self.count(Verdict.differs)
        said = f"All {right} checks pass." if self.passed else f"{wrong} of {right + wrong} checks fail."
        if agree + differ:
            said += f" Of {agree + differ} comparisons with measured data {agree} agree and {differ} differ."
        return said

    def as_object(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "passed": self.passed,
            "checks": self.count(Verdict.passed, Verdict.failed),
            "failed": self.count(Verdict.failed),
            "comparisons": self.count(Verdict.agrees, Verdict.differs),
            "differing": self.count(Verdict.differs),
            "seconds": round(self.seconds, 1),
            "report": str(self.page),
            "themes": [
                {"title": theme.title, "checks": [_check_object(check) for check in theme.checks]}
                for theme in self.themes
            ],
        }


def validate_radio(
    out: Path, data: Path | None, say: Say, themes: Sequence[Callable[[], Theme]] | None = None
) -> Validation:
    """Runs all themes and writes the report and its figures.

    Args:
        out: folder for the report; made if it is not there.
        data: folder of measured data; None if there is none.
        say: takes a line of progress.
        themes: those that need no data; by default all.

    Raises:
        ConfigError: ``data`` is no folder, what lies in it cannot be read, or ``out`` cannot be made.
    """
    if data is not None and not data.is_dir():
        raise ConfigError(f"data {data}: no such directory")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"out {out}: cannot be made: {error.strerror or error}") from error
    began = time.monotonic()
    done = [_timed(theme, say) for theme in (THEMES if themes is None else themes)]
    done += [_measured(entry, data, say) for entry in MEASURED]
    for theme in done:
        for figure in theme.figures:
            write_figure(figure, out)
    validation = Validation(done, out / PAGE, time.monotonic() - began)
    atomic_write(validation.page, render(validation).encode())
    return validation


def write_figure(figure: Figure, folder: Path) -> None:
    """Writes the PNG file of a figure."""
    with mpl.rc_context(style_of(LIGHT)):
        canvas = Canvas(figsize=(WIDTHS_IN[figure.panels], HEIGHT_IN), layout="constrained")
        figure.draw(canvas)
        canvas.savefig(folder / figure.file)


def render(validation: Validation) -> str:
    """The report as HTML, with its figures in it."""
    environment = page_environment("cadran.testbed")
    environment.filters["image"] = lambda figure: data_uri(
        (validation.page.parent / figure.file).read_bytes()
    )
    environment.filters["value"] = lambda check: number(check.value, check)
    environment.filters["expected"] = expectation
    environment.filters["marker"] = marker
    return environment.get_template(TEMPLATE).render(
        validation=validation,
        verdicts=Verdict,
        version=metadata.version("cadran"),
        made=time.strftime("%Y-%m-%d %H:%M"),
    )


def number(value: float, check: Check) -> str:
    """A value with as many decimals as the tolerance makes worth reading."""
    if not math.isfinite(value):
        return str(value)
    decimals = 2
    if check.tolerance > 0:
        decimals = min(MOST_DECIMALS, max(0, 1 - math.floor(math.log10(check.tolerance))))
    if value == int(value) and check.tolerance == 0:
        decimals = 0
    return f"{value:,.{decimals}f}".replace("-", "−")


def expectation(check: Check) -> str:
    """What the value has to be: ``7.49 ± 0.50``, ``at most 106``."""
    expected = number(check.expected, check)
    if check.bound is Bound.within:
        return f"{expected} ± {_tolerance(check)}" if check.tolerance else f"{expected} exactly"
    sign = 1 if check.bound is Bound.at_most else -1
    return f"{check.bound} {number(check.expected + sign * check.tolerance, check)}"


def marker(check: Check) -> float | None:
    """Where a value lies between the ends of its tolerance, 0 … 100 %; beyond, at an end. None without."""
    if check.deviation is None or check.bound is not Bound.within:
        return None
    return round(50 + 50 * max(-1.0, min(1.0, check.deviation)), 1)


def _tolerance(check: Check) -> str:
    return f"{check.tolerance:.2g}" if check.tolerance < 100 else f"{check.tolerance:,.0f}"


def _timed(theme: Callable[[], Theme], say: Say) -> Theme:
    began = time.monotonic()
    done = theme()
    wrong = sum(check.verdict is Verdict.failed for check in done.checks)
    result = f"{wrong} of {len(done.checks)} FAIL" if wrong else f"{len(done.checks)} values"
    say(f"{done.title}: {result} ({time.monotonic() - began:.1f} s)")
    return done


def _measured(entry: tuple[str, str, Callable[[Path], Theme]], data: Path | None, say: Say) -> Theme:
    title, file, theme = entry
    if data is None:
        return Theme(title, f"Not compared: no folder of measured data was named, in which {file} would lie.")
    if not (data / file).is_file():
        return Theme(title, f"Not compared: there is no {file} in the folder of measured data.")
    return _timed(lambda: theme(data / file), say)


def _check_object(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "value": check.value if math.isfinite(check.value) else None,
        "expected": check.expected,
        "tolerance": check.tolerance,
        "bound": check.bound.value,
        "unit": check.unit,
        "source": check.source,
        "verdict": check.verdict.value,
    }
