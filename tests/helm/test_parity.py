"""The chart and docker-compose.yml run the same: images, settings, ports, health, users, paths."""

import re

import compose_file
import pytest
import yaml
from rendering import CHART, NAME, ROOT, SERVICES, render
from test_network import paths

# The chart has one address for many releases, keeps state by name, and gives every service the seed.
ONLY_IN_THE_CHART = {"REDIS_REGION", "SEED", "LEARNER_NICE"}
# What each calls its files by.
ELSEWHERE = {"SCENARIO", "STATE_DIR", "REDIS_PASSWORD_FILE"}


def of_chart(service: str) -> dict[str, str]:
    prefix = f"CADRAN_{service.upper()}_"
    variables = render().environment(service).items()
    return {name.removeprefix(prefix): value for name, value in variables if name.startswith(prefix)}


def of_compose(service: str) -> dict[str, str]:
    prefix = f"CADRAN_{service.upper()}_"
    return {
        name.removeprefix(prefix): str(value) for name, value in compose_file.environment(service).items()
    }


def listened(settings: dict[str, str]) -> dict[str, str]:
    """The ports that a service listens on; what address, both decide by themselves."""
    names = [name for name in settings if name in ("HTTP", "REST") or name.endswith("_LISTEN")]
    return {name: settings[name].rsplit(":", 1)[1] for name in names}


def changes(text: str) -> set[str]:
    return set(yaml.safe_load(text))


@pytest.mark.parametrize("service", SERVICES)
def test_settings(service: str) -> None:
    chart, compose = of_chart(service), of_compose(service)
    assert compose.pop("PACE", "realtime") == "realtime"  # the service's own default
    assert compose.pop("SEED", "0") == chart["SEED"]
    assert set(chart) - ONLY_IN_THE_CHART == set(compose)
    # A dApp of the chart is not told how many there are, so that more of them restart none.
    unsaid = {"world.dus=6"} if service == "dapp" else set()
    assert changes(chart["OVERRIDES"]) | unsaid == changes(compose["OVERRIDES"])
    for name in set(chart) & set(compose) - ELSEWHERE - set(listened(chart)) - {"OVERRIDES"}:
        assert chart[name].replace(f"{NAME}-", "") == re.sub(r"(xapp|rapp)-\w+", r"\1", compose[name]), name


@pytest.mark.parametrize("service", SERVICES)
def test_ports(service: str) -> None:
    ports = listened(of_chart(service))
    assert ports
    assert ports == listened(of_compose(service))
    offered = {str(port["containerPort"]) for port in render().container(service)["ports"]}
    assert offered == set(ports.values())


def test_images() -> None:
    for service in (*SERVICES, "redis"):
        chart, compose = render().container(service)["image"], compose_file.of(service)["image"]
        assert chart.split(":")[0] == compose.split(":")[0]
    assert render().container("redis")["image"] == compose_file.of("redis")["image"]


@pytest.mark.parametrize("service", SERVICES)
def test_health(service: str) -> None:
    """One asks from outside, the other from inside, but they ask the same."""
    probe = render().container(service)["readinessProbe"]["httpGet"]
    assert probe["path"] in (ROOT / "deploy" / "images" / "probe.py").read_text()
    asked = re.search(r"HEALTHCHECK .*CMD (\[.*\])", compose_file.dockerfile(service))
    assert asked is not None
    prefix = f"CADRAN_{service.upper()}_"
    (setting,) = [word.removeprefix(prefix) for word in yaml.safe_load(asked[1]) if word.startswith(prefix)]
    assert listened(of_chart(service))[setting] == str(http_port(service))


def http_port(service: str) -> int:
    ports = render().container(service)["ports"]
    return next(port["containerPort"] for port in ports if port["name"] == "http")


def test_users() -> None:
    pods = render().pods()
    for service in SERVICES:
        (user,) = re.findall(r"^USER (\d+):\d+$", compose_file.dockerfile(service), flags=re.M)
        assert pods[service]["spec"]["securityContext"]["runAsUser"] == int(user)
    redis_user = pods["redis"]["spec"]["securityContext"]["runAsUser"]
    assert str(redis_user) == compose_file.of("redis")["user"]


def test_protection() -> None:
    for service in (*SERVICES, "redis"):
        entry = compose_file.of(service)
        assert entry["read_only"] is True
        assert entry["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in entry["security_opt"]


def test_paths() -> None:
    """A network knows no direction, so it has both ends of each path and no pair besides."""
    chart = {frozenset((a, b)) for a, b, _ in paths(render()) if a != "test"}
    assert compose_file.neighbours() == chart


def test_redis_keeps_the_same() -> None:
    def options(text: str) -> set[str]:
        return {line for line in text.splitlines() if line and not line.startswith(("#", "include "))}

    chart = options((CHART / "files" / "redis.conf").read_text())
    assert chart - options((ROOT / "deploy" / "compose" / "redis.conf").read_text()) == {"protected-mode no"}


def test_certificates() -> None:
    """A job of the learner's image makes them in both, and keeps the authority."""
    chart, compose = render().container("certs"), compose_file.compose()["services"]["certs"]
    assert chart["image"].split(":")[0] == compose["image"].split(":")[0]
    assert compose["command"][:2] == chart["command"][2:4] == ["cadran.cli", "certs"]
    assert "--dus=6" in chart["command"]
    assert "--dus 6" in " ".join(compose["command"])


def test_dus() -> None:
    dapps = [name for name in compose_file.compose()["services"] if name.startswith("dapp-")]
    assert len(dapps) == render().one("StatefulSet", "dapp")["spec"]["replicas"]
