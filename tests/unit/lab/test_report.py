"""Reports: tables that read back as they were, one page that needs nothing else, and pictures."""

import csv
import io
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cadran.lab.report import Plot, Report, Section, Table, render, write_tables
from cadran.lab.report.csv_files import to_csv
from cadran.lab.report.numbers import decimals, number
from cadran.lab.report.plots import (
    MOST_LINES,
    Estimate,
    Line,
    _apart,
    draw_distributions,
    draw_distributions_of_quantiles,
    draw_forest,
    draw_heat_map,
    draw_lines,
)
from cadran.lab.statistics import Interval

PNG = b"\x89PNG\r\n\x1a\nnot a picture, but bytes"
VOID = {"meta", "link", "img", "br", "source"}
TABLE = Table(
    "rewards",
    "Rewards <of> all",
    ("method", "reward", "runs", "gap (%)", "selective"),
    (
        ("<script>alert(1)</script>", Interval(0.9271, 0.9163, 0.9384), 10, -12.345, True),
        ('equal & fair, "quoted"', None, 12345, 0.0, False),
    ),
    "Intervals are over seeds & episodes.",
)
SECTION = Section(
    "table2",
    "Table 2 & more",
    "Is a < b?",
    ("Yes: a < b.", "But not by much."),
    (TABLE,),
    (Plot("curve", 'A "curve" <rising>', PNG),),
)
REPORT = Report("A report", {"command": "cadran lab <tasam>", "seed": "0"}, (SECTION,))


class Page(HTMLParser):
    """Checks that elements nest, and collects what a browser would fetch and show."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.rows: list[list[str]] = []
        self.words = ""
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data
        if "style" not in self.open:
            self.words += data

    def all(self, attribute: str) -> list[str]:
        return [value for name, value in self.attributes if name == attribute]


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(render(REPORT))


def test_the_page_holds_every_table_and_picture(page):
    assert ["method", "reward", "runs", "gap (%)", "selective"] in page.rows
    assert ["<script>alert(1)</script>", "0.927 0.916 to 0.938", "10", "−12.35", "yes"] in page.rows
    assert ['equal & fair, "quoted"', "–", "12,345", "0.00", "no"] in page.rows
    assert "script" not in page.tags
    for words in ("Table 2 & more", "Is a < b?", "Yes: a < b.", "But not by much.", "cadran lab <tasam>"):
        assert words in page.words
    assert "Intervals are over seeds & episodes. Also in table2-rewards.csv." in page.words
    assert 'A "curve" <rising>' in page.all("alt")


def test_nothing_is_fetched_from_elsewhere(page):
    wanted = [value for name in ("src", "srcset", "data") for value in page.all(name)]
    assert len(wanted) == 1
    assert all(value.startswith("data:") for value in wanted)
    assert all(value.startswith(("#", "data:")) for value in page.all("href"))
    assert not re.search(r"https?://|url\(|@import", render(REPORT))


def test_the_page_can_be_found_ones_way_in(page):
    """Contents lead to sections; tables have names and headings, and can be scrolled by keys."""
    targets = [value[1:] for value in page.all("href") if value.startswith("#")]
    assert targets == ["table2"]
    identities = page.all("id")
    assert set(targets) | set(page.all("aria-labelledby")) <= set(identities)
    assert len(set(identities)) == len(identities)
    assert {"row", "col"} == set(page.all("scope"))
    assert page.all("tabindex") == ["0"]
    assert "width=device-width, initial-scale=1" in page.all("content")
    assert "prefers-color-scheme: dark" in render(REPORT)


def test_a_report_of_nothing_is_a_page():
    assert "Empty" in Page(render(Report("Empty", {}, ()))).words


def test_tables_lie_in_one_file_each(tmp_path):
    files = write_tables(tmp_path / "made", [SECTION])
    assert [file.name for file in files] == ["table2-rewards.csv"]
    rows = list(csv.reader(io.StringIO(files[0].read_text())))
    assert rows == [
        ["method", "reward", "reward low", "reward high", "runs", "gap (%)", "selective"],
        ["<script>alert(1)</script>", "0.9271", "0.9163", "0.9384", "10", "-12.345", "true"],
        ['equal & fair, "quoted"', "", "", "", "12345", "0.0", "false"],
    ]
    assert not list((tmp_path / "made").glob(".*"))


def test_a_table_named_like_its_section_has_its_file_and_no_two_share_one(tmp_path):
    same = Table("fig5", "Figure 5", ("x",), ((1,),))
    section = Section("fig5", "Figure 5", "?", (), (same,))
    assert [file.name for file in write_tables(tmp_path, [section])] == ["fig5.csv"]
    with pytest.raises(ValueError, match=r"two of them have the file fig5\.csv"):
        write_tables(tmp_path, [section, section])


words = st.text(st.characters(exclude_characters="\r"))


@given(st.lists(st.tuples(words, st.floats(allow_nan=False), st.integers()), max_size=5))
def test_what_is_written_reads_back_as_it_was(rows):
    """Every float to the last bit, every text with its commas, quotes and line ends."""
    text = to_csv(Table("t", "", ("name", "value", "count"), tuple(rows)))
    read = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert [(name, float(value), int(count)) for name, value, count in read] == rows


def test_numbers_of_numpy_are_written_as_numbers():
    text = to_csv(Table("t", "", ("a", "b"), ((np.float64(0.1), np.int64(3)), (np.float64("nan"), 0))))
    assert text == "a,b\n0.1,3\nnan,0\n"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Table("Table 2", "", ("a",), ()), "table 'Table 2': a name is lower-case"),
        (lambda: Table("t", "", ("a", "a"), ()), "different names"),
        (lambda: Table("t", "", ("a", "b"), (("x", 1), ("y",))), "row 1 has 1 cells for 2 columns"),
        (lambda: Plot("../x", "", PNG), "plot"),
        (lambda: Section("", "", "", ()), "section"),
    ],
)
def test_what_cannot_be_shown_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("values", "digits"),
    [([0.927, 0.1], 3), ([1.385], 3), ([27.31], 2), ([12345.6], 0), ([0.0213], 4), ([0.0], 3), ([], 3)],
)
def test_numbers_have_the_decimals_worth_reading(values, digits):
    assert decimals(values) == digits


def test_numbers_are_written_for_readers():
    assert [number(value, 2) for value in (1234.567, -0.5, 0.0, -0.0, 1e-9)] == [
        "1,234.57", "−0.50", "0.00", "0.00", "1.0e−09",
    ]  # fmt: skip
    assert [number(value, 2) for value in (math.nan, math.inf, -math.inf)] == ["–", "∞", "−∞"]


X = np.linspace(0, 100, 20)


def lines(count):
    return [
        Line(f"method {at}", X, np.sqrt(X) + at, np.sqrt(X) + at - 1, np.sqrt(X) + at + 1)
        for at in range(count)
    ]


PICTURES = {
    "lines": lambda: draw_lines("T", lines(3), "iterations", "reward", references={"oracle": 12.0}),
    "multiples": lambda: draw_lines(
        "T", lines(MOST_LINES + 1), "iterations", "reward", references={"oracle": 12.0}
    ),
    "sweep": lambda: draw_lines("T", [Line("a", X[1:9], X[1:9])], "ρ", "reward", marked=True, log_x=True),
    "gaps": lambda: draw_lines(
        "T", [Line("a", X, np.where(X < 50, X, np.nan)), Line("b", X, X * np.nan)], "x", "y"
    ),
    "quantiles": lambda: draw_distributions_of_quantiles(
        "T", {"eMBB": {"a": X, "b": X + 1}, "URLLC": {"a": X, "b": np.full(20, np.nan)}}, "rate (Mbit/s)"
    ),
    "forest": lambda: draw_forest(
        "T", [Estimate("a", Interval(1, 0, 2)), Estimate("b", Interval(2, 1, 3), learned=False)], "reward"
    ),
    "heat": lambda: draw_heat_map("T", X.reshape(4, 5), list("abcd"), list("12345"), "DU", "share (%)"),
    "flat heat": lambda: draw_heat_map(
        "T", np.ones((2, 20)), list("ab"), [str(at) for at in range(20)], "DU", "%"
    ),
    "distributions": lambda: draw_distributions(
        "T", {"a": X, "b": X[:1]}, "reward", references={"oracle": 90.0}
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_drawn_and_always_the_same(name):
    png = PICTURES[name]()
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        assert 900 < image.width < 1100
        # Not blank: something other than the background is drawn.
        assert len(image.convert("L").resize((64, 64)).getcolors()) > 5
    assert PICTURES[name]() == png


def test_a_long_title_has_the_room_it_needs():
    long, short = (
        Image.open(io.BytesIO(draw_lines(title, lines(1), "x", "y"))) for title in ("word " * 30, "word")
    )
    assert long.width == short.width
    assert long.height > short.height


@given(
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.05, 0.1])), min_size=1, max_size=9),
)
def test_names_do_not_overlap_and_keep_their_order(wanted):
    heights, sizes = (np.array(column) for column in zip(*wanted, strict=True))
    placed = _apart(heights, sizes, 0.0, 1.0)
    order = np.argsort(heights, kind="stable")
    gaps = np.diff(placed[order]) - (sizes[order][1:] + sizes[order][:-1]) / 2
    assert (gaps >= -1e-9).all()
    assert (placed - sizes / 2 >= -1e-9).all()
    assert (placed + sizes / 2 <= 1 + 1e-9).all()
