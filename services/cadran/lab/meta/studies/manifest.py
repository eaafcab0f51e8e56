"""How a report came about: command, scenario, versions, machine, time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cadran.lab.meta.studies.study import FIRST_NEW_SEED, Context
from cadran.lab.study.provenance import hours, machine, span, versions
from cadran.lab.study.session import SessionRecord


@dataclass(frozen=True)
class Manifest:
    """Facts to repeat a study by.

    Attributes:
        command: As it was typed.
        studies: Names.
        scenario: Its file.
        scenario_sha256: Of the file's bytes.
        overrides: Of the command line.
        budget: Name.
        plan: Numbers of the trainings' plan.
        shots: Numbers of the shots' plan.
        seeds: Of every method.
        new_networks: Seeds of the networks that methods are examined in.
        workers: Processes.
        versions: Of Python, this package with its revision where it is known, and what it computes with.
        machine: System, processor, cores.
        sessions: Every start of a command in this folder, the last one still going on while this was written.
        run_time_s: Of all sessions [s].
        training_cpu_s: Processor time of all trainings that the studies use, whichever session made them [s].
        date: When this was written.
    """

    command: str
    studies: tuple[str, ...]
    scenario: str
    scenario_sha256: str
    overrides: tuple[str, ...]
    budget: str
    plan: dict[str, Any]
    shots: dict[str, Any]
    seeds: tuple[int, ...]
    new_networks: tuple[int, ...]
    workers: int
    versions: dict[str, str]
    machine: dict[str, str]
    sessions: tuple[SessionRecord, ...]
    run_time_s: float
    training_cpu_s: float
    date: str

    def facts(self) -> dict[str, str]:
        """The same for a page, one line each."""
        count = len(self.sessions)
        return {
            "Command": self.command,
            "Scenario": f"{self.scenario}, sha256 {self.scenario_sha256}",
            "Overrides": ", ".join(self.overrides) or "none",
            "Budget": f"{self.budget}: {_words(self.plan)}",
            "Shots": _words(self.shots),
            "Seeds": f"{span(self.seeds)} for training networks and runs, {span(self.new_networks)} for new "
            "networks",
            "Versions": ", ".join(f"{name} {version}" for name, version in self.versions.items()),
            "Machine": ", ".join(f"{name} {value}" for name, value in self.machine.items()),
            "Trained on": f"cpu, {self.workers} processes of one thread",
            "Run time": f"{hours(self.run_time_s)} in {count} session{'s' if count > 1 else ''}; "
            f"trainings {hours(self.training_cpu_s)} of processor time",
            "Date": self.date,
        }


def manifest(
    *,
    command: str,
    studies: Sequence[str],
    scenario: Path,
    overrides: Sequence[str],
    context: Context,
    workers: int,
    sessions: Sequence[SessionRecord],
    training_cpu_s: float,
) -> Manifest:
    """Put the facts together, with what this process and machine say of themselves."""
    return Manifest(
        command=command,
        studies=tuple(studies),
        scenario=str(scenario),
        scenario_sha256=hashlib.sha256(scenario.read_bytes()).hexdigest(),
        overrides=tuple(overrides),
        budget=context.budget.name,
        plan=asdict(context.plan),
        shots=asdict(context.shots),
        seeds=context.seeds,
        new_networks=tuple(FIRST_NEW_SEED + number for number in range(context.budget.networks)),
        workers=workers,
        versions=versions(),
        machine=machine("cpu"),
        sessions=tuple(sessions),
        run_time_s=sum(session.elapsed_s for session in sessions),
        training_cpu_s=training_cpu_s,
        date=time.strftime("%Y-%m-%d %H:%M %z"),
    )


def _words(numbers: dict[str, Any]) -> str:
    """Names and numbers in one line."""
    return ", ".join(f"{name} {_number(value)}" for name, value in numbers.items())


def _number(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
