"""A measured load is read as it is, or refused in one line."""

from __future__ import annotations

import gzip
import io
import math
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.ransim.load import LoadSource, MeasuredLoad, read_load
from cadran.runtime import ConfigError

DRIVE = """Timestamp,State,DL_bitrate,UL_bitrate
2019.12.14_10.16.30,D,-,3
2019.12.14_10.16.30,D,1200,3
2019.12.14_10.16.31,I,0,
2019.12.14_10.16.34,D,800.5,7
"""


def written(folder: Path, text: str, name: str = "load.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def refused(path: Path, column: str | None = None) -> str:
    """What is said of a file that cannot be used."""
    with pytest.raises(ConfigError) as error:
        read_load(LoadSource(path, column))
    said = str(error.value)
    assert said.startswith(f"load {path}")
    assert "\n" not in said
    return said


stamps = st.builds(
    lambda seconds: datetime(2019, 12, 14, tzinfo=UTC) + timedelta(seconds=seconds), st.integers(0, 10**6)
)
values = st.lists(st.floats(0, 1e12) | st.just(math.nan), min_size=1, max_size=20).filter(
    lambda drawn: any(value > 0 for value in drawn)
)


@given(
    drawn=values,
    times=st.lists(stamps, min_size=20, max_size=20).map(sorted),
    stamp=st.sampled_from(["seconds", "%Y.%m.%d_%H.%M.%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S+00:00"]),
    no_value=st.sampled_from(["", "-", "nan"]),
    named=st.booleans(),
    packed=st.booleans(),
)
def test_what_is_written_is_what_is_read(
    drawn: list[float], times: list[datetime], stamp: str, no_value: str, named: bool, packed: bool
) -> None:
    lines = ["time,other,load"] if named else []
    for time, value in zip(times, drawn, strict=False):
        written = str(time.timestamp()) if stamp == "seconds" else time.strftime(stamp)
        cell = no_value if math.isnan(value) else repr(value)
        lines.append(f"{written},x,{cell}" if named else f"{written}, {cell}")
    content = "\n".join(lines).encode()
    with TemporaryDirectory() as folder:
        path = Path(folder) / ("load.csv.gz" if packed else "load.csv")
        path.write_bytes(gzip.compress(content) if packed else content)
        load = read_load(LoadSource(path, "load" if named else None))
    np.testing.assert_array_equal(load.values, drawn)
    since = [(time - times[0]).total_seconds() for time in times[: len(drawn)]]
    np.testing.assert_array_equal(load.times_s, since)


def test_a_column_of_a_drive_is_chosen_by_its_name(tmp_path: Path) -> None:
    path = written(tmp_path, DRIVE)
    load = read_load(LoadSource.of(f"{path}:DL_bitrate"))
    np.testing.assert_array_equal(load.times_s, [0, 0, 1, 4])
    np.testing.assert_array_equal(load.values, [math.nan, 1200, 0, 800.5])
    # The steps without a line keep the last value.
    np.testing.assert_array_equal(load.profile(1.0), [1200, 0, 0, 0, 800.5])


def test_without_a_column_the_second_cell_counts_and_a_header_is_passed_over(tmp_path: Path) -> None:
    for text in ("0,3\n2.5,4\n", "time,load\n0,3\n2.5,4\n", "\ufefftime_s,load\r\n0, 3\r\n\r\n2.5, 4\r\n"):
        load = read_load(LoadSource(written(tmp_path, text), None))
        assert (load.times_s.tolist(), load.values.tolist()) == ([0, 2.5], [3, 4])


def test_lines_are_put_in_the_order_of_their_times(tmp_path: Path) -> None:
    load = read_load(LoadSource(written(tmp_path, "5,1\n6,2\n4,3\n5,4\n"), None))
    assert (load.times_s.tolist(), load.values.tolist()) == ([0, 1, 1, 2], [3, 1, 4, 2])


def test_a_file_may_have_a_colon_in_its_name(tmp_path: Path) -> None:
    path = written(tmp_path, "0,1\n", "a:b")
    assert LoadSource.of(str(path)) == (path, None)
    assert LoadSource.of(f"{path}:c") == (path, "c")
    assert LoadSource.of("no-such-file") == (Path("no-such-file"), None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("time,load\n", "no line has a value above 0"),
        ("0,0\n1,-\n", "no line has a value above 0"),
        ("0,1\n1,x\n", "line 2: value 'x': allowed are numbers >= 0"),
        ("0,1\n1,-2\n", "line 2: value '-2': allowed are numbers >= 0"),
        ("0,1\n1,inf\n", "line 2: value 'inf'"),
        (
            "time,load\nsoon,1\n",
            "line 2: time 'soon': allowed before the first comma are seconds, or time stamps such as",
        ),
        ("0,1\nnan,1\n", "line 2: time 'nan'"),
        ("0,1\n2019.12.14_10.16.30,1\n", "line 2: time '2019.12.14_10.16.30': allowed before"),
        ("2019.12.14_10.16.30,1\n7,1\n", "the same kind in all lines"),
        ("0 1\n1 2\n", "line 2: time '1 2': allowed before the first comma"),
        ("0,1\n1\n", "line 2: 1 cells, the value is cell 2"),
    ],
)
def test_what_is_no_load_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(written(tmp_path, text))


def test_a_column_that_is_not_there_is_told_beside_those_that_are(tmp_path: Path) -> None:
    said = refused(written(tmp_path, DRIVE), "DL")
    assert "no column 'DL'" in said
    assert "State, DL_bitrate, UL_bitrate" in said
    assert "no column 'Timestamp' after the time's" in refused(written(tmp_path, DRIVE), "Timestamp")
    assert "value 'D'" in refused(written(tmp_path, DRIVE), "State")


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "none.csv")
    assert "Is a directory" in refused(tmp_path)
    for name, content in (
        ("plain.gz", b"0,1\n"),
        ("cut.gz", gzip.compress(b"0,1\n1,2\n" * 50)[:-9]),
        ("bytes.csv", b"\xff\xfe0,1\n"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        refused(path)


def test_an_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "drives.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("drive.csv")
        member.size = len(DRIVE)
        archive.addfile(member, io.BytesIO(DRIVE.encode()))
    assert "is an archive; unpack it" in refused(path)


def test_a_load_that_lasts_too_long_for_its_steps_is_refused() -> None:
    load = MeasuredLoad(Path("load.csv"), np.array([0.0, 32766.5]), np.array([1.0, 2.0]))
    assert len(load.profile(1.0)) == 32767
    with pytest.raises(ConfigError, match=r"load load.csv: lasts 32766.5 s, .*profile_step_s = 0.5 s"):
        load.profile(0.5)
