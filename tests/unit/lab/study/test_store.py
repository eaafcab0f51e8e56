"""A result is complete or absent, whenever the process that writes it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cadran.lab.study import store as stores
from cadran.lab.study.store import Store

WRITER = """import os, signal, sys
from pathlib import Path
import store as stores
store = stores.Store(Path(sys.argv[1]))
calls, end = 0, int(sys.argv[2])

def counted(call):
    def counting(*given, **named):
        global calls
        calls += 1
        if calls == end:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*given, **named)
    return counting

Path.mkdir = counted(Path.mkdir)
Path.write_text = counted(Path.write_text)
Path.rename = counted(Path.rename)
stores.os.fsync = counted(stores.os.fsync)

def write(folder):
    (folder / "a").write_text("first")
    (folder / "b").write_text("second")

store.keep("key", write)
print(calls)
"""


def _write(folder: Path, end: int) -> subprocess.CompletedProcess[str]:
    # The module alone: its room would take seconds to import.
    room = str(Path(stores.__file__).parent)
    command = [
        sys.executable,
        "-c",
        f"import sys; sys.path.append({room!r}); {WRITER}",
        str(folder),
        str(end),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _content(store: Store) -> dict[str, str]:
    return {path.name: path.read_text() for path in store.folder("key").iterdir()}


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> int:
    return int(_write(tmp_path_factory.mktemp("whole"), 0).stdout)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
def test_a_kill_between_any_two_writes_leaves_all_or_nothing(
    tmp_path: Path, calls: int, share: float
) -> None:
    assert calls > 6
    end = 1 + round(share * (calls - 1))
    assert _write(tmp_path, end).returncode == -9
    store = Store(tmp_path)
    # After the rename only the folder's own flush is left: then the result is there.
    assert store.has("key") == (end == calls)
    store.sweep()
    assert {path.name for path in tmp_path.iterdir()} <= {"key"}
    if not store.has("key"):
        assert _write(tmp_path, 0).returncode == 0
    assert _content(store) == {"a": "first", "b": "second"}


def test_an_error_while_writing_leaves_nothing(tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        (folder / "a").write_text("first")
        raise RuntimeError

    store = Store(tmp_path)
    with pytest.raises(RuntimeError):
        store.keep("key", write)
    assert not list(tmp_path.iterdir())


def test_what_is_there_stays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for text in ("first", "later"):
        store.keep("key", lambda folder, text=text: (folder / "a").write_text(text))
    assert _content(store) == {"a": "first"}
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
