"""What to repeat studies of one decision level by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cadran.lab.study.origin import Origin, origin
from cadran.lab.study.provenance import span
from cadran.lab.study.session import SessionRecord
from cadran.lab.study.study import HELD_OUT_SEED, Context


@dataclass(frozen=True)
class Manifest:
    """Facts to repeat a study by.

    Attributes:
        origin: How it came about; a study may change the plan for its cells, and its seeds are those of all
            rows but the core ones.
        preset: Name.
        core_seeds: Seeds of the rows of Table 2.
        held_out_seed: Of the episodes of the exams.
        left_out: Name of a baseline and of the study in whose tables it is not, to why.
    """

    origin: Origin
    preset: str
    core_seeds: tuple[int, ...]
    held_out_seed: int
    left_out: dict[str, str]

    def record(self) -> dict[str, Any]:
        """All facts by name, as plain data."""
        own = asdict(self)
        shared: dict[str, Any] = own.pop("origin")
        return shared | own

    def facts(self) -> dict[str, str]:
        """The same for a page, one line each."""
        own = {
            "Seeds": f"{span(self.core_seeds)} for the rows of Table 2, {span(self.origin.seeds)} for the "
            f"rest; held-out episodes {self.held_out_seed}"
        }
        if self.left_out:
            own["Left out"] = "; ".join(f"{name}: {why}" for name, why in self.left_out.items())
        return self.origin.facts(own)


def manifest(
    *,
    command: str,
    studies: Sequence[str],
    scenario: Path,
    overrides: Sequence[str],
    context: Context,
    trained_on: str,
    left_out: Mapping[str, str],
    sessions: Sequence[SessionRecord],
    training_cpu_s: float,
) -> Manifest:
    """Put the facts together, with what this process and machine say of themselves."""
    return Manifest(
        origin(
            command=command,
            studies=studies,
            scenario=scenario,
            overrides=overrides,
            budget=context.budget.name,
            plan=asdict(context.plan),
            seeds=context.seeds,
            device=context.device,
            trained_on=trained_on,
            sessions=sessions,
            training_cpu_s=training_cpu_s,
        ),
        preset=context.preset,
        core_seeds=context.core_seeds,
        held_out_seed=HELD_OUT_SEED,
        left_out=dict(left_out),
    )
