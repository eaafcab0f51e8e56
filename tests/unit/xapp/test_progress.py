from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cadran.learn import TrainingSchedule, UpdateMetrics, batch_sampler
from cadran.replay import MemoryReplay, Mirror
from cadran.xapp.progress import Progress
from cadran.xapp.trainer import Trainer

from .experience import DUS, NEUTRAL, SCHEMA, SPEC, learner, reward, rows


def test_progress_writes_means_of_so_many_updates(tmp_path: Path) -> None:
    seen: list[UpdateMetrics] = []
    clock = iter(range(1000))
    told: list[Mapping[str, Any]] = []
    progress = Progress(
        tmp_path / "learner.jsonl", 4, lambda: float(next(clock)), told.append, lambda: [0.5, None]
    )

    def observe(metrics: UpdateMetrics, seconds: float) -> None:
        seen.append(metrics)
        progress.observe(metrics, seconds)

    replay = MemoryReplay(SCHEMA, DUS, 100)
    for du in range(DUS):
        replay.append(du, rows(du, 0, 30))
    trainer = Trainer(
        learner(),
        TrainingSchedule.of(SPEC),
        Mirror(replay, 100, NEUTRAL),
        batch_sampler(0),
        4,
        reward,
        1e6,
        observe,
    )
    trainer.run(None, 10, stop_to_publish=False)
    lines = [json.loads(line) for line in (tmp_path / "learner.jsonl").read_text().splitlines()]
    assert [line["updates"] for line in lines] == [4, 8]
    assert told == lines
    assert [line["reward"] for line in lines] == [[0.5, None]] * 2
    assert lines[1]["critic_loss"] == pytest.approx(sum(m.critic_loss for m in seen[4:8]) / 4)
    assert lines[1]["td_variance"] == pytest.approx(
        [sum(float(m.td_variance[du]) for m in seen[4:8]) / 4 for du in range(DUS)]
    )
    assert progress.summary is not None
    assert progress.summary.updates_per_s == 4.0
