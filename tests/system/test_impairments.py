"""Over links that lose, double, reorder and cut, nothing acknowledged is lost, and policies arrive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_kills import stored_frames

from cadran.wire.trace.file import read
from running import Run

# Some cuts a minute, at some 600 PDUs a second.
IMPAIRED = "{loss: 0.05, duplication: 0.05, reordering: 0.05, jitter_s: 0.002, disconnection: 0.0002}"


@pytest.mark.timeout(600)
def test_an_impaired_loop_loses_and_doubles_nothing_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CADRAN_RANSIM_RECORD", str(tmp_path / "trace"))
    impaired = [f"--set=impairments.{interface}={IMPAIRED}" for interface in ("e2", "e3")]
    run = Run(tmp_path / "run", "--seed", "3", "--set", "learner.replay_capacity=100000", *impaired)
    try:
        run.until(lambda: min(run.progress()) > 1000, "the loop learns")
        run.until(lambda: associations(tmp_path / "trace") > 6, "associations were cut and made again")
        before = run.status("xapp")["running_versions"]
        run.until(
            lambda: all(
                now is not None and now > (then or 0)
                for now, then in zip(run.status("xapp")["running_versions"], before, strict=True)
            ),
            "newer policies arrive at every DU",
        )
        run.end()
    finally:
        run.discard()
    acknowledged = {du["du"]: du for du in run.status("ransim")["dus"]}
    for du, frames in stored_frames(run.folder).items():
        assert np.all(np.diff(frames) > 0), f"DU {du}: a transition is there twice or out of order"
        up_to = acknowledged[du]["acknowledged_frame"]
        assert np.count_nonzero(frames <= up_to) == acknowledged[du]["acknowledged_rows"]
        assert up_to > 500


def associations(trace: Path) -> int:
    """How many the RAN's recording shows; the last entry may be half written."""
    count = 0
    try:
        with trace.open("rb") as file:
            for stored in read(file):
                count += stored.record.HasField("opened")
    except ValueError:
        pass
    return count
