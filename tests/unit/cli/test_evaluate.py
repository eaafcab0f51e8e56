"""`cadran up --evaluate`: the run's own outcome is told whatever comes of its evaluation."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from cadran import cli
from cadran.lab.experiment import load_experiment
from cadran.testbed import run as testbed_run
from cadran.testbed.folder import RunFolder
from cadran.testbed.prepare import write_scenario

SMOKE = Path(__file__).parents[3] / "scenarios" / "smoke.yaml"


@dataclass
class Summary:
    """As much of a run's summary as the command line looks at."""

    ended_by: str
    seed: int = 0

    def to_json(self) -> str:
        return json.dumps({"ended_by": self.ended_by})


def up(monkeypatch: pytest.MonkeyPatch, root: Path, ended_by: str) -> int:
    """Status of `cadran up --evaluate` over a run that left no policies."""

    class Run:
        def __init__(self, settings: object) -> None:
            self.folder = RunFolder(root)
            write_scenario(self.folder, load_experiment(SMOKE))

        def run(self) -> Summary:
            return Summary(ended_by)

    monkeypatch.setattr(testbed_run, "Testbed", Run)
    monkeypatch.setattr(sys, "argv", ["cadran", "up", "--scenario", str(SMOKE), "--evaluate", "2", "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_a_run_without_policies_is_told_and_cannot_be_evaluated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert up(monkeypatch, tmp_path, "frames") == 2
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"ended_by": "frames"}
    assert shown.err.splitlines()[-1].startswith("policy: ")


def test_a_run_that_was_stopped_is_not_evaluated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert up(monkeypatch, tmp_path, "stopped") == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"ended_by": "stopped"}
    assert "not evaluated" in shown.err
