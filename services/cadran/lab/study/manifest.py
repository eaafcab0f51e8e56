"""How a report came about: command, scenario, versions, machine, time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cadran.lab.study.provenance import hours, machine, span, versions
from cadran.lab.study.session import SessionRecord
from cadran.lab.study.study import HELD_OUT_SEED, Context


@dataclass(frozen=True)
class Manifest:
    """Facts to repeat a study by.

    Attributes:
        command: As it was typed.
        studies: Names.
        scenario: File of the preset.
        scenario_sha256: Of the file's bytes.
        preset: Name.
        overrides: Of the command line.
        budget: Name.
        plan: Numbers of the plan of the preset under this budget; a study may change them for its cells.
        core_seeds: Seeds of the rows of Table 2.
        seeds: Seeds of all other rows.
        held_out_seed: Of the episodes of the exams.
        device: What runs trained on.
        workers: Processes.
        versions: Of Python, this package with its revision where it is known, and what it computes with.
        machine: System, processor, cores.
        left_out: Name of a baseline and of the study in whose tables it is not, to why.
        sessions: Every start of a command in this folder, the last one still going on while this was written.
        run_time_s: Of all sessions [s].
        training_cpu_s: Processor time of all trainings that the studies use, whichever session made them [s].
        date: When this was written.
    """

    command: str
    studies: tuple[str, ...]
    scenario: str
    scenario_sha256: str
    preset: str
    overrides: tuple[str, ...]
    budget: str
    plan: dict[str, int]
    core_seeds: tuple[int, ...]
    seeds: tuple[int, ...]
    held_out_seed: int
    device: str
    workers: int
    versions: dict[str, str]
    machine: dict[str, str]
    left_out: dict[str, str]
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
            "Budget": f"{self.budget}: " + ", ".join(f"{key} {value}" for key, value in self.plan.items()),
            "Seeds": f"{span(self.core_seeds)} for the rows of Table 2, {span(self.seeds)} for the rest; "
            f"held-out episodes {self.held_out_seed}",
            "Versions": ", ".join(f"{name} {version}" for name, version in self.versions.items()),
            "Machine": ", ".join(f"{name} {value}" for name, value in self.machine.items()),
            "Trained on": f"{self.device}, {self.workers} processes of one thread",
            "Run time": f"{hours(self.run_time_s)} in {count} session{'s' if count > 1 else ''}; "
            f"trainings {hours(self.training_cpu_s)} of processor time",
            **(
                {"Left out": "; ".join(f"{name}: {why}" for name, why in self.left_out.items())}
                if self.left_out
                else {}
            ),
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
    left_out: Mapping[str, str],
    sessions: Sequence[SessionRecord],
    training_cpu_s: float,
) -> Manifest:
    """Put the facts together, with what this process and machine say of themselves."""
    return Manifest(
        command=command,
        studies=tuple(studies),
        scenario=str(scenario),
        scenario_sha256=hashlib.sha256(scenario.read_bytes()).hexdigest(),
        preset=context.preset,
        overrides=tuple(overrides),
        budget=context.budget.name,
        plan=asdict(context.plan),
        core_seeds=context.core_seeds,
        seeds=context.seeds,
        held_out_seed=HELD_OUT_SEED,
        device=context.device,
        workers=workers,
        versions=versions(),
        machine=machine(context.device),
        left_out=dict(left_out),
        sessions=tuple(sessions),
        run_time_s=sum(session.elapsed_s for session in sessions),
        training_cpu_s=training_cpu_s,
        date=time.strftime("%Y-%m-%d %H:%M %z"),
    )
