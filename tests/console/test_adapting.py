"""The console where decisions have two levels, and the pages of the rApp that DUs adapt from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from browsing import DESKTOP, PHONE, WAIT_MS, moves, opened, picture, text
from playwright.sync_api import Browser, Page, Route, expect

from cadran.policy.catalogue import CATALOGUE_FIELD, catalogue_key
from cadran.replay.redis_store import connect
from running import QUICK_RAPP, Run

OVERRIDES = (
    "hierarchy.decision_frames=5",
    "meta.shot_frames=100",
    "meta.higher.hidden=[8]",
    "meta.lower.hidden=[8]",
    "meta.higher.batch_size=4",
    "meta.lower.batch_size=8",
)
ROWS = """[...document.querySelectorAll("#registry-table tbody tr")].map((row) => [
    Number(row.querySelector("th").firstChild.textContent), row.querySelector(".why").textContent,
    row.dataset.stage === "promoted"])"""
DAMAGE = """["#registry-note", "#registry-table"].map((one) => document.querySelector(one)).map(
    (one) => one.id === "registry-table" ? one.hidden : one.textContent)"""
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def adapting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Addresses of the services of a small network under two levels."""
    options = [word for override in OVERRIDES for word in ("--set", override)]
    with pytest.MonkeyPatch.context() as patched:
        for name, value in QUICK_RAPP.items():
            patched.setenv(name, value)
        run = Run(tmp_path_factory.mktemp("two") / "run", "--pace", "realtime", *options)
    try:
        run.until(lambda: min(run.progress()) > 3, "DUs make shots")
        told = json.loads((run.folder / "run.json").read_text())
        addresses = {service: url.removesuffix("/metrics") for service, url in told["metrics"].items()}
        yield addresses | {"redis": told["redis"]["url"], "region": told["redis"]["region"]}
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
        told = httpx.get(adapting["xapp"] + "/v1/console", timeout=60).json()["adaptation"]
        assert [du["du"] for du in told["dus"]] == [0, 1]
        picture(page, "adapting")


def test_the_pages_of_the_rapp_need_nobody_else(browser: Browser, adapting: dict[str, str]) -> None:
    with opened(browser, f"{adapting['rapp']}/docs") as page:
        assert text(page, "h1").startswith("Cadran rApp")
        page.locator("summary", has_text="State of meta-training").click()
        expect(page.locator("details[open]")).to_be_visible()


def delivered(browser_page: Page, count: int = 2) -> None:
    """The registry is on the page, with so many versions and one that DUs start from."""
    rows = browser_page.locator("#registry-table tbody tr")
    expect(rows.nth(count - 1)).to_be_visible(timeout=3 * WAIT_MS)
    expect(browser_page.locator("#registry-delivered")).to_contain_text("version", timeout=3 * WAIT_MS)


def tells(browser_page: Page, rapp: str) -> None:
    """The page has the rApp's own words, a moment after the rApp has them."""
    for _ in range(WAIT_MS // 500):
        shown = browser_page.evaluate(ROWS)
        held = httpx.get(f"{rapp}/v1/initialisations", timeout=60).json()
        if shown == [[one["version"], one["reason"], one["stage"] == "promoted"] for one in held[::-1]]:
            return
        browser_page.wait_for_timeout(500)
    pytest.fail(f"the page shows {shown}, the rApp holds {held}")


@pytest.mark.parametrize(("name", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_every_version_of_the_registry_is_shown_with_its_verdict(
    browser: Browser, adapting: dict[str, str], name: str, size: dict[str, int]
) -> None:
    with opened(browser, adapting["xapp"] + "/", size, "dark" if name == "desktop" else "light") as page:
        delivered(page)
        tells(page, adapting["rapp"])
        promoted = page.locator('#registry-table tr[data-stage="promoted"]')
        expect(promoted).to_have_count(1)
        expect(promoted.locator("td[data-label=score]")).to_have_text(re.compile(r"^\d\.\d{3}$"))
        assert page.locator("#registry-table svg.whisker").first.get_attribute("aria-label")
        expect(page.locator("#registry-seen")).to_have_text(re.compile("now|s ago"))
        expect(page.locator("#registry-gate")).to_have_text("open")
        expect(page.locator("#registry-note")).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        picture(page, f"registry-{name}")


def test_a_damaged_registry_is_told_and_heals(browser: Browser, adapting: dict[str, str]) -> None:
    with opened(browser, adapting["xapp"] + "/") as page:
        delivered(page)
        with connect(adapting["redis"]) as client:
            for _ in range(WAIT_MS // 200):  # the rApp itself mends it with its next version
                client.hset(catalogue_key(adapting["region"]), CATALOGUE_FIELD, '{"held": "<b>many</b>"}')
                note, table_hidden = page.evaluate(DAMAGE)
                if note.startswith("The registry's copy in Redis: damaged: "):
                    break
                page.wait_for_timeout(200)
        assert "damaged: " in note
        assert table_hidden
        moves(page, "#fact-frame")
        expect(page.locator("#registry-note")).to_be_hidden(timeout=3 * WAIT_MS)
        delivered(page)


def test_without_an_rapp_the_page_says_so(browser: Browser, adapting: dict[str, str]) -> None:
    nothing = {"absent": True, "trouble": None, "seen_age_s": None, "held": 0, "promoted": None}
    nothing |= {"pinned": False, "score": "", "versions": []}

    def answer(route: Route) -> None:
        state = route.fetch().json()
        state["adaptation"]["registry"] = nothing
        state["adaptation"]["initialisation"] = None
        route.fulfill(json=state)

    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.route("**/v1/console", answer)
    page.goto(adapting["xapp"] + "/")
    expect(page.locator("#registry-note")).to_contain_text("No rApp has kept a registry", timeout=WAIT_MS)
    expect(page.locator("#registry-table")).to_be_hidden()
    expect(page.locator("#initialisation")).to_have_text("none yet")
    page.unroute_all(behavior="ignoreErrors")
    context.close()


def test_a_joined_du_is_measured_against_where_it_joined(browser: Browser, adapting: dict[str, str]) -> None:
    with opened(browser, adapting["xapp"] + "/") as page:
        figure = page.locator('[data-adapting="0"]')
        expect(figure.locator("path.from")).to_have_attribute("d", re.compile(r"^M0\.00 [\d.]+L100\.00"))
        expect(figure.locator(".gain")).to_have_text(re.compile(r"^[+−]\d\.\d{3}$"))
