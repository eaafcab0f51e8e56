"""Episodes and the learner's progress are read as written, also while they grow."""

import json
from pathlib import Path

import fake_run
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.testbed.series import (
    EpisodeTail,
    LineTail,
    moving_mean,
    read_episodes,
    read_learner,
    read_shots,
)


def test_episodes_have_one_entry_per_episode(tmp_path: Path) -> None:
    fake_run.write_episodes(tmp_path / "e.csv", episodes=10, dus=3)
    episodes = read_episodes(tmp_path / "e.csv")
    assert len(episodes) == 10
    assert episodes.reward.shape == (10, 3)
    assert episodes.qos.shape == episodes.prb_share.shape == (10, 3, 3)
    assert episodes.deterministic.tolist() == [False, False, False, False, True] * 2
    assert len(episodes.where(episodes.deterministic)) == 2
    assert np.all(np.diff(episodes.wall_s) > 0)


def test_reading_while_it_grows_gives_the_same(tmp_path: Path) -> None:
    whole, growing = tmp_path / "whole.csv", tmp_path / "growing.csv"
    fake_run.write_episodes(whole, episodes=8, dus=2)
    data = whole.read_bytes()
    tail = EpisodeTail(growing)
    tail.read()
    assert len(tail.episodes()) == 0
    with growing.open("wb", buffering=0) as file:
        for start in range(0, len(data), 97):
            file.write(data[start : start + 97])
            tail.read()
    assert np.array_equal(tail.episodes().reward, read_episodes(whole).reward)
    assert np.array_equal(tail.episodes(last=3).reward, read_episodes(whole).reward[-3:])


def test_an_episode_that_a_dying_ran_left_incomplete_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    fake_run.write_episodes(path, episodes=3, dus=2)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:-1], *lines[1:]]) + "\n")
    assert len(read_episodes(path)) == 2 + 3


def test_no_file_is_no_episode(tmp_path: Path) -> None:
    episodes = read_episodes(tmp_path / "none.csv")
    assert len(episodes) == 0
    assert episodes.qos.shape[2] == 3
    assert len(read_learner(tmp_path / "none.jsonl")) == 0


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="expected columns episode, first_frame"):
        read_episodes(tmp_path / "e.csv")


def test_what_the_learner_did_not_measure_is_nan(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    path.write_text(
        '{"time_s": 1, "updates": 5, "td_variance": [0.1, null], "sam_share": [1, 0]}\n'
        '{"time_s": 2, "updates": 9, "td_variance": [0.2, 0.3], "sam_share": [0, 0], "critic_loss": 3}\n'
        '{"time_s": 3, "upd'
    )
    learner = read_learner(path)
    assert learner.updates.tolist() == [5, 9]
    assert learner.td_variance.shape == learner.actor_loss.shape == (2, 2)
    assert np.isnan(learner.td_variance[0, 1])
    assert np.isnan(learner.critic_loss[0])
    assert learner.critic_loss[1] == 3


def test_a_line_is_read_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "f"
    tail = LineTail(path)
    assert tail.read() == []
    path.write_text("one\ntw")
    assert tail.read() == ["one"]
    with path.open("a") as file:
        file.write("o\nthree\n")
    assert tail.read() == ["two", "three"]
    assert tail.read() == []


@given(st.lists(st.floats(-10, 10) | st.just(float("nan")), max_size=30), st.integers(1, 12))
def test_the_moving_mean_is_the_mean_of_the_finite_entries_around(values: list[float], window: int) -> None:
    moving = moving_mean(np.array(values, float), window)
    reach = window // 2
    for index, mean in enumerate(moving):
        near = np.array(values[max(0, index - reach) : index + reach + 1])
        finite = near[np.isfinite(near)]
        if len(finite) == 0:
            assert np.isnan(mean)
        else:
            assert mean == pytest.approx(finite.mean(), abs=1e-9)


def test_shots_are_read_by_du_and_start(tmp_path: Path) -> None:
    path = tmp_path / "adaptation.jsonl"
    assert read_shots(path) == []
    lines = [(2, 1, None, 0.5), (0, 1, None, 0.1), (2, 2, None, 0.6), (2, 2, None, 0.7), (2, 1, 4, 0.8)]
    records = [
        {
            "time_s": 1.0,
            "du": du,
            "shots": shots,
            "initialisation": version,
            "reward": reward,
            "update_s": 0.1,
        }
        for du, shots, version, reward in lines
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    found = [(series.du, series.initialisation, series.reward.tolist()) for series in read_shots(path)]
    assert found == [(0, None, [0.1]), (2, None, [0.5, 0.6, 0.7]), (2, 4, [0.8])]
