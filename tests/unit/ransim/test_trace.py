"""A trace is read as it is, or refused in one line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from cadran.ransim.trace import read_packet_trace
from cadran.runtime import ConfigError


def test_packets_are_read_also_from_a_compressed_file(tmp_path: Path) -> None:
    path = tmp_path / "packets.txt.gz"
    path.write_bytes(gzip.compress(b"0.0 100\n0.5 1400\n0.5 60\n"))
    trace = read_packet_trace(path)
    assert trace.times_s.tolist() == [0.0, 0.5, 0.5]
    assert trace.sizes_bytes.tolist() == [100, 1400, 60]


@pytest.mark.parametrize(
    "text",
    [
        "0.0 100\nx 5\n",
        "0.0\n1.0\n",
        "1.0 100\n0.5 100\n",
        "0.0 -1\n",
        "nan 10\n",
        "0.0 inf\n",
        "0 1\n0 1 2\n",
    ],
)
def test_what_is_no_trace_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "packets.txt"
    path.write_text(text)
    with pytest.raises(ConfigError) as refused:
        read_packet_trace(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.filterwarnings("ignore:loadtxt")
def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "packets.txt"
    path.write_text("")
    with pytest.raises(ConfigError, match="two numbers"):
        read_packet_trace(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_packet_trace(tmp_path / "none.txt")
