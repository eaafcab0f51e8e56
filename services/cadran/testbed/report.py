"""The report of a run: one HTML file that needs nothing else, written from what lies in the run folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cadran.lab.evaluation import Evaluation
from cadran.lab.report.page import data_uri, page_environment
from cadran.runtime import atomic_write
from cadran.runtime.durations import clock
from cadran.testbed.folder import RunFolder
from cadran.testbed.plots import Bar, Caption, write_plots
from cadran.testbed.series import SLICES, Episodes, LearnerSeries, read_episodes, read_learner, read_shots

TEMPLATE = "report.html.j2"


@dataclass(frozen=True)
class Picture:
    """A figure in the page: its words, and the image itself as data URIs."""

    figure: Caption
    light: str
    dark: str


def write_evaluation(folder: RunFolder, evaluation: Evaluation) -> None:
    """Keeps an evaluation in the run folder and writes the report anew, with it."""
    atomic_write(folder.evaluation, (evaluation.to_json() + "\n").encode())
    write_report(folder)


def write_report(folder: RunFolder) -> None:
    """Writes the plots and ``report.html`` of a run that has ended.

    Reads the run's summary, record, scenario, episodes, learner's progress and, where there is one, the
    evaluation.
    """
    episodes, learner = read_episodes(folder.episodes), read_learner(folder.learner)
    evaluation = _read_json(folder.evaluation) if folder.evaluation.exists() else None
    shots, origin_s = read_shots(folder.adaptation), _origin_s(episodes, learner)
    figures = write_plots(folder.plots, episodes, learner, shots, _bars(evaluation), origin_s)
    page = _template().render(
        summary=_read_json(folder.summary),
        record=_read_json(folder.run_record),
        scenario=yaml.safe_load(folder.scenario.read_text(encoding="utf-8")),
        evaluation=evaluation,
        rows=_evaluation_rows(evaluation),
        pictures=[_picture(folder.plots, figure) for figure in figures],
        slices=SLICES,
    )
    atomic_write(folder.report, page.encode())


def _template() -> Any:
    environment = page_environment("cadran.testbed")
    environment.filters["clock"] = clock
    environment.filters["count"] = lambda value: "–" if value is None else f"{value:,}"
    environment.filters["reward"] = lambda value: "–" if value is None else f"{value:.3f}"
    environment.filters["signed"] = lambda value: f"{value:+.3f}".replace("-", "−")
    environment.filters["flat"] = flat
    return environment.get_template(TEMPLATE)


def flat(section: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """A section's fields as (dotted name, value) pairs."""
    pairs: list[tuple[str, str]] = []
    for key, value in section.items():
        if isinstance(value, dict):
            pairs.extend(flat(value, f"{prefix}{key}."))
        else:
            pairs.append((f"{prefix}{key}", json.dumps(value) if not isinstance(value, str) else value))
    return pairs


def _origin_s(episodes: Episodes, learner: LearnerSeries) -> float:
    """Unix time at which something was told first."""
    firsts = [series[0] for series in (episodes.wall_s, learner.wall_s) if len(series)]
    return float(min(firsts, default=0.0))


def _bars(evaluation: dict[str, Any] | None) -> list[Bar]:
    results = evaluation["results"] if evaluation else []
    return [Bar(result["name"], **result["reward"]) for result in results]


def _evaluation_rows(evaluation: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The evaluation's table: each policy's result and the subject's difference to it, best first."""
    if evaluation is None:
        return []
    differences = {difference["other"]: difference for difference in evaluation["differences"]}
    rows = [{**result, "difference": differences.get(result["name"])} for result in evaluation["results"]]
    return sorted(rows, key=lambda row: float(row["reward"]["mean"]), reverse=True)


def _picture(folder: Path, figure: Caption) -> Picture:
    light, dark = figure.light_in(folder), figure.dark_in(folder)
    return Picture(figure, data_uri(light.read_bytes()), data_uri(dark.read_bytes()))


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
