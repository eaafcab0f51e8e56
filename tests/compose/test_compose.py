"""`docker-compose up` gives a testbed that runs, is closed, is seen, and heals."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import httpx
import pytest
from stack import DUS, ROOT, SERVICES, Stack, wait_until

HEALED_S = 180.0

# Prints those of the addresses given that accept a connection.
OPEN = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def opens(address):
    try:
        socket.create_connection(address, 2.0).close()
    except OSError:
        return False
    return True
asked = json.loads(sys.argv[1])
with ThreadPoolExecutor(24) as threads:
    print(json.dumps([address for address, found in zip(asked, threads.map(opens, asked)) if found]))
"""
WRITE = """
import sys
try:
    open(sys.argv[1], 'w')
except OSError as error:
    print(error.errno)
"""
METRICS = """
from urllib.request import urlopen
print(urlopen("http://ransim-metrics:8091/metrics", timeout=5).read().decode())
"""
END = "import os, signal; os.kill(1, signal.SIGTERM)"

DAPP_PORT, RANSIM_HTTP, E3, E2, XAPP_REST, RAPP_REST, REDIS = 8092, 8091, 36422, 36421, 8090, 8091, 6379
PORTS = (DAPP_PORT, RANSIM_HTTP, E3, E2, XAPP_REST, REDIS)
PYTHON = tuple(name for name in SERVICES if name != "redis")


def counter(stack: Stack, name: str) -> float:
    """A counter of the RAN, which publishes no port; its labels are a part of the name."""
    for line in stack.python("ransim", METRICS).splitlines():
        if line.startswith(f"{name} "):
            return float(line.rpartition(" ")[2])
    return 0.0


def frames(stack: Stack) -> float:
    return counter(stack, "cadran_ransim_frames_total")


def stored(stack: Stack) -> int:
    return sum(stack.rest("xapp", "/v1/learner")["stored"])


def test_every_service_is_healthy(stack: Stack) -> None:
    assert {name: stack.health(name) for name in SERVICES} == dict.fromkeys(SERVICES, "healthy")
    for job in ("passwords", "certs"):
        assert stack.containers()[job]["State"]["ExitCode"] == 0


def test_the_loop_runs(stack: Stack) -> None:
    frame, rows = frames(stack), stored(stack)
    wait_until(lambda: frames(stack) > frame + 100, 120, "a hundred frames more")
    wait_until(lambda: stored(stack) > rows, 120, "experience stored")
    assert len(stack.rest("xapp", "/v1/e2-nodes")) == DUS
    for du in range(DUS):
        assert counter(stack, f'cadran_ransim_decisions_total{{du="{du}",source="dapp"}}') > 0


HELLO = """
import socket, ssl, sys
context = ssl.create_default_context(cafile="/run/cadran/tls/ca.crt")
context.set_alpn_protocols(["h2"])
if sys.argv[1] == "certified":
    context.load_cert_chain("/run/cadran/tls/tls.crt", "/run/cadran/tls/tls.key")
try:
    with socket.create_connection(("ransim", 36422), 5) as raw:
        with context.wrap_socket(raw, server_hostname="ransim") as secured:
            secured.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + bytes(3) + b"\\x04" + bytes(5))
            print("answered" if secured.recv(9) else "closed")
except OSError as error:
    print(type(error).__name__)
"""


def test_e3_answers_to_those_with_a_certificate_only(stack: Stack) -> None:
    assert stack.python("dapp-2", HELLO, "certified").strip() == "answered"
    assert stack.python("dapp-2", HELLO, "anonymous").strip() in ("SSLError", "closed")


def test_a_service_reads_its_own_key_only(stack: Stack) -> None:
    for name in ("ransim", "dapp-0", "xapp"):
        assert stack.inside(name, "ls", "/run/cadran/tls").split() == ["ca.crt", "tls.crt", "tls.key"]
    assert stack.inside("dapp-0", "stat", "-c", "%a %g", "/run/cadran/tls/tls.key").strip() == "640 10001"


def test_certificates_are_renewed_without_a_restart(stack: Stack) -> None:
    before = {name: one["State"]["StartedAt"] for name, one in stack.containers().items() if name in SERVICES}
    first = stack.inside("ransim", "cat", "/run/cadran/tls/tls.crt")
    stack.compose("run", "--rm", "certs")
    assert stack.inside("ransim", "cat", "/run/cadran/tls/tls.crt") != first
    assert stack.python("dapp-2", HELLO, "certified").strip() == "answered"
    frame = frames(stack)
    wait_until(lambda: frames(stack) > frame + 100, 120, "a hundred frames more")
    after = {name: one["State"]["StartedAt"] for name, one in stack.containers().items() if name in SERVICES}
    assert after == before


def test_the_lines_of_the_readme_answer(stack: Stack) -> None:
    text = (ROOT / "README.md").read_text().replace("\\\n", " ")
    lines = [
        line.partition(" #")[0] for line in text.splitlines() if re.match(r"curl .*\$(REST|RAPP)/", line)
    ]
    lines = [line for line in lines if "<" not in line]
    assert len(lines) >= 6
    for line in lines:
        if "$RAPP/v1/initialisations/rollback" in line:
            continue  # nothing has been promoted so early
        shell = f"REST={stack.url('xapp')} RAPP={stack.url('rapp')}; {line.replace('curl', 'curl -sS -f', 1)}"
        done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        assert done.stdout


def allowed(source: str, target: str, port: int) -> bool:
    """Whether the architecture lets `source` open a connection to this port of `target`."""
    if source.startswith("dapp"):
        return target == "ransim" and port == E3
    return (source, target, port) in {
        ("ransim", "xapp", E2),
        ("xapp", "redis", REDIS),
        ("rapp", "redis", REDIS),
        ("rapp", "xapp", XAPP_REST),
        # A network in common opens what listens there in both directions.
        ("xapp", "rapp", RAPP_REST),
        ("xapp", "ransim", E3),
        *(("ransim", f"dapp-{du}", DAPP_PORT) for du in range(DUS)),
    }


@pytest.mark.parametrize("source", PYTHON)
def test_only_the_paths_of_the_architecture_are_open(stack: Stack, source: str) -> None:
    containers = stack.containers()
    owners = {
        network["IPAddress"]: name
        for name in SERVICES
        if name != source
        for network in containers[name]["NetworkSettings"]["Networks"].values()
    }
    asked = [[host, port] for host in owners for port in PORTS]
    found = json.loads(stack.python(source, OPEN, json.dumps(asked)))
    open_to = {(owners[host], port) for host, port in found}
    expected = {(name, port) for name in SERVICES for port in PORTS if allowed(source, name, port)}
    assert open_to == expected


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_do_no_more_than_it_must(stack: Stack, name: str) -> None:
    held = stack.containers()[name]
    assert held["HostConfig"]["ReadonlyRootfs"]
    assert held["HostConfig"]["Memory"] > 0
    assert held["HostConfig"]["NanoCpus"] > 0
    assert held["HostConfig"]["PidsLimit"] > 0
    for bindings in (held["HostConfig"]["PortBindings"] or {}).values():
        assert [binding["HostIp"] for binding in bindings] == ["127.0.0.1"]
    status = stack.inside(name, "cat", "/proc/1/status")
    facts = dict(re.findall(r"(\w+):\s+(\S+)", status))
    assert int(facts["Uid"]) in (999, 10001)
    assert int(facts["CapEff"], 16) == 0
    assert facts["NoNewPrivs"] == "1"


@pytest.mark.parametrize("path", ["/opt/cadran/x", "/etc/x", "/x"])
def test_nothing_is_written_to_an_image(stack: Stack, path: str) -> None:
    for name in PYTHON:
        assert stack.python(name, WRITE, path).strip() in ("13", "30")


def test_images_are_small_and_say_what_they_are(stack: Stack) -> None:
    for name in ("dapp-0", "ransim", "xapp"):
        labels = stack.containers()[name]["Config"]["Labels"]
        assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
        assert labels["org.opencontainers.image.base.name"]
    script = "import importlib.util as i; print([n for n in ('torch', 'numba', 'redis') if i.find_spec(n)])"
    assert stack.inside("dapp-0", "python", "-c", script).strip() == "[]"
    assert int(stack.inside("dapp-0", "du", "-sk", "/opt/cadran").split()[0]) < 200_000


def test_no_kernel_is_compiled_when_a_service_starts(stack: Stack) -> None:
    for name in ("ransim", "rapp", "xapp"):
        script = "from cadran.radio.warm import compiled; print(compiled())"
        assert stack.inside(name, "python", "-c", script).strip() == "True"


def test_prometheus_scrapes_every_target(stack: Stack) -> None:
    stack.compose("--profile", "observability", "up", "--detach", "prometheus")

    def targets() -> list[dict[str, Any]]:
        try:
            answer = httpx.get(f"{stack.url('prometheus')}/api/v1/targets", timeout=60.0).raise_for_status()
        except httpx.HTTPError:
            return []  # it starts: it does not listen yet, or listens and refuses
        return list(answer.json()["data"]["activeTargets"])

    wait_until(lambda: len(targets()) >= DUS + 3, 180, "Prometheus knows its targets")
    wait_until(lambda: all(one["health"] == "up" for one in targets()), 180, "every target is up")
    assert {one["labels"]["job"] for one in targets()} >= {"ransim", "dapp", "xapp", "rapp"}
    wait_until(lambda: stack.health("prometheus") == "healthy", 180, "Prometheus is healthy")


@pytest.mark.parametrize("name", ["dapp-3", "redis", "rapp", "xapp", "ransim"])
def test_the_death_of_a_process_heals(stack: Stack, name: str) -> None:
    restarts, rows = stack.containers()[name]["RestartCount"], stored(stack)
    if name == "redis":
        stack.inside(name, "sh", "-c", "kill -TERM 1")
    else:
        stack.python(name, END)
    wait_until(lambda: stack.containers()[name]["RestartCount"] > restarts, HEALED_S, f"{name} restarts")
    wait_until(
        lambda: all(stack.health(service) == "healthy" for service in SERVICES),
        HEALED_S,
        f"healthy without {name}",
    )
    wait_until(lambda: stored(stack) > rows, HEALED_S, f"experience goes on after {name}")
    frame = frames(stack)
    wait_until(lambda: frames(stack) > frame + 100, 120, "a hundred frames more")


def test_down_leaves_nothing(stack: Stack) -> None:
    stack.compose("--profile", "observability", "down", "--volumes", "--timeout", "40")
    assert stack.left() == []
