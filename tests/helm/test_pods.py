"""What holds for every pod: images, probes, protection, resources."""

import pytest
from rendering import CASES, Rendered, render
from settings_schema import MODELS

from cadran.runtime.http import ALIVE_PATH, READY_PATH


def test_each_pod_has_the_image_of_its_family(rendered: Rendered) -> None:
    families = {"dapp": "dapp", "test": "dapp", "ransim": "ransim", "xapp": "learner", "rapp": "learner"}
    families |= {"certs": "learner", "renewal": "learner"}
    for service in rendered.pods():
        name = rendered.container(service)["image"].rsplit("/", 1)[-1].split(":")[0]
        assert name == ("redis" if service == "redis" else f"cadran-{families[service]}")


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ({}, "cadran-dapp:0.1.0"),
        ({"tag": "2"}, "cadran-dapp:2"),
        ({"registry": "localhost:5000/a/", "tag": "2"}, "localhost:5000/a/cadran-dapp:2"),
        ({"dapp": "cadran-dapp@sha256:0a", "tag": "2"}, "cadran-dapp@sha256:0a"),
        ({"dapp": "host:5000/dapp", "tag": "2"}, "host:5000/dapp:2"),
    ],
)
def test_references_of_images(images: dict[str, str], expected: str) -> None:
    assert render({"images": images}).container("dapp")["image"] == expected


def test_services_are_probed_over_http(rendered: Rendered) -> None:
    for service in set(rendered.pods()) & set(MODELS):
        container = rendered.container(service)
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        paths = {"startupProbe": ALIVE_PATH, "livenessProbe": ALIVE_PATH, "readinessProbe": READY_PATH}
        for probe, path in paths.items():
            assert container[probe]["httpGet"] == {"path": path, "port": "http"}
        listened = rendered.environment(service)[f"CADRAN_{service.upper()}_{http_setting(service)}"]
        assert listened.rsplit(":", 1)[1] == str(ports["http"])


def http_setting(service: str) -> str:
    return "HTTP" if "http" in MODELS[service].model_fields else "REST"


def test_a_learner_may_load_for_minutes_and_redis_its_file_for_longer() -> None:
    def patience_s(service: str) -> int:
        probe = rendered.container(service)["startupProbe"]
        return probe["periodSeconds"] * probe["failureThreshold"]

    rendered = render()
    assert patience_s("xapp") >= 120
    assert patience_s("redis") >= 600
    assert "redis-cli" in config(rendered)["ping-redis.sh"]


def config(rendered: Rendered) -> dict[str, str]:
    return rendered.one("ConfigMap", "redis")["data"]


def test_no_pod_has_more_rights_than_it_needs(rendered: Rendered) -> None:
    for service, pod in rendered.pods().items():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is (service in ("certs", "renewal"))
        assert spec["enableServiceLinks"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        assert all(not {"hostPath"} & set(volume) for volume in spec.get("volumes", ()))
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
    assert not any(item["automountServiceAccountToken"] for item in rendered.of_kind("ServiceAccount"))


def test_users_are_numbers_unless_the_cluster_assigns_them() -> None:
    assigned = render(CASES["everything"]).pods()
    for service, pod in render(CASES["prod"]).pods().items():
        assert pod["spec"]["securityContext"]["runAsUser"] == (999 if service == "redis" else 10001)
        assert "runAsUser" not in assigned[service]["spec"]["securityContext"]


def test_memory_is_bounded_and_processor_time_of_the_loop_is_not(rendered: Rendered) -> None:
    for service in rendered.pods():
        resources = rendered.container(service)["resources"]
        assert {"cpu", "memory"} <= set(resources["requests"])
        assert "memory" in resources["limits"]
        assert service not in ("dapp", "ransim") or "cpu" not in resources["limits"]


def test_what_is_mounted_is_there(rendered: Rendered) -> None:
    claims = {item["metadata"]["name"] for item in rendered.of_kind("PersistentVolumeClaim")} | {"mine"}
    maps = {item["metadata"]["name"] for item in rendered.of_kind("ConfigMap")}
    for service, pod in rendered.pods().items():
        if service == "redis":
            continue
        volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes", ())}
        mounted = [mount["name"] for mount in rendered.container(service).get("volumeMounts", ())]
        assert sorted(volumes) == sorted(set(mounted))
        for volume in volumes.values():
            assert volume.get("configMap", {"name": min(maps)})["name"] in maps
            assert volume.get("persistentVolumeClaim", {"claimName": "mine"})["claimName"] in claims


def test_placement_reaches_every_pod() -> None:
    for service, pod in render(CASES["everything"]).pods().items():
        spec = pod["spec"]
        assert spec["priorityClassName"] == "high"
        assert spec["imagePullSecrets"] == [{"name": "pull"}]
        if service in ("certs", "renewal"):
            service = "xapp"
            pod["metadata"]["annotations"] = {"note": "xapp"}
        if service != "test":
            assert spec["nodeSelector"] == {"disk": "fast"}
            assert spec["tolerations"][0]["key"] == "ran"
            assert "podAntiAffinity" in spec["affinity"]
            assert pod["metadata"]["annotations"]["note"] == service
