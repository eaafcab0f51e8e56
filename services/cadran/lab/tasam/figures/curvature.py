"""Figure 9: how sharp the losses are, and which DUs SAM selects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cadran.lab.report import Section, Table
from cadran.lab.statistics import LEVEL, Interval, told
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.figures.curves import FALLING, NAMES
from cadran.lab.tasam.pictures import duty_map, forest
from cadran.lab.tasam.rows import rows
from cadran.lab.tasam.scores import over_runs, paired, rewards

METHODS = (*FALLING, "tasam", "plastic", "spectral-norm")
SHARPNESS = ("critic", "actor")


def cells(context: Context) -> Sequence[Cell]:
    """The approaches of the figure, TA-SAM with its selection, and two others that smooth."""
    return rows(context, METHODS)


def analyse(results: Results) -> Section:
    """Largest eigenvalues, their relation to reward, and SAM's duty cycle."""
    answer = [_flatter(results, part) for part in SHARPNESS]
    answer += [_relation(results), _selection(results)]
    tables = (_eigenvalues(results), _duty(results))
    plots = (
        *(
            forest(
                {
                    NAMES.get(name, name): over_runs(list(_sharpness(results, name, part).values()))
                    for name in METHODS
                },
                name=f"sharpness-{part}",
                title=f"Sharpness of the {part}'s loss after training",
                x="log10 of the magnitude of the Hessian's largest eigenvalue",
            )
            for part in SHARPNESS
        ),
        duty_map(results, "tasam", name="duty"),
    )
    return Section(STUDY.name, STUDY.title, STUDY.question, tuple(answer), tables, plots)


def _sharpness(results: Results, name: str, part: str) -> dict[int, float]:
    """log10 of the eigenvalue of largest magnitude by seed, of actors the mean over DUs of these."""
    floor = np.finfo(np.float64).tiny
    return {
        seed: float(np.mean(np.log10(np.maximum(np.abs(run.curvature[part]), floor))))
        for seed, run in zip(results.seeds(name), results.runs(name), strict=True)
    }


def _flatter(results: Results, part: str) -> str:
    lower: list[str] = []
    higher: list[str] = []
    open_: list[str] = []
    for name in METHODS:
        if name == "sac":
            continue
        found = _difference(results, name, part)
        if isinstance(found, float) or found.verdict == "tie":
            open_.append(name)
        else:
            (lower if found.verdict == "worse" else higher).append(name)
    count = len(lower) + len(higher) + len(open_)
    return (
        f"The {part}'s loss ends flatter than under SAC with {_list(lower)}, sharper with {_list(higher)}, "
        f"and cannot be told apart with {_list(open_)} (of {count} intervals, about "
        f"{(1.0 - LEVEL) * count:.1f} would decide by chance alone)."
    )


def _difference(results: Results, name: str, part: str) -> Interval | float:
    """log10 of a method's eigenvalue minus that of SAC, over the seeds that both have."""
    return paired(_sharpness(results, name, part), _sharpness(results, "sac", part))


def _relation(results: Results) -> str:
    sharp = np.concatenate([list(_sharpness(results, name, "critic").values()) for name in METHODS])
    reward = np.concatenate([rewards(results, name).mean(axis=1) for name in METHODS])
    number = f"{_rank_correlation(sharp, reward):+.2f}".replace("-", "−")
    return (
        f"Over all {len(sharp)} runs the rank correlation between the critic's sharpness and held-out reward "
        f"is {number}; were flat minima the reason for reward, it would be clearly negative. It describes "
        "these runs and has no interval, since runs of one method are alike."
    )


def _rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    ranks = [np.argsort(np.argsort(values)).astype(np.float64) for values in (first, second)]
    if len(first) < 2:
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _selection(results: Results) -> str:
    shares = over_runs([float(run.log["sam_on"].mean()) for run in results.runs("tasam")])
    number = f"{shares:.2f}" if isinstance(shares, float) else told(shares, 2)
    return f"TA-SAM applied SAM in a share of {number} of all actor updates."


def _eigenvalues(results: Results) -> Table:
    rows_ = []
    for name in METHODS:
        row: list[str | int | float | Interval | None] = [NAMES.get(name, name), len(results.seeds(name))]
        for part in SHARPNESS:
            row += [
                over_runs(list(_sharpness(results, name, part).values())),
                None if name == "sac" else _difference(results, name, part),
                float(np.mean([np.mean(run.curvature[part] < 0) for run in results.runs(name)])),
            ]
        rows_.append(tuple(row))
    columns = ["method", "runs"]
    for part in SHARPNESS:
        columns += [f"{part}: log10 of |λ_max|", f"{part}: minus sac", f"{part}: share with λ_max < 0"]
    return Table(
        "sharpness",
        "Sharpness: the eigenvalue of the Hessian of largest magnitude",
        tuple(columns),
        tuple(rows_),
        "λ_max: the eigenvalue of largest magnitude, by power iteration on one batch after training; where "
        "it is negative the loss curves down there. Of the actors the mean over DUs. Differences are "
        "paired by seed. Scales of loss and weights differ between methods, so this is the paper's "
        "measure, not a proof.",
    )


def _duty(results: Results) -> Table:
    each = np.stack([run.log["sam_on"].mean(axis=0) for run in results.runs("tasam")])
    rows_ = tuple((f"DU {du}", over_runs(shares.tolist())) for du, shares in enumerate(each.T))
    return Table(
        "duty",
        "Share of updates in which a DU's actor was selected for SAM",
        ("DU", "share"),
        rows_,
        "Intervals over runs.",
    )


def _list(names: Sequence[str]) -> str:
    shown = [NAMES.get(name, name) for name in names]
    return ", ".join(shown) if shown else "none"


STUDY = Study(
    name="fig9",
    title="Figure 9: the curvature of the losses, and SAM's duty cycle",
    question="Does SAM end in flatter minima, do flatter minima earn more, and whom does TA-SAM select?",
    cells=cells,
    analyse=analyse,
)
