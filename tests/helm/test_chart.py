"""The chart as a whole: it lints, and what it renders is Kubernetes' own."""

import tomllib
from pathlib import Path

import helm_python
import kubernetes_validate
import pytest
import yaml
from rendering import CASES, CHART, NAMESPACE, ROOT, Rendered, chart, kubeconfig, preset, render

# Their schemas come with the Prometheus operator and with cert-manager, not with Kubernetes.
FOREIGN = {"ServiceMonitor", "PrometheusRule", "Certificate", "Issuer"}
WARNING = 2


@pytest.mark.parametrize("version", ["v1.28.0", "v1.33.0"])
@pytest.mark.parametrize("case", CASES)
def test_it_lints(case: str, version: str) -> None:
    report = helm_python.lint(CHART, dict(CASES[case]), strict=True, kube_version=version)
    assert report["errors"] == []
    assert [message for message in report["messages"] if message["severity"] >= WARNING] == []


@pytest.mark.parametrize("version", ["1.28", "1.33"])
def test_objects_hold_to_the_schemas_of_kubernetes(rendered: Rendered, version: str) -> None:
    for item in rendered.objects:
        if item["kind"] not in FOREIGN:
            assert kubernetes_validate.validate(item, version, strict=True) == version


def test_a_wrong_key_would_be_found() -> None:
    service = render().one("Service", "xapp")
    service["spec"]["prots"] = []
    with pytest.raises(kubernetes_validate.ValidationError, match="prots"):
        kubernetes_validate.validate(service, "1.33", strict=True)


def test_names_are_unique_and_in_the_releases_namespace(rendered: Rendered) -> None:
    names = [(item["kind"], item["metadata"]["name"]) for item in rendered.objects]
    assert len(set(names)) == len(names)
    assert {item["metadata"]["namespace"] for item in rendered.objects} == {NAMESPACE}


def test_every_port_names_its_protocol(rendered: Rendered) -> None:
    """Server-side apply of older servers needs it."""
    ports = []
    for item in rendered.of_kind("Service"):
        ports += item["spec"]["ports"]
    for pod in rendered.pods().values():
        ports += [port for container in pod["spec"]["containers"] for port in container.get("ports", ())]
    for item in rendered.of_kind("NetworkPolicy"):
        rules = [*item["spec"]["ingress"], *item["spec"]["egress"]]
        ports += [port for rule in rules for port in rule["ports"]]
    assert ports
    assert all(port["protocol"] in ("TCP", "UDP") for port in ports)


def test_services_lead_to_their_pods(rendered: Rendered) -> None:
    pods = rendered.pods()
    for service in rendered.of_kind("Service"):
        selector = service["spec"]["selector"]
        matching = [name for name, pod in pods.items() if selector.items() <= labels(pod).items()]
        assert len(matching) == 1
        (container,) = pods[matching[0]]["spec"]["containers"]
        offered = {port["name"]: port["containerPort"] for port in container["ports"]}
        assert {port["targetPort"]: port["port"] for port in service["spec"]["ports"]} == offered


def labels(pod: dict) -> dict[str, str]:
    return pod["metadata"]["labels"]


def test_workloads_select_their_own_pods_by_labels_that_an_upgrade_keeps(rendered: Rendered) -> None:
    for item in rendered.of_kind("Deployment", "StatefulSet"):
        selector = item["spec"]["selector"]["matchLabels"]
        assert selector == item["spec"]["template"]["metadata"]["labels"]
        assert set(selector) == {f"app.kubernetes.io/{key}" for key in ("name", "instance", "component")}


def test_disruption_budgets_bound_existing_pods(rendered: Rendered) -> None:
    pods = [labels(pod) for pod in rendered.pods().values()]
    for item in rendered.of_kind("PodDisruptionBudget"):
        assert item["apiVersion"] == "policy/v1"
        assert item["spec"]["selector"]["matchLabels"] in pods


def test_an_install_without_a_cluster_makes_the_same(tmp_path: Path) -> None:
    """The whole way of `helm install --dry-run=client`, NOTES included."""
    config = helm_python.Config(
        kubeconfig_path=str(kubeconfig(tmp_path, "http://127.0.0.1:9")),
        namespace=NAMESPACE,
        storage_driver="memory",
    )
    release = config.install(chart(), "demo", {}, dry_run="client")
    kinds = [item["kind"] for item in yaml.safe_load_all(release["manifest"]) if item]
    assert kinds.count("StatefulSet") == 2
    assert "helm test demo --namespace ran" in release["notes"]


def test_notes_tell_how_to_reach_rest(rendered: Rendered) -> None:
    assert f"service/{rendered.one('Service', 'xapp')['metadata']['name']} 8090" in rendered.notes


def test_notes_tell_which_claims_stay() -> None:
    off = {"persistence": {"enabled": False}}
    assert "claims of xapp, rapp, redis stay" in render().notes
    assert "claims of xapp, redis stay" in render({"scenario": {"name": "demo", "overrides": []}}).notes
    assert "claims of rapp stay" in render({"xapp": off, "redis": off}).notes
    nothing = render(preset("dev")).notes
    assert "Nothing is kept" in nothing
    assert "get pvc" not in nothing


def test_the_chart_has_the_packages_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert chart().metadata["appVersion"] == project["version"]


def test_all_scenarios_are_in_it() -> None:
    """By a link to the folder: there is one copy of each."""
    inside = {file["name"] for file in chart().files if file["name"].startswith("scenarios/")}
    assert inside == {f"scenarios/{path.name}" for path in (ROOT / "scenarios").glob("*.yaml")}


def test_names_stay_short_enough_for_a_pods_host_name() -> None:
    objects = chart().render({}, name="r" * 53, namespace=NAMESPACE)
    names = [item["metadata"]["name"] for text in objects.values() for item in documents(text)]
    assert max(map(len, names)) + len("-61") <= 63


def documents(text: str) -> list[dict]:
    if "apiVersion" not in text:
        return []
    return [item for item in yaml.safe_load_all(text) if item]


def test_an_archive_of_it_is_whole(tmp_path: Path) -> None:
    """What lies outside of its folder and is only linked goes along."""
    values = {"redis": {"password": {"existingSecret": "given"}}}  # one that is made up differs each time
    archive = helm_python.Chart.load(chart().save(tmp_path))
    assert archive.render(values, name="a") == chart().render(values, name="a")
