"""What a scraper computes from the RAN's counters is what the status shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from rans import EPOCH, WORLD, problem, ran, status_files

from cadran.problem import Measurements
from cadran.ransim.metrics import RansimMetrics
from cadran.ransim.relayed import RelayedRows
from cadran.ransim.statistics import RanStatistics


def test_quality_divided_by_frames_is_the_mean_quality(tmp_path: Path) -> None:
    made, registry = ran(), CollectorRegistry()
    metrics = RansimMetrics(registry, WORLD.dus)
    files = status_files(tmp_path, metrics)
    statistics = RanStatistics(problem(), WORLD.dus, files, EPOCH)
    for frames in (2, 3):
        results = [made.run_frame() for _ in range(frames)]
        metrics.frames(results)
        assessed = statistics.frames(results, Measurements.stack([result.outcome for result in results]))
        metrics.assessed(assessed)
    none = (0,) * WORLD.dus
    relayed = tuple(RelayedRows(EPOCH) for _ in range(WORLD.dus))
    statistics.write_status((True, True), none, none, made.ledger(), relayed, None, 1.0)
    files.close()
    for shown in json.loads((tmp_path / "status.json").read_text())["dus"]:
        du = str(shown["du"])
        for name, mean in zip(("embb", "mmtc", "urllc"), shown["qos"], strict=True):
            total = registry.get_sample_value("cadran_ransim_slice_quality_total", {"du": du, "slice": name})
            assert total / 5 == pytest.approx(mean)
        newest = assessed.reward[:, int(du)].mean()
        assert registry.get_sample_value("cadran_ransim_reward", {"du": du}) == pytest.approx(newest)
