import json
import threading
from pathlib import Path

from cadran.xapp.guard.audit import QUEUE_LINES, AuditLog, AuditSpec, Query
from cadran.xapp.guard.control import Event

from ..guarding import Disk

SPEC = AuditSpec(2**20, 3)


def event(number: int, du: int = 0, verdict: str = "allowed", source: str = "operator") -> Event:
    return Event(
        float(number), du, source, "", "slice_quota", verdict, "none", "", {"asked": {"1": [0, 1, 2]}}
    )


def written(folder: Path, events: list[Event], spec: AuditSpec = SPEC) -> None:
    log = AuditLog(folder, spec, Disk())
    for one in events:
        log.append(one)
    log.close()


def numbers(log: AuditLog, query: Query) -> list[int]:
    return [line["number"] for line in log.find(query)]


def test_every_line_is_found_again_newest_first_and_numbers_go_on_over_a_restart(tmp_path: Path) -> None:
    written(tmp_path, [event(n) for n in range(5)])
    written(tmp_path, [event(n) for n in range(5, 8)])
    log = AuditLog(tmp_path, SPEC, Disk())
    assert numbers(log, Query()) == list(range(7, -1, -1))
    assert [line["number"] for line in log.newest] == list(range(7, -1, -1))
    assert log.find(Query(limit=1))[0] == {
        "number": 7, "unix_s": 7.0, "du": 0, "source": "operator", "name": "", "control": "slice_quota",
        "verdict": "allowed", "cause": "none", "text": "", "values": {"asked": {"1": [0, 1, 2]}},
    }  # fmt: skip
    log.close()


def test_filters_and_pages(tmp_path: Path) -> None:
    events = [
        event(
            n, du=n % 2, verdict="refused" if n % 3 == 0 else "allowed", source="a1" if n < 6 else "learner"
        )
        for n in range(12)
    ]
    written(tmp_path, events)
    log = AuditLog(tmp_path, SPEC, Disk())
    assert numbers(log, Query(du=1)) == [11, 9, 7, 5, 3, 1]
    assert numbers(log, Query(verdict="refused")) == [9, 6, 3, 0]
    assert numbers(log, Query(source="a1", du=0)) == [4, 2, 0]
    assert numbers(log, Query(since_s=3.0, until_s=6.0)) == [5, 4, 3]
    pages, before = [], None
    while page := numbers(log, Query(limit=5, before=before)):
        pages.append(page)
        before = page[-1]
    assert pages == [[11, 10, 9, 8, 7], [6, 5, 4, 3, 2], [1, 0]]
    log.close()


def test_files_are_rotated_and_bounded_and_keep_the_newest_lines(tmp_path: Path) -> None:
    spec = AuditSpec(file_bytes=1024, files=3)
    for start in range(0, 200, 5):  # a log writes what has gathered at once, so lives make many batches
        written(tmp_path, [event(n) for n in range(start, start + 5)], spec)
    files = sorted(path.name for path in tmp_path.iterdir())
    assert set(files) <= {"audit.jsonl", "audit.jsonl.1", "audit.jsonl.2"}
    assert all(path.stat().st_size < 1024 + 5 * 250 for path in tmp_path.iterdir())
    log = AuditLog(tmp_path, spec, Disk())
    found = numbers(log, Query(limit=1000))
    assert found == list(range(199, 199 - len(found), -1))
    assert len(found) >= 8
    log.close()


def test_half_a_line_of_a_killed_writer_spoils_nothing(tmp_path: Path) -> None:
    written(tmp_path, [event(0), event(1)])
    path = tmp_path / "audit.jsonl"
    path.write_bytes(path.read_bytes() + b'{"number":2,"unix' + b"\n[]\n7\n" + b'{"number":2,"un')
    written(tmp_path, [event(2)])
    log = AuditLog(tmp_path, SPEC, Disk())
    assert numbers(log, Query()) == [2, 1, 0]
    log.close()


def test_a_disk_that_refuses_is_told_of_and_a_later_line_is_written(tmp_path: Path) -> None:
    disk = Disk()
    log = AuditLog(tmp_path / "log", SPEC, disk)
    (tmp_path / "log" / "audit.jsonl").mkdir()
    log.append(event(0))
    while not disk.refused:
        threading.Event().wait(0.005)
    (tmp_path / "log" / "audit.jsonl").rmdir()
    log.append(event(1))
    log.close()
    lines = (tmp_path / "log" / "audit.jsonl").read_text().splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1]
    assert disk.written > 0


def test_half_a_line_of_a_disk_that_filled_spoils_no_later_one(tmp_path: Path) -> None:
    folder, disk = tmp_path / "log", Disk()
    log = AuditLog(folder, SPEC, disk)
    path, away = folder / "audit.jsonl", tmp_path / "away"
    path.mkdir()
    log.append(event(0))
    while not disk.refused:
        threading.Event().wait(0.005)
    away.write_bytes(b'{"number":0,"unix')  # what of it came to the disk
    path.rmdir()
    away.rename(path)
    log.append(event(1))
    log.close()
    assert path.read_bytes().count(b"\n") == 2
    again = AuditLog(folder, SPEC, Disk())
    assert numbers(again, Query()) == [1]
    again.close()


def test_a_stuck_disk_keeps_nobody_waiting(tmp_path: Path) -> None:
    held = threading.Event()

    class Stuck(Disk):
        def disk_written(self, file: str) -> None:
            held.wait(30)

    disk = Stuck()
    log = AuditLog(tmp_path, SPEC, disk)
    for n in range(QUEUE_LINES * 2 + 500):
        log.append(event(n))
    assert 0 < disk.dropped <= QUEUE_LINES + 500
    held.set()
    log.close()


def test_the_newest_lines_at_hand_leave_out_what_passes_every_second(tmp_path: Path) -> None:
    events = [event(n, source="learner", verdict="refused" if n == 3 else "allowed") for n in range(6)]
    written(tmp_path, events)
    log = AuditLog(tmp_path, SPEC, Disk())
    log.append(event(6, source="learner"))
    log.append(event(7))
    assert [line["number"] for line in log.newest] == [7, 3]
    log.close()
