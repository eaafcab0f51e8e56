"""The tables that a run ends with fit a terminal of 80 columns."""

import io

import fake_evaluation
import pytest
from rich.console import Console
from rich.table import Table

from cadran.testbed.summary import RunSummary
from cadran.testbed.tables import evaluation_table, summary_table


def shown(table: Table) -> str:
    console = Console(width=80, file=io.StringIO(), record=True)
    console.print(table)
    return console.export_text()


def test_the_evaluation_is_whole_and_the_best_stands_first() -> None:
    lines = shown(evaluation_table(fake_evaluation.EVALUATION)).splitlines()
    assert lines.pop().rstrip() == "tuned priority: URLLC x4, mMTC x1"
    policies = lines[-len(fake_evaluation.MEANS) :]
    best_first = sorted(fake_evaluation.MEANS.items(), key=lambda item: -item[1])
    for line, (name, mean) in zip(policies, best_first, strict=True):
        assert line.startswith(name)
        assert f"{mean:.3f} {mean - 0.011:.3f}…{mean + 0.011:.3f}" in line
    assert policies[0].split()[-1] == "0.97"
    assert policies[1].rstrip().endswith("+0.004 -0.006…+0.014 tie")
    assert policies[-1].rstrip().endswith("+0.241 +0.231…+0.251 better")
    assert "24 held-out episodes of 100 frames" in lines[0]


@pytest.mark.parametrize("known", [True, False])
def test_the_summary_tells_the_run(known: bool) -> None:
    mean = 0.8 if known else None
    count = 1_234 if known else None
    summary = RunSummary(
        scenario="demo", seed=1, pace="fast", dus=2, frames=100, episodes=1, duration_s=2.0,
        frames_per_s=50.0,
        ended_by="frames", transitions_reported=200, transitions_acknowledged=200, transitions_stored=200,
        updates=7, policy_versions=(3, 4), missed_frames=1, fallback_frames=0, reward_mean=mean,
        reward_mean_sampled=mean, reward_mean_deterministic=mean, qos_mean=None, loop_latency_p50_ms=mean,
        loop_latency_p99_ms=mean, loop_latency_max_ms=mean, bytes_offered=9, bytes_delivered=9,
        bytes_dropped=0,
        bytes_discarded=0, bytes_queued=0, trace_bytes_played=count, trace_bytes_offered=count,
        restarts={"xapp": 2, "dapp-0": 0}, redis_region="cadran-7", folder="runs/x",
    )  # fmt: skip
    text = shown(summary_table(summary))
    assert "xapp 2" in text
    assert "region cadran-7" in text
    assert "3 to 4" in text
    assert ("1234 bytes played" in text) == known
