"""What docker-compose.yml lets its services do, without running it."""

from __future__ import annotations

import re
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from cadran.dapp.settings import DappSettings
from cadran.ransim.settings import RansimSettings
from cadran.rapp.settings import RappSettings
from cadran.xapp.settings import XappSettings

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
BUILT = {of["image"]: of["build"]["dockerfile"] for of in SERVICES.values() if "build" in of}
DAPPS = [f"dapp-{du}" for du in range(6)]
SETTINGS = {"DAPP": DappSettings, "RANSIM": RansimSettings, "XAPP": XappSettings, "RAPP": RappSettings}
EIGHT_DUS = (ROOT / "deploy" / "compose" / "eight-dus.yml").read_text()
SCRAPED: list[dict[str, Any]] = yaml.safe_load(
    (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text()
)["scrape_configs"]
DEFAULT = re.compile(r"\$\{(\w+):-([^}]*)\}")

# Who has a network in common; every other pair must have none.
PATHS = {
    *(frozenset(pair) for dapp in DAPPS for pair in ((dapp, "ransim"), (dapp, "prometheus"))),
    *map(
        frozenset,
        [
            ("ransim", "xapp"),
            ("xapp", "redis"),
            ("rapp", "redis"),
            ("rapp", "xapp"),
            ("prometheus", "ransim"),
            ("prometheus", "xapp"),
            ("prometheus", "rapp"),
            ("prometheus", "grafana"),
        ],
    ),
}


def networks(service: str) -> set[str]:
    return set(SERVICES[service].get("networks", ()))


def test_networks_allow_the_paths_of_the_architecture_and_no_others() -> None:
    found = {frozenset(pair) for pair in combinations(SERVICES, 2) if networks(pair[0]) & networks(pair[1])}
    assert found == PATHS
    for job in ("passwords", "certs"):
        assert SERVICES[job]["network_mode"] == "none"


def test_what_is_on_a_network_is_what_it_is_for() -> None:
    for name, network in COMPOSE["networks"].items():
        published = {service for service in SERVICES if name in networks(service)} & {
            service for service, of in SERVICES.items() if of.get("ports")
        }
        if network.get("internal"):
            continue
        assert published, name
        assert network["driver_opts"] == {"com.docker.network.bridge.enable_ip_masquerade": "false"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert "privileged" not in service
    for port in service.get("ports", ()):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("name", sorted({*SERVICES} - {"passwords", "certs"}))
def test_every_service_comes_back_and_tells_how_it_is(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    if service["image"] in BUILT:
        dockerfile = (ROOT / BUILT[service["image"]]).read_text()
        assert "HEALTHCHECK" in dockerfile
        assert "USER 10001:10001" in dockerfile
    elif name != "grafana":  # its image brings one
        assert "healthcheck" in service


def test_an_image_is_built_once_and_not_looked_for_elsewhere() -> None:
    """Each service with a build of its own leaves an image behind that nothing names."""
    ours = {name: of["image"] for name, of in SERVICES.items() if of["image"].startswith("cadran-")}
    assert sorted(ours[name] for name in ours if "build" in SERVICES[name]) == sorted(set(ours.values()))
    assert {SERVICES[name].get("pull_policy") for name in ours} == {"never"}


def volumes(service: str) -> dict[str, str]:
    """Named volumes of a service, to where it has them."""
    pairs = [text.split(":") for text in SERVICES[service].get("volumes", ()) if not text.startswith(".")]
    return {pair[0]: ":".join(pair[1:]) for pair in pairs}


def test_a_service_has_its_own_key_and_nobody_that_of_the_authority() -> None:
    secured = [*DAPPS, "ransim", "xapp"]
    made = {name: path for name, path in volumes("certs").items() if name != "certs"}
    assert made == {f"certs-{name}": f"/certs/{name}" for name in secured}
    for name in SERVICES:
        held = {volume: path for volume, path in volumes(name).items() if volume.startswith("certs")}
        if name in secured:
            assert held == {f"certs-{name}": "/run/cadran/tls:ro"}
            assert SERVICES[name]["depends_on"]["certs"] == {"condition": "service_completed_successfully"}
            prefix = f"CADRAN_{name.partition('-')[0].upper()}_TLS_"
            told = SERVICES[name]["environment"]
            assert {told[prefix + what].rpartition("/")[0] for what in ("CA", "CERT", "KEY")} == {
                "/run/cadran/tls"
            }
        elif name != "certs":
            assert not held


def test_the_environment_holds_settings_that_there_are() -> None:
    texts = [TEXT, *(path.read_text() for path in (ROOT / "deploy" / "images").glob("*.Dockerfile"))]
    named = {pair for text in texts for pair in re.findall(r"\bCADRAN_(DAPP|RANSIM|XAPP|RAPP)_(\w+)", text)}
    assert len(named) > 15
    for service, setting in named - {("XAPP", "PORT"), ("RAPP", "PORT")}:
        assert setting.lower() in SETTINGS[service].model_fields


def test_what_can_be_chosen_is_all_in_the_example_with_its_default() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert example == dict(DEFAULT.findall(TEXT))


def scraped(job: dict[str, Any]) -> set[str]:
    """Names and ports that a job of Prometheus asks."""
    fixed = {target for found in job.get("static_configs", ()) for target in found["targets"]}
    looked_up = job.get("dns_sd_configs", ())
    return fixed | {f"{name}:{found['port']}" for found in looked_up for name in found["names"]}


def test_prometheus_scrapes_every_service_where_it_serves_its_metrics() -> None:
    dockerfile = (ROOT / "deploy" / "images" / "dapp.Dockerfile").read_text()
    dapp_port = re.search(r"CADRAN_DAPP_HTTP=0\.0\.0\.0:(\d+)", dockerfile)
    assert dapp_port
    more = re.findall(r"^  (dapp-\d+):$", EIGHT_DUS, re.MULTILINE)
    assert {job["job_name"]: scraped(job) for job in SCRAPED} == {
        "ransim": {SERVICES["ransim"]["environment"]["CADRAN_RANSIM_HTTP"]},
        "dapp": {f"{name}:{dapp_port[1]}" for name in [*DAPPS, *more]},
        "xapp": {SERVICES["xapp"]["environment"]["CADRAN_XAPP_REST"]},
        "rapp": {SERVICES["rapp"]["environment"]["CADRAN_RAPP_REST"]},
    }


def known_on(name: str) -> set[str]:
    """Networks on which a host name is known: that of a service, or an alias."""
    if name in SERVICES:
        return networks(name)
    aliased = [of["networks"] for of in SERVICES.values() if isinstance(of.get("networks"), dict)]
    return {at for where in aliased for at in where if name in (where[at] or {}).get("aliases", ())}


@pytest.mark.parametrize("name", ["ransim-metrics", *DAPPS, "xapp-rest", "rapp-rest"])
def test_prometheus_is_on_a_network_that_knows_the_name(name: str) -> None:
    assert known_on(name) & networks("prometheus")


def test_what_may_be_left_out_is_no_target_where_it_is_left_out() -> None:
    """Else an alert would miss, for ever, an rApp that CADRAN_RAPPS=0 leaves out, and dApps of fewer DUs."""
    assert {job["job_name"] for job in SCRAPED if "static_configs" not in job} == {"dapp", "rapp"}


def passwords(folder: Path) -> subprocess.CompletedProcess[str]:
    script = (ROOT / "deploy" / "compose" / "passwords.sh").read_text().replace("/run/", f"{folder}/")
    for name in ("secrets", "cadran/redis", "cadran/grafana"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True)


def test_passwords_are_made_up_once_and_yours_go_first(tmp_path: Path) -> None:
    assert passwords(tmp_path).returncode == 0
    redis, grafana = (tmp_path / "cadran" / name / "password" for name in ("redis", "grafana"))
    first = redis.read_text()
    assert re.fullmatch(r"[0-9a-f]{64}\n", first)
    assert grafana.read_text() != first
    assert passwords(tmp_path).returncode == 0
    assert redis.read_text() == first

    (tmp_path / "secrets" / "redis_password").write_text("Of-mine_1.~\n")
    assert passwords(tmp_path).returncode == 0
    assert redis.read_text() == "Of-mine_1.~\n"
    assert (tmp_path / "cadran" / "redis" / "auth.conf").read_text() == "requirepass Of-mine_1.~\n"

    (tmp_path / "secrets" / "redis_password").write_text('two words"\n')
    refused = passwords(tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith("redis_password: must be")
    assert "words" not in refused.stderr
    assert redis.read_text() == "Of-mine_1.~\n"
