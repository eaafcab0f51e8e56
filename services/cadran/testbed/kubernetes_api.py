"""As much of the Kubernetes API as it takes to keep secrets: from within a pod, as its service account.

Requests end by a time-out, and those that found nobody or a server in trouble are tried again, a few times.
Paths and answers are those of the Kubernetes API reference, v1.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cadran.runtime import ConfigError
from cadran.runtime.retry import RetrySpec

ACCOUNT_FOLDER = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where Kubernetes puts a pod's service account: `ca.crt`, `namespace` and `token`."""

Object = dict[str, Any]

_NOT_FOUND, _CONFLICT, _TOO_MANY, _TROUBLE = 404, 409, 429, 500
_MOST_BYTES = 4 * 2**20
_JSON, _MERGE = "application/json", "application/merge-patch+json"


@dataclass(frozen=True)
class Account:
    """Who speaks to which API server.

    Attributes:
        host: its address.
        port: its TCP port.
        namespace: the pod's own.
        token: what shows who asks.
        ca: file with the CA of the server (PEM).
    """

    host: str
    port: int
    namespace: str
    token: str = field(repr=False)
    ca: Path


@dataclass(frozen=True)
class Patience:
    """How long requests may take.

    Attributes:
        timeout_s: for one attempt.
        attempts: at most, of each request.
        wait: between two.
    """

    timeout_s: float = 10.0
    attempts: int = 5
    wait: RetrySpec = field(default_factory=lambda: RetrySpec(0.5, 4.0))


def account_of(environment: Mapping[str, str], folder: Path = ACCOUNT_FOLDER) -> Account:
    """The account of this pod.

    Args:
        environment: has KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, as every pod's.
        folder: where its files are.

    Raises:
        ConfigError: this is no pod, or it gets no token.
    """
    try:
        host, port = environment["KUBERNETES_SERVICE_HOST"], int(environment["KUBERNETES_SERVICE_PORT"])
    except (KeyError, ValueError) as error:
        raise ConfigError(
            f"KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT: must say where the API is: {error}"
        ) from error
    try:
        token, namespace = ((folder / name).read_text().strip() for name in ("token", "namespace"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{folder}: no service account that can be used: {error}") from error
    if not token.isascii() or not token.isprintable() or not token:
        raise ConfigError(f"{folder / 'token'}: must be one line of ASCII")
    return Account(host, port, namespace, token, folder / "ca.crt")


class KubernetesApi:
    """A client.

    Args:
        account: who asks whom.
        patience: for how long.

    Raises:
        ConfigError: the CA's file cannot be used.
    """

    def __init__(self, account: Account, patience: Patience | None = None) -> None:
        self._account = account
        self._patience = patience or Patience()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            self._context.load_verify_locations(account.ca)
        except OSError as error:
            raise ConfigError(f"{account.ca}: holds no certificate that can be used: {error}") from error

    @property
    def namespace(self) -> str:
        """The pod's own."""
        return self._account.namespace

    def secret(self, name: str) -> Object | None:
        """A secret, or None where there is none.

        Raises:
            ConfigError: the server refuses or cannot be reached; as of all others.
        """
        status, found = self._ask("GET", self._secrets(name), expected=(_NOT_FOUND,))
        return None if status == _NOT_FOUND else found

    def create_secret(self, secret: Object) -> bool:
        """Make a secret; False where there is one of its name already."""
        return self._ask("POST", self._secrets(), secret, (_CONFLICT,))[0] != _CONFLICT

    def replace_secret(self, secret: Object) -> bool:
        """Write over the secret that was read; False where somebody has changed or removed it since."""
        refusals = (_CONFLICT, _NOT_FOUND)
        return (
            self._ask("PUT", self._secrets(secret["metadata"]["name"]), secret, refusals)[0] not in refusals
        )

    def annotate_pods(self, stateful_set: str, annotations: Mapping[str, str]) -> bool:
        """Change the pods' annotations, which restarts them one by one; False where there is no such set."""
        path = f"/apis/apps/v1/namespaces/{self.namespace}/statefulsets/{stateful_set}"
        patch = {"spec": {"template": {"metadata": {"annotations": dict(annotations)}}}}
        return self._ask("PATCH", path, patch, (_NOT_FOUND,))[0] != _NOT_FOUND

    def _secrets(self, name: str = "") -> str:
        return f"/api/v1/namespaces/{self.namespace}/secrets" + (f"/{name}" if name else "")

    def _ask(
        self, method: str, path: str, body: Object | None = None, expected: tuple[int, ...] = ()
    ) -> tuple[int, Object]:
        """Status and answer; a status that is neither success nor expected is an error."""
        why = ""
        for attempt in range(self._patience.attempts):
            if attempt:
                time.sleep(self._patience.wait.wait_s(attempt))
            try:
                status, content = self._send(method, path, body)
            except ssl.SSLCertVerificationError as error:
                raise _error(method, path, str(error)) from error
            except (OSError, http.client.HTTPException) as error:
                why = f"{type(error).__name__}: {error}"
                continue
            if status in expected:
                return status, {}
            if status != _TOO_MANY and status < _TROUBLE:
                return status, _object(method, path, status, content)
            why = f"{status}: {_message(content)}"
        raise _error(method, path, f"{self._patience.attempts} attempts, the last: {why}")

    def _send(self, method: str, path: str, body: Object | None) -> tuple[int, bytes]:
        account = self._account
        connection = http.client.HTTPSConnection(
            account.host, account.port, timeout=self._patience.timeout_s, context=self._context
        )
        headers = {
            "Authorization": f"Bearer {account.token}",
            "Accept": _JSON,
            "Content-Type": _MERGE if method == "PATCH" else _JSON,
        }
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read(_MOST_BYTES)
        finally:
            connection.close()


def _object(method: str, path: str, status: int, content: bytes) -> Object:
    """What a success answers."""
    if not http.client.OK <= status < http.client.MULTIPLE_CHOICES:
        raise _error(method, path, f"{status}: {_message(content)}")
    try:
        found = json.loads(content)
    except ValueError as error:
        raise _error(method, path, f"{status}, but no JSON: {error}") from error
    if not isinstance(found, dict):
        raise _error(method, path, f"{status}, but no object")
    return found


def _error(method: str, path: str, why: str) -> ConfigError:
    return ConfigError(f"Kubernetes API, {method} {path}: {why}")


def _message(content: bytes) -> str:
    """What a Status object says, or else the beginning of whatever came."""
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return content[:200].decode(errors="replace") or "nothing said"
