"""The means shown are those of a plain loop over frames."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry
from rans import EPOCH, WORLD, problem, ran, status_files

from cadran.problem import Measurements
from cadran.ransim.metrics import RansimMetrics
from cadran.ransim.relayed import RelayedRows
from cadran.ransim.statistics import RanStatistics


def test_means_equal_a_plain_loop(tmp_path: Path) -> None:
    made, judge = ran(), problem()
    files = status_files(tmp_path, RansimMetrics(CollectorRegistry(), WORLD.dus))
    statistics = RanStatistics(judge, WORLD.dus, files, EPOCH)
    results = [made.run_frame() for _ in range(WORLD.episode_frames)]
    for part in (results[:2], results[2:]):
        statistics.frames(part, Measurements.stack([result.outcome for result in part]))
    none = (0,) * WORLD.dus
    relayed = tuple(RelayedRows(EPOCH) for _ in range(WORLD.dus))
    statistics.write_status((True, False), none, none, made.ledger(), relayed, None, 1.0)
    statistics.end_episode((3, 0), (1, 0), 2.0)
    files.close()

    status = json.loads((tmp_path / "status.json").read_text())
    rows = list(csv.DictReader((tmp_path / "episodes.csv").read_text().splitlines()))
    for du in range(WORLD.dus):
        outcomes = [result.outcome.select(du) for result in results]
        reward = np.mean([float(judge.reward(judge.kpis(one))) for one in outcomes])
        share = np.mean([one.rbs_quota / WORLD.rbs for one in outcomes], axis=0)
        bps = np.sum([8 * one.delivered_bytes for one in outcomes], axis=0) / (len(results) * WORLD.frame_s)
        shown = status["dus"][du]
        np.testing.assert_allclose(shown["reward"], reward, rtol=1e-6)
        np.testing.assert_allclose(shown["prb_share"], share, rtol=1e-6)
        np.testing.assert_allclose(shown["delivered_bps"], bps, rtol=1e-6)
        np.testing.assert_allclose(float(rows[du]["reward_mean"]), reward, atol=1e-6)
    assert [row["missed"] for row in rows] == ["3", "0"]
