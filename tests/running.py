"""`cadran up` as a person starts it, watched by a test."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

SCENARIO = Path(__file__).parents[1] / "scenarios" / "smoke.yaml"
SETTLE_S = 240.0
QUICK_RAPP = {
    "CADRAN_RAPP_CANDIDATE_EVERY": "2",
    "CADRAN_RAPP_LEAST_TRANSITIONS": "4",
    "CADRAN_RAPP_ROUND_PERIOD_S": "0.2",
    "CADRAN_RAPP_EVALUATION_REPETITIONS": "2",
    "CADRAN_RAPP_EVALUATION_FRAMES": "10",
    "CADRAN_RAPP_EVALUATION_SHOTS": "1",
}
"""Environment of an rApp that has something to promote within seconds."""


class Run:
    """`cadran up` as a person starts it, and its run folder."""

    def __init__(self, folder: Path, *options: str, scenario: Path = SCENARIO) -> None:
        self.folder = folder
        command = [
            sys.executable,
            "-m",
            "cadran.cli",
            "up",
            "--scenario",
            str(scenario),
            "--out",
            str(folder),
        ]
        self.process = subprocess.Popen([*command, *options, "--json"], stdout=subprocess.PIPE, text=True)

    def child(self, *words: str) -> int | None:
        """Process id of the service whose command line holds these words."""
        for child in self.services():
            try:
                line = " ".join(child.cmdline())
            except psutil.Error:
                continue  # it has just ended
            if all(word in line for word in words):
                return child.pid
        return None

    def status(self, service: str) -> dict[str, Any]:
        path = self.folder / service / "status.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def progress(self) -> tuple[int, int, int]:
        """Frames run, transitions stored, updates made."""
        ran, xapp = self.status("ransim"), self.status("xapp")
        return ran.get("frame", 0), sum(xapp.get("stored", [])), xapp.get("updates", 0)

    def until(self, condition: Callable[[], bool], what: str, within_s: float = SETTLE_S) -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            assert self.process.poll() is None, f"the testbed ended while waiting until {what}"
            assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
            time.sleep(0.1)

    def finish(self) -> dict[str, Any]:
        """The summary of a run that ends by itself."""
        output, _ = self.process.communicate(timeout=SETTLE_S)
        assert self.process.returncode == 0
        return json.loads(output.splitlines()[-1])

    def end(self) -> dict[str, Any]:
        """Ctrl-C; the run's summary."""
        self.process.send_signal(signal.SIGINT)
        return self.finish()

    def services(self) -> list[psutil.Process]:
        """All processes of the run but `cadran up` itself."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def discard(self) -> None:
        """For a test that failed: nothing is left behind."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
