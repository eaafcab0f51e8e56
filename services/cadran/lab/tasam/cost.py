"""What training takes: time, gradient evaluations, updates per second."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cadran.lab.report import Table
from cadran.lab.study import Results


def cost_table(results: Results, methods: Sequence[str], *, name: str = "cost", setting: str = "") -> Table:
    """Means over the runs of each method; a run's share of the time of those that trained with it."""
    base = float(np.mean(_evaluations(results, "sac", setting))) if "sac" in methods else None
    rows = []
    for method in methods:
        costs = [run.cost for run in results.runs(method, setting)]
        evaluations = float(np.mean([cost.gradient_evaluations for cost in costs]))
        rows.append(
            (
                method,
                len(costs),
                float(np.mean([cost.wall_s / cost.runs for cost in costs])),
                float(np.mean([cost.cpu_s / cost.runs for cost in costs])),
                float(np.mean([cost.update_cpu_s / cost.runs for cost in costs])),
                float(np.mean([cost.updates for cost in costs])),
                evaluations,
                evaluations / base if base else None,
                float(np.mean([cost.agent_updates_per_s for cost in costs])),
            )
        )
    columns = (
        "method",
        "runs",
        "wall time of a run (s)",
        "CPU time of a run (s)",
        "of it updating (s)",
        "updates",
        "gradient evaluations",
        "relative to sac",
        "agent-updates/s",
    )
    return Table(
        name,
        "Cost of a training run",
        columns,
        tuple(rows),
        "Runs train in stacks: the time of a stack is divided by its runs. Gradient evaluations count each "
        "network, SAM's second passes included; agent-updates/s are those of the whole stack.",
    )


def _evaluations(results: Results, method: str, setting: str) -> list[int]:
    return [run.cost.gradient_evaluations for run in results.runs(method, setting)]
