"""What a person, a script and a scraper see of a running testbed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from running import Run

# The house, the three interfaces, and the measurements that E2SM-KPM names.
NAME = r"(cadran|a1|e2|e3|oran_kpm)_[a-z][a-z0-9_]*"
FOREIGN = ("python_", "process_")
SCALED_UNIT = r"_(ms|millis|milliseconds|us|kb|mb|percent)(_|$)"
UNITS = ("_seconds", "_bytes", "_ratio", "_info", "_bits", "_bits_per_second")
UE_LABELS = {"ue", "rnti", "imsi", "ue_id"}

get, post = (partial(call, timeout=60) for call in (httpx.get, httpx.post))  # a busy machine may be slow

pytestmark = pytest.mark.timeout(500)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    started = Run(tmp_path_factory.mktemp("up") / "run", "--pace", "realtime", "--seed", "5")
    try:
        started.until(lambda: min(started.progress()) > 50, "the loop learns")
        yield started
    finally:
        started.discard()


def urls(run: Run) -> dict[str, str]:
    return json.loads((run.folder / "run.json").read_text())["metrics"]


def rest(run: Run) -> str:
    return urls(run)["xapp"].removesuffix("/metrics")


def test_every_services_metrics_follow_the_conventions(run: Run) -> None:
    seen = {}
    for service, url in urls(run).items():
        answer = get(url)
        assert answer.headers["content-type"].startswith("text/plain")
        families = list(text_string_to_metric_families(answer.text))
        own = [family for family in families if not family.name.startswith(FOREIGN)]
        assert any(sample.value > 0 for family in own for sample in family.samples), service
        for family in own:
            where = f"{service}: {family.name}"
            assert re.fullmatch(NAME, family.name), where
            assert family.documentation, f"{where} has no help text"
            assert not re.search(SCALED_UNIT, family.name), where
            if family.type == "counter":
                assert all(sample.name.endswith(("_total", "_created")) for sample in family.samples), where
            if family.type in ("histogram", "summary"):
                assert family.name.endswith(UNITS), f"{where} names no unit"
            # A UE is no label: there are hundreds, and they come and go.
            assert not any(UE_LABELS & sample.labels.keys() for sample in family.samples), where
        seen[service] = {family.name for family in own}
    assert set(seen) == {"ransim", "xapp", "dapp-0", "dapp-1"}
    assert "cadran_ransim_frames" in seen["ransim"]
    assert "cadran_dapp_decision_duration_seconds" in seen["dapp-0"]
    assert "oran_kpm_drb_ue_thp_dl_bits_per_second" in seen["xapp"]


def test_every_service_is_alive_and_ready(run: Run) -> None:
    for url in urls(run).values():
        for state in ("alive", "ready"):
            health = url.replace("/metrics", f"/ric/v1/health/{state}")
            run.until(lambda health=health: get(health).status_code == 200, f"{health} says so")


def test_the_rest_interface_answers(run: Run) -> None:
    api = f"{rest(run)}/v1"
    policies = get(f"{api}/policies").json()
    assert [policy["du"] for policy in policies] == [0, 1]
    assert get(f"{api}/learner").json()["updates"] > 0
    nodes = get(f"{api}/e2-nodes").json()
    assert len(nodes) == 2
    size = get(f"{api}/policies/0").json()["network"]["observation_dim"]
    decided = post(f"{api}/policies/0/action", json={"observation": [0.5] * size}).json()
    assert sum(slice_["max_percent"] for slice_ in decided["decision"]["slices"]) == 100
    short = post(f"{api}/policies/0/action", json={"observation": [0.5]})
    assert short.status_code == 422
    assert short.headers["content-type"] == "application/problem+json"


def test_a_roll_back_reaches_the_du(run: Run) -> None:
    api = f"{rest(run)}/v1/policies/0"
    run.until(lambda: len(get(f"{api}/versions").json()) >= 2, "two versions exist")
    oldest = get(f"{api}/versions").json()[0]["version"]
    assert post(f"{api}/rollback", json={"version": oldest}).status_code == 200
    run.until(lambda: get(api).json()["running_version"] == oldest, "DU 0 runs the older version")
    run.until(lambda: run.status("ransim")["dus"][0]["policy_version"] == oldest, "the RAN sees it decide")


def test_a_run_that_is_stopped_has_a_summary_and_leaves_no_process(run: Run) -> None:
    """Last in this file: it ends the run that the others look at."""
    services = run.services()
    summary = run.end()
    assert not [service for service in services if service.is_running()]
    wanted = "frames dus transitions_reported transitions_stored policy_versions missed_frames reward_mean"
    assert {*wanted.split(), "frames_per_s"} <= summary.keys()
    assert (summary["dus"], summary["ended_by"]) == (2, "stopped")
    assert summary["transitions_stored"] >= summary["transitions_acknowledged"] > 0
    assert 0 < summary["reward_mean"] < 1
