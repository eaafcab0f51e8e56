"""Traffic measured in the field drives the testbed: a load moves it, packets arrive byte by byte."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cadran.lab.experiment import load_experiment
from cadran.problem.observation import GROUPS
from cadran.problem.spec import DemandSpec
from cadran.radio import EMBB, SLICES, Radio
from cadran.radio.traffic import phases, trace_starts
from cadran.ransim.load import LoadSource, read_load
from cadran.replay import read_export
from running import Run

SEED = 11
STEPS, FRAMES_PER_STEP = 200, 2
SLOW_FRAMES = ("world.frame_s=0.5", f"world.episode_frames={2 * STEPS * FRAMES_PER_STEP}")
ARRIVALS = 5
"""Place among the groups of the demand observation of the logarithm of expected arrivals."""
PRESET_3GPP = ("world.preset=3gpp", "world.rbs=20")

pytestmark = pytest.mark.timeout(500)


def up(folder: Path, frames: int, changes: tuple[str, ...], *options: str) -> dict[str, Any]:
    """Runs at the fast pace to the end; the summary."""
    changed = [word for change in changes for word in ("--set", change)]
    run = Run(folder, "--pace", "fast", "--seed", str(SEED), "--frames", str(frames), *changed, *options)
    try:
        return run.finish()
    finally:
        run.discard()


def offered_bytes(folder: Path, average: float) -> list[NDArray[np.float64]]:
    """Per DU, bytes [n, S] that each frame but the first few offered, as the dApps' reports tell them.

    The state after a frame holds ``average`` of its arrivals and the rest of the average before it.
    """
    out = folder / "rows.npz"
    export = [sys.executable, "-m", "cadran.cli", "replay", "export", "--run", str(folder), "--out", str(out)]
    subprocess.run(export, check=True, stdout=subprocess.DEVNULL)
    scales, found = DemandSpec(), []
    for rows in read_export(out)[1]:
        frames = rows["frame"].astype(np.int64)
        assert (np.diff(frames) == 1).all()
        state = (
            rows["next_state"].reshape(len(rows), GROUPS["demand"], SLICES)[:, ARRIVALS].astype(np.float64)
        )
        mean = scales.bytes_unit * np.expm1(state * scales.log_scale)
        arrived = np.full((frames[-1] + 1, SLICES), np.nan)
        arrived[frames[1:]] = mean[:-1] + np.diff(mean, axis=0) / average
        found.append(arrived)
    return found


def test_the_offered_load_follows_the_measured_one(tmp_path: Path, measured_load: str) -> None:
    folder = tmp_path / "run"
    summary = up(folder, STEPS * FRAMES_PER_STEP, SLOW_FRAMES, "--load", measured_load)
    world = load_experiment(folder / "scenario.yaml").world
    assert world.load.profile == "measured"
    measured = read_load(LoadSource.of(measured_load)).profile(world.load.profile_step_s)
    factors = measured / measured.mean()
    start = Radio(world, load_profile=measured).new_state(np.array([SEED], dtype=np.uint64)).core
    # The first frame moves the load on to its first step. A slice without UEs is offered nothing.
    played = factors[(start.load_level[0, :, [EMBB]].T + 1 + np.arange(STEPS)) % len(factors)]
    mean_bytes = world.load.scale * np.array(world.load.mean_bps) / 8 * world.load.profile_step_s
    expected = played[..., np.newaxis] * (mean_bytes * (start.ues[0] > 0))[:, np.newaxis]
    frames = np.stack(offered_bytes(folder, world.kpis.average))
    offered = FRAMES_PER_STEP * np.nanmean(frames.reshape(-1, STEPS, FRAMES_PER_STEP, SLICES), axis=2)
    assert played.max() > 1.5 * played.mean() > 0
    for s in range(SLICES):
        assert np.corrcoef(offered[..., s].ravel(), expected[..., s].ravel())[0, 1] > 0.98
        assert offered[..., s].sum() == pytest.approx(expected[..., s].sum(), rel=0.05)
    assert summary["bytes_offered"] == pytest.approx(expected.sum(), rel=0.05)


def test_packets_arrive_byte_by_byte_in_slots_of_1_ms(tmp_path: Path, packet_trace: Path) -> None:
    folder = tmp_path / "run"
    frames = 150
    summary = up(folder, frames, PRESET_3GPP, "--trace", str(packet_trace))
    world = load_experiment(folder / "scenario.yaml").world
    assert world.ttis_per_frame == 10
    times_s, sizes = np.loadtxt(packet_trace).T
    row = np.floor((times_s - times_s[0]) / world.tti_s).astype(int)
    rows = int(row[-1]) + 1
    starts = trace_starts(phases(SEED, EMBB, np.arange(world.ues_per_slice[EMBB])), rows)
    ttis = frames * world.ttis_per_frame
    assert ttis < rows
    due = int(sum(sizes[(row - start) % rows < ttis].sum() for start in starts))
    assert summary["trace_bytes_offered"] == summary["trace_bytes_played"] == due > 0
    fates = ("delivered", "dropped", "discarded", "queued")
    assert summary["bytes_offered"] == sum(summary[f"bytes_{fate}"] for fate in fates) > due


def test_a_run_under_measured_traffic_is_evaluated_under_it(tmp_path: Path, measured_load: str) -> None:
    folder = tmp_path / "run"
    up(folder, 60, ("world.load.profile=measured",), "--load", measured_load)
    scenario = ["--scenario", str(folder / "scenario.yaml"), "--policy", "equal", "--episodes", "2"]
    command = [sys.executable, "-m", "cadran.cli", "eval", *scenario]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "--load" in refused.stderr
    assert refused.stderr.count("\n") == 1
    judged = subprocess.run([*command, "--load", measured_load, "--json"], capture_output=True, check=True)
    assert json.loads(judged.stdout)["episodes"] == 2
