"""What the services are told: it is what they understand, and it fits together."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from rendering import CASES, NAME, SERVICES, Rendered, merged, render
from settings_schema import MODELS

from cadran.runtime import load_settings, read_document
from cadran.xapp.scenario import load_scenario

ONE_LEVEL = {"scenario": {"name": "demo", "overrides": []}}


@pytest.fixture
def as_in_the_pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Reads a service's settings from its pod's environment, with files where the pod has them."""

    def read(rendered: Rendered, service: str) -> Any:
        scenario = tmp_path / "scenario.yaml"
        scenario.write_text(rendered.one("ConfigMap", "scenario")["data"]["scenario.yaml"])
        password = tmp_path / "password"
        password.write_text("word")
        monkeypatch.setattr("socket.gethostname", lambda: f"{NAME}-{service}-3")
        monkeypatch.setenv("HOSTNAME", f"{NAME}-{service}-3")
        for name, value in rendered.environment(service).items():
            value = value.replace("/etc/cadran/scenario.yaml", str(scenario))
            monkeypatch.setenv(name, value.replace("/run/secrets/cadran/redis-password", str(password)))
        return load_settings(MODELS[service], None, f"CADRAN_{service.upper()}_", {})

    return read


@pytest.mark.parametrize("case", CASES)
def test_each_service_understands_its_environment(case: str, as_in_the_pod) -> None:
    rendered = render(CASES[case])
    for service in set(rendered.pods()) & set(SERVICES):
        settings = as_in_the_pod(rendered, service)
        prefix = f"CADRAN_{service.upper()}_"
        given = [name for name in rendered.environment(service) if name.startswith(prefix)]
        assert {name.removeprefix(prefix).lower() for name in given} <= set(MODELS[service].model_fields)
        read_document(settings.scenario, settings.overrides)


@pytest.mark.parametrize("case", CASES)
def test_the_scenario_is_sound_with_its_changes(case: str, as_in_the_pod) -> None:
    rendered = render(CASES[case])
    settings = as_in_the_pod(rendered, "xapp")
    scenario = load_scenario(settings.scenario, settings.overrides)
    assert scenario.problem.frame.dus == rendered.one("StatefulSet", "dapp")["spec"]["replicas"]


def test_services_find_each_other(as_in_the_pod) -> None:
    rendered = render()
    settings = {service: as_in_the_pod(rendered, service) for service in SERVICES}
    ports = {
        (service, port["name"]): port["port"]
        for service in SERVICES
        for port in rendered.one("Service", service)["spec"]["ports"]
    }
    assert str(settings["dapp"].e3_connect) == f"{NAME}-ransim:{ports['ransim', 'e3']}"
    assert settings["ransim"].e3_listen.port == ports["ransim", "e3"]
    assert str(settings["ransim"].e2_connect) == f"{NAME}-xapp:{ports['xapp', 'e2']}"
    assert settings["xapp"].e2_listen.port == ports["xapp", "e2"]
    assert str(settings["rapp"].xapp) == f"{NAME}-xapp:{ports['xapp', 'http']}"
    assert settings["xapp"].rest.port == ports["xapp", "http"]
    names = {item["metadata"]["name"] for item in rendered.of_kind("Service")}
    assert names == {f"{NAME}-{service}" for service in (*SERVICES, "redis")}


def test_peers_are_found_before_they_are_ready(rendered: Rendered) -> None:
    """The RAN is ready when its dApps have come, and they come by its Service."""
    assert all(item["spec"]["publishNotReadyAddresses"] for item in rendered.of_kind("Service"))


def test_a_dapps_host_name_says_its_du(as_in_the_pod) -> None:
    rendered = render()
    stateful = rendered.one("StatefulSet", "dapp")
    assert rendered.environment("dapp")["CADRAN_DAPP_DU"] == "hostname"
    assert stateful["spec"]["serviceName"] == rendered.one("Service", "dapp")["metadata"]["name"]
    assert rendered.one("Service", "dapp")["spec"]["clusterIP"] == "None"
    assert as_in_the_pod(rendered, "dapp").du == 3


@pytest.mark.parametrize("dus", [1, 6, 8, 62])
def test_dus_drives_replicas_and_scenario_together(dus: int, as_in_the_pod) -> None:
    rendered = render({"dus": dus, "scenario": {"overrides": ["world.ues=20"]}})
    assert rendered.one("StatefulSet", "dapp")["spec"]["replicas"] == dus
    for service in ("ransim", "xapp", "rapp"):
        settings = as_in_the_pod(rendered, service)
        world = read_document(settings.scenario, settings.overrides).data["world"]
        assert (world["dus"], world["ues"]) == (dus, 20)
    asked = rendered.container("test")["command"]
    assert sum("-dapp-" in str(word) for word in asked) == dus


def test_more_dus_restart_no_dapp() -> None:
    six, eight = (render({"dus": dus}).one("StatefulSet", "dapp")["spec"] for dus in (6, 8))
    assert six["template"] == eight["template"]
    assert six["podManagementPolicy"] == "Parallel"


def test_a_changed_scenario_restarts_every_service() -> None:
    def checksums(values: dict) -> set[str]:
        pods = render(values).pods()
        return {
            pods[name]["metadata"]["annotations"]["checksum/scenario"] for name in ("dapp", "xapp", "ransim")
        }

    before, after = checksums({}), checksums(ONE_LEVEL)
    assert len(before) == len(after) == 1
    assert before != after


def test_a_scenario_of_ones_own() -> None:
    rendered = render({"scenario": {"name": "mine", "content": "world:\n  ues: 12\n"}})
    assert rendered.one("ConfigMap", "scenario")["data"]["scenario.yaml"].strip() == "world:\n  ues: 12"
    assert rendered.environment("xapp")["CADRAN_XAPP_STATE_DIR"].endswith("/mine-6dus")


@pytest.mark.parametrize(
    ("values", "runs"),
    [
        ({}, True),
        ({"rapp": {"enabled": False}}, False),
        (ONE_LEVEL, False),
        (merged(ONE_LEVEL, {"scenario": {"overrides": ["hierarchy.decision_frames=10"]}}), True),
    ],
)
def test_the_rapp_runs_where_decisions_have_two_levels(values: dict, runs: bool) -> None:
    assert ("rapp" in render(values).pods()) is runs


def test_settings_reach_the_service_with_their_types(as_in_the_pod) -> None:
    values = {
        "ransim": {"settings": {"pace": "fast", "late_dus": [4, 5], "fallback_min_percent": [10, 10, 40]}},
        "xapp": {"settings": {"learn": False, "queued_reports_per_du": 100_000, "loss_limit": 2.5e6}},
        "rapp": {"settings": {"margin": 0.5, "evaluation_frames": 100_000}},
        "dapp": {"settings": {"buffered_rows": 1_000_000}},
    }
    rendered = render(values)
    for service, given in values.items():
        settings = as_in_the_pod(rendered, service)
        for name, value in given["settings"].items():
            found = getattr(settings, name)
            assert (list(found) if isinstance(found, tuple) else found) == value


def test_arithmetic_takes_one_thread_a_pod(rendered: Rendered) -> None:
    for service in set(rendered.pods()) & set(SERVICES):
        threads = {k: v for k, v in rendered.environment(service).items() if k.endswith("_NUM_THREADS")}
        assert threads == dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
        )


def test_overrides_reach_all_services_unharmed(as_in_the_pod) -> None:
    override = 'learner.sam={actor_rho: {start: 0.05, final: 0.01}, note: "<&>"}'
    rendered = render({"scenario": {"overrides": [override]}})
    for service in ("dapp", "ransim", "xapp"):
        assert as_in_the_pod(rendered, service).overrides[0] == override
    assert json.loads(rendered.environment("dapp")["CADRAN_DAPP_OVERRIDES"]) == [override]


def test_pods_have_more_time_to_end_than_their_services_take() -> None:
    import cadran.rapp.__main__ as rapp
    import cadran.xapp.__main__ as xapp

    pods = render().pods()
    for service, grace_s in {"xapp": xapp._GRACE_S, "rapp": rapp._GRACE_S, "dapp": 5, "ransim": 5}.items():
        assert pods[service]["spec"]["terminationGracePeriodSeconds"] > grace_s


def test_rendering_leaves_its_values_alone() -> None:
    before = copy.deepcopy(CASES["everything"])
    render(CASES["everything"])
    assert CASES["everything"] == before
