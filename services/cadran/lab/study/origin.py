"""How any report came about: command, scenario, versions, machine, time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cadran.lab.study.provenance import hours, machine, versions
from cadran.lab.study.session import SessionRecord


@dataclass(frozen=True)
class Origin:
    """Facts that tell how any study came about.

    Attributes:
        command: As it was typed.
        studies: Names.
        scenario: Its file.
        scenario_sha256: Of the file's bytes.
        overrides: Of the command line.
        budget: Name.
        plan: Numbers of the trainings' plan under this budget.
        seeds: Of the runs.
        device: What runs trained on.
        trained_on: The engine and how much of it, in words.
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
    plan: Mapping[str, Any]
    seeds: tuple[int, ...]
    device: str
    trained_on: str
    versions: dict[str, str]
    machine: dict[str, str]
    sessions: tuple[SessionRecord, ...]
    run_time_s: float
    training_cpu_s: float
    date: str

    def facts(self, own: Mapping[str, str]) -> dict[str, str]:
        """The same for a page, one line each, with a study's own facts among them."""
        count = len(self.sessions)
        return {
            "Command": self.command,
            "Scenario": f"{self.scenario}, sha256 {self.scenario_sha256}",
            "Overrides": ", ".join(self.overrides) or "none",
            "Budget": f"{self.budget}: {in_words(self.plan)}",
            **own,
            "Versions": ", ".join(f"{name} {version}" for name, version in self.versions.items()),
            "Machine": ", ".join(f"{name} {value}" for name, value in self.machine.items()),
            "Trained on": f"{self.device}, {self.trained_on}",
            "Run time": f"{hours(self.run_time_s)} in {count} session{'' if count == 1 else 's'}; "
            f"trainings {hours(self.training_cpu_s)} of processor time",
            "Date": self.date,
        }


def origin(
    *,
    command: str,
    studies: Sequence[str],
    scenario: Path,
    overrides: Sequence[str],
    budget: str,
    plan: Mapping[str, Any],
    seeds: Sequence[int],
    device: str,
    trained_on: str,
    sessions: Sequence[SessionRecord],
    training_cpu_s: float,
) -> Origin:
    """Put the facts together, with what this process and machine say of themselves."""
    return Origin(
        command=command,
        studies=tuple(studies),
        scenario=str(scenario),
        scenario_sha256=hashlib.sha256(scenario.read_bytes()).hexdigest(),
        overrides=tuple(overrides),
        budget=budget,
        plan=plan,
        seeds=tuple(seeds),
        device=device,
        trained_on=trained_on,
        versions=versions(),
        machine=machine(device),
        sessions=tuple(sessions),
        run_time_s=sum(session.elapsed_s for session in sessions),
        training_cpu_s=training_cpu_s,
        date=time.strftime("%Y-%m-%d %H:%M %z"),
    )


def in_words(numbers: Mapping[str, Any]) -> str:
    """Names and numbers in one line."""
    return ", ".join(f"{name} {_number(value)}" for name, value in numbers.items())


def _number(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
