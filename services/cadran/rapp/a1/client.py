"""A1-P as its consumer: every call has a deadline, and is repeated a bounded number of times."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from cadran.rest.bodies import strict_json
from cadran.runtime import Address
from cadran.runtime.retry import RetrySpec
from cadran.runtime.tls import Tls

T = TypeVar("T")

_MOST_BYTES = 4 << 20
_BUSY = frozenset({429, 502, 503, 504})
"""Answers after which the same call may succeed a little later."""
_RETRY = RetrySpec(0.1, 1.0)
_IDS: TypeAdapter[list[str]] = TypeAdapter(list[str])
_OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


class RicAwayError(ConnectionError):
    """The near-RT RIC does not answer, or not in a way that can be read; whether it acted is not known."""


class RicRefusedError(Exception):
    """The near-RT RIC refuses; the text is its own.

    Args:
        status: HTTP status of its answer.
        detail: Why.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class PolicyType(BaseModel):
    """A policy type as the near-RT RIC describes it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    policySchema: dict[str, Any]
    statusSchema: dict[str, Any] | None = None


class CallObserver(Protocol):
    """Whoever wants to know of calls."""

    def called(self, method: str, result: str, seconds: float) -> None:
        """A call was answered, with this status as text, or not at all (``away``)."""


@dataclass(frozen=True)
class ClientSpec:
    """Choices.

    Attributes:
        address: REST of the near-RT RIC.
        timeout_s: For one call as a whole.
        attempts: Of a call, at most.
        tls: Certificates to speak TLS with; None: clear text.
    """

    address: Address
    timeout_s: float
    attempts: int
    tls: Tls | None


class A1Client:
    """Speaks to one near-RT RIC.

    Args:
        spec: Choices.
        observer: Hears of calls.
    """

    def __init__(self, spec: ClientSpec, observer: CallObserver) -> None:
        self._spec = spec
        self._observer = observer
        scheme = "http" if spec.tls is None else "https"
        self._root = f"{scheme}://{spec.address}/A1-P/v2/policytypes"
        self._open = httpx.AsyncClient(verify=False, trust_env=False) if spec.tls is None else None

    async def close(self) -> None:
        """End the connections."""
        if self._open is not None:
            await self._open.aclose()

    async def types(self) -> list[str]:
        """Ids of the policy types. Raises `RicAwayError` and `RicRefusedError`, as all calls do."""
        return self._read(_IDS, await self._call("GET", ""))

    async def policy_type(self, type_id: str) -> PolicyType:
        """One policy type."""
        return self._read(TypeAdapter(PolicyType), await self._call("GET", f"/{quote(type_id)}"))

    async def ids(self, type_id: str) -> list[str]:
        """Ids of the policies of a type."""
        return self._read(_IDS, await self._call("GET", f"/{quote(type_id)}/policies"))

    async def policy(self, type_id: str, policy_id: str) -> dict[str, Any] | None:
        """One policy; None: there is none."""
        return await self._found(_path(type_id, policy_id))

    async def status(self, type_id: str, policy_id: str) -> dict[str, Any] | None:
        """Status of a policy; None: there is none."""
        return await self._found(f"{_path(type_id, policy_id)}/status")

    async def put(self, type_id: str, policy_id: str, policy: Mapping[str, Any]) -> None:
        """Create or replace a policy."""
        await self._call("PUT", _path(type_id, policy_id), policy)

    async def delete(self, type_id: str, policy_id: str) -> None:
        """Delete a policy; one that is gone is no error."""
        try:
            await self._call("DELETE", _path(type_id, policy_id))
        except RicRefusedError as error:
            if error.status != 404:
                raise

    async def _found(self, path: str) -> dict[str, Any] | None:
        try:
            return self._read(_OBJECT, await self._call("GET", path))
        except RicRefusedError as error:
            if error.status != 404:
                raise
            return None

    def _read(self, shape: TypeAdapter[T], content: bytes) -> T:
        try:
            return shape.validate_python(strict_json(content))
        except ValidationError as error:
            raise self._away(error.errors(include_url=False)[0]["msg"]) from error
        except ValueError as error:
            raise self._away(f"answered no JSON: {str(error)[:200]}") from error

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        """Every call is idempotent (A1AP): one without an answer may be made again."""
        failures = 0
        while True:
            try:
                return await self._attempt(method, path, body)
            except RicAwayError:
                failures += 1
                if failures >= self._spec.attempts:
                    raise
                await asyncio.sleep(_RETRY.wait_s(failures))

    async def _attempt(self, method: str, path: str, body: Mapping[str, Any] | None) -> bytes:
        started, result = time.perf_counter(), "away"
        try:
            async with asyncio.timeout(self._spec.timeout_s), self._client() as client:
                status, content = await _exchange(client, method, self._root + path, body)
            result = str(status)
        except TimeoutError as error:
            raise self._away(f"no answer within {self._spec.timeout_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:  # an id of its own may be no URL
            raise self._away(f"{type(error).__name__}: {error}") from error
        finally:
            self._observer.called(method, result, time.perf_counter() - started)
        if status in _BUSY:
            raise self._away(f"answered {status} {_detail(content)}")
        if not 200 <= status < 300:
            raise RicRefusedError(status, _detail(content))
        return content

    def _away(self, reason: str) -> RicAwayError:
        return RicAwayError(f"near-RT RIC at {self._spec.address}: {reason}")

    def _client(self) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        """One for all calls in clear text; with TLS one for each, with certificates as new as their files."""
        if self._open is not None:
            return nullcontext(self._open)
        if self._spec.tls is None:
            raise ValueError("a client without TLS keeps its connections open")
        return httpx.AsyncClient(verify=self._spec.tls.client_context(), trust_env=False)


async def _exchange(
    client: httpx.AsyncClient, method: str, url: str, body: Mapping[str, Any] | None
) -> tuple[int, bytes]:
    """Status and body of the answer, which has at most a known size."""
    json = None if body is None else dict(body)
    async with client.stream(method, url, json=json, timeout=None) as answer:
        content = bytearray()
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > _MOST_BYTES:
                raise httpx.DecodingError(f"an answer of more than {_MOST_BYTES} bytes")
        return answer.status_code, bytes(content)


def _path(type_id: str, policy_id: str) -> str:
    return f"/{quote(type_id)}/policies/{quote(policy_id)}"


class _Problem(BaseModel):
    detail: str = ""
    title: str = ""


def _detail(content: bytes) -> str:
    """Of problem details; empty if these are none."""
    try:
        found = _Problem.model_validate_json(content)
    except ValidationError:
        return ""
    return found.detail or found.title
