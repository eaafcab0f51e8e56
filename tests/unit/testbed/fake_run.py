"""A run folder as the services would leave it, made up from a seed."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from cadran.testbed.folder import RunFolder
from cadran.testbed.series import EPISODE_COLUMNS

START_S = 1_800_000_000.0


def status(frame: int, epoch: int = 1, dus: int = 2, **changes: Any) -> dict[str, Any]:
    """The RAN's status after ``frame`` frames."""
    du = {
        "connected": True,
        "policy_version": 3,
        "source": "dapp",
        "reward": 0.8,
        "qos": [0.7, 0.8, 0.9],
        "prb_share": [0.5, 0.2, 0.3],
        "prb_used": [0.4, 0.1, 0.1],
        "delivered_bps": [2e7, 6e6, 6e6],
        "queued_bytes": [100, 20, 3],
        "missed_frames": 1,
        "fallback_frames": 0,
    }
    return {
        "epoch": epoch,
        "frame": frame,
        "episode": frame // 100,
        "time_s": START_S + frame / 100,
        "frames_per_s": 100.0,
        "dus": [{"du": index, **du} for index in range(dus)],
        "missed_frames": dus,
        "fallback_frames": 0,
        "loop_latency_ms": {"p50": 1.2, "p99": 3.4, "max": 9.1},
        "bytes": {"offered": 100, "delivered": 80, "dropped": 10, "discarded": 6, "queued": 4},
        "trace": None,
        "reports": {"relayed": frame // 10, "rows": frame * dus, "acked": frame * dus},
        **changes,
    }


def xapp_status(stored: list[int]) -> dict[str, Any]:
    """The xApp's status with so many transitions stored per DU."""
    dus = len(stored)
    return {
        "time_s": START_S,
        "learning": True,
        "resumed": False,
        "updates": 500,
        "updates_per_s": 40.0,
        "stored": stored,
        "duplicates": 0,
        "policy_versions": [4] * dus,
        "running_versions": [3] * dus,
        "beta": 0.02,
        "critic_loss": 0.004,
        "td_variance": [0.01] * dus,
        "sam_on": [True] * dus,
        "alert": None,
    }


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def write_episodes(path: Path, episodes: int, dus: int, seed: int = 0) -> None:
    """An episodes file with a reward that rises from 0.7 to 0.92, every fifth episode deterministic."""
    rng = np.random.default_rng(seed)
    lines = [",".join(EPISODE_COLUMNS)]
    for episode in range(episodes):
        learned = 1 - np.exp(-5 * episode / episodes)
        deterministic = int(episode % 5 == 4)
        for du in range(dus):
            reward = 0.70 + (0.21 + 0.01 * deterministic) * learned + rng.normal(0, 0.03)
            qos = np.clip([0.6 + 0.2 * learned, 0.75 + 0.18 * learned, 0.7 + 0.28 * learned], 0, 1)
            shares = [0.5 - 0.1 * learned, 0.2 - 0.04 * learned, 0.3 + 0.14 * learned]
            noise = rng.normal(0, 0.02, 3)
            cells = [episode, 100 * episode, du, deterministic, reward, *np.clip(qos + noise, 0, 1), *shares]
            lines.append(",".join(str(cell) for cell in [*cells, 0, 0, episode, START_S + episode / 2]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def write_learner(path: Path, count: int, dus: int, seed: int = 0) -> None:
    """A learner's progress file with a falling loss."""
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        for index in range(count):
            fall = np.exp(-4 * index / count) + 0.1
            record = {
                "time_s": START_S + 2 + index,
                "updates": 50 * index,
                "critic_loss": 0.02 * fall * rng.lognormal(0, 0.3),
                "actor_loss": (-4 + rng.normal(0, 0.1, dus)).tolist(),
                "td_variance": (0.03 * fall * rng.lognormal(0, 0.3, dus)).tolist(),
                "sam_share": rng.beta(2, 3, dus).tolist(),
                "beta": 0.03 * fall,
                "entropy": -5.0,
            }
            file.write(json.dumps(record) + "\n")


SUMMARY = {
    "scenario": "demo", "seed": 0, "pace": "fast", "dus": 6, "frames": 24_000, "episodes": 240,
    "duration_s": 128.4, "frames_per_s": 199.8, "ended_by": "duration", "transitions_reported": 144_000,
    "transitions_acknowledged": 144_000, "transitions_stored": 144_000, "updates": 6_000,
    "policy_versions": [44, 44, 44, 44, 44, 43], "missed_frames": 3, "fallback_frames": 0,
    "reward_mean": 0.861, "reward_mean_sampled": 0.859, "reward_mean_deterministic": 0.869,
    "qos_mean": {"eMBB": 0.7, "mMTC": 0.9, "URLLC": 0.95}, "loop_latency_p50_ms": 1.21,
    "loop_latency_p99_ms": 3.4, "bytes_offered": 5_123_456_789, "bytes_delivered": 4_900_000_000,
    "bytes_dropped": 200_000_000, "bytes_discarded": 23_456_000, "bytes_queued": 789,
    "trace_bytes_played": 1_234_567, "trace_bytes_offered": 1_234_567,
    "restarts": {"redis": 0, "xapp": 1, "dapp-0": 0, "dapp-1": 2, "ransim": 0}, "folder": "runs/x",
}  # fmt: skip


def write_run(root: Path, episodes: int = 240, dus: int = 6, evaluation: str | None = None) -> RunFolder:
    """The whole folder of a run that ended, all but its plots and report."""
    folder = RunFolder(root)
    write_episodes(folder.episodes, episodes, dus)
    write_learner(folder.learner, episodes // 2, dus)
    write_json(folder.summary, SUMMARY)
    record = {
        "started": "2026-01-01 12:00:00 +0000",
        "command": ["cadran", "up", "--scenario", "scenarios/demo.yaml"],
        "settings": {"trace": "traces/<b>&busy.csv"},
        "versions": {"python": "3.11", "numpy": "2.4"},
        "machine": {"system": "Linux", "processor": "x86_64"},
        "metrics": {},
    }
    write_json(folder.run_record, record)
    folder.plots.mkdir()
    folder.scenario.write_text("name: demo\nworld: {dus: 6, ues: 200, rbs: 100, load: {scale: 1.3}}\n")
    if evaluation is not None:
        folder.evaluation.write_text(evaluation)
    return folder
