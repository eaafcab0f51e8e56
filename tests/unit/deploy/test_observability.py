"""Rules, dashboards and documentation name what the services export."""

from __future__ import annotations

import re

import pytest
import yaml

from exported import (
    GRAFANA,
    PROMETHEUS,
    ROOT,
    RULES_TEST,
    TARGET_LABELS,
    Metric,
    dashboards,
    exported,
    grouped_labels,
    names_in,
    panels,
    queries,
    rules,
    selected_labels,
)

DOCS = ROOT / "docs" / "observability.md"
SERVICES = exported()
BY_NAME: dict[str, list[tuple[str, Metric]]] = {}
for service, metrics in SERVICES.items():
    for metric in metrics.values():
        for name in metric.names:
            BY_NAME.setdefault(name, []).append((service, metric))
RECORDED = {rule["record"] for rule in rules("record")}
MADE = {"interface"}  # labels that rules themselves add


def labels_of(name: str) -> set[str]:
    """Labels that samples of a metric have in Prometheus."""
    if name == "up":
        return TARGET_LABELS
    found = set(TARGET_LABELS)
    for service, metric in BY_NAME[name]:
        found |= {*metric.labels, "le"} if metric.kind == "histogram" else set(metric.labels)
        if service in ("dapp", "every service"):
            found.add("du")
    return found


def test_the_names_in_an_expression_are_found() -> None:
    expression = (
        'sum by (du, le) (rate(a_total{x="b(c)", y!~"d"}[5m])) / on (du) group_left avg(e:f:g) '
        "unless h offset 5m > 1e3 or i_bucket"
    )
    assert names_in(expression) == {"a_total", "e:f:g", "h", "i_bucket"}
    assert set(selected_labels(expression)) == {("a_total", "x"), ("a_total", "y")}
    assert grouped_labels(expression) == {"du", "le"}


@pytest.mark.parametrize(("where", "expression"), list(queries()))
def test_what_is_asked_for_is_exported_with_these_labels(where: str, expression: str) -> None:
    known = BY_NAME.keys() | RECORDED | {"up"}
    assert names_in(expression) <= known
    measured = names_in(expression) - RECORDED
    for name, label in selected_labels(expression):
        assert name in RECORDED or label in labels_of(name), f"{name} has no label {label}"
    if measured == names_in(expression):
        there = set().union(*(labels_of(name) for name in measured)) | MADE
        assert grouped_labels(expression) <= there


def test_recordings_are_used() -> None:
    used = set().union(*(names_in(expression) for _, expression in queries()))
    assert used >= RECORDED


def test_every_alert_is_seen_to_fire_and_to_clear_and_is_documented() -> None:
    told = yaml.safe_load(RULES_TEST.read_text())["tests"]
    cases = [case for test in told for case in test.get("alert_rule_test", ())]
    fires = {case["alertname"]: case["eval_time"] for case in cases if case["exp_alerts"]}
    documented = set(re.findall(r"^\| `(Cadran\w+)` \|", DOCS.read_text(), re.MULTILINE))
    for rule in rules("alert"):
        name = rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning", "info"), name
        assert rule["annotations"]["summary"], name
        assert name in fires, f"{name} is nowhere expected to fire"
        quiet = [_seconds(c["eval_time"]) for c in cases if c["alertname"] == name and not c["exp_alerts"]]
        assert max(quiet) > _seconds(fires[name]), f"{name} is nowhere expected to clear"
    assert documented == {rule["alert"] for rule in rules("alert")}


def _seconds(duration: str) -> int:
    return int(duration[:-1]) * {"s": 1, "m": 60}[duration[-1]]


def test_the_documentation_lists_every_metric_as_the_code_has_it() -> None:
    lines = [
        f"| {service} | `{metric.name}` | {metric.kind} | {', '.join(metric.labels)} | {metric.unit} |"
        f" {metric.text.removesuffix('.')} |"
        for service, metrics in SERVICES.items()
        for metric in metrics.values()
    ]
    section = DOCS.read_text().partition("## Every metric")[2]
    told = re.findall(r"^\| [a-z ]+ \| `\w+` \|.*$", section, re.MULTILINE)
    assert sorted(told) == sorted(re.sub(r"\s+\|", " |", line) for line in lines)


def test_dashboards_are_told_apart_and_take_their_data_source_from_a_variable() -> None:
    boards = dashboards()
    assert set(boards) == {"ran.json", "learning.json", "interfaces.json", "rapp.json"}
    for key in ("uid", "title"):
        assert len({board[key] for board in boards.values()}) == len(boards)
    for name, board in boards.items():
        variables = {variable["name"]: variable for variable in board["templating"]["list"]}
        assert variables["datasource"]["type"] == "datasource", name
        assert board.get("id") is None, f"{name}: an id belongs to one Grafana"
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids), name
    source = {"type": "prometheus", "uid": "${datasource}"}
    for where, panel in panels():
        assert panel["datasource"] == source, where
        assert all(target["datasource"] == source for target in panel["targets"]), where
        assert panel["title"], where
        assert panel["description"], where


def test_no_panel_lies_on_another() -> None:
    for name, board in dashboards().items():
        taken: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            at = panel["gridPos"]
            cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
            assert max(x for x, _ in cells) < 24, f"{name}: {panel['title']}"
            assert not cells & taken, f"{name}: {panel['title']}"
            taken |= cells


def test_prometheus_finds_its_rules() -> None:
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    assert [job["job_name"] for job in config["scrape_configs"]] == ["ransim", "dapp", "xapp", "rapp"]
    assert all((PROMETHEUS / path).is_file() for path in config["rule_files"])


def test_grafana_finds_prometheus_and_the_dashboards() -> None:
    sources = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())
    assert [source["type"] for source in sources["datasources"]] == ["prometheus"]
    scraped = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["global"]["scrape_interval"]
    assert sources["datasources"][0]["jsonData"]["timeInterval"] == scraped
    providers = yaml.safe_load((GRAFANA / "provisioning/dashboards/cadran.yml").read_text())
    assert providers["providers"][0]["type"] == "file"
