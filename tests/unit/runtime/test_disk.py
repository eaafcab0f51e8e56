from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter

from cadran.runtime.disk import DISK, DiskWatch
from cadran.runtime.files import append_line
from cadran.runtime.http import Health

FULL = OSError(errno.ENOSPC, "No space left on device")


def test_health_tells_of_a_file_until_all_can_be_written_again() -> None:
    registry, health = CollectorRegistry(), Health([DISK])
    disk = DiskWatch(Counter("refusals", "Refusals", ["file"], registry=registry), health)
    assert health.reasons == {}
    disk.written("a")
    for file in ("a", "b", "a"):
        disk.refused(file, FULL)
    assert health.reasons[DISK] == "a: No space left on device"
    disk.written("a")
    assert health.reasons == {DISK: "b: No space left on device"}
    disk.written("b")
    assert health.reasons == {}
    assert registry.get_sample_value("refusals_total", {"file": "a"}) == 2


def test_a_refusal_during_the_good_news_of_another_thread_is_not_forgotten() -> None:
    class Interrupted(Health):
        other: threading.Thread | None = None

        def met(self, condition: str) -> None:
            if self.other is not None:
                self.other.start()
                self.other.join(0.2)
            super().met(condition)

    health = Interrupted([DISK])
    disk = DiskWatch(Counter("refusals", "Refusals", ["file"], registry=CollectorRegistry()), health)
    disk.refused("a", FULL)
    health.other = threading.Thread(target=disk.refused, args=("b", FULL))
    disk.written("a")
    health.other.join(60)
    assert health.reasons == {DISK: "b: No space left on device"}


def test_lines_are_added_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    append_line(path, "one")
    append_line(path, "two")
    assert path.read_text() == "one\ntwo\n"


def test_a_full_disk_takes_no_line() -> None:
    with pytest.raises(OSError, match="No space left"):
        append_line(Path("/dev/full"), "one")


def test_what_the_disk_refuses_inside_of_a_write_is_told_of_and_other_errors_go_on() -> None:
    registry, health = CollectorRegistry(), Health([DISK])
    disk = DiskWatch(Counter("refusals", "Refusals", ["file"], registry=registry), health)
    with disk.writing("one"):
        append_line(Path("/dev/full"), "one")
    assert "No space left" in health.reasons[DISK]
    with disk.writing("one"):
        pass
    assert health.reasons == {}
    with pytest.raises(ValueError, match="other"), disk.writing("one"):
        raise ValueError("other")
