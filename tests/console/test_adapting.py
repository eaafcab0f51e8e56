"""The console where decisions have two levels, and the pages of the rApp that DUs adapt from."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from browsing import WAIT_MS, moves, opened, picture, text
from playwright.sync_api import Browser, expect

from running import Run

OVERRIDES = (
    "hierarchy.decision_frames=5",
    "meta.shot_frames=100",
    "meta.higher.hidden=[8]",
    "meta.lower.hidden=[8]",
    "meta.higher.batch_size=4",
    "meta.lower.batch_size=8",
)
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def adapting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Addresses of the services of a small network under two levels."""
    options = [word for override in OVERRIDES for word in ("--set", override)]
    run = Run(tmp_path_factory.mktemp("two") / "run", "--pace", "realtime", *options)
    try:
        run.until(lambda: min(run.progress()) > 3, "DUs make shots")
        addresses = json.loads((run.folder / "run.json").read_text())["metrics"]
        yield {service: url.removesuffix("/metrics") for service, url in addresses.items()}
    finally:
        if run.process.poll() is None:
            run.end()


def test_shots_and_their_start_are_shown_as_they_are_made(browser: Browser, adapting: dict[str, str]) -> None:
    with opened(browser, adapting["xapp"] + "/") as page:
        figure = '[data-adapting="1"]'
        expect(page.locator(f"{figure} .end")).to_contain_text("shots", timeout=WAIT_MS)
        moves(page, f"{figure} .end")
        expect(page.locator(f"{figure} path.curve")).not_to_have_attribute("d", "", timeout=WAIT_MS)
        assert text(page, f"{figure} .origin").startswith(("fresh networks", "initialisation"))
        assert text(page, "#shot-frames") == "100"
        assert page.locator("[data-curve=critic_loss]").count() == 0
        told = httpx.get(adapting["xapp"] + "/v1/console").json()["adaptation"]
        assert [du["du"] for du in told["dus"]] == [0, 1]
        picture(page, "adapting")


def test_the_pages_of_the_rapp_need_nobody_else(browser: Browser, adapting: dict[str, str]) -> None:
    with opened(browser, f"{adapting['rapp']}/docs") as page:
        assert text(page, "h1").startswith("Cadran rApp")
        page.locator("summary", has_text="State of meta-training").click()
        expect(page.locator("details[open]")).to_be_visible()
