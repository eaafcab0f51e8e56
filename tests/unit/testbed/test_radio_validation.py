"""The validation of the radio: verdicts, themes at small sizes, the report, and what it compares."""

import gzip
import io
import json
import sys
import tarfile
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from cadran import cli
from cadran.runtime import ConfigError
from cadran.testbed.radio_validation import measured_links, measured_packets, path_loss, report
from cadran.testbed.radio_validation.check import Bound, Check, Theme, Verdict
from cadran.testbed.radio_validation.conservation import conservation
from cadran.testbed.radio_validation.fading import bessel_j0, fading
from cadran.testbed.radio_validation.geometry import CASES, case_gains, sinr_db
from cadran.testbed.radio_validation.line_of_sight import line_of_sight
from cadran.testbed.radio_validation.link_curves import link_curves
from cadran.testbed.radio_validation.queueing import mean_wait_ttis, wait_ttis
from cadran.testbed.radio_validation.rayleigh import (
    clear_capacity,
    delivered_efficiency,
    ergodic_capacity,
    interfered_capacity,
    outage,
)
from cadran.testbed.radio_validation.report import expectation, marker, number, validate_radio
from cadran.testbed.radio_validation.scheduling import harmonic, scheduled


def check(
    value: float, tolerance: float = 0.5, bound: Bound = Bound.within, comparison: bool = False
) -> Check:
    return Check("a value", value, 7.0, tolerance, "dB", "a table", bound, comparison)


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (check(7.5), "pass"),
        (check(6.5), "pass"),
        (check(7.51), "fail"),
        (check(6.49), "fail"),
        (check(float("nan")), "fail"),
        (check(float("inf")), "fail"),
        (check(7.0, 0.0), "pass"),
        (check(7.001, 0.0), "fail"),
        (check(-100.0, bound=Bound.at_most), "pass"),
        (check(7.6, bound=Bound.at_most), "fail"),
        (check(100.0, bound=Bound.at_least), "pass"),
        (check(6.4, bound=Bound.at_least), "fail"),
        (check(7.2, comparison=True), "agrees"),
        (check(9.0, comparison=True), "differs"),
        (check(float("nan"), comparison=True), "differs"),
    ],
)
def test_verdicts(given: Check, verdict: str) -> None:
    assert given.verdict == verdict


def test_numbers_have_the_decimals_that_their_tolerance_deserves() -> None:
    assert number(7.123456, check(7.1)) == "7.12"
    assert number(-7.123456, check(7.1, 0.05)) == "−7.123"
    assert number(296_062_328, check(7.0, 0.0)) == "296,062,328"
    assert number(float("nan"), check(7.0)) == "nan"
    assert expectation(check(7.1)) == "7.00 ± 0.5"
    assert expectation(check(7.0, 0.0)) == "7 exactly"
    assert expectation(check(7.0, bound=Bound.at_most)) == "at most 7.50"
    assert expectation(check(7.0, bound=Bound.at_least)) == "at least 6.50"


def test_the_scale_shows_where_a_value_lies() -> None:
    places = [marker(check(value)) for value in (7.0, 7.25, 6.5, 100.0, -100.0)]
    assert places == [50.0, 75.0, 0.0, 100.0, 0.0]
    assert marker(check(7.0, 0.0)) is marker(check(7.0, bound=Bound.at_most)) is None


@pytest.mark.parametrize(
    "theme",
    [
        path_loss.path_loss,
        link_curves,
        fading,
        lambda: line_of_sight(links=20_000),
        lambda: conservation(frames=40),
    ],
    ids=["path loss", "link curves", "fading", "line of sight", "conservation"],
)
def test_themes_pass(theme: report.Callable[[], Theme]) -> None:
    done = theme()
    assert [c for c in done.checks if c.verdict is not Verdict.passed] == []
    names = [c.name for c in done.checks]
    assert len(names) == len(set(names)) >= 7


def test_geometry_meets_its_reference() -> None:
    gain = case_gains(CASES[0], 4_000)
    assert np.median(sinr_db(gain)) == pytest.approx(CASES[0].quartiles_db[1.0][1], abs=0.7)
    assert (sinr_db(gain, 0.1) > sinr_db(gain)).all()


def test_theories_have_their_known_values() -> None:
    np.testing.assert_allclose(bessel_j0(np.array([0.0, 2.404826, 3.831706])), [1, 0, -0.402759], atol=1e-6)
    assert [ergodic_capacity(db) for db in (0, 10, 20)] == pytest.approx([0.8603, 2.9065, 5.8840], abs=1e-4)
    assert interfered_capacity(1.0001) == pytest.approx(1 / np.log(2), abs=1e-3)
    assert outage(np.array([1.0]), 1e9, (1e9,)) == pytest.approx([0.5])
    assert harmonic(33) == pytest.approx(4.089, abs=5e-4)
    assert wait_ttis(0.9) == pytest.approx(4.5)


def test_runs_meet_theory_on_small_samples() -> None:
    assert clear_capacity(10.0, 10) == pytest.approx(2.9065, abs=0.08)
    gain = np.array([[1e5, 1e4], [1e4, 1e4]])
    assert delivered_efficiency(gain, 10) == pytest.approx(interfered_capacity(10.0), abs=0.15)
    assert scheduled(10, 40, "pf")[0] == pytest.approx(harmonic(10), rel=0.05)
    assert scheduled(10, 40, "rr")[0] == pytest.approx(1.0, abs=0.05)
    assert mean_wait_ttis(0.5, 30, envs=8) == pytest.approx(0.5, rel=0.1)


class Page(HTMLParser):
    """What a page shows, and what it asks for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "srcset", "href")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_report_stands_alone_and_says_what_was_found(tmp_path: Path) -> None:
    said: list[str] = []
    found = validate_radio(tmp_path / "out", None, said.append, (path_loss.path_loss, link_curves))
    assert found.passed
    assert found.sentence == f"All {found.count(Verdict.passed)} checks pass."
    assert [line.split(":")[0] for line in said] == [theme.title for theme in found.themes[:2]]
    page = Page(found.page.read_text(encoding="utf-8"))
    assert all(source.startswith(("data:", "#")) for source in page.sources)
    assert sum(source.startswith("data:image/png;base64,") for source in page.sources) == 2
    shown = " ".join(page.words)
    for theme in found.themes:
        assert theme.title in shown
        assert all(c.name in shown and c.source in shown for c in theme.checks)
    assert "Not compared: no folder of measured data was named" in shown
    pictures = sorted(path.name for path in found.page.parent.glob("*.png"))
    assert pictures == ["block-errors.png", "path-loss.png"]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.delenv("CADRAN_DATA", raising=False)
    monkeypatch.setattr(report, "THEMES", (path_loss.path_loss,))
    monkeypatch.setattr(sys, "argv", ["cadran", "validate", "radio", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_the_command_says_in_json_what_it_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "--out", str(tmp_path), "--json") == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["passed"]
    assert found["failed"] == found["comparisons"] == 0
    assert Path(found["report"]).is_file()
    first = found["themes"][0]["checks"][0]
    assert first["verdict"] == "pass"
    assert {"name", "value", "expected", "tolerance", "bound", "unit", "source"} < first.keys()


def test_a_wrong_value_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    wrong = {"uma": {35: (74.63, 87.92), 100: (83.14, 104.04)}, "umi": {35: (75.97, 88.93)}}
    monkeypatch.setattr(path_loss, "TABLE", wrong)
    assert run(monkeypatch, "--out", str(tmp_path)) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "UMa NLOS, 100 m: 103.038 dB, expected 104.040 ± 0.01" in shown
    assert "1 of " in shown
    assert "checks fail" in shown
    assert run(monkeypatch, "--out", str(tmp_path), "--json") == 1
    assert not json.loads(capsys.readouterr().out.splitlines()[-1])["passed"]
    page = Page((tmp_path / report.PAGE).read_text(encoding="utf-8"))
    assert "fail" in page.words


def test_folders_that_cannot_be_used_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "--data", "no-such-folder", "--out", str(tmp_path)) == 2
    assert "no-such-folder" in capsys.readouterr().err
    (tmp_path / "taken").write_text("")
    assert run(monkeypatch, "--out", str(tmp_path / "taken")) == 2
    assert "taken" in capsys.readouterr().err


def rows_of_the_field(mode: str) -> str:
    lines = ["NetworkMode,RSRP,CQI"]
    lines += [f"{mode},{-100 - n % 10},{5 + n % 8}" for n in range(80)]
    return "\n".join([*lines, f"{mode},-,-", "LTE,-50,15"])


def archive(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as made:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            made.addfile(member, io.BytesIO(text.encode()))
    return path


def test_the_field_is_read_from_downloads_on_5g(tmp_path: Path) -> None:
    files = {
        "data/Download/Driving/a.csv": rows_of_the_field("5G"),
        "data/Download/Static/b.csv": rows_of_the_field("5G"),
        "data/Netflix/Driving/c.csv": "NetworkMode,RSRP,CQI\n5G,-1,1",
        "data/Download/notes.txt": "none",
    }
    field = measured_links.read_field(archive(tmp_path / measured_links.FILE, files))
    assert len(field.cqi) == len(field.rsrp_dbm) == 160
    assert (field.cqi.min(), field.cqi.max()) == (5, 12)
    assert (field.rsrp_dbm.min(), field.rsrp_dbm.max()) == (-109, -100)


def test_archives_that_say_nothing_are_refused(tmp_path: Path) -> None:
    nothing = archive(tmp_path / "empty.tar.gz", {"Download/a.csv": rows_of_the_field("UMTS")})
    with pytest.raises(ConfigError, match="no download on 5G"):
        measured_links.read_field(nothing)
    (tmp_path / "broken").write_bytes(b"not an archive")
    with pytest.raises(ConfigError, match="cannot be read"):
        measured_links.read_field(tmp_path / "broken")


def test_comparisons_never_fail(tmp_path: Path) -> None:
    path = archive(tmp_path / measured_links.FILE, {"x/Download/a.csv": rows_of_the_field("5G")})
    theme = measured_links.measured_links(path, drops=1)
    assert {c.verdict for c in theme.checks} <= {Verdict.agrees, Verdict.differs}
    assert "not a failure" in theme.text
    cqi = [c.value for c in theme.checks if c.name.startswith("CQI, quiet")]
    assert 0 <= cqi[0] <= cqi[1] <= cqi[2] <= 15
    assert cqi[1] >= next(c.value for c in theme.checks if c.name == "CQI, busy: 50th percentile")


def test_a_trace_is_replayed_to_the_byte_and_compared(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    starts = np.arange(120) / 60
    times = (starts[:, None] + np.array([0.0, 1e-5, 2e-5])).ravel()
    sizes = rng.integers(40, 1429, times.size)
    text = "0E-9 214\n" + "".join(f"{t:.9f} {s}\n" for t, s in zip(times, sizes, strict=True))
    path = tmp_path / measured_packets.FILE
    path.write_bytes(gzip.compress(text.encode()))
    theme = measured_packets.measured_packets(path, source_ttis=600)
    exact = [c for c in theme.checks if not c.comparison]
    assert [c.verdict for c in exact] == [Verdict.passed] * 3
    assert exact[0].value == 2 * (214 + sizes.sum())
    by_name = {c.name: c for c in theme.checks}
    per_second = by_name["video frames per second"]
    assert per_second.expected == pytest.approx(60, rel=1e-3)
    assert per_second.value == pytest.approx(60, abs=2)


def test_data_that_is_not_there_is_said(tmp_path: Path) -> None:
    found = validate_radio(tmp_path / "out", tmp_path, lambda _: None, ())
    assert [theme.checks for theme in found.themes] == [(), ()]
    assert all("there is no" in theme.text for theme in found.themes)
    assert found.passed
