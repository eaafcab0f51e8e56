"""What docker-compose.yml and the Dockerfiles say, with every variable at its default."""

from __future__ import annotations

import re
from typing import Any

import yaml
from rendering import ROOT, SERVICES

_VARIABLE = re.compile(r"\$\{[A-Z_]+:-([^}]*)\}")
_FAMILIES = {"dapp": "dapp", "ransim": "ransim", "xapp": "learner", "rapp": "learner"}


def compose() -> dict[str, Any]:
    """The file's content."""
    return yaml.safe_load(_VARIABLE.sub(r"\1", (ROOT / "docker-compose.yml").read_text()))


def service_of(name: str) -> str:
    """`dapp` of `dapp-3`; other names are services themselves."""
    return "dapp" if name.startswith("dapp-") else name


def of(service: str) -> dict[str, Any]:
    """A service's entry; of the dApps, that of DU 3."""
    return compose()["services"]["dapp-3" if service == "dapp" else service]


def dockerfile(service: str) -> str:
    """The text of its image's Dockerfile, with continued lines joined."""
    text = (ROOT / "deploy" / "images" / f"{_FAMILIES[service]}.Dockerfile").read_text()
    return text.replace("\\\n", " ")


def environment(service: str) -> dict[str, str]:
    """The service's own variables: those of its image, and the entry's over them."""
    prefix = f"CADRAN_{service.upper()}_"
    lines = [line for line in dockerfile(service).splitlines() if line.startswith("ENV ")]
    words = [word for line in lines for word in line.removeprefix("ENV ").split()]
    image = dict(word.split("=", 1) for word in words if word.startswith(prefix))
    return image | of(service)["environment"]


def neighbours() -> set[frozenset[str]]:
    """Pairs of services that share a network."""
    members: dict[str, set[str]] = {}
    for name, entry in compose()["services"].items():
        for network in entry.get("networks", ()):
            members.setdefault(network, set()).add(name)
    known = (*SERVICES, "redis")
    pairs = {frozenset((a, b)) for names in members.values() for a in names for b in names if a != b}
    by_service = {frozenset(service_of(name) for name in pair) for pair in pairs}
    dapps_together = {pair for pair in pairs if all(name.startswith("dapp-") for name in pair)}
    return {pair for pair in by_service if pair <= set(known) and len(pair) == 2} | dapps_together
