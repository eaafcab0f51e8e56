"""Figures 10 and 11: distributions of slice quality, and of what each UE gets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cadran.lab.report import Cell as Entry
from cadran.lab.report import Plot, Section, Table
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.figures.curves import FALLING, NAMES
from cadran.lab.tasam.orderings import RUNS, orderings_of_runs, orderings_table, tally
from cadran.lab.tasam.pictures import cdf
from cadran.lab.tasam.rows import CLAIRVOYANT, HEURISTICS, rows
from cadran.lab.tasam.scores import SLICES, exams, over_runs
from cadran.lab.tasam.standing import ordered
from cadran.problem import ProblemSpec

Array = NDArray[np.float64]

METHODS = (*FALLING, "tasam")
BOTH = "tasam-no-selection"
URLLC = 2
SHARES = np.linspace(0.0, 1.0, 101)
UNITS = ("Mbit/s", "Mbit/s", "ms")
CLAIMS = tuple((BOTH, name) for name in FALLING if name != BOTH)
"""Both-SAM before all others, in Figs 10 and 11."""


def cells(context: Context) -> Sequence[Cell]:
    """The approaches with a falling radius, and TA-SAM with its selection."""
    return rows(context, METHODS)


def analyse_quality(results: Results) -> Section:
    """Figure 10: how often each slice reaches its Q_min."""
    spec = results.context.experiment.problem_spec
    if spec.reward != "eq8" or spec.eq8.quality != "section_vi":
        why = "Not answered here: only the qualities of Section VI.E have targets in Mbit/s and ms."
        return Section(QUALITY.name, QUALITY.title, QUALITY.question, (why,))
    answer, tables = [], []
    for index, slice_ in enumerate(SLICES):
        numbers = {name: _reached(results, name, index, spec) for name in METHODS}
        found = orderings_of_runs(CLAIMS, numbers)
        answer.append(
            f"{slice_}, by the share of frames that reach its target: "
            + tally(found, f"the {len(found)} comparisons that Fig 10 has both-SAM win")
        )
        title = f"{slice_}: share of frames and DUs that reach the target"
        tables.append(orderings_table(f"orderings-{slice_.lower()}", title, found, "share", RUNS))
    plots = tuple(_quality_plot(results, index, spec) for index in range(len(SLICES)))
    tables = [_targets(results, spec), *tables]
    return Section(QUALITY.name, QUALITY.title, QUALITY.question, tuple(answer), tuple(tables), plots)


def analyse_users(results: Results) -> Section:
    """Figure 11: what UEs get."""
    answer, tables = [], [_users(results)]
    for index, slice_ in enumerate(SLICES):
        numbers = {name: _rate(results, name, index, 50) for name in METHODS}
        found = orderings_of_runs(CLAIMS, numbers)
        answer.append(
            f"{slice_}, by the median UE's rate: "
            + tally(found, f"the {len(found)} comparisons that Fig 11 has both-SAM win")
        )
        title = f"{slice_}: rate of the median UE"
        tables.append(orderings_table(f"orderings-{slice_.lower()}", title, found, "Mbit/s", RUNS))
    plots = tuple(
        cdf(
            {
                NAMES.get(name, name): _mean_quantiles(results, name, "ue_rate_quantiles", index) / 1e6
                for name in METHODS
            },
            name=f"rates-{slice_.lower()}",
            title=f"Rates of {slice_} UEs",
            panel=slice_,
            x="rate of a UE in a frame (Mbit/s)",
        )
        for index, slice_ in enumerate(SLICES)
    )
    return Section(USERS.name, USERS.title, USERS.question, tuple(answer), tuple(tables), plots)


def _mean_quantiles(results: Results, name: str, field: str, index: int) -> Array:
    """Quantiles of a slice, mean over runs, ``[101]``."""
    every = [getattr(exam, field)[index] for exam in results.all_held_out(name)]
    return np.asarray(np.mean(every, axis=0), dtype=np.float64)


def physical(quality: Array, index: int, spec: ProblemSpec) -> Array:
    """A quality in the unit of its slice: Mbit/s, and ms for URLLC, where less is better.

    Only Eq (8) with Section VI's qualities has units; at the ends of [0, 1] it is cut.
    """
    if index == URLLC:
        return np.asarray((1.0 - quality) * spec.eq8.latency_full_s * 1e3)
    return np.asarray(quality * spec.eq8.rate_full_bps[index] / 1e6)


def target(index: int, spec: ProblemSpec) -> float:
    """Q_min of a slice as a scaled quality."""
    if index == URLLC:
        return 1.0 - spec.eq8.latency_target_s / spec.eq8.latency_full_s
    return spec.eq8.rate_target_bps[index] / spec.eq8.rate_full_bps[index]


def share_reaching(quantiles: Array, level: float) -> float:
    """Share of a distribution, given by its percentiles ``[101]``, that is at least a level, within 1 %."""
    return float(np.mean(quantiles >= level - 1e-6))


def _reached(results: Results, name: str, index: int, spec: ProblemSpec) -> dict[int, float]:
    """Share of frames and DUs at the target, by seed."""
    level = target(index, spec)
    return {
        seed: share_reaching(exam.qos_quantiles[index], level)
        for seed, exam in zip(results.seeds(name), results.all_held_out(name), strict=True)
    }


def _rate(results: Results, name: str, index: int, percent: int) -> dict[int, float]:
    """A percentile of UEs' rates in Mbit/s, by seed."""
    return {
        seed: float(exam.ue_rate_quantiles[index][percent]) / 1e6
        for seed, exam in zip(results.seeds(name), results.all_held_out(name), strict=True)
    }


def _targets(results: Results, spec: ProblemSpec) -> Table:
    columns = ["method"]
    for index, slice_ in enumerate(SLICES):
        sign = "<=" if index == URLLC else ">="
        level = float(physical(np.array(target(index, spec)), index, spec))
        columns += [f"{slice_} {sign} {level:g} {UNITS[index]} (share)", f"{slice_} median ({UNITS[index]})"]
    rows_: list[tuple[Entry, ...]] = []
    for name in ordered(results, METHODS, with_bound=False):
        row: list[Entry] = [NAMES.get(name, name)]
        for index in range(len(SLICES)):
            quantiles = [exam.qos_quantiles[index] for exam in exams(results, name)]
            level = target(index, spec)
            medians = [float(physical(own, index, spec)[50]) for own in quantiles]
            row += [over_runs([share_reaching(own, level) for own in quantiles]), over_runs(medians)]
        rows_.append(tuple(row))
    note = (
        "Share of held-out frames and DUs that reach the target of Section VI.E, and median over them, with "
        "95 % intervals over training runs; what does not train has none. mMTC counts its sum rate times the "
        "share of satisfied UEs, URLLC the longest latency of a UE, cut at the cap."
    )
    return Table("targets", "Slices and their targets", tuple(columns), tuple(rows_), note)


def _users(results: Results) -> Table:
    columns = ["method"]
    for slice_ in SLICES:
        columns += [f"{slice_} 5th percentile (Mbit/s)", f"{slice_} median (Mbit/s)"]
    rows_: list[tuple[Entry, ...]] = []
    for name in ordered(results, METHODS, with_bound=False):
        row: list[Entry] = [NAMES.get(name, name)]
        for index in range(len(SLICES)):
            rates = [exam.ue_rate_quantiles[index] / 1e6 for exam in exams(results, name)]
            row += [over_runs([float(own[percent]) for own in rates]) for percent in (5, 50)]
        rows_.append(tuple(row))
    note = (
        "Achievable rate where the world measures it, else what was delivered; percentiles over UEs and "
        "held-out frames, with 95 % intervals over training runs; what does not train has none."
    )
    return Table("rates", "What UEs get", tuple(columns), tuple(rows_), note)


def _quality_plot(results: Results, index: int, spec: ProblemSpec) -> Plot:
    slice_ = SLICES[index]
    # Percentiles of quality are those of latency from the other end.
    curves = {
        NAMES.get(name, name): np.sort(
            physical(_mean_quantiles(results, name, "qos_quantiles", index), index, spec)
        )
        for name in METHODS
    }
    level = float(physical(np.array(target(index, spec)), index, spec))
    what = (
        "worst latency"
        if index == URLLC
        else "sum rate, counted by satisfied UEs"
        if index == 1
        else "sum rate"
    )
    return cdf(
        curves,
        name=f"quality-{slice_.lower()}",
        title=f"Quality of {slice_}; its target is {level:g} {UNITS[index]}",
        panel=slice_,
        x=f"{what} of a DU in a frame ({UNITS[index]})",
    )


QUALITY = Study(
    name="fig10",
    title="Figure 10: distributions of the slices' quality",
    question="Does both-SAM reach the slices' targets more often?",
    cells=cells,
    analyse=analyse_quality,
    baselines=(*HEURISTICS, *CLAIRVOYANT),
)
USERS = Study(
    name="fig11",
    title="Figure 11: distributions of UEs' rates",
    question="Do UEs get more under both-SAM?",
    cells=cells,
    analyse=analyse_users,
    baselines=(*HEURISTICS, *CLAIRVOYANT),
)
