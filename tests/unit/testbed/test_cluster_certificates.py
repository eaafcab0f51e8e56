"""Certificates in a release's secrets: made, kept, renewed, and what happens where the cluster will not."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from fake_kubernetes import NAMESPACE, Answer, Cluster, Served, serving, status
from typer.testing import CliRunner

from cadran.cli.command import app
from cadran.runtime import ConfigError
from cadran.runtime.retry import RetrySpec
from cadran.runtime.tls import Tls, TlsFiles
from cadran.testbed.certificates import utc_now
from cadran.testbed.cluster_certificates import RENEWED, Change, Release, provide
from cadran.testbed.kubernetes_api import KubernetesApi, Patience, account_of
from cadran.wire.peers import dapp_name, e2_node_name

CA, RANSIM, XAPP, DAPP = (f"demo-cadran-{name}" for name in ("tls-ca", "ransim-tls", "xapp-tls", "dapp-tls"))
RELEASE = Release("demo", "demo-cadran", dus=2, days=30.0)
HASTY = Patience(timeout_s=30.0, attempts=3, wait=RetrySpec(0.001, 0.001))
NOW = utc_now()


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(sets={"demo-cadran-dapp"})


@pytest.fixture
def served(cluster: Cluster, tmp_path: Path) -> Iterator[Served]:
    with serving(cluster, tmp_path) as found:
        yield found


@pytest.fixture
def api(served: Served) -> KubernetesApi:
    return KubernetesApi(account_of(served.environment, served.account), HASTY)


def held(cluster: Cluster, secret: str) -> dict[str, bytes]:
    return {key: base64.b64decode(value) for key, value in cluster.secrets[secret]["data"].items()}


def certificate(cluster: Cluster, secret: str, key: str = "tls.crt") -> x509.Certificate:
    return x509.load_pem_x509_certificate(held(cluster, secret)[key])


def uris(found: x509.Certificate) -> set[str]:
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(names.get_values_for_type(x509.UniformResourceIdentifier))


# ------------------------------------------------------------------------------------------ made and kept


def test_a_new_release_gets_what_its_services_take(
    cluster: Cluster, api: KubernetesApi, tmp_path: Path
) -> None:
    provide(api, RELEASE, NOW)
    assert set(cluster.secrets) == {CA, RANSIM, XAPP, DAPP}
    assert set(held(cluster, CA)) == {"ca.crt", "ca.key"}
    assert set(held(cluster, RANSIM)) == set(held(cluster, XAPP)) == {"ca.crt", "tls.crt", "tls.key"}
    pods = {f"demo-cadran-dapp-{du}.{kind}" for du in (0, 1) for kind in ("crt", "key")}
    assert set(held(cluster, DAPP)) == {"ca.crt", *pods}
    for secret, stem in ((RANSIM, "tls"), (XAPP, "tls"), (DAPP, "demo-cadran-dapp-1")):
        mounted(cluster, tmp_path / secret, secret, stem)


def mounted(cluster: Cluster, folder: Path, secret: str, stem: str = "tls") -> Tls:
    """A secret as a service has it, read as it reads it."""
    folder.mkdir()
    files = TlsFiles(folder / "ca.crt", folder / "tls.crt", folder / "tls.key")
    for path, key in zip(vars(files).values(), ("ca.crt", f"{stem}.crt", f"{stem}.key"), strict=True):
        path.touch(0o600)
        path.write_bytes(held(cluster, secret)[key])
    return Tls(files)


@pytest.mark.parametrize(
    ("client", "stem", "server", "host"),
    [
        (RANSIM, "tls", XAPP, "demo-cadran-xapp"),
        (DAPP, "demo-cadran-dapp-0", RANSIM, "demo-cadran-ransim"),
        (RANSIM, "tls", XAPP, "elsewhere"),
    ],
)
def test_peers_know_each_other_by_the_services_names(
    cluster: Cluster, api: KubernetesApi, tmp_path: Path, client: str, stem: str, server: str, host: str
) -> None:
    provide(api, RELEASE, NOW)
    accepting = mounted(cluster, tmp_path / "server", server).server_context(lambda: None)
    connecting = mounted(cluster, tmp_path / "client", client, stem).client_context()
    one, other = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = connecting.wrap_bio(one, other, server_hostname=host)
    there = accepting.wrap_bio(other, one, server_side=True)
    if host == "elsewhere":
        with pytest.raises(ssl.SSLCertVerificationError, match="elsewhere"):
            shake_hands(here, there)
        return
    shake_hands(here, there)
    names = {tuple(name) for name in (there.getpeercert() or {}).get("subjectAltName", ())}
    assert {("URI", uri) for uri in uris(certificate(cluster, client, f"{stem}.crt"))} <= names


def shake_hands(*sides: ssl.SSLObject) -> None:
    for _ in range(4):
        for side in sides:
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()


def test_names_are_those_that_peers_connect_to_and_check(cluster: Cluster, api: KubernetesApi) -> None:
    provide(api, RELEASE, NOW)
    names = certificate(cluster, XAPP).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    hosts = set(names.get_values_for_type(x509.DNSName))
    assert {"demo-cadran-xapp", f"demo-cadran-xapp.{NAMESPACE}.svc"} <= hosts
    assert uris(certificate(cluster, RANSIM)) == {e2_node_name(0), e2_node_name(1)}
    assert uris(certificate(cluster, DAPP, "demo-cadran-dapp-1.crt")) == {dapp_name(1)}


def test_the_authoritys_key_is_in_no_secret_that_a_pod_mounts(cluster: Cluster, api: KubernetesApi) -> None:
    provide(api, RELEASE, NOW)
    key = held(cluster, CA)["ca.key"]
    assert all(key not in held(cluster, secret).values() for secret in (RANSIM, XAPP, DAPP))
    assert {
        item["metadata"]["labels"]["app.kubernetes.io/instance"] for item in cluster.secrets.values()
    } == {"demo"}


def test_what_is_good_is_kept(cluster: Cluster, api: KubernetesApi) -> None:
    provide(api, RELEASE, NOW)
    before = dict(cluster.secrets)
    cluster.asked.clear()
    changes = provide(api, RELEASE, NOW + timedelta(days=19))
    assert set(changes.values()) == {Change()}
    assert cluster.writes() == []
    assert cluster.secrets == before


def test_more_dus_get_certificates_and_the_others_keep_theirs(cluster: Cluster, api: KubernetesApi) -> None:
    provide(api, RELEASE, NOW)
    before = held(cluster, DAPP)
    cluster.restarts.clear()
    changes = provide(api, Release("demo", "demo-cadran", dus=4, days=30.0), NOW)
    after = held(cluster, DAPP)
    assert after.items() >= before.items()
    assert changes[DAPP] == Change(made=("dapp-2", "dapp-3"))
    assert changes[RANSIM].renewed == ("ransim",)  # its certificate names the DUs it speaks for
    assert e2_node_name(3) in uris(certificate(cluster, RANSIM))
    assert changes[XAPP] == Change()
    assert cluster.restarts == []
    certificate(cluster, DAPP, "demo-cadran-dapp-3.crt").verify_directly_issued_by(
        certificate(cluster, CA, "ca.crt")
    )


# ------------------------------------------------------------------------------------------ renewed


def test_with_less_than_a_third_left_they_are_renewed_by_the_same_authority(
    cluster: Cluster, api: KubernetesApi
) -> None:
    provide(api, RELEASE, NOW)
    before = {secret: held(cluster, secret) for secret in cluster.secrets}
    later = NOW + timedelta(days=21)
    changes = provide(api, RELEASE, later)
    assert held(cluster, CA) == before[CA]
    assert changes[XAPP] == Change(renewed=("xapp",))
    for secret in (RANSIM, XAPP):
        assert held(cluster, secret)["tls.key"] != before[secret]["tls.key"]
        assert held(cluster, secret)["ca.crt"] == before[secret]["ca.crt"]
        end = certificate(cluster, secret).not_valid_after_utc
        assert abs(end - later - timedelta(days=30)) < timedelta(hours=1)


def test_renewed_dapps_are_restarted_once(cluster: Cluster, api: KubernetesApi) -> None:
    """Files that a pod mounts by name change only when it starts."""
    provide(api, RELEASE, NOW)
    cluster.restarts.clear()
    later = NOW + timedelta(days=21)
    provide(api, RELEASE, later)
    provide(api, RELEASE, later)
    assert cluster.restarts == [{RENEWED: later.isoformat(timespec="seconds")}]


@pytest.mark.parametrize("lost", [{CA}, {DAPP}, {CA, RANSIM, XAPP, DAPP}])
def test_dapps_are_restarted_where_secrets_were_lost(
    cluster: Cluster, api: KubernetesApi, lost: set[str]
) -> None:
    provide(api, RELEASE, NOW)
    cluster.restarts.clear()
    for secret in lost:
        del cluster.secrets[secret]
    provide(api, RELEASE, NOW)
    assert len(cluster.restarts) == 1


def test_a_pass_without_dapps_restarts_none(cluster: Cluster, api: KubernetesApi) -> None:
    provide(api, RELEASE, NOW)
    cluster.sets.clear()
    cluster.restarts.clear()
    assert provide(api, RELEASE, NOW + timedelta(days=21))[DAPP].renewed == ("dapp-0", "dapp-1")
    assert cluster.restarts == []


@pytest.mark.parametrize("harm", ["other key", "no certificate", "gone"])
def test_a_pair_that_cannot_be_used_is_replaced(cluster: Cluster, api: KubernetesApi, harm: str) -> None:
    provide(api, RELEASE, NOW)
    data = cluster.secrets[XAPP]["data"]
    if harm == "other key":
        data["tls.key"] = cluster.secrets[RANSIM]["data"]["tls.key"]
    elif harm == "no certificate":
        data["tls.crt"] = base64.b64encode(b"nonsense").decode()
    else:
        del data["tls.key"]
    assert provide(api, RELEASE, NOW)[XAPP] == Change(renewed=("xapp",))
    assert provide(api, RELEASE, NOW)[XAPP] == Change()


def test_after_the_authority_was_removed_all_are_of_the_new_one(cluster: Cluster, api: KubernetesApi) -> None:
    provide(api, RELEASE, NOW)
    del cluster.secrets[CA]
    provide(api, RELEASE, NOW)
    ca = certificate(cluster, CA, "ca.crt")
    for secret, key in ((RANSIM, "tls.crt"), (XAPP, "tls.crt"), (DAPP, "demo-cadran-dapp-0.crt")):
        assert certificate(cluster, secret, "ca.crt") == ca
        certificate(cluster, secret, key).verify_directly_issued_by(ca)


def test_an_authority_that_has_ended_is_said_and_not_replaced(cluster: Cluster, api: KubernetesApi) -> None:
    provide(api, RELEASE, NOW)
    before = dict(cluster.secrets)
    with pytest.raises(ConfigError, match=f"^secret {CA}: .*has ended; remove it"):
        provide(api, RELEASE, NOW + timedelta(days=3651))
    assert cluster.secrets == before


# ------------------------------------------------------------------------------------------ others write, too


def test_a_conflict_is_looked_at_again(cluster: Cluster, api: KubernetesApi) -> None:
    """Two passes at once: the second finds what the first has made, and keeps it."""
    provide(api, RELEASE, NOW)
    theirs = cluster.secrets.pop(CA)

    def first_comes_another(method: str, path: str) -> Answer | None:
        if method == "POST" and CA not in cluster.secrets:
            cluster.put(theirs)
        return None

    cluster.before = first_comes_another
    assert set(provide(api, RELEASE, NOW).values()) == {Change()}
    assert cluster.secrets[CA]["data"] == theirs["data"]


def test_what_somebody_wrote_meanwhile_is_not_lost(cluster: Cluster, api: KubernetesApi) -> None:
    provide(api, RELEASE, NOW)
    written: list[str] = []

    def meanwhile(method: str, path: str) -> Answer | None:
        if method == "PUT" and path.endswith(DAPP) and not written:
            written.append(path)
            there = cluster.secrets[DAPP]
            cluster.put(there | {"data": there["data"] | {"note": base64.b64encode(b"mine").decode()}})
        return None

    cluster.before = meanwhile
    provide(api, Release("demo", "demo-cadran", dus=3, days=30.0), NOW)
    assert held(cluster, DAPP)["note"] == b"mine"
    assert "demo-cadran-dapp-2.crt" in held(cluster, DAPP)


def test_conflicts_without_end_end_in_one_line(cluster: Cluster, api: KubernetesApi) -> None:
    cluster.before = lambda method, _: status(409, "again") if method == "POST" else None
    with pytest.raises(ConfigError, match=f"^secret {CA}: changed by somebody else 5 times"):
        provide(api, RELEASE, NOW)


def test_a_secret_of_somebody_else_is_left_alone(cluster: Cluster, api: KubernetesApi) -> None:
    mine = {"metadata": {"name": XAPP}, "data": {"tls.crt": "bWluZQ=="}}
    cluster.put(mine)
    with pytest.raises(ConfigError, match=f"^secret {XAPP}: not made by this command; remove it, or name it"):
        provide(api, RELEASE, NOW)
    assert cluster.secrets[XAPP]["data"] == mine["data"]


# ------------------------------------------------------------------------------------------ the server


def test_what_the_server_forbids_is_one_clear_line(cluster: Cluster, api: KubernetesApi) -> None:
    why = f'secrets "{CA}" is forbidden: User "it" cannot get resource "secrets"'
    cluster.before = lambda *_: status(403, why)
    with pytest.raises(ConfigError) as refused:
        provide(api, RELEASE, NOW)
    where = f"/api/v1/namespaces/{NAMESPACE}/secrets/{CA}"
    assert str(refused.value) == f"Kubernetes API, GET {where}: 403: {why}"
    assert len(cluster.asked) == 1


def test_a_server_in_trouble_is_asked_again(cluster: Cluster, api: KubernetesApi) -> None:
    cluster.before = lambda *_: status(503, "busy") if len(cluster.asked) % 2 else None
    provide(api, RELEASE, NOW)
    assert set(cluster.secrets) == {CA, RANSIM, XAPP, DAPP}


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (status(500, "etcd is away"), "3 attempts, the last: 500: etcd is away"),
        ((200, b"<html>"), "200, but no JSON"),
        ((200, []), "200, but no object"),
        ((502, b"\xff bad gateway"), "502: \N{REPLACEMENT CHARACTER} bad gateway"),
        ((200, {"metadata": {"labels": None}}), "not made by this command"),
    ],
)
def test_any_other_answer_is_one_clear_line(
    cluster: Cluster, api: KubernetesApi, answer: Answer, text: str
) -> None:
    cluster.before = lambda *_: answer
    with pytest.raises(ConfigError) as refused:
        provide(api, RELEASE, NOW)
    assert text in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_server_that_is_not_there(served: Served) -> None:
    account = account_of(served.environment | {"KUBERNETES_SERVICE_PORT": "9"}, served.account)
    with pytest.raises(ConfigError, match="3 attempts, the last: ConnectionRefusedError"):
        provide(KubernetesApi(account, HASTY), RELEASE, NOW)


def test_another_server_does_not_get_the_token(cluster: Cluster, served: Served, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with serving(Cluster(), elsewhere):
        (elsewhere / "token").write_text("its-token")
        api = KubernetesApi(account_of(served.environment, elsewhere), HASTY)
        with pytest.raises(ConfigError, match="certificate verify failed"):
            provide(api, RELEASE, NOW)
    assert cluster.asked == []


# ------------------------------------------------------------------------------------------ the command


def test_the_command_says_what_it_did(cluster: Cluster, served: Served) -> None:
    def run() -> str:
        words = ["certs", "kubernetes", "demo", "--fullname", "demo-cadran", "--dus", "2"]
        result = CliRunner().invoke(
            app, [*words, "--account", str(served.account)], env=served.environment, catch_exceptions=False
        )
        assert result.exit_code == 0
        return result.output

    assert f"{DAPP}: made dapp-0, dapp-1; renewed none" in run()
    assert f"{DAPP}: made none; renewed none" in run()


@pytest.mark.parametrize(
    ("environment", "file", "text"),
    [
        ({}, None, "KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT: must say where the API is"),
        ({"KUBERNETES_SERVICE_HOST": "a", "KUBERNETES_SERVICE_PORT": "x"}, None, "must say where"),
        ({"KUBERNETES_SERVICE_HOST": "a", "KUBERNETES_SERVICE_PORT": "1"}, None, "no service account"),
        (
            {"KUBERNETES_SERVICE_HOST": "a", "KUBERNETES_SERVICE_PORT": "1"},
            "a\nb",
            "must be one line of ASCII",
        ),
    ],
)
def test_outside_of_a_pod_it_says_what_is_missing(
    tmp_path: Path, environment: dict[str, str], file: str | None, text: str
) -> None:
    if file is not None:
        (tmp_path / "token").write_text(file)
        (tmp_path / "namespace").write_text("ran")
    with pytest.raises(ConfigError, match=text):
        account_of(environment, tmp_path)
