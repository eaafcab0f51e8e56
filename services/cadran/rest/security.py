"""Who may call what over REST: a role for each route, shown by a bearer token or a client certificate.

A route says what it asks for with `requires`. One that says nothing asks for `Role.READ` where it is safe
(GET, HEAD) and for `Role.OPERATE` where it is not, so that a route that is forgotten is not open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.params import Depends as Dependency
from prometheus_client import CollectorRegistry, Counter
from starlette.exceptions import HTTPException

from cadran.rest.errors import DescribedApp
from cadran.rest.settings import RestSettings
from cadran.rest.tokens import NOBODY, Caller, Role, TokenFile

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CERTIFIED = "cadran.caller"
"""Key of the ASGI scope under which the server puts the `Caller` that a client certificate names."""


class Security:
    """Says who calls, and counts who is refused.

    Args:
        tokens: the tokens that are known; None: only certificates tell who calls.
        registry: where `cadran_rest_refused_total` lives.
    """

    def __init__(self, tokens: TokenFile | None, registry: CollectorRegistry) -> None:
        self._tokens = tokens
        self._refused = Counter(
            "cadran_rest_refused_total",
            "REST calls refused for want of a credential, for an unknown one, or for a role too low",
            ("reason",),
            registry=registry,
        )
        for reason in ("no credential", "unknown token", "role too low"):
            self._refused.labels(reason)

    def admit(self, request: Request, role: Role) -> Caller:
        """Who calls, if the call is allowed.

        Raises:
            HTTPException: 401 without a credential or with an unknown token, 403 with a role too low.
        """
        caller = self._caller(request)
        if caller.role >= role:
            return caller
        if caller is NOBODY:
            raise self._unauthenticated("no credential", f"the role {role.name.lower()} is needed")
        self._refused.labels("role too low").inc()
        detail = f"{caller.name} has the role {caller.role.name.lower()}; {role.name.lower()} is needed"
        raise HTTPException(403, detail)

    def _caller(self, request: Request) -> Caller:
        certified: Caller = request.scope.get(CERTIFIED, NOBODY)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if self._tokens is None or scheme.lower() != "bearer":
            return certified
        named = self._tokens.caller(token.strip())
        if named is None:
            raise self._unauthenticated("unknown token", "the bearer token is not known")
        return max(certified, named, key=lambda caller: caller.role)

    def _unauthenticated(self, reason: str, detail: str) -> HTTPException:
        self._refused.labels(reason).inc()
        return HTTPException(401, detail, {"WWW-Authenticate": "Bearer"})


@dataclass(frozen=True)
class _Requirement:
    role: Role

    async def __call__(self, request: Request) -> None:
        _admit(request, self.role)


def requires(role: Role) -> Any:
    """A dependency of a route or a router: the call needs this role.

    Where a router and its route both ask, both must be met; `Role.ANYONE` opens a route to all.

    Example:
        `@router.delete("/policies/{du}/pin", dependencies=[requires(Role.OPERATE)])`
    """
    return Depends(_Requirement(role))


def caller_of(request: Request) -> Caller:
    """Who made an admitted call; `NOBODY` where nothing is asked of callers."""
    caller: Caller = getattr(request.state, "caller", NOBODY)
    return caller


def rest_app(title: str, version: str, description: str, security: Security | None) -> FastAPI:
    """An application whose routes ask for roles.

    Args:
        title, version, description: what its documentation says.
        security: says who calls; None: nothing is asked of callers.
    """
    app = DescribedApp(
        title=title,
        version=version,
        description=description,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(_unless_it_says)],
    )
    app.state.security = security
    return app


async def _unless_it_says(request: Request) -> None:
    """What a route asks for that says nothing itself."""
    dependencies: list[Dependency] = getattr(request.scope["route"], "dependencies", [])
    asked: list[Callable[..., Any] | None] = [one.dependency for one in dependencies]
    if not any(isinstance(one, _Requirement) for one in asked):
        _admit(request, Role.READ if request.method in _SAFE else Role.OPERATE)


def _admit(request: Request, role: Role) -> None:
    security: Security | None = getattr(request.app.state, "security", None)
    if security is not None and role is not Role.ANYONE:
        request.state.caller = security.admit(request, role)


def security_of(settings: RestSettings, registry: CollectorRegistry, tls: bool) -> Security | None:
    """What a service's settings ask of its callers; None: nothing.

    Args:
        settings: the service's.
        registry: where what is refused is counted.
        tls: whether client certificates may tell who calls.

    Raises:
        ConfigError: the file of tokens cannot be used.
    """
    if settings.rest_tokens is None and not tls:
        return None
    return Security(TokenFile(settings.rest_tokens) if settings.rest_tokens else None, registry)
