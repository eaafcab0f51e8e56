"""Metrics and health of a service over HTTP (paths of the O-RAN SC near-RT RIC platform's xApps).

- `GET /metrics`: Prometheus;
- `GET /ric/v1/health/alive`: 200 while the service's event loop turns, else 503: restart it;
- `GET /ric/v1/health/ready`: 200 when every condition holds, else 503 with the reason of each that does not.

The answers are a plain function, served here by a small threaded server, or mounted by a service that has a
web framework of its own.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from socketserver import TCPServer, ThreadingMixIn
from types import TracebackType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import structlog
from prometheus_client import CollectorRegistry

from cadran.runtime.addresses import Address
from cadran.runtime.metrics import exposition
from cadran.runtime.settings import ConfigError

METRICS_PATH = "/metrics"
ALIVE_PATH = "/ric/v1/health/alive"
READY_PATH = "/ric/v1/health/ready"
PATHS = (METRICS_PATH, ALIVE_PATH, READY_PATH)

_JSON = "application/json"
_CLIENT_TIMEOUT_S = 10.0


class Health:
    """What a service says about itself; written by the service, read by the server's threads.

    A condition is something that must hold before the service can do its work, for example an association. A
    service is ready when all hold. It is alive while its event loop beats.
    """

    def __init__(
        self,
        conditions: Iterable[str],
        stale_after_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start alive and not ready: every condition is still to be met.

        Args:
            conditions: names, short and lower case.
            stale_after_s: without a beat for this long, the service is not alive [s].
            clock: seconds that only rise.
        """
        self._lock = threading.Lock()
        self._reasons: dict[str, str] = dict.fromkeys(conditions, "not yet")
        self._known = frozenset(self._reasons)
        self._stale_after_s = stale_after_s
        self._clock = clock
        self._beat_s = clock()

    def met(self, condition: str) -> None:
        """The condition holds."""
        self._check(condition)
        with self._lock:
            self._reasons.pop(condition, None)

    def unmet(self, condition: str, reason: str) -> None:
        """The condition does not hold, for a reason that a person can act on."""
        self._check(condition)
        with self._lock:
            self._reasons[condition] = reason

    def _check(self, condition: str) -> None:
        if condition not in self._known:
            raise ValueError(f"condition '{condition}': known are {', '.join(sorted(self._known)) or 'none'}")

    @property
    def conditions(self) -> dict[str, str | None]:
        """Every condition by name, with the reason why it does not hold; None: it holds."""
        unmet = self.reasons
        return {condition: unmet.get(condition) for condition in sorted(self._known)}

    def beat(self) -> None:
        """The event loop turns; `lifecycle.run` calls this."""
        self._beat_s = self._clock()

    @property
    def silent_s(self) -> float:
        """Time since the last beat [s]."""
        return self._clock() - self._beat_s

    @property
    def alive(self) -> bool:
        """True while the last beat is recent."""
        return self.silent_s <= self._stale_after_s

    @property
    def reasons(self) -> dict[str, str]:
        """The conditions that do not hold, with their reasons."""
        with self._lock:
            return dict(self._reasons)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, of no framework."""

    status: HTTPStatus
    content_type: str
    body: bytes


def answer(path: str, accept: str, registry: CollectorRegistry, health: Health) -> Answer | None:
    """The answer to a GET; None for a path that is not one of `PATHS`.

    Args:
        path: the request's path, without a query.
        accept: the request's `Accept` header, or empty.
        registry: the service's metrics.
        health: the service's health.
    """
    if path == METRICS_PATH:
        return Answer(HTTPStatus.OK, *exposition(registry, accept))
    if path == ALIVE_PATH:
        if health.alive:
            return _json(HTTPStatus.OK, {"status": "alive"})
        reasons = {"event loop": f"has not turned for {health.silent_s:.1f} s"}
        return _json(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "stuck", "reasons": reasons})
    if path == READY_PATH:
        unmet = health.reasons
        if not unmet:
            return _json(HTTPStatus.OK, {"status": "ready"})
        return _json(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "not ready", "reasons": unmet})
    return None


def _json(status: HTTPStatus, content: dict[str, Any]) -> Answer:
    return Answer(status, _JSON, json.dumps(content).encode() + b"\n")


def wsgi_app(registry: CollectorRegistry, health: Health) -> Callable[..., list[bytes]]:
    """The answers as a WSGI application (PEP 3333)."""

    def application(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        method = environ["REQUEST_METHOD"]
        found = answer(environ["PATH_INFO"], environ.get("HTTP_ACCEPT", ""), registry, health)
        headers = []
        if found is None:
            found = _json(HTTPStatus.NOT_FOUND, {"status": "no such path", "paths": PATHS})
        elif method not in ("GET", "HEAD"):
            found = _json(HTTPStatus.METHOD_NOT_ALLOWED, {"status": "only GET is served"})
            headers = [("Allow", "GET, HEAD")]
        headers += [("Content-Type", found.content_type), ("Content-Length", str(len(found.body)))]
        start_response(f"{found.status.value} {found.status.phrase}", headers)
        return [] if method == "HEAD" else [found.body]

    return application


class _Handler(WSGIRequestHandler):
    timeout = _CLIENT_TIMEOUT_S

    def log_message(self, template: str, *args: object) -> None:
        structlog.get_logger().debug("http", request=template % args)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, listen: Address) -> None:
        self.address_family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        super().__init__((listen.host, listen.port), _Handler)

    def server_bind(self) -> None:
        """Bind without the reverse name look-up of `HTTPServer`, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()


class HttpServer:
    """Serves metrics and health from a thread, so that they answer while the event loop is busy."""

    def __init__(self, listen: Address, registry: CollectorRegistry, health: Health) -> None:
        """Bind at once; port 0 takes a free one.

        Raises:
            OSError: the address cannot be bound.
        """
        self._server = _Server(listen)
        self._server.set_app(wsgi_app(registry, health))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="http", daemon=True
        )
        self.address = Address(listen.host, self._server.server_port)

    def __enter__(self) -> HttpServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def listening(listen: Address, registry: CollectorRegistry, health: Health) -> HttpServer:
    """The server at the address of a service's `http` setting; port 0 takes a free one.

    Raises:
        ConfigError: the address cannot be bound.
    """
    try:
        return HttpServer(listen, registry, health)
    except OSError as error:
        raise ConfigError(f"--http {listen}: cannot listen: {error.strerror or error}") from error
