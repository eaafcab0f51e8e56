"""Results travel whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.lab.study.parcel import pack, unpack
from cadran.lab.study.store import Store

NAMES = st.text("abc", min_size=1, max_size=3)
RESULTS = st.dictionaries(
    st.tuples(st.sampled_from(["cells", "exams"]), NAMES),
    st.dictionaries(NAMES, st.binary(max_size=20), max_size=3),
    max_size=5,
)


def fill(folder: Path, results: dict[tuple[str, str], dict[str, bytes]]) -> None:
    for (store, key), files in results.items():

        def write(path: Path, files: dict[str, bytes] = files) -> None:
            for name, content in files.items():
                (path / name).write_bytes(content)

        Store(folder / store).keep(key, write)


def content(folder: Path) -> dict[tuple[str, str], dict[str, bytes]]:
    return {
        (path.parent.name, path.name): {file.name: file.read_bytes() for file in path.iterdir()}
        for path in folder.glob("*/*")
    }


@given(RESULTS, st.sets(NAMES))
def test_what_was_asked_for_arrives_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, results: dict[tuple[str, str], dict[str, bytes]], keys: set[str]
) -> None:
    here, there = (tmp_path_factory.mktemp(name) for name in ("here", "there"))
    fill(here, results)
    unpack(pack(here, keys), there)
    assert content(there) == {place: files for place, files in results.items() if place[1] in keys}


def test_a_result_that_is_there_stays(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    fill(here, {("cells", "a"): {"x": b"new"}})
    fill(there, {("cells", "a"): {"x": b"old"}})
    unpack(pack(here, ["a"]), there)
    assert content(there) == {("cells", "a"): {"x": b"old"}}


def test_what_is_half_written_does_not_travel(tmp_path: Path) -> None:
    Store(tmp_path / "cells")
    (tmp_path / "cells" / ".a.123.partial").mkdir()
    assert not pack(tmp_path, ["a"]).results
