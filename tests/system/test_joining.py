"""A DU joins a running testbed: it starts from what the rApp has learned, and adapts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from running import QUICK_RAPP, Run

SCENARIO = """
world: {dus: 3, ues: 9, max_ues_per_slice: 4, rbs: 20, episode_frames: 50}
hierarchy: {decision_frames: 5}
meta:
  higher: {hidden: [8], batch_size: 8}
  lower: {hidden: [8], batch_size: 8}
  shot_frames: 20
  shots: 5
learner: {replay_capacity: 5000}
"""

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    for name, value in QUICK_RAPP.items():
        monkeypatch.setenv(name, value)
    scenario = tmp_path / "levels.yaml"
    scenario.write_text(SCENARIO)
    joins = ("--join-du", "1@25s:cold", "--join-du", "2@25s")
    started = Run(tmp_path / "run", "--pace", "fast", *joins, scenario=scenario)
    try:
        yield started
    finally:
        started.discard()


def adaptation(run: Run) -> list[dict[str, Any]]:
    xapp = json.loads((run.folder / "run.json").read_text())["metrics"]["xapp"].removesuffix("/metrics")
    return httpx.get(f"{xapp}/v1/adaptation", timeout=60).json()["dus"]  # type: ignore[no-any-return]


def test_a_du_joins_starts_from_the_initialisation_acknowledges_it_and_adapts(run: Run) -> None:
    run.until(lambda: run.status("rapp").get("promoted"), "the rApp promotes an initialisation")
    run.until(lambda: any(du["start"] for du in adaptation(run)), "the xApp has it")
    joined = [run.child("cadran.dapp", f"--du {du}") for du in range(3)]
    assert joined[0] is not None
    assert joined[1:] == [None, None], "the rApp was too slow: the DUs have joined already"
    assert [du["shots"] for du in adaptation(run)][1:] == [0, 0]

    run.until(lambda: [du["shots"] for du in adaptation(run)] == [5, 5, 5], "all have adapted")
    early, cold, warm = adaptation(run)
    assert (early["cold"], cold["cold"], warm["cold"]) == (False, True, False)
    assert (early["start"], cold["start"]) == (None, None)
    assert warm["start"]["version"] >= 1
    assert all(du["acknowledged"] for du in (early, cold, warm))
    assert len({du["policy_sha256"] for du in (early, cold)}) == 1
    assert warm["policy_sha256"] != cold["policy_sha256"]
    assert all(0.0 <= reward <= 1.0 for du in (cold, warm) for reward in du["rewards"])
    summary = run.end()
    assert summary["restarts"] == dict.fromkeys(summary["restarts"], 0)
    assert (run.folder / "report.html").exists()
