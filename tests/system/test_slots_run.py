"""The world of slots, alive: transport blocks, HARQ, UEs that move and are handed over, as KPM shows them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from running import Run

SCENARIO = Path(__file__).parents[2] / "scenarios" / "3gpp.yaml"
MOVING = ("--set", "world.mobility.kind=random_waypoint")
DUS = 6

pytestmark = pytest.mark.timeout(500)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    started = Run(tmp_path_factory.mktemp("slots") / "run", "--pace", "fast", *MOVING, scenario=SCENARIO)
    try:
        started.until(lambda: min(started.progress()) > 50, "the loop learns")
        yield started
    finally:
        started.discard()


def measured(run: Run) -> dict[str, list[float]]:
    """What the DUs measured in their newest windows; a measurement by slice has several values of a DU."""
    metrics = json.loads((run.folder / "run.json").read_text())["metrics"]["xapp"]
    nodes = f"{metrics.removesuffix('/metrics')}/v1/e2-nodes"
    values = defaultdict(list)
    for node in httpx.get(nodes, timeout=60).json():
        for kpi in httpx.get(f"{nodes}/{node['id']}/kpis", timeout=60).json()["kpis"]:
            if kpi["value"] is not None:
                values[kpi["name"]].append(kpi["value"])
    return values


def test_handovers_and_blocks_show_in_the_measurements(run: Run) -> None:
    windows: list[dict[str, list[float]]] = []

    def handed_over() -> bool:
        windows.append(measured(run))
        return sum(windows[-1]["MM.HoExeIntraSucc"]) > 0

    run.until(handed_over, "a UE was handed over")
    seen = windows[-1]
    assert sum(seen["MM.HoPrepIntraReq"]) > 0
    assert len(seen["PEE.AvgPower"]) == DUS
    assert min(seen["PEE.AvgPower"]) > 0
    assert 0 < sum(seen["TB.IntialErrNbrDl"]) < sum(seen["TB.TotNbrDlInitial"])
    assert 0 < max(seen["VS.CARR.WBCQIMean"]) <= 15
    # In 0.1 ms: a byte is in the air for at least its slot.
    assert min(seen["DRB.AirIfDelayDl"]) >= 10
    assert max(seen["RRU.PrbTotDl"]) <= 100


def test_the_books_of_the_run_balance_over_handovers(run: Run) -> None:
    """Last in this file: it ends the run."""
    summary = run.end()
    fates = ("delivered", "dropped", "discarded", "queued")
    assert summary["bytes_offered"] == sum(summary[f"bytes_{fate}"] for fate in fates) > 0
    assert (summary["dus"], summary["ended_by"]) == (DUS, "stopped")
    assert 0 < summary["reward_mean"] < 1
