"""What a person, a script and a scraper see of a running testbed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from running import Run

UNITS = ("_seconds", "_bytes", "_ratio", "_info", "_bits", "_bits_per_second")
UE_LABELS = {"ue", "rnti", "imsi", "ue_id"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    started = Run(tmp_path_factory.mktemp("up") / "run", "--pace", "realtime", "--seed", "5")
    try:
        started.until(lambda: min(started.progress()) > 50, "the loop learns")
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()


def urls(run: Run) -> dict[str, str]:
    return json.loads((run.folder / "run.json").read_text())["metrics"]


def rest(run: Run) -> str:
    return urls(run)["xapp"].removesuffix("/metrics")


@pytest.mark.timeout(200)
def test_every_services_metrics_follow_the_conventions(run: Run) -> None:
    seen = {}
    for service, url in urls(run).items():
        families = list(text_string_to_metric_families(httpx.get(url, timeout=10).text))
        seen[service] = {family.name for family in families}
        for family in families:
            assert re.fullmatch(r"[a-z][a-z0-9_]*", family.name), family.name
            assert family.documentation, f"{family.name} has no help text"
            if family.type == "counter":
                assert all(sample.name.endswith(("_total", "_created")) for sample in family.samples)
            if family.type == "histogram":
                assert family.name.endswith(UNITS), f"{family.name} names no unit"
            for sample in family.samples:
                assert not UE_LABELS & sample.labels.keys(), f"{family.name} has a label per UE"
    assert "cadran_ransim_frames" in seen["ransim"]
    assert "cadran_dapp_decision_duration_seconds" in seen["dapp-0"]
    assert "oran_kpm_drb_ue_thp_dl_bits_per_second" in seen["xapp"]


@pytest.mark.timeout(200)
def test_every_service_is_alive_and_ready(run: Run) -> None:
    for url in urls(run).values():
        for state in ("alive", "ready"):
            answer = httpx.get(url.replace("/metrics", f"/ric/v1/health/{state}"), timeout=10)
            assert answer.status_code == 200, f"{url}: {answer.text}"


@pytest.mark.timeout(200)
def test_the_rest_interface_answers(run: Run) -> None:
    api = f"{rest(run)}/v1"
    policies = httpx.get(f"{api}/policies").json()
    assert [policy["du"] for policy in policies] == [0, 1]
    assert httpx.get(f"{api}/learner").json()["updates"] > 0
    nodes = httpx.get(f"{api}/e2-nodes").json()
    assert len(nodes) == 2
    size = httpx.get(f"{api}/policies/0").json()["network"]["observation_dim"]
    decided = httpx.post(f"{api}/policies/0/action", json={"observation": [0.5] * size}).json()
    assert sum(slice_["max_percent"] for slice_ in decided["decision"]["slices"]) == 100
    short = httpx.post(f"{api}/policies/0/action", json={"observation": [0.5]})
    assert short.status_code == 422
    assert short.headers["content-type"] == "application/problem+json"


@pytest.mark.timeout(200)
def test_a_roll_back_reaches_the_du(run: Run) -> None:
    api = f"{rest(run)}/v1/policies/0"
    run.until(lambda: len(httpx.get(f"{api}/versions").json()) >= 2, "two versions exist")
    oldest = httpx.get(f"{api}/versions").json()[0]["version"]
    assert httpx.post(f"{api}/rollback", json={"version": oldest}).status_code == 200
    run.until(lambda: httpx.get(api).json()["running_version"] == oldest, "DU 0 runs the older version")
    run.until(lambda: run.status("ransim")["dus"][0]["policy_version"] == oldest, "the RAN sees it decide")


@pytest.mark.timeout(200)
def test_a_run_ends_with_a_summary_a_report_and_no_process(run: Run) -> None:
    """Last in this file: it ends the run that the others look at."""
    summary = run.end()
    wanted = "frames dus transitions_reported transitions_stored policy_versions missed_frames reward_mean"
    assert {*wanted.split(), "frames_per_s"} <= summary.keys()
    assert summary["dus"] == 2
    assert summary["transitions_stored"] >= summary["transitions_acknowledged"] > 0
    assert 0 < summary["reward_mean"] < 1
    page = (run.folder / "report.html").read_text()
    assert "<html" in page
    assert not re.findall(r"(?:src|href)=[\"']https?://", page)
    assert len(list((run.folder / "plots").glob("*.png"))) >= 3


@pytest.mark.timeout(200)
def test_a_measured_trace_drives_embb_byte_for_byte(packet_trace: Path, tmp_path: Path) -> None:
    traced = Run(
        tmp_path / "run", "--pace", "fast", "--frames", "300", "--no-learn", "--trace", str(packet_trace)
    )
    output, _ = traced.process.communicate(timeout=150)
    summary: dict[str, Any] = json.loads(output.splitlines()[-1])
    assert summary["trace_bytes_offered"] == summary["trace_bytes_played"] > 0
    ledger = (summary[f"bytes_{fate}"] for fate in ("delivered", "dropped", "discarded", "queued"))
    assert summary["bytes_offered"] == sum(ledger)
    table = np.loadtxt(packet_trace)
    embb_ues, frame_s = 4, 0.01
    mean_bytes = table[:, 1].sum() / table[-1, 0] * frame_s * 300 * embb_ues
    assert summary["trace_bytes_played"] == pytest.approx(mean_bytes, rel=0.5)
