"""What the services export to Prometheus, from their code, and what rules and dashboards ask for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from cadran.dapp.metrics import DappMetrics
from cadran.ransim.metrics import RansimMetrics
from cadran.rapp.a1.monitor import A1ManagementMetrics
from cadran.rapp.metrics import RappMetrics
from cadran.rest import Limits, RestTls, Security, add_limits
from cadran.runtime.link_metrics import LinkMetrics
from cadran.runtime.metrics import new_registry
from cadran.runtime.tls import Tls
from cadran.xapp.a1.monitor import A1Metrics
from cadran.xapp.kpm_board import KpmBoard
from cadran.xapp.metrics import XappMetrics

ROOT = Path(__file__).parents[1]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = PROMETHEUS / "rules" / "cadran.yml"
RULES_TEST = PROMETHEUS / "rules" / "cadran_test.yml"
GRAFANA = ROOT / "deploy" / "grafana"

WHERE_CALLERS_ARE_ASKED = {"cadran_rest_refused_total", "cadran_rest_tls_handshakes_total"}
"""What a service exports only where tokens or TLS say who may call."""
TARGET_LABELS = {"job", "instance"}
"""What Prometheus adds to every sample; a dApp's target has its DU as well."""

_UNITS = {
    "_bits_per_second_per_hertz": "bit/s/Hz",
    "_bits_per_second": "bit/s",
    "_bits": "bit",
    "_seconds": "s",
    "_bytes": "byte",
    "_watts": "W",
    "_joules": "J",
    "_nats": "nat",
}
_WORDS = {"and", "or", "unless", "offset", "bool", "group_left", "group_right"}
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_NAME = re.compile(r"\b[A-Za-z_:][\w:]*\b(?!\s*\()")
_SELECTOR = re.compile(r"([A-Za-z_:][\w:]*)\s*\{([^}]*)\}")


@dataclass(frozen=True)
class Metric:
    """One family of metrics.

    Attributes:
        name: As a query names it; of a histogram, without ``_bucket``, ``_sum`` and ``_count``.
        kind: counter, gauge or histogram.
        labels: Its own, without those of its target.
        text: Its help text.
    """

    name: str
    kind: str
    labels: tuple[str, ...]
    text: str

    @property
    def names(self) -> set[str]:
        """As queries may name it."""
        if self.kind != "histogram":
            return {self.name}
        return {f"{self.name}_{part}" for part in ("bucket", "sum", "count")}

    @property
    def unit(self) -> str:
        """By the name's ending; 1 for a number."""
        base = self.name.removesuffix("_total")
        return next((unit for ending, unit in _UNITS.items() if base.endswith(ending)), "1")


def exported() -> dict[str, dict[str, Metric]]:
    """Service to its metrics by name; ``every service`` has those that all have."""
    registries = {name: CollectorRegistry() for name in ("ransim", "dapp", "xapp", "rapp")}
    RansimMetrics(registries["ransim"], dus=2)
    LinkMetrics(registries["ransim"], "e2")
    LinkMetrics(registries["ransim"], "e3")
    DappMetrics(registries["dapp"])
    LinkMetrics(registries["dapp"], "e3")
    XappMetrics(registries["xapp"])
    A1Metrics(registries["xapp"])
    LinkMetrics(registries["xapp"], "e2")
    registries["xapp"].register(KpmBoard())
    RappMetrics(registries["rapp"])
    A1ManagementMetrics(registries["rapp"])
    for service in ("xapp", "rapp"):
        Security(None, registries[service])
        add_limits(FastAPI(), Limits(), registries[service])
        RestTls(cast(Tls, None), registries[service])  # only counts here
    return {
        name: {metric.name: metric for metric in _metrics(registry)}
        for name, registry in {"every service": new_registry("test"), **registries}.items()
    }


def _metrics(registry: CollectorRegistry) -> Iterator[Metric]:
    # Label names are told by no public attribute: without samples there is nothing else to read them from.
    for collector in registry._collector_to_names:
        for family in collector.collect():
            owner = collector if hasattr(collector, "_labelnames") else family
            ending = "_total" if family.type == "counter" else ""
            labels = tuple(getattr(owner, "_labelnames", ()))
            yield Metric(family.name + ending, family.type, labels, family.documentation)


def rule_groups() -> list[dict[str, Any]]:
    """Groups of the rules file."""
    groups: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"]
    return groups


def rules(kind: str) -> list[dict[str, Any]]:
    """All rules of a kind, ``alert`` or ``record``."""
    return [rule for group in rule_groups() for rule in group["rules"] if kind in rule]


def dashboards() -> dict[str, dict[str, Any]]:
    """File name to dashboard."""
    files = sorted((GRAFANA / "dashboards").glob("*.json"))
    return {path.name: json.loads(path.read_text()) for path in files}


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every panel that shows something, with a name for messages."""
    for name, board in dashboards().items():
        for panel in board["panels"]:
            if panel["type"] != "row":
                yield f"{name}: {panel['title']}", panel


def queries() -> Iterator[tuple[str, str]]:
    """Every expression of rules, panels and variables, with where it stands."""
    for rule in rules("alert") + rules("record"):
        yield rule.get("alert") or rule["record"], rule["expr"]
    for where, panel in panels():
        for target in panel["targets"]:
            yield where, target["expr"]
    for name, board in dashboards().items():
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                selected = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"])
                assert selected is not None, f"{name}: {variable['definition']}"
                yield f"{name}: ${variable['name']}", f"sum by ({selected[2]}) ({selected[1]})"


def _bare(expression: str) -> str:
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)


def names_in(expression: str) -> set[str]:
    """Names of metrics and recordings in an expression."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", _bare(expression))
    return set(_NAME.findall(_GROUPING.sub(" ", bare))) - _WORDS


def selected_labels(expression: str) -> Iterator[tuple[str, str]]:
    """Each name that is selected from, with each label that it is selected by."""
    for name, matchers in _SELECTOR.findall(_bare(expression)):
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers):
            yield name, label


def grouped_labels(expression: str) -> set[str]:
    """Labels that are grouped or matched by."""
    return {label for group in _GROUPING.findall(_bare(expression)) for label in re.findall(r"\w+", group)}
