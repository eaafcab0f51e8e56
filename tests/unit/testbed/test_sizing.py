"""What services take is told apart by frame and by process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cadran.testbed.folder import RunFolder
from cadran.testbed.sizing import _cpu_s, _Moment, _processes, _rss_bytes, _update_cpu_ms, _used, _Watch


def watch(**changes: object) -> _Watch:
    looked = _Watch(RunFolder(Path("nowhere")))
    looked.services = {1: "ransim", 2: "dapp", 3: "dapp"}
    looked.rss_bytes = {1: 200_000_000, 2: 70_000_000, 3: 90_000_000}
    looked.first = _Moment(200, 0, {1: 5.0, 2: 2.0, 3: 3.0})
    looked.last = _Moment(1200, 50, {1: 9.0, 2: 3.0, 3: 5.0})
    for name, value in changes.items():
        setattr(looked, name, value)
    return looked


def test_starting_is_left_out_and_dapps_are_averaged() -> None:
    used = _used(watch())
    assert (used["frames"], used["updates"]) == (1000, 50)
    assert used["cpu_ms_per_frame"] == pytest.approx({"ransim": 4.0, "dapp": 1.5})
    assert used["rss_mb"] == pytest.approx({"ransim": 200.0, "dapp": 80.0})


def test_a_run_that_was_not_seen_twice_has_no_figures() -> None:
    with pytest.raises(RuntimeError, match="looked at twice"):
        _used(watch(last=None))


def test_an_update_takes_what_keeping_rows_does_not() -> None:
    learning = {"cpu_ms_per_frame": {"xapp": 8.0}, "frames": 1000, "updates": 500}
    idle = {"cpu_ms_per_frame": {"xapp": 1.0}}
    assert _update_cpu_ms(learning, idle) == pytest.approx(14.0)
    assert _update_cpu_ms({**learning, "updates": 0}, idle) is None


def test_processor_time_and_memory_are_those_of_the_process() -> None:
    before_s, began_s = _cpu_s(os.getpid()), time.process_time()
    while time.process_time() - began_s < 0.2:
        pass
    assert _cpu_s(os.getpid()) - before_s == pytest.approx(0.2, abs=0.1)
    assert _rss_bytes(os.getpid()) > 10_000_000


def test_services_of_a_run_are_found_by_its_folder(tmp_path: Path) -> None:
    code = "import time; time.sleep(60)"
    mine, other = (
        subprocess.Popen([sys.executable, "-c", code, "-m", "cadran.dapp", str(folder / "scenario.yaml")])
        for folder in (tmp_path, tmp_path / "other")
    )
    try:
        found = _processes(tmp_path)
        assert found == {mine.pid: "dapp"}
    finally:
        for process in (mine, other):
            process.kill()
            process.wait()
