"""REST over TLS on loopback: what a client certificate allows."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry

from cadran.rest import (
    RestTls,
    Role,
    Security,
    add_errors,
    add_operation,
    listen,
    requires,
    rest_app,
    serving,
)
from cadran.runtime import Address
from cadran.runtime.http import Health
from cadran.runtime.tls import Tls
from certified import Certificates, certificates_in


@asynccontextmanager
async def served(certificates: Certificates) -> AsyncIterator[str]:
    registry = CollectorRegistry()
    app = rest_app("Trial", "1", "What it is.", Security(None, registry))

    @app.get("/v1/things")
    async def things() -> int:
        return 1

    @app.put("/v1/things")
    async def change() -> int:
        return 2

    @app.delete("/v1/limits", dependencies=[requires(Role.ADMIN)])
    async def limits() -> int:
        return 3

    add_errors(app, {})
    add_operation(app, registry, Health([]))
    with listen(Address("127.0.0.1", 0)) as listening:
        async with serving(app, listening, RestTls(certificates.of("xapp"), registry)):
            yield f"https://localhost:{listening.getsockname()[1]}"


def client(base: str, context: ssl.SSLContext) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=base, verify=context)


async def statuses(http: httpx.AsyncClient) -> list[int]:
    calls = (("GET", "/metrics"), ("GET", "/v1/things"), ("PUT", "/v1/things"), ("DELETE", "/v1/limits"))
    return [(await http.request(*call)).status_code for call in calls]


async def test_the_role_in_a_certificate_says_what_its_owner_may(tmp_path: Path) -> None:
    certificates = certificates_in(tmp_path)
    expected = {
        "reader": [200, 200, 403, 403],
        "rapp": [200, 200, 200, 403],
        "operator": [200, 200, 200, 403],
        "admin": [200, 200, 200, 200],
        "dapp-0": [200, 403, 403, 403],
    }
    async with served(certificates) as base:
        for name, wanted in expected.items():
            async with client(base, certificates.of(name).client_context()) as http:
                assert await statuses(http) == wanted, name
        anonymous = ssl.create_default_context(cafile=certificates.files("xapp").ca)
        async with client(base, anonymous) as http:
            assert await statuses(http) == [200, 401, 401, 401]


@pytest.mark.parametrize("kind", ["other CA", "expired"])
async def test_a_certificate_that_cannot_be_believed_ends_the_connection(tmp_path: Path, kind: str) -> None:
    certificates = certificates_in(tmp_path)
    files = certificates.stranger(kind, "admin", "reader")
    async with served(certificates) as base:
        async with client(base, Tls(files).client_context()) as http:
            with pytest.raises(httpx.TransportError):
                await http.get("/v1/things")
        async with client(base, certificates.of("reader").client_context()) as http:
            assert (await http.get("/v1/things")).status_code == 200
            told = (await http.get("/metrics")).text
    for stage, count in (("begun", 2), ("completed", 1)):
        assert f'cadran_rest_tls_handshakes_total{{stage="{stage}"}} {count}.0' in told


async def test_a_renewed_certificate_is_shown_to_the_next_connection(tmp_path: Path) -> None:
    certificates = certificates_in(tmp_path)
    reader = certificates.of("reader")

    async def shown(base: str) -> bytes:
        url = httpx.URL(base)
        context = reader.client_context()
        _, writer = await asyncio.open_connection(url.host, url.port, ssl=context)
        secured: ssl.SSLObject = writer.get_extra_info("ssl_object")
        writer.close()
        return secured.getpeercert(binary_form=True) or b""

    async with served(certificates) as base:
        async with client(base, reader.client_context()) as kept:
            await kept.get("/v1/things")
            before = await shown(base)
            assert await shown(base) == before
            certificates.renew()
            assert await shown(base) != before
            assert (await kept.get("/v1/things")).status_code == 200
        async with client(base, reader.client_context()) as http:
            assert (await http.get("/v1/things")).status_code == 200
