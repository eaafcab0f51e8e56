"""NetworkPolicies: the paths of the architecture, and no others."""

from typing import Any

import pytest
from rendering import CASES, COMPONENT, EXTERNAL, Rendered, render

PROMETHEUS = {"podSelector": {"matchLabels": {"app": "prometheus"}}}
OPERATOR = {"ipBlock": {"cidr": "10.2.0.0/16"}}

ONE_LEVEL = {
    ("dapp", "ransim", 36422),  # E3
    ("ransim", "xapp", 36421),  # E2
    ("xapp", "redis", 6379),
}
TWO_LEVELS = ONE_LEVEL | {("rapp", "redis", 6379), ("rapp", "xapp", 8090)}
HTTP = {"dapp": 8092, "ransim": 8091, "xapp": 8090, "rapp": 8091}


def policies(rendered: Rendered) -> dict[str, dict[str, Any]]:
    """Service to its policy."""
    found = {}
    for item in rendered.of_kind("NetworkPolicy"):
        selected = item["spec"]["podSelector"]["matchLabels"]
        found[selected[COMPONENT]] = item["spec"]
    return found


def paths(rendered: Rendered) -> set[tuple[str, str, int]]:
    """(from, to, TCP port) of all that both ends allow between pods of the release."""
    all_policies, pods = policies(rendered), rendered.pods()

    def matches(peer: dict, pod: dict) -> bool:
        inside = set(peer) == {"podSelector"}
        return inside and peer["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()

    def side(service: str, direction: str, peers: str) -> set[tuple[str, int]]:
        return {
            (other, port["port"])
            for rule in all_policies[service][direction]
            for peer in rule.get(peers, ())
            for other, pod in pods.items()
            if matches(peer, pod)
            for port in rule["ports"]
            if port["protocol"] == "TCP"
        }

    leaving = {(a, b, port) for a in pods for b, port in side(a, "egress", "to")}
    coming = {(a, b, port) for b in pods for a, port in side(b, "ingress", "from")}
    return leaving & coming


@pytest.mark.parametrize(
    ("case", "expected"),
    [("default", TWO_LEVELS), ("demo", ONE_LEVEL), ("prod", TWO_LEVELS), ("everything", TWO_LEVELS)],
)
def test_pods_reach_what_the_architecture_has_and_nothing_else(case: str, expected: set) -> None:
    rendered = render(CASES[case])
    asked = {("test", service, HTTP[service]) for service in rendered.pods() if service in HTTP}
    assert paths(rendered) == expected | asked


def test_every_pod_is_under_a_policy_of_both_directions() -> None:
    for case in ("default", "prod", "external", "everything"):
        rendered = render(CASES[case])
        found = policies(rendered)
        assert set(found) == set(rendered.pods())
        assert all(policy["policyTypes"] == ["Ingress", "Egress"] for policy in found.values())


def test_no_rule_is_open_to_all() -> None:
    for policy in policies(render(CASES["everything"])).values():
        assert all(rule["from"] and rule["ports"] for rule in policy["ingress"])
        assert all(rule["to"] and rule["ports"] for rule in policy["egress"])


def test_only_dns_leaves_the_release() -> None:
    for service, policy in policies(render(CASES["prod"])).items():
        outside = [
            rule for rule in policy["egress"] for peer in rule.get("to", ()) if "namespaceSelector" in peer
        ]
        assert len(outside) == (0 if service in ("redis", "certs", "renewal") else 1)
        assert all({port["port"] for port in rule["ports"]} == {53} for rule in outside)


def test_only_the_jobs_that_keep_certificates_reach_the_kubernetes_api() -> None:
    for service, policy in policies(render(CASES["everything"])).items():
        rules = [rule for rule in policy["egress"] if {"ipBlock": {"cidr": "10.3.0.1/32"}} in rule["to"]]
        if service in ("certs", "renewal"):
            assert [rule["ports"] for rule in rules] == [[{"port": 16443, "protocol": "TCP"}]]
            assert rules == policy["egress"]
            assert policy["ingress"] == []
        else:
            assert rules == []
    anywhere = policies(render())["certs"]["egress"]
    assert [rule["ports"][0]["port"] for rule in anywhere] == [443, 6443]


def test_metrics_and_rest_have_peers_of_their_own() -> None:
    values = {"networkPolicy": {"metricsFrom": [PROMETHEUS], "restFrom": [OPERATOR]}}
    allowed = {
        service: [
            rule for rule in policy["ingress"] if PROMETHEUS in rule["from"] or OPERATOR in rule["from"]
        ]
        for service, policy in policies(render(CASES["prod"], values)).items()
    }
    assert not allowed["redis"]
    assert not allowed["test"]
    for service, port in HTTP.items():
        (rule,) = allowed[service]
        assert [one["port"] for one in rule["ports"]] == [port]
        assert (OPERATOR in rule["from"]) is (service in ("xapp", "rapp"))
        assert PROMETHEUS in rule["from"]


def test_nobody_outside_is_let_in_by_default() -> None:
    for policy in policies(render()).values():
        assert all(set(peer) == {"podSelector"} for rule in policy["ingress"] for peer in rule["from"])


def test_an_external_redis_is_reached_by_the_learners_alone() -> None:
    found = policies(render(EXTERNAL))
    for service, policy in found.items():
        rules = [rule for rule in policy["egress"] if {"port": 6380, "protocol": "TCP"} in rule["ports"]]
        expected = [[{"ipBlock": {"cidr": "10.1.0.0/16"}}]] if service in ("xapp", "rapp") else []
        assert [rule["to"] for rule in rules] == expected


def test_without_ranges_its_port_is_allowed_anywhere() -> None:
    values = {"redis": {"embedded": False, "url": "redis://redis.example/0"}}
    (rule,) = [rule for rule in policies(render(values))["xapp"]["egress"] if "to" not in rule]
    assert rule["ports"] == [{"port": 6379, "protocol": "TCP"}]


def test_they_can_be_left_out() -> None:
    assert not list(render({"networkPolicy": {"enabled": False}}).of_kind("NetworkPolicy"))
