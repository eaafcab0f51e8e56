"""The console as a person sees it: live, quiet in the console of the browser, and closed to other hosts.

With CADRAN_SHOTS set to a folder, the pages are also stored there as pictures.
"""

from __future__ import annotations

import os
import re
import signal

import httpx
import pytest
from browsing import DESKTOP, PHONE, WAIT_MS, moves, opened, picture, text
from playwright.sync_api import Browser, Page, expect

from running import Run

pytestmark = pytest.mark.timeout(300)


def settled(page: Page) -> None:
    """Measurements, experience and curves of every DU are on the page."""
    expect(page.locator(".du .reward b", has_text="–")).to_have_count(0, timeout=WAIT_MS)
    expect(page.locator(".du path.embb").first).to_have_attribute("d", re.compile("^M"), timeout=WAIT_MS)
    expect(page.locator('[data-curve="critic_loss"] figcaption b')).not_to_have_text("–", timeout=WAIT_MS)


def test_values_are_live(browser: Browser, xapp: str) -> None:
    with opened(browser, xapp + "/") as page:
        settled(page)
        assert text(page, "h1").split() == ["Cadran", "smoke"]
        for selector in ("#fact-frame", "#fact-updates", '[data-node="0"] [data-field="stored"]'):
            moves(page, selector)
        assert page.locator(".du").count() == 2
        shown = httpx.get(f"{xapp}/v1/console", timeout=60).json()
        assert (
            text(page, "#fact-ues") == str(round(sum(sum(du["cell"]["ues"]) for du in shown["dus"]))) == "12"
        )
        blocks = page.locator(".du .prbs").first.get_attribute("aria-label")
        assert blocks is not None
        assert blocks.startswith("Resource blocks used of 20: embb ")
        assert text(page, '[data-node="1"] [data-field="association"]') == "up"
        assert page.locator("#conditions li[data-level=good]").count() == 3


def test_a1_policies_are_shown_with_what_measurements_say_of_them(browser: Browser, xapp: str) -> None:
    policies = f"{xapp}/A1-P/v2/policytypes/ORAN_SliceSLATarget_1.0.0/policies"
    scope = {"sliceId": {"sst": 1, "plmnId": {"mcc": "001", "mnc": "01"}}}
    generous = {"scope": scope, "sliceSlaObjectives": {"maxDlPacketDelayPerUe": 3_600_000}}
    jitter = {"scope": scope, "sliceSlaObjectives": {"maxDlJitterPerUe": 1}}
    with opened(browser, xapp + "/") as page:
        expect(page.locator("#a1-none")).to_be_visible(timeout=WAIT_MS)
        for name, policy in (("generous", generous), ("jitter", jitter)):
            assert httpx.put(f"{policies}/{name}", json=policy, timeout=60).status_code == 201
        rows = page.locator("#a1-table tbody tr")
        expect(rows).to_have_count(2, timeout=WAIT_MS)
        expect(rows.nth(0)).to_contain_text("SST 1: maxDlPacketDelayPerUe")
        expect(rows.nth(0).locator("[data-level=good]")).to_have_text("enforced", timeout=WAIT_MS)
        expect(rows.nth(1)).to_contain_text("statement not applicable: maxDlJitterPerUe")
        for name in ("generous", "jitter"):
            assert httpx.delete(f"{policies}/{name}", timeout=60).status_code == 204
        expect(page.locator("#a1-none")).to_be_visible(timeout=WAIT_MS)


def test_a_du_is_put_under_its_own_scheduler_and_back_by_keyboard(browser: Browser, xapp: str) -> None:
    with opened(browser, xapp + "/") as page:
        settled(page)
        row = page.locator('[data-breaker="1"]')
        expect(row.locator('[data-field="measured"]')).not_to_have_text("–", timeout=WAIT_MS)
        expect(row.locator('[data-field="state"]')).to_contain_text("policy", timeout=WAIT_MS)
        row.locator("button").focus()
        page.keyboard.press("Enter")
        state = row.locator('[data-field="state"]')
        expect(state).to_have_text("own scheduler, by an operator", timeout=WAIT_MS)
        first = page.locator("#guard-table tbody tr").first
        expect(first).to_contain_text("by an operator", timeout=WAIT_MS)
        told = httpx.get(f"{xapp}/v1/guard", timeout=60).json()["breakers"][1]
        assert (told["state"], told["baseline"], told["answered"]) == ("open", True, True)
        row.locator("button").click()
        expect(state).to_have_text("policy, not proven yet", timeout=WAIT_MS)


def test_a_roll_back_by_keyboard_reaches_the_du_and_a_release_ends_it(
    browser: Browser, run: Run, xapp: str
) -> None:
    policy = f"{xapp}/v1/policies/0"
    run.until(lambda: httpx.get(policy, timeout=60).json()["versions_held"] >= 3, "three versions exist")
    with opened(browser, xapp + "/") as page:
        settled(page)
        row = page.locator('[data-policy="0"]')
        expect(row.locator('[data-do="rollback"]')).to_be_enabled(timeout=WAIT_MS)
        options = row.locator("option")
        wanted = options.nth(options.count() // 2).get_attribute("value")
        assert wanted is not None
        row.locator("select").select_option(wanted)
        row.locator('[data-do="rollback"]').focus()
        page.keyboard.press("Enter")
        expect(page.locator("#ask")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#ask")).to_be_hidden()
        assert httpx.get(policy, timeout=60).json()["target"]["pinned"] is False
        page.keyboard.press("Enter")
        expect(page.locator("#ask-text")).to_contain_text(f"version {wanted}")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_contain_text(f"back to version {wanted}", timeout=WAIT_MS)
        expect(row.locator('[data-field="running"]')).to_have_text(f"version {wanted}", timeout=WAIT_MS)
        expect(page.locator("#alerts")).to_contain_text(f"DU 0: pinned to version {wanted}", timeout=WAIT_MS)
        assert httpx.get(policy, timeout=60).json()["target"]["pinned"] is True
        picture(page, "rolled-back")
        row.locator('[data-do="release"]').click()
        expect(page.locator("#said")).to_contain_text("DU 0 is released", timeout=WAIT_MS)
        expect(row.locator('[data-do="release"]')).to_be_disabled(timeout=WAIT_MS)
        assert httpx.get(policy, timeout=60).json()["target"]["pinned"] is False


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("name", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_the_page_fits_its_screen(
    browser: Browser, xapp: str, name: str, size: dict[str, int], scheme: str
) -> None:
    with opened(browser, xapp + "/", size, scheme) as page:
        settled(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        light = sum(int(part) for part in background[4:-1].split(",")) > 3 * 128
        assert light == (scheme == "light")
        picture(page, f"{name}-{scheme}")


def test_the_scheme_can_be_chosen_and_stays(browser: Browser, xapp: str) -> None:
    with opened(browser, xapp + "/") as page:
        page.locator("#scheme").select_option("dark")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.reload()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
        assert page.locator("#scheme").input_value() == "dark"


def test_everything_that_acts_is_reached_by_tabulator(browser: Browser, xapp: str) -> None:
    with opened(browser, xapp + "/") as page:
        settled(page)
        acting = page.locator(":is(a, button:enabled, select:enabled, summary):visible").count()
        for _ in range(acting + 5):
            page.keyboard.press("Tab")
            page.evaluate("document.activeElement.dataset.reached = 'yes'")
        assert page.locator("[data-reached]:is(a, button, select, summary)").count() >= acting


def test_every_control_and_picture_has_a_name(browser: Browser, xapp: str) -> None:
    nameless = """[...document.querySelectorAll('button, select, a, svg[role=img], [role=meter]')].filter(
        (one) => !(one.getAttribute('aria-label') || one.textContent.trim() || one.closest('label')))
        .map((one) => one.outerHTML.slice(0, 80))"""
    with opened(browser, xapp + "/") as page:
        assert page.evaluate(nameless) == []


def test_a_silent_xapp_is_told_and_its_return_too(browser: Browser, xapp: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(xapp + "/")
    settled(page)
    context.set_offline(True)
    expect(page.locator("#lost")).to_contain_text("has not answered since", timeout=WAIT_MS)
    expect(page.locator("#state")).to_have_text("no answer")
    context.set_offline(False)
    expect(page.locator("#lost")).to_be_hidden(timeout=WAIT_MS)
    moves(page, "#fact-frame")
    context.close()


def test_the_pages_of_rest_need_nobody_else(browser: Browser, xapp: str) -> None:
    with opened(browser, f"{xapp}/docs") as page:
        page.locator("summary", has_text="Go back to an older version").click()
        expect(page.locator("details[open]")).to_contain_text("newer versions are kept but not delivered")
        picture(page, "rest")
    for path in ("/v1/policies", "/v1/learner", "/v1/e2-nodes", "/v1/console", "/openapi.json", "/metrics"):
        answer = httpx.get(xapp + path, timeout=60)
        assert answer.status_code == 200, path


def test_learning_curves_outlive_the_xapp(browser: Browser, run: Run, xapp: str) -> None:
    before = httpx.get(f"{xapp}/v1/console", timeout=60).json()["curves"]
    assert before["before_s"] == 0
    first = run.child("cadran.xapp")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    run.until(lambda: answers(xapp), "the xApp is there again")
    with opened(browser, xapp + "/") as page:
        settled(page)
        expect(page.locator('[data-curve="critic_loss"] path.mark')).to_have_count(1, timeout=WAIT_MS)
        after = httpx.get(f"{xapp}/v1/console", timeout=60).json()["curves"]
        assert after["before_s"] > 0.5 * before["critic_loss"]["seconds"][-1]
        assert len(after["critic_loss"]["values"]) >= len(before["critic_loss"]["values"])
        assert len(after["reward"][0]["values"]) > 2
        picture(page, "restarted")


def answers(xapp: str) -> bool:
    """Whether an xApp is there that remembers an earlier one."""
    try:
        return bool(httpx.get(f"{xapp}/v1/console", timeout=60).json()["curves"]["before_s"] > 0)
    except httpx.HTTPError:
        return False
