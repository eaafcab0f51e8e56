from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from prometheus_client import CollectorRegistry

from cadran.rest import (
    Caller,
    Role,
    Security,
    TokenFile,
    add_documentation,
    add_errors,
    add_operation,
    caller_of,
    requires,
    rest_app,
)
from cadran.rest.security import CERTIFIED
from cadran.runtime import ConfigError
from cadran.runtime.http import PATHS, Health

TOKENS = {role: f"{role.name.lower()}-" + "x" * 32 for role in (Role.READ, Role.OPERATE, Role.ADMIN)}
LINES = "".join(f"{role.name.lower()} {role.name.title()} {token}\n" for role, token in TOKENS.items())


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.chmod(mode)
    fresh.replace(path)
    return path


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def application(security: Security | None, registry: CollectorRegistry) -> FastAPI:
    app = rest_app("Trial", "1", "What it is.", security)
    router = APIRouter()

    @router.get("/things")
    async def things(request: Request) -> str:
        return caller_of(request).name

    @router.post("/things")
    async def change(body: dict[str, int]) -> int:
        return body["a"]

    @router.post("/look", dependencies=[requires(Role.READ)])
    async def look() -> int:
        return 2

    @router.delete("/limits", dependencies=[requires(Role.ADMIN)])
    async def limits() -> int:
        return 3

    app.include_router(router, prefix="/v1")
    add_errors(app, {})
    add_operation(app, registry, Health([]))
    add_documentation(app)
    return app


def client(app: FastAPI, token: str | None = None) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x", headers=headers)


CALLS = (
    ("GET", "/v1/things", Role.READ),
    ("POST", "/v1/things", Role.OPERATE),
    ("POST", "/v1/look", Role.READ),
    ("DELETE", "/v1/limits", Role.ADMIN),
)


@pytest.mark.parametrize(("method", "path", "needed"), CALLS)
async def test_a_call_needs_its_role_and_lesser_ones_are_refused(
    tmp_path: Path, registry: CollectorRegistry, method: str, path: str, needed: Role
) -> None:
    app = application(Security(TokenFile(written(tmp_path / "t", LINES)), registry), registry)
    for role, token in TOKENS.items():
        async with client(app, token) as http:
            answer = await http.request(method, path, json={"a": 1} if method == "POST" else None)
        assert answer.status_code == (200 if role >= needed else 403)
        if role < needed:
            assert answer.headers["content-type"] == "application/problem+json"
            assert needed.name.lower() in answer.json()["detail"]
    for credential in (None, "z" * 40):
        async with client(app, credential) as http:
            answer = await http.request(method, path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["instance"] == path
    lesser = sum(role < needed for role in TOKENS)
    refused = {
        reason: registry.get_sample_value("cadran_rest_refused_total", {"reason": reason})
        for reason in ("no credential", "unknown token", "role too low")
    }
    assert refused == {"no credential": 1, "unknown token": 1, "role too low": lesser}


async def test_health_metrics_and_pages_are_for_anyone(tmp_path: Path, registry: CollectorRegistry) -> None:
    app = application(Security(TokenFile(written(tmp_path / "t", LINES)), registry), registry)
    async with client(app) as http:
        for path in (*PATHS, "/docs", "/static/page.css", "/openapi.json"):
            assert (await http.get(path)).status_code == 200, path


async def test_without_security_nothing_is_asked_of_callers(registry: CollectorRegistry) -> None:
    async with client(application(None, registry), "nonsense") as http:
        assert (await http.get("/v1/things")).json() == ""
        assert (await http.request("DELETE", "/v1/limits")).status_code == 200


async def test_a_certificate_and_a_token_give_the_higher_of_their_roles(
    tmp_path: Path, registry: CollectorRegistry
) -> None:
    app = application(Security(TokenFile(written(tmp_path / "t", LINES)), registry), registry)

    async def certified(scope: dict[str, Any], receive: object, send: object) -> None:
        await app({**scope, CERTIFIED: Caller("rapp", Role.OPERATE)}, receive, send)  # type: ignore[arg-type]

    for token, name in ((None, "rapp"), (TOKENS[Role.READ], "rapp"), (TOKENS[Role.ADMIN], "Admin")):
        async with client(certified, token) as http:  # type: ignore[arg-type]
            assert (await http.get("/v1/things")).json() == name
    async with client(certified, "z" * 40) as http:  # type: ignore[arg-type]
        assert (await http.get("/v1/things")).status_code == 401


async def test_tokens_change_with_their_file_and_are_void_while_it_is_unusable(
    tmp_path: Path, registry: CollectorRegistry
) -> None:
    path = written(tmp_path / "tokens", LINES)
    tokens = TokenFile(path)
    old, new = TOKENS[Role.READ], "n" * 32
    assert tokens.caller(old) == Caller("Read", Role.READ)
    written(path, f"admin new {new}\n")
    assert (tokens.caller(old), tokens.caller(new)) == (None, Caller("new", Role.ADMIN))
    written(path, "nonsense\n")
    assert tokens.caller(new) is None
    path.unlink()
    assert tokens.caller(new) is None
    written(path, LINES)
    assert tokens.caller(old) == Caller("Read", Role.READ)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no token"),
        ("# nothing\n", "holds no token"),
        ("root me " + "s" * 32, "line 1: must read ROLE NAME TOKEN"),
        ("anyone me " + "s" * 32, "line 1: must read ROLE NAME TOKEN"),
        ("read me " + "s" * 31, "line 1"),
        ("# fine\nread me too many " + "s" * 32, "line 2"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_that_tells_no_token(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(ConfigError, match=says) as raised:
        TokenFile(written(tmp_path / "t", text))
    assert "sss" not in str(raised.value)


@pytest.mark.parametrize(("mode", "taken"), [(0o600, True), (0o440, True), (0o644, False), (0o620, False)])
def test_a_file_that_others_can_read_or_change_is_refused(tmp_path: Path, mode: int, taken: bool) -> None:
    path = written(tmp_path / "t", LINES, mode)
    if taken:
        assert TokenFile(path).caller(TOKENS[Role.ADMIN])
        return
    with pytest.raises(ConfigError, match=f"mode {mode:04o} lets others at it"):
        TokenFile(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--rest-tokens .*t: cannot be read: No such file"):
        TokenFile(tmp_path / "t")
