"""E2 and E3 under mutual TLS: who makes the certificates, where they come from, and who is told of which."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import typer
from rendering import CASES, EXTERNAL, NAME, NAMESPACE, RELEASE, SERVICES, Rendered, render

from cadran.cli.command import app
from cadran.testbed.certificates import subjects
from cadran.testbed.cluster_certificates import Release
from cadran.testbed.kubernetes_api import ACCOUNT_FOLDER

FILES = {"CA": "/run/cadran/tls/ca.crt", "CERT": "/run/cadran/tls/tls.crt", "KEY": "/run/cadran/tls/tls.key"}
SECURED = ("dapp", "ransim", "xapp")
CERT_MANAGER = CASES["cert-manager"]
MADE = Release(RELEASE, NAME, 6, 30.0)


def mounts(rendered: Rendered, service: str) -> list[dict[str, Any]]:
    return [one for one in rendered.container(service)["volumeMounts"] if one["name"] == "tls"]


def volume(rendered: Rendered, service: str) -> dict[str, Any]:
    (found,) = [one for one in rendered.pods()[service]["spec"]["volumes"] if one["name"] == "tls"]
    return found


@pytest.mark.parametrize("case", ["default", "external", "cert-manager"])
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_told_where_its_certificates_are(case: str, service: str) -> None:
    rendered = render(CASES["default" if service == "rapp" else case])
    prefix = f"CADRAN_{service.upper()}_TLS_"
    told = {
        name.removeprefix(prefix): value
        for name, value in rendered.environment(service).items()
        if name.startswith(prefix)
    }
    assert told == (FILES if service in SECURED else {})
    if service not in SECURED:
        assert mounts(rendered, service) == []
        return
    source = volume(rendered, service)
    assert source.get("secret", source.get("projected"))["defaultMode"] == 0o440


@pytest.mark.parametrize("service", ["ransim", "xapp"])
def test_renewed_certificates_reach_a_running_pod(service: str) -> None:
    """A whole secret as a folder is kept up to date; a file of one by `subPath` is not."""
    for case in ("default", "cert-manager"):
        (mount,) = mounts(render(CASES[case]), service)
        assert mount == {"name": "tls", "mountPath": "/run/cadran/tls", "readOnly": True}


@pytest.mark.parametrize("case", ["default", "cert-manager"])
def test_a_dapp_sees_its_own_key_only(case: str) -> None:
    rendered = render(CASES[case])
    found = mounts(rendered, "dapp")
    assert {one["mountPath"] for one in found} == set(FILES.values())
    of_pod = {one["subPathExpr"] for one in found if PurePosixPath(one["mountPath"]).stem == "tls"}
    assert of_pod == {"$(POD_NAME).crt", "$(POD_NAME).key"}
    named = [one for one in rendered.container("dapp")["env"] if one["name"] == "POD_NAME"]
    assert named[0]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}


def test_without_it_nothing_of_it_is_there() -> None:
    rendered = render(CASES["clear"])
    for service in SERVICES:
        assert not mounts(rendered, service)
        assert not [name for name in rendered.environment(service) if "_TLS" in name]
    assert not list(rendered.of_kind("Job", "CronJob", "Role", "RoleBinding", "Certificate", "Issuer"))


# ------------------------------------------------------------------------------------------ the job


@pytest.mark.parametrize("case", ["default", "demo", "dev", "prod", "everything"])
def test_what_the_job_keeps_is_what_pods_mount(case: str) -> None:
    rendered = render(CASES[case])
    fullname = rendered.one("Service", "xapp")["metadata"]["name"].removesuffix("-xapp")
    made = Release(RELEASE, fullname, 6, 30.0)
    for service in SECURED:
        assert volume(rendered, service)["secret"]["secretName"] == made.secret(service)


def test_they_are_there_before_anything_that_mounts_them() -> None:
    hooks = {
        (item["kind"], item["metadata"]["name"]): item["metadata"]["annotations"]
        for item in render().objects
        if "helm.sh/hook" in item["metadata"].get("annotations", {}) and item["kind"] != "Pod"
    }
    kinds = ("ServiceAccount", "Role", "RoleBinding", "Job")
    assert set(hooks) == {(kind, f"{NAME}-certs") for kind in kinds}
    for annotations in hooks.values():
        assert annotations["helm.sh/hook"] == "pre-install,pre-upgrade,pre-rollback"
        assert annotations["helm.sh/hook-delete-policy"] == "before-hook-creation,hook-succeeded"
    weights = {kind: int(annotations["helm.sh/hook-weight"]) for (kind, _), annotations in hooks.items()}
    assert max(weights[kind] for kind in kinds[:3]) < weights["Job"]


def commands(rendered: Rendered) -> Iterator[list[str]]:
    for service in ("certs", "renewal"):
        yield rendered.container(service)["command"]


@pytest.mark.parametrize(
    ("values", "dus", "days"), [({}, 6, 30.0), ({"dus": 62, "tls": {"days": 7}}, 62, 7.0)]
)
def test_the_command_is_one_that_there_is(
    values: dict, dus: int, days: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read by the command line itself, up to where it would speak to a cluster."""
    asked: list[tuple[Path, Release]] = []

    def provide(account: Path, release: Release, _: object) -> dict:
        asked.append((account, release))
        return {}

    monkeypatch.setattr("cadran.testbed.kubernetes_api.account_of", lambda _, folder: folder)
    monkeypatch.setattr("cadran.testbed.kubernetes_api.KubernetesApi", lambda account: account)
    monkeypatch.setattr("cadran.testbed.cluster_certificates.provide", provide)
    for command in commands(render(values)):
        assert command[:3] == ["python", "-m", "cadran.cli"]
        typer.main.get_command(app).main(command[3:], standalone_mode=False)
    assert asked == [(ACCOUNT_FOLDER, Release(RELEASE, NAME, dus, days))] * 2


@pytest.mark.parametrize("service", ["certs", "renewal"])
def test_its_account_may_do_that_and_no_more(service: str) -> None:
    rendered = render()
    account, role = rendered.one("ServiceAccount", service), rendered.one("Role", service)
    binding = rendered.one("RoleBinding", service)
    name = f"{NAME}-{service}"
    assert {item["metadata"]["name"] for item in (account, role, binding)} == {name}
    assert binding["roleRef"]["name"] == name
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}]
    assert rendered.pods()[service]["spec"]["serviceAccountName"] == name
    made = {MADE.authority_secret, *(MADE.secret(one) for one in SECURED)}
    may = {
        (*rule["resources"], verb, *sorted(rule.get("resourceNames", ["any"])))
        for rule in role["rules"]
        for verb in rule["verbs"]
    }
    assert may == {
        ("secrets", "create", "any"),  # Kubernetes cannot bound this by name
        ("secrets", "get", *sorted(made)),
        ("secrets", "update", *sorted(made)),
        ("statefulsets", "patch", rendered.one("StatefulSet", "dapp")["metadata"]["name"]),
    }
    services = {pod["spec"]["serviceAccountName"] for one, pod in rendered.pods().items() if one != service}
    assert name not in services


def test_it_ends_and_leaves_the_log_of_a_failure() -> None:
    job = render().one("Job", "certs")["spec"]
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    assert job["activeDeadlineSeconds"] <= 300  # Helm's own patience
    assert job["backoffLimit"] <= 3


def test_renewal_is_as_often_as_wanted() -> None:
    assert render(CASES["everything"]).one("CronJob", "renewal")["spec"]["schedule"] == "@daily"
    never = render({"tls": {"renewal": {"schedule": ""}}})
    assert not list(never.of_kind("CronJob"))
    assert "renewal" not in {item["metadata"]["name"].removeprefix(f"{NAME}-") for item in never.objects}


def test_names_of_jobs_are_short_enough() -> None:
    """A CronJob's: 52 characters, to which it adds eleven for each job."""
    rendered = render({"fullnameOverride": "x" * 40})
    assert len(rendered.one("CronJob", "renewal")["metadata"]["name"]) <= 52


def test_the_notes_say_that_the_secrets_stay() -> None:
    assert "get secret --selector app.kubernetes.io/instance=demo" in render().notes
    assert "get secret" not in render(CASES["clear"]).notes


# ------------------------------------------------------------------------------------------ from elsewhere


def test_secrets_of_ones_own_are_mounted_and_nothing_makes_any() -> None:
    rendered = render(EXTERNAL)
    for service in SECURED:
        assert volume(rendered, service)["secret"]["secretName"] == f"of-{service}"
    assert not list(rendered.of_kind("Job", "CronJob", "Role", "Certificate"))


def certificates(rendered: Rendered) -> dict[str, dict[str, Any]]:
    return {item["spec"]["commonName"]: item["spec"] for item in rendered.of_kind("Certificate")}


def test_cert_manager_is_asked_for_what_the_job_would_make() -> None:
    rendered = render(CERT_MANAGER)
    hosts = {
        service: [f"{NAME}-{service}", f"{NAME}-{service}.{NAMESPACE}.svc"] for service in ("ransim", "xapp")
    }
    wanted = {one.name: one for one in subjects(2, {})}
    found = certificates(rendered)
    assert set(found) == {"Cadran testbed CA", "ransim", "xapp", "dapp-0", "dapp-1"}
    for name in set(found) - {"Cadran testbed CA"}:
        held = found[name]
        assert "client auth" in held["usages"]
        assert ("server auth" in held["usages"]) is wanted[name].server
        assert set(held["uris"]) == set(wanted[name].uris)
        assert held.get("dnsNames") == hosts.get(name)
        assert (held["duration"], held["renewBefore"]) == ("720h", "240h")
        assert held["issuerRef"]["name"] == f"{NAME}-tls-ca"
    assert not list(rendered.of_kind("Job", "CronJob", "Role"))


def test_cert_managers_secrets_are_those_that_pods_mount() -> None:
    rendered = render(CERT_MANAGER)
    found = certificates(rendered)
    for service in ("ransim", "xapp"):
        assert volume(rendered, service)["secret"]["secretName"] == found[service]["secretName"]
    sources = [one["secret"] for one in volume(rendered, "dapp")["projected"]["sources"]]
    assert [one["name"] for one in sources] == [found[f"dapp-{du}"]["secretName"] for du in (0, 1)]
    paths = {item["path"]: item["key"] for one in sources for item in one["items"]}
    pods = {f"{NAME}-dapp-{du}.{kind}": f"tls.{kind}" for du in (0, 1) for kind in ("crt", "key")}
    assert paths == {"ca.crt": "ca.crt", **pods}


def test_the_authority_signs_itself_unless_there_is_an_issuer() -> None:
    issuers = {item["metadata"]["name"]: item["spec"] for item in render(CERT_MANAGER).of_kind("Issuer")}
    ca = certificates(render(CERT_MANAGER))["Cadran testbed CA"]
    assert issuers == {
        f"{NAME}-tls-root": {"selfSigned": {}},
        f"{NAME}-tls-ca": {"ca": {"secretName": ca["secretName"]}},
    }
    assert ca["isCA"] is True
    assert ca["issuerRef"]["name"] == f"{NAME}-tls-root"
    given = {"name": "corp", "kind": "ClusterIssuer"}
    rendered = render(CERT_MANAGER, {"tls": {"certManager": {"issuerRef": given}}})
    assert not list(rendered.of_kind("Issuer"))
    refs = [held["issuerRef"] for held in certificates(rendered).values()]
    assert refs == [given | {"group": "cert-manager.io"}] * 4
