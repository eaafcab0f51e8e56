"""A real browser before a real run."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from running import Run

CHROMIUM = os.environ.get("CADRAN_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The small scenario in real time, TA-SAM on, so that everything on the page has something to show."""
    options = (
        "--pace", "realtime", "--seed", "5", "--set", "learner.method=tasam", "--set",
        "learner.sam={actor_rho: {start: 0.05, final: 0.01}, critic_rho: {start: 0.05, final: 0.01}}",
    )  # fmt: skip
    started = Run(tmp_path_factory.mktemp("up") / "run", *options)
    try:
        started.until(lambda: min(started.progress()) > 200, "the loop learns")
        yield started
    finally:
        if started.process.poll() is None:
            started.end()


@pytest.fixture(scope="session")
def xapp(run: Run) -> str:
    """Address of the xApp's pages."""
    addresses = json.loads((run.folder / "run.json").read_text())["metrics"]
    return str(addresses["xapp"]).removesuffix("/metrics")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("no Chromium: install the package chromium, or name the program in CADRAN_CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield started
        started.close()
