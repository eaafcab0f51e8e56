"""A real Prometheus that scrapes running testbeds answers every rule and every panel."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from cadran.testbed.ports import free_ports
from exported import (
    PROMETHEUS,
    RULES,
    WHERE_CALLERS_ARE_ASKED,
    dashboards,
    exported,
    names_in,
    panels,
    queries,
    rules,
)
from running import QUICK_RAPP, Run

TWO_LEVELS = """
world: {dus: 2, ues: 8, max_ues_per_slice: 4, rbs: 20, episode_frames: 50}
hierarchy: {decision_frames: 5}
meta:
  higher: {hidden: [8], batch_size: 8}
  lower: {hidden: [8], batch_size: 8}
  shot_frames: 20
learner: {replay_capacity: 5000}
"""
RECORDED = {rule["record"]: rule["expr"] for rule in rules("record")}
PATIENCE_S = 300.0

pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Observed:
    """Running testbeds and the Prometheus that scrapes them.

    Attributes:
        api: URL of Prometheus' API.
        urls: URL of each target's metrics; its name is that of a service, a dApp's with its DU.
    """

    api: str
    urls: tuple[tuple[str, str], ...]

    def get(self, path: str, **parameters: str) -> Any:
        """The data of an answer."""
        answer = httpx.get(f"{self.api}/{path}", params=parameters, timeout=60)
        told = answer.json()
        assert told["status"] == "success", f"{parameters}: {told.get('error')}"
        return told["data"]

    def ready(self) -> bool:
        """Whether it answers queries: while it starts, it listens and refuses them."""
        try:
            return httpx.get(f"{self.api.removesuffix('/api/v1')}/-/ready", timeout=60).is_success
        except httpx.TransportError:
            return False

    def finds(self, expression: str) -> bool:
        """Whether an expression has a result, within a minute: a busy machine may miss a scrape."""
        deadline = time.monotonic() + 60
        while not self.get("query", query=expression)["result"]:
            if time.monotonic() > deadline:
                return False
            time.sleep(1.0)
        return True

    def exposed(self) -> dict[str, list[Any]]:
        """Families by service, of each of its processes."""
        found: dict[str, list[Any]] = {}
        for name, url in self.urls:
            families = list(text_string_to_metric_families(httpx.get(url, timeout=60).text))
            found.setdefault(name.partition("-")[0], []).append(families)
        return found


def metrics_urls(run: Run) -> dict[str, str]:
    urls: dict[str, str] = json.loads((run.folder / "run.json").read_text())["metrics"]
    return urls


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, ...]]:
    folder = tmp_path_factory.mktemp("runs")
    scenario = folder / "levels.yaml"
    scenario.write_text(TWO_LEVELS)
    started = []
    try:
        with pytest.MonkeyPatch.context() as environment:
            for name, value in QUICK_RAPP.items():
                environment.setenv(name, value)
            started.append(Run(folder / "one"))
            started.append(Run(folder / "two", scenario=scenario))
        one, two = started
        one.until(lambda: min(one.progress()) > 50, "the loop learns", PATIENCE_S)
        two.until(
            lambda: bool(two.status("rapp").get("promoted")),
            "the rApp promotes an initialisation",
            PATIENCE_S,
        )
        yield tuple(started)
    finally:
        for run in started:
            run.discard()


def configuration(targets: list[tuple[str, str]]) -> dict[str, Any]:
    """The repository's, with these targets in place of containers."""
    config: dict[str, Any] = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    config["global"] |= {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(RULES)]
    for job in config["scrape_configs"]:
        job.pop("dns_sd_configs", None)
        job["static_configs"] = []
        for name, url in targets:
            service, _, du = name.partition("-")
            if service == job["job_name"]:
                labels = {"du": du} if du else {}
                job["static_configs"].append({"targets": [httpx.URL(url).netloc.decode()], "labels": labels})
    return config


@pytest.fixture(scope="module")
def observed(runs: tuple[Run, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    folder = tmp_path_factory.mktemp("prometheus")
    targets = [target for run in runs for target in metrics_urls(run).items()]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration(targets)))
    address = f"127.0.0.1:{free_ports(1)[0]}"
    with (folder / "log").open("wb") as log:
        flags = (f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data")
        command = ["prometheus", *flags, f"--web.listen-address={address}"]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        made = Observed(f"http://{address}/api/v1", tuple(targets))
        _until_scraped(made, folder / "log")
        yield made
    finally:
        process.terminate()
        process.wait(timeout=60)


def _until_scraped(observed: Observed, log: Path) -> None:
    """Waits until rates over several scrapes are there, and recordings made of them."""
    deadline = time.monotonic() + 120
    asked = "count_over_time(du_slice:cadran_quality:mean5m[1m]) > 5"
    while time.monotonic() < deadline:
        if observed.ready() and observed.get("query", query=asked)["result"]:
            return
        time.sleep(0.5)
    pytest.fail(f"Prometheus has no rates after two minutes: {log.read_text()[-2000:]}")


def test_every_target_is_up(observed: Observed) -> None:
    targets = observed.get("targets")["activeTargets"]
    assert {target["labels"]["job"] for target in targets} == {"ransim", "dapp", "xapp", "rapp"}
    assert len(targets) == len(observed.urls)
    deadline = time.monotonic() + 60  # a busy machine may miss a scrape
    while down := [target["lastError"] for target in targets if target["health"] != "up"]:
        assert time.monotonic() < deadline, down
        time.sleep(1.0)
        targets = observed.get("targets")["activeTargets"]


def test_every_rule_is_evaluated(observed: Observed) -> None:
    told = [rule for group in observed.get("rules")["groups"] for rule in group["rules"]]
    assert len(told) == len(rules("alert") + rules("record"))
    assert {rule["name"]: rule.get("lastError") for rule in told if rule["health"] != "ok"} == {}


def test_the_services_export_what_the_documentation_says(observed: Observed) -> None:
    services = exported()
    shared = services.pop("every service")
    exposed = observed.exposed()
    assert exposed.keys() == services.keys()
    for service, metrics in services.items():
        known = {**shared, **metrics}
        for families in exposed[service]:
            ends = {"counter": "_total"}
            seen = {family.name + ends.get(family.type, ""): family for family in families}
            plain = {name for name in seen if not name.endswith("_created")}
            assert plain == set(known) - WHERE_CALLERS_ARE_ASKED, service
            for name in plain:
                assert seen[name].type == known[name].kind, name
                labels = {label for sample in seen[name].samples for label in sample.labels}
                assert labels - {"le"} <= set(known[name].labels), name


def test_every_metric_of_rules_and_dashboards_is_exported_by_a_running_service(observed: Observed) -> None:
    families = {family.name for found in observed.exposed().values() for each in found for family in each}
    for where, expression in queries():
        for name in names_in(expression) - RECORDED.keys() - {"up"}:
            assert re.sub(r"_(total|bucket|sum|count)$", "", name) in families | {name} & families, where


def _measured(expression: str) -> set[str]:
    """Metrics that an expression is made of, through recordings."""
    found: set[str] = set()
    for name in names_in(expression):
        found |= _measured(RECORDED[name]) if name in RECORDED else {name}
    return found


def test_every_panel_has_an_answer(observed: Observed) -> None:
    """A panel may be empty only while a metric of it has no sample yet: a refusal that never was."""
    samples = {
        sample.name
        for found in observed.exposed().values()
        for families in found
        for family in families
        for sample in family.samples
    }
    for where, panel in panels():
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "1m").replace("$du", ".*")
            assert "$" not in expression, f"{where}: {expression}"
            if not _measured(expression) - samples - {"up"}:
                assert observed.finds(expression), f"{where}: {expression} finds nothing"
            else:
                observed.get("query", query=expression)


def test_every_variable_has_values(observed: Observed) -> None:
    for name, board in dashboards().items():
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                asked = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"])
                assert asked is not None
                assert observed.get(f"label/{asked[2]}/values", **{"match[]": asked[1]}), name


def test_what_is_well_raises_no_critical_alert(observed: Observed) -> None:
    alerts = observed.get("alerts")["alerts"]
    assert [a["labels"] for a in alerts if a["labels"]["alertname"] == "CadranTargetDown"] == []
