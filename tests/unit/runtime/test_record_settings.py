"""The setting `record`: off unless given, one line where the file cannot be made, closed at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from cadran.runtime import ConfigError
from cadran.runtime.service_settings import RecordSettings


class Made:
    def __init__(self, path: Path, size: int) -> None:
        self.given = (path, size)
        self.closed = False
        path.touch(exist_ok=False)

    def close(self) -> None:
        self.closed = True


def test_nothing_is_recorded_unless_it_is_asked_for() -> None:
    with RecordSettings().recording(Made) as recorder:
        assert recorder is None


def test_a_recorder_is_closed_whatever_happens(tmp_path: Path) -> None:
    settings = RecordSettings(record=tmp_path / "t", record_bytes=2**20)
    made: list[Made] = []

    def fail() -> None:
        with settings.recording(Made) as recorder:
            assert recorder is not None
            made.append(recorder)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert made[0].given == (tmp_path / "t", 2**20)
    assert made[0].closed


def test_a_file_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    settings = RecordSettings(record=tmp_path / "none" / "t")
    with (
        pytest.raises(ConfigError, match=r"record = .*none/t: cannot be made: No such"),
        settings.recording(Made),
    ):
        pass
