"""What outlives a pod, an upgrade and a release, and what Redis keeps."""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import helm_python
import pytest
import redis
import yaml
from rendering import CHART, NAME, NAMESPACE, RELEASE, chart, kubeconfig, render

from cadran.replay.redis_server import find_redis_server, redis_command


def test_learners_claims_are_kept_and_never_shared() -> None:
    rendered = render()
    for service in ("xapp", "rapp"):
        claim = rendered.one("PersistentVolumeClaim", service)
        assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
        (volume,) = [v for v in rendered.pods()[service]["spec"]["volumes"] if v["name"] == "state"]
        assert volume["persistentVolumeClaim"] == {"claimName": claim["metadata"]["name"]}
        assert rendered.one("Deployment", service)["spec"]["strategy"] == {"type": "Recreate"}
        state = rendered.environment(service)[f"CADRAN_{service.upper()}_STATE_DIR"]
        mounts = {m["name"]: m["mountPath"] for m in rendered.container(service)["volumeMounts"]}
        assert state == f"{mounts['state']}/meta-6dus"


def test_a_claim_of_ones_own_is_used_and_not_made() -> None:
    rendered = render({"xapp": {"persistence": {"existingClaim": "mine"}}})
    made = [item["metadata"]["name"] for item in rendered.of_kind("PersistentVolumeClaim")]
    assert made == [f"{NAME}-rapp"]
    (volume,) = [v for v in rendered.pods()["xapp"]["spec"]["volumes"] if v["name"] == "state"]
    assert volume["persistentVolumeClaim"] == {"claimName": "mine"}


def test_without_persistence_nothing_is_claimed() -> None:
    off = {"persistence": {"enabled": False}}
    rendered = render({"xapp": off, "rapp": off, "redis": off})
    assert not list(rendered.of_kind("PersistentVolumeClaim"))
    assert "volumeClaimTemplates" not in rendered.one("StatefulSet", "redis")["spec"]


def test_state_has_the_name_of_what_was_learned_in() -> None:
    """Actors and critic have the size of the network: eight DUs do not go on from six, but six from six."""
    six, eight, again = (render({"dus": dus}).environment("xapp") for dus in (6, 8, 6))
    names = ("CADRAN_XAPP_STATE_DIR", "CADRAN_XAPP_REDIS_REGION")
    assert all(six[name] != eight[name] for name in names)
    assert all(six[name] == again[name] for name in names)
    named = render({"stateName": "trial"}).environment("xapp")
    assert [named[name] for name in names] == ["/var/lib/cadran/trial", f"{NAMESPACE}.{NAME}.trial"]


def test_learners_and_only_they_share_the_experience() -> None:
    rendered = render()
    for key in ("REDIS", "REDIS_REGION", "REDIS_PASSWORD_FILE"):
        assert (
            rendered.environment("xapp")[f"CADRAN_XAPP_{key}"]
            == rendered.environment("rapp")[f"CADRAN_RAPP_{key}"]
        )
    holders = [
        service
        for service, pod in rendered.pods().items()
        if any(volume["name"] == "redis-password" for volume in pod["spec"].get("volumes", ()))
    ]
    assert sorted(holders) == ["rapp", "redis", "xapp"]


def test_long_names_give_regions_that_redis_takes_and_that_differ() -> None:
    def region(namespace: str) -> str:
        values = {"stateName": "s" * 40}
        text = chart().render(values, name="r" * 53, namespace=namespace)["cadran/templates/xapp.yaml"]
        pods = [item for item in yaml.safe_load_all(text) if item["kind"] == "Deployment"]
        environment = pods[0]["spec"]["template"]["spec"]["containers"][0]["env"]
        return next(v["value"] for v in environment if v["name"] == "CADRAN_XAPP_REDIS_REGION")

    first, second = region("n" * 63), region("n" * 62 + "m")
    assert first != second
    assert max(len(first), len(second)) <= 64


def test_an_external_redis_replaces_the_embedded_one() -> None:
    external = {"redis": {"embedded": False, "url": "rediss://redis.example:6380/1"}}
    rendered = render(external)
    assert "redis" not in rendered.pods()
    assert not list(rendered.of_kind("Secret"))
    environment = rendered.environment("xapp")
    assert environment["CADRAN_XAPP_REDIS"] == "rediss://redis.example:6380/1"
    assert "CADRAN_XAPP_REDIS_PASSWORD_FILE" not in environment
    named = render(external, {"redis": {"password": {"existingSecret": "s", "key": "k"}}})
    (volume,) = [v for v in named.pods()["xapp"]["spec"]["volumes"] if v["name"] == "redis-password"]
    assert volume["secret"]["secretName"] == "s"
    assert volume["secret"]["items"] == [{"key": "k", "path": "redis-password"}]


# ------------------------------------------------------------------------------------------ the password


def test_no_password_is_written_where_many_can_read_it() -> None:
    rendered = render()
    password = base64.b64decode(rendered.one("Secret", "redis")["data"]["password"]).decode()
    assert len(password) >= 32
    rest = [item for item in rendered.objects if item["kind"] != "Secret"]
    assert password not in json.dumps(rest)
    assert password not in rendered.notes


def test_a_secret_of_ones_own_is_not_made() -> None:
    rendered = render({"redis": {"password": {"existingSecret": "mine"}}})
    assert not list(rendered.of_kind("Secret"))


def test_an_upgrade_keeps_the_password(tmp_path: Path) -> None:
    there = base64.b64encode(b"as before").decode()
    with api_server({"password": there}) as url:
        config = helm_python.Config(
            kubeconfig_path=str(kubeconfig(tmp_path, url)), namespace=NAMESPACE, storage_driver="memory"
        )
        files = config.render(chart(), {}, name=RELEASE, namespace=NAMESPACE, is_upgrade=True)
    (secret,) = [i for i in yaml.safe_load_all(files["cadran/templates/redis.yaml"]) if i["kind"] == "Secret"]
    assert secret["data"] == {"password": there}


@contextmanager
def api_server(secret: dict[str, str]) -> Iterator[str]:
    """As much of the Kubernetes API as it takes to look up the release's secret."""
    resource = {"name": "secrets", "namespaced": True, "kind": "Secret", "verbs": ["get"]}
    answers = {
        "/version": {"major": "1", "minor": "33", "gitVersion": "v1.33.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
        "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [resource]},
        f"/api/v1/namespaces/{NAMESPACE}/secrets/{NAME}-redis": {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": f"{NAME}-redis", "namespace": NAMESPACE},
            "data": secret,
        },
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path.partition("?")[0])
            body = json.dumps(found or {"kind": "Status", "status": "Failure", "code": 404}).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


# ------------------------------------------------------------------------------------------ Redis itself


def test_the_embedded_redis_is_as_durable_as_the_testbeds() -> None:
    text = render().one("ConfigMap", "redis")["data"]["redis.conf"]
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    found = {name: value.replace('""', "") for name, value in lines}
    words = redis_command(Path("redis-server"), 6379, Path("/data"))[1:]
    wanted = {name.removeprefix("--"): value for name, value in zip(words[::2], words[1::2], strict=True)}
    assert {name: found[name] for name in wanted if name != "bind"} == {
        name: value for name, value in wanted.items() if name != "bind"
    }


@pytest.mark.parametrize("password", ["plain", 'quoted " and \\ and $HOME and `id`', "two words"])
def test_the_start_script_gives_redis_its_password(password: str, tmp_path: Path) -> None:
    """A real Redis, by the chart's own script; only its folder and port are other ones."""
    server = find_redis_server()
    configuration, secret, socket = tmp_path / "redis.conf", tmp_path / "password", tmp_path / "redis.sock"
    text = (CHART / "files" / "redis.conf").read_text()
    text = text.replace("dir /data", f"dir {tmp_path}").replace("port 6379", f"port 0\nunixsocket {socket}")
    configuration.write_text(text)
    secret.write_text(password)
    sh = shutil.which("sh") or "sh"
    command = [sh, str(CHART / "files" / "start-redis.sh"), str(configuration), str(secret)]
    path = f"{server.parent}:/usr/bin:/bin"
    with subprocess.Popen(command, env={"PATH": path}, stdout=subprocess.PIPE) as process:
        try:
            listening(socket)
            with redis.Redis(unix_socket_path=str(socket), password=password) as client:
                assert client.ping()
                assert client.config_get("appendfsync") == {"appendfsync": "always"}
            with (
                redis.Redis(unix_socket_path=str(socket)) as client,
                pytest.raises(redis.AuthenticationError),
            ):
                client.ping()
            arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            assert b"redis-server" in arguments
            assert password.encode() not in arguments
        finally:
            process.terminate()


def listening(socket: Path) -> None:
    deadline_s = time.monotonic() + 20
    while not socket.exists():
        assert time.monotonic() < deadline_s, "Redis does not listen"
        time.sleep(0.02)
