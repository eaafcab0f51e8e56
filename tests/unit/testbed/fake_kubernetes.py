"""The secrets of one namespace behind the Kubernetes API's paths and statuses, by HTTPS on loopback."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from cadran.testbed.certificates import Subject, authority_files, issue, new_authority, utc_now

NAMESPACE = "ran"
TOKEN = "its-token"
_SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
_SETS = f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets"

Answer = tuple[int, Any]


@dataclass
class Cluster:
    """What it holds, and what it was asked.

    Attributes:
        secrets: by name.
        restarts: annotations that the pods of a stateful set were given, one entry for each time.
        sets: names of the stateful sets.
        asked: (method, path) of all requests.
        before: called with method and path; what it returns is the answer, unless None.
    """

    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    restarts: list[dict[str, str]] = field(default_factory=list)
    sets: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    before: Callable[[str, str], Answer | None] = lambda _, __: None
    version: int = 0

    def put(self, secret: dict[str, Any]) -> dict[str, Any]:
        """Keeps a secret under a new version."""
        self.version += 1
        metadata = secret["metadata"] | {"resourceVersion": str(self.version)}
        self.secrets[metadata["name"]] = secret | {"metadata": metadata}
        return self.secrets[metadata["name"]]

    def writes(self) -> list[str]:
        """Methods and last parts of the paths of what changed anything, or tried to."""
        return [f"{method} {path.rsplit('/', 1)[1]}" for method, path in self.asked if method != "GET"]

    def answer(self, method: str, path: str, body: Any) -> Answer:
        """As the API server would."""
        self.asked.append((method, path))
        if (given := self.before(method, path)) is not None:
            return given
        name = path.rsplit("/", 1)[1]
        if path.startswith(_SETS):
            return self._annotate(name, body)
        if path == _SECRETS and method == "POST":
            if body["metadata"]["name"] in self.secrets:
                return status(409, "it is there already")
            return 201, self.put(body)
        there = self.secrets.get(name)
        if there is None:
            return status(404, "there is none")
        if method == "GET":
            return 200, there
        if body["metadata"].get("resourceVersion") != there["metadata"]["resourceVersion"]:
            return status(409, "the object has been modified")
        return 200, self.put(body)

    def _annotate(self, name: str, body: Any) -> Answer:
        if name not in self.sets:
            return status(404, "there is none")
        self.restarts.append(body["spec"]["template"]["metadata"]["annotations"])
        return 200, {}


def status(code: int, message: str) -> Answer:
    """What the API says of a failure."""
    return code, {"kind": "Status", "code": code, "message": message}


@dataclass(frozen=True)
class Served:
    """Where a cluster's API is, as its pods are told.

    Attributes:
        environment: their variables.
        account: folder of their service account.
    """

    environment: dict[str, str]
    account: Path


@contextmanager
def serving(cluster: Cluster, folder: Path) -> Iterator[Served]:
    """The cluster's API on a port of loopback, with a certificate for 127.0.0.1 of a CA of its own."""
    authority = new_authority(utc_now())
    cert, key = issue(authority, Subject("kubernetes", ("127.0.0.1",), (), True), 1.0, utc_now())
    (folder / "server.pem").write_bytes(cert + key)
    (folder / "ca.crt").write_bytes(authority_files(authority)["ca.crt"])
    (folder / "namespace").write_text(NAMESPACE)
    (folder / "token").write_text(f"{TOKEN}\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(cluster)) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01}).start()
        port = str(server.server_port)
        yield Served({"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": port}, folder)
        server.shutdown()


def _handler(cluster: Cluster) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null")
            if self.headers["Authorization"] == f"Bearer {TOKEN}":
                code, found = cluster.answer(self.command, self.path, body)
            else:
                code, found = status(401, "Unauthorized")
            content = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self._do()

        def do_POST(self) -> None:
            self._do()

        def do_PUT(self) -> None:
            self._do()

        def do_PATCH(self) -> None:
            self._do()

        def log_message(self, *_: object) -> None:
            pass

    return Handler
