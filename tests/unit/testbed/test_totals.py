"""Totals of a run add up over the RAN's restarts; the summary and the metrics file say what was measured."""

import csv
import io
import json
from pathlib import Path

import fake_run
import pytest

from cadran.testbed.folder import RunFolder
from cadran.testbed.series import read_episodes
from cadran.testbed.snapshot import METRICS_COLUMNS, MetricsFile, Observer
from cadran.testbed.status import RanStatus, XappStatus, read_status
from cadran.testbed.summary import RunFacts, RunSummary, summarise
from cadran.testbed.totals import RunTotals

FACTS = RunFacts(
    scenario="smoke", seed=3, pace="fast", dus=2, ended_by="frames", duration_s=9.0, stored_before=50,
    restarts={"xapp": 1, "ransim": 0}, redis_region="cadran", folder="runs/x",
)  # fmt: skip


def folder_with(root: Path, frame: int = 300, stored: tuple[int, int] = (300, 300)) -> RunFolder:
    folder = RunFolder(root)
    fake_run.write_json(folder.ransim_status, fake_run.status(frame))
    fake_run.write_json(folder.xapp_status, fake_run.xapp_status(list(stored)))
    fake_run.write_episodes(folder.episodes, episodes=10, dus=2)
    return folder


def summary_of(folder: RunFolder) -> RunSummary:
    observer = Observer(folder)
    observer.observe((), ())
    return summarise(FACTS, observer, read_episodes(folder.episodes))


def test_epochs_add_up_and_later_statuses_replace_earlier_ones() -> None:
    totals = RunTotals()
    trace = {"path": "t", "bytes_played": 5, "bytes_offered": 5}
    for epoch, frame in [(1, 100), (1, 250), (2, 40), (2, 60)]:
        totals.see(RanStatus.model_validate(fake_run.status(frame, epoch=epoch, trace=trace)))
    assert totals.frames == 310
    assert totals.missed_frames == 4
    assert totals.bytes.offered == 200
    assert totals.reports.rows == 620
    assert totals.trace is not None
    assert totals.trace.bytes_played == totals.trace.bytes_offered == 10
    assert totals.frames_per_s == pytest.approx(100.0)


def test_before_the_first_status_all_is_nought() -> None:
    totals = RunTotals()
    assert (totals.frames, totals.bytes.offered, totals.reports.rows, totals.frames_per_s) == (0, 0, 0, 0.0)
    assert totals.trace is None


def test_a_status_file_may_be_missing_but_not_foreign(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    assert read_status(path, RanStatus) is None
    path.write_text('{"epoch": 1}')
    with pytest.raises(ValueError, match="not a status file"):
        read_status(path, RanStatus)
    fake_run.write_json(path, {**fake_run.xapp_status([1]), "added_later": 1})
    assert read_status(path, XappStatus) is not None


def test_the_summary_holds_what_later_work_relies_on(tmp_path: Path) -> None:
    summary = json.loads(summary_of(folder_with(tmp_path)).to_json())
    promised = {
        "frames", "dus", "transitions_reported", "transitions_stored", "policy_versions", "missed_frames",
        "fallback_frames", "reward_mean", "reward_mean_sampled", "reward_mean_deterministic", "frames_per_s",
        "restarts", "bytes_offered",
    }  # fmt: skip
    assert promised <= set(summary)
    assert summary["frames"] == 300
    assert summary["policy_versions"] == [3, 3]
    assert summary["transitions_reported"] == 600
    assert summary["transitions_stored"] == 550
    assert summary["restarts"] == {"xapp": 1, "ransim": 0}


def test_the_mean_reward_lies_between_sampled_and_deterministic(tmp_path: Path) -> None:
    summary = summary_of(folder_with(tmp_path))
    assert summary.reward_mean is not None
    assert summary.reward_mean_sampled is not None
    assert summary.reward_mean_deterministic is not None
    parts = 8 * summary.reward_mean_sampled + 2 * summary.reward_mean_deterministic
    assert summary.reward_mean == pytest.approx(parts / 10, abs=1e-5)


def test_a_run_that_told_nothing_has_a_summary(tmp_path: Path) -> None:
    summary = json.loads(summary_of(RunFolder(tmp_path)).to_json())
    assert summary["frames"] == 0
    assert summary["reward_mean"] is None
    assert summary["policy_versions"] == []


def test_the_moving_rewards_tell_sampled_from_deterministic(tmp_path: Path) -> None:
    snapshot = Observer(folder_with(tmp_path)).observe((), ())
    episodes = read_episodes(RunFolder(tmp_path).episodes)
    assert snapshot.reward_deterministic == pytest.approx(episodes.reward[[4, 9]].mean())
    assert snapshot.reward_sampled == pytest.approx(episodes.reward[~episodes.deterministic].mean())


def test_the_metrics_file_has_a_row_per_du_and_observation(tmp_path: Path) -> None:
    file = io.StringIO()
    metrics = MetricsFile(file)
    metrics.write(Observer(RunFolder(tmp_path / "nothing")).observe((), ()))
    observer = Observer(folder_with(tmp_path))
    metrics.write(observer.observe((), ()))
    metrics.write(observer.observe((), ()))
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert [row["du"] for row in rows] == ["0", "1", "0", "1"]
    assert tuple(rows[0]) == METRICS_COLUMNS
    assert rows[0]["qos_urllc"] == "0.9"
    assert rows[0]["stored"] == "300"
    assert float(rows[0]["time_s"]) == fake_run.START_S + 3
