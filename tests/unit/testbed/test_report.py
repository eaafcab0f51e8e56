"""The report is one file that needs nothing else, and tells what the run folder holds."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import fake_evaluation
import fake_run
import pytest
from PIL import Image

from cadran.testbed.folder import RunFolder
from cadran.testbed.report import flat, write_report

RESOURCE_ATTRIBUTES = {"src", "href", "srcset", "data", "poster", "action"}


class Resources(HTMLParser):
    """Collects whatever a browser would fetch, and the page's words."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: list[str] = []
        self.words: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.wanted += [value or "" for name, value in attrs if name in RESOURCE_ATTRIBUTES]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def parsed(folder: RunFolder) -> tuple[Resources, str]:
    page = Resources()
    page.feed(folder.report.read_text())
    return page, re.sub(r"\s+", " ", " ".join(page.words))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    made = fake_run.write_run(
        tmp_path_factory.mktemp("run"), episodes=60, evaluation=fake_evaluation.EVALUATION.to_json()
    )
    write_report(made)
    return made


def test_nothing_is_fetched_from_outside(folder: RunFolder) -> None:
    page, _ = parsed(folder)
    assert len(page.wanted) >= 7
    assert all(value.startswith("data:") for value in page.wanted)
    text = folder.report.read_text()
    assert not re.search(r"https?://|url\(|@import|<script", text)


def test_every_plot_is_a_picture_of_its_own_and_in_the_page(folder: RunFolder) -> None:
    names = {path.stem for path in folder.plots.glob("*.png")}
    assert {path.stem for path in folder.plots.glob("dark/*.png")} == names
    slices, learner = {"quality", "prb-shares"}, {"critic-loss", "td-variance", "sam"}
    assert names == {"evaluation", "learning-curve", *slices, *learner}
    for path in folder.plots.rglob("*.png"):
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert image.width > 600
            # Not blank: something other than the background is drawn.
            assert len(image.convert("L").resize((64, 64)).getcolors()) > 5
    page, _ = parsed(folder)
    assert page.tags.count("img") == len(names)


def test_where_dus_adapt_a_picture_tells_of_their_shots(tmp_path: Path) -> None:
    made = fake_run.write_run(tmp_path, episodes=10, evaluation=None)
    lines = [
        {"time_s": 1.0, "du": du, "shots": shot, "initialisation": start, "reward": 0.5, "update_s": 0.1}
        for du, start in ((0, None), (1, 3))
        for shot in range(1, 12)
    ]
    made.adaptation.write_text("".join(json.dumps(line) + "\n" for line in lines))
    write_report(made)
    assert (made.plots / "adaptation.png").exists()
    _, words = parsed(made)
    assert "One line per DU and start" in words


def test_the_evaluation_is_told_with_intervals_and_in_a_sentence(folder: RunFolder) -> None:
    _, words = parsed(folder)
    assert fake_evaluation.EVALUATION.sentence in words
    for text in (
        "0.927",
        "0.916 to 0.938",
        "+0.114",
        "+0.104 to +0.124",
        "better",
        "−0.006 to +0.014",
        "tie",
    ):
        assert text in words
    assert "tuned priority URLLC x4, mMTC x1" in words


def test_the_run_is_told(folder: RunFolder) -> None:
    _, words = parsed(folder)
    for text in (
        "24,000",
        "5,123,456,789",
        "1,234,567",
        "xapp 1, dapp-1 2",
        "Every offered byte",
        "the same number",
    ):
        assert text in words
    # The trace's name is text, whatever it holds.
    assert "traces/<b>&busy.csv" in words


def test_the_configuration_is_complete(folder: RunFolder) -> None:
    _, words = parsed(folder)
    assert "load.scale" in words
    assert flat({"a": {"b": [1, 2], "c": "x"}, "d": None}) == [("a.b", "[1, 2]"), ("a.c", "x"), ("d", "null")]


def test_a_ledger_that_does_not_close_is_said_so(tmp_path: Path) -> None:
    folder = fake_run.write_run(tmp_path, episodes=0)
    folder.learner.unlink()
    fake_run.write_json(folder.summary, {**fake_run.SUMMARY, "bytes_dropped": 0, "trace_bytes_offered": 7})
    write_report(folder)
    _, words = parsed(folder)
    assert "200,000,000 bytes are not accounted for" in words
    assert "not the same number" in words


def test_a_run_too_short_for_an_episode_still_has_a_report(tmp_path: Path) -> None:
    folder = fake_run.write_run(tmp_path, episodes=0)
    unknown = dict.fromkeys(["reward_mean", "reward_mean_sampled", "reward_mean_deterministic", "qos_mean"])
    fake_run.write_json(folder.summary, {**fake_run.SUMMARY, **unknown})
    folder.learner.unlink()
    folder.episodes.unlink()
    write_report(folder)
    page, words = parsed(folder)
    assert "too short for a figure" in words
    assert "img" not in page.tags
    assert json.loads(folder.summary.read_text())["frames"] == 24_000
