"""The chart as the real Helm engine renders it, and ways to find things in that."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from helm_python import Chart

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "cadran"
RELEASE = "demo"
NAMESPACE = "ran"
NAME = "demo-cadran"
SERVICES = ("dapp", "ransim", "xapp", "rapp")
COMPONENT = "app.kubernetes.io/component"

Values = Mapping[str, Any]


@functools.cache
def chart() -> Chart:
    """The chart, loaded once."""
    return Chart.load(CHART)


def preset(name: str) -> dict[str, Any]:
    """The values of a preset; of `default`, none."""
    return {} if name == "default" else yaml.safe_load((CHART / f"values-{name}.yaml").read_text())


# Everything that the presets leave out, so that each template is rendered in each of its ways.
EXTERNAL: dict[str, Any] = {
    "tls": {"existingSecrets": {"dapp": "of-dapp", "ransim": "of-ransim", "xapp": "of-xapp"}},
    "redis": {
        "embedded": False,
        "url": "redis://redis.example:6380/2",
        "cidrs": ["10.1.0.0/16"],
        "password": {"existingSecret": "elsewhere", "key": "word"},
    },
}
EVERYTHING = {
    "fullnameOverride": "wall",
    "listenAddress": "::",
    "images": {"registry": "registry.example/ran/", "tag": "1.2", "pullSecrets": [{"name": "pull"}]},
    "serviceAccount": {"annotations": {"a": "b"}},
    "security": {"user": None, "redisUser": None},
    "priorityClassName": "high",
    "tls": {"days": 90, "renewal": {"schedule": "@daily"}},
    **{
        service: {
            "podAnnotations": {"note": service},
            "nodeSelector": {"disk": "fast"},
            "tolerations": [{"key": "ran", "operator": "Exists", "effect": "NoSchedule"}],
            "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
            "podDisruptionBudget": {"enabled": True},
        }
        for service in (*SERVICES, "redis")
    },
    "scenario": {"overrides": ["learner.lr=1.0e-3"]},
    "networkPolicy": {
        "apiServer": {"ports": [16443], "cidrs": ["10.3.0.1/32"]},
        "metricsFrom": [{"podSelector": {"matchLabels": {"app": "prometheus"}}}],
        "restFrom": [{"ipBlock": {"cidr": "10.2.0.0/16"}}],
    },
    "metrics": {
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "prometheusRule": {
            "enabled": True,
            "groups": [{"name": "own", "rules": [{"alert": "Gone", "expr": "absent(up)"}]}],
        },
    },
}
EVERYTHING["xapp"]["persistence"] = {"storageClass": "fast", "size": "1Gi"}
EVERYTHING["rapp"]["persistence"] = {"existingClaim": "mine"}
EVERYTHING["redis"]["persistence"] = {"existingClaim": "mine-too"}

CASES: dict[str, Values] = {
    **{name: preset(name) for name in ("default", "demo", "dev", "prod")},
    "external": EXTERNAL,
    "everything": EVERYTHING,
    "cert-manager": {"dus": 2, "tls": {"certManager": {"enabled": True}}},
    "clear": {"tls": {"enabled": False}},
}


def merged(*several: Values) -> dict[str, Any]:
    """Values over values, later ones first."""
    result: dict[str, Any] = {}
    for values in several:
        for key, value in values.items():
            inner = result.get(key)
            both = isinstance(inner, dict) and isinstance(value, Mapping)
            result[key] = merged(inner, value) if both else copy.deepcopy(value)
    return result


@dataclass(frozen=True)
class Rendered:
    """A release's objects.

    Attributes:
        objects: as Helm gives them to Kubernetes.
        notes: what the user is told.
    """

    objects: tuple[dict[str, Any], ...]
    notes: str

    def of_kind(self, *kinds: str) -> Iterator[dict[str, Any]]:
        """All objects of these kinds."""
        return (found for found in self.objects if found["kind"] in kinds)

    def one(self, kind: str, service: str) -> dict[str, Any]:
        """The only object of a kind that a service has."""
        found = [item for item in self.of_kind(kind) if item["metadata"]["labels"].get(COMPONENT) == service]
        assert len(found) == 1, f"{kind} of {service}: {len(found)}"
        return found[0]

    def pods(self) -> dict[str, dict[str, Any]]:
        """Service to its pod template, the test's pod and those of jobs included."""
        templates = {
            item["metadata"]["labels"][COMPONENT]: item["spec"]["template"]
            for item in self.of_kind("Deployment", "StatefulSet", "Job")
        }
        for item in self.of_kind("CronJob"):
            job = item["spec"]["jobTemplate"]["spec"]
            templates[item["metadata"]["labels"][COMPONENT]] = job["template"]
        return templates | {item["metadata"]["labels"][COMPONENT]: item for item in self.of_kind("Pod")}

    def container(self, service: str) -> dict[str, Any]:
        """The container of a service's pod."""
        (container,) = self.pods()[service]["spec"]["containers"]
        return container

    def environment(self, service: str) -> dict[str, str]:
        """Its environment; no variable is set twice."""
        variables = self.container(service)["env"]
        found = {variable["name"]: variable.get("value", "") for variable in variables}
        assert len(found) == len(variables)
        return found


def render(*values: Values, upgrade: bool = False) -> Rendered:
    """The release with these values, later ones first."""
    files = chart().render(merged(*values), name=RELEASE, namespace=NAMESPACE, is_upgrade=upgrade)
    notes = next(text for path, text in files.items() if path.endswith("NOTES.txt"))
    texts = [text for path, text in sorted(files.items()) if path.endswith(".yaml")]
    objects = [item for text in texts for item in yaml.safe_load_all(text) if item]
    return Rendered(tuple(objects), notes)


def kubeconfig(folder: Path, url: str) -> Path:
    """A file by which Helm looks for a cluster at a URL."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": {"server": url}}],
        "users": [{"name": "it", "user": {}}],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(content))
    return path
