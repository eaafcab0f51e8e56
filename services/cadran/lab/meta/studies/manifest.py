"""What to repeat studies of meta-learning by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cadran.lab.meta.studies.study import FIRST_NEW_SEED, Context
from cadran.lab.study.origin import Origin, in_words, origin
from cadran.lab.study.provenance import span
from cadran.lab.study.session import SessionRecord


@dataclass(frozen=True)
class Manifest:
    """Facts to repeat a study by.

    Attributes:
        origin: How it came about.
        shots: Numbers of the shots' plan.
        new_networks: Seeds of the networks that methods are examined in.
    """

    origin: Origin
    shots: dict[str, Any]
    new_networks: tuple[int, ...]

    def record(self) -> dict[str, Any]:
        """All facts by name, as plain data."""
        own = asdict(self)
        shared: dict[str, Any] = own.pop("origin")
        return shared | own

    def facts(self) -> dict[str, str]:
        """The same for a page, one line each."""
        seeds = f"{span(self.origin.seeds)} for training networks and runs"
        own = {
            "Shots": in_words(self.shots),
            "Seeds": f"{seeds}, {span(self.new_networks)} for new networks",
        }
        return self.origin.facts(own)


def manifest(
    *,
    command: str,
    studies: Sequence[str],
    scenario: Path,
    overrides: Sequence[str],
    context: Context,
    trained_on: str,
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
            device="cpu",
            trained_on=trained_on,
            sessions=sessions,
            training_cpu_s=training_cpu_s,
        ),
        shots=asdict(context.shots),
        new_networks=tuple(FIRST_NEW_SEED + number for number in range(context.budget.networks)),
    )
