"""ServiceMonitor and PrometheusRule, whose schemas are not Kubernetes' own."""

import re

import pytest
import yaml
from rendering import CASES, COMPONENT, ROOT, Rendered, render

from cadran.runtime.http import METRICS_PATH

MONITORED = {
    "metrics": {"serviceMonitor": {"enabled": True}},
    "networkPolicy": {"metricsFrom": [{"podSelector": {}}]},
}


def test_they_are_off_unless_asked_for() -> None:
    assert not list(render().of_kind("ServiceMonitor", "PrometheusRule"))


def scraped(rendered: Rendered) -> set[str]:
    (monitor,) = rendered.of_kind("ServiceMonitor")
    selector = monitor["spec"]["selector"]
    (expression,) = selector["matchExpressions"]
    assert (expression["key"], expression["operator"]) == (COMPONENT, "In")
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["path"] == METRICS_PATH
    return {
        labels[COMPONENT]
        for labels, ports in (
            (item["metadata"]["labels"], item["spec"]["ports"]) for item in rendered.of_kind("Service")
        )
        if selector["matchLabels"].items() <= labels.items()
        and labels[COMPONENT] in expression["values"]
        and endpoint["port"] in [port["name"] for port in ports]
    }


def test_every_service_is_scraped_and_redis_is_not() -> None:
    assert scraped(render(CASES["demo"], MONITORED)) == {"dapp", "ransim", "xapp"}
    assert scraped(render(CASES["prod"])) == {"dapp", "ransim", "xapp", "rapp"}


def test_a_targets_job_is_its_service() -> None:
    (monitor,) = render(MONITORED).of_kind("ServiceMonitor")
    assert monitor["spec"]["jobLabel"] == COMPONENT


@pytest.mark.parametrize(
    ("pod", "du"), [("demo-cadran-dapp-12", "12"), ("demo-cadran-xapp-6f7c9-x2x4z", None)]
)
def test_a_dapps_target_has_its_du(pod: str, du: str | None) -> None:
    (monitor,) = render(MONITORED).of_kind("ServiceMonitor")
    (rule,) = monitor["spec"]["endpoints"][0]["relabelings"]
    found = re.fullmatch(rule["regex"], pod)  # Prometheus anchors its expressions, and leaves the rest alone
    assert (found and found[1]) == du
    assert (rule["sourceLabels"], rule["targetLabel"]) == (["__meta_kubernetes_pod_name"], "du")


def test_the_operator_finds_them_by_labels() -> None:
    (monitor,) = render(CASES["everything"]).of_kind("ServiceMonitor")
    assert monitor["metadata"]["labels"]["release"] == "prometheus"


def test_rules_are_those_of_the_repository_and_ones_own() -> None:
    own = CASES["everything"]["metrics"]["prometheusRule"]["groups"]
    ours = yaml.safe_load((ROOT / "deploy" / "prometheus" / "rules" / "cadran.yml").read_text())["groups"]
    (rule,) = render(CASES["everything"]).of_kind("PrometheusRule")
    assert rule["spec"]["groups"] == ours + own
    (rule,) = render(CASES["prod"]).of_kind("PrometheusRule")
    assert rule["spec"]["groups"] == ours
