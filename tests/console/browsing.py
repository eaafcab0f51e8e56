"""A page as a person opens it, and what is asked of every one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
WAIT_MS = 60_000
expect.set_options(timeout=WAIT_MS)


@contextmanager
def opened(
    browser: Browser, url: str, size: dict[str, int] = DESKTOP, scheme: str = "light", **choices: Any
) -> Iterator[Page]:
    """A page in a browser of its own; on the way out it must have been quiet and have asked nobody else."""
    context = browser.new_context(viewport=size, color_scheme=scheme, **choices)  # type: ignore[arg-type]
    page = context.new_page()
    said: list[str] = []
    hosts: set[str] = set()
    page.on(
        "console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    try:
        page.goto(url)
        yield page
        assert said == []
        assert hosts == {urlsplit(url).netloc}
    finally:
        context.close()


def text(page: Page, selector: str) -> str:
    return page.locator(selector).first.inner_text()


def moves(page: Page, selector: str) -> None:
    """Its text changes by itself."""
    before = text(page, selector)
    expect(page.locator(selector).first).not_to_have_text(before, timeout=WAIT_MS)


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("CADRAN_SHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"console-{name}.png", full_page=True)
