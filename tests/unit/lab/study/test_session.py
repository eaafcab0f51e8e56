"""Every session counts, also one that was killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cadran.lab.study.session import BEAT_EVERY_S, Session, recorded, sessions

from .test_progress import Watch


def test_a_killed_session_counts_up_to_its_last_beat(tmp_path: Path) -> None:
    watch = Watch()
    session = Session(tmp_path / "1.json", watch)
    for _ in range(int(3.5 * BEAT_EVERY_S)):
        watch.now_s += 1.0
        session.beat(7)
    (record,) = sessions(tmp_path)
    assert record.elapsed_s == 3 * BEAT_EVERY_S
    assert (record.results, record.ended) == (7, "killed")


@pytest.mark.parametrize(
    ("error", "ended"), [(None, "finished"), (KeyboardInterrupt, "interrupted"), (ValueError, "failed")]
)
def test_a_record_says_how_a_session_ended(
    tmp_path: Path, error: type[BaseException] | None, ended: str
) -> None:
    try:
        with recorded(tmp_path):
            if error is not None:
                raise error
    except (KeyboardInterrupt, ValueError):
        assert error is not None
    assert [record.ended for record in sessions(tmp_path)] == [ended]
