"""E2 and E3 under mutual TLS: who is told of which certificates."""

from pathlib import PurePosixPath
from typing import Any

import pytest
from rendering import NAME, SERVICES, Rendered, render

FILES = {"CA": "/run/cadran/tls/ca.crt", "CERT": "/run/cadran/tls/tls.crt", "KEY": "/run/cadran/tls/tls.key"}
SECURED = ("dapp", "ransim", "xapp")


@pytest.fixture
def secured() -> Rendered:
    return render({"tls": {"enabled": True}})


def mounts(rendered: Rendered, service: str) -> list[dict[str, Any]]:
    return [one for one in rendered.container(service)["volumeMounts"] if one["name"] == "tls"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_told_where_its_certificates_are(secured: Rendered, service: str) -> None:
    prefix = f"CADRAN_{service.upper()}_TLS_"
    told = {
        name.removeprefix(prefix): value
        for name, value in secured.environment(service).items()
        if name.startswith(prefix)
    }
    assert told == (FILES if service in SECURED else {})
    volumes = [one for one in secured.pods()[service]["spec"]["volumes"] if one["name"] == "tls"]
    if service not in SECURED:
        assert volumes == mounts(secured, service) == []
        return
    assert [one["secret"]["secretName"] for one in volumes] == [f"{NAME}-{service}-tls"]
    assert {one["secret"]["defaultMode"] for one in volumes} == {0o440}


@pytest.mark.parametrize("service", ["ransim", "xapp"])
def test_renewed_certificates_reach_a_running_pod(secured: Rendered, service: str) -> None:
    """A whole secret as a folder is kept up to date; a file of one by `subPath` is not."""
    (mount,) = mounts(secured, service)
    assert mount == {"name": "tls", "mountPath": "/run/cadran/tls", "readOnly": True}


def test_a_dapp_sees_its_own_key_only(secured: Rendered) -> None:
    found = mounts(secured, "dapp")
    assert {one["mountPath"] for one in found} == set(FILES.values())
    of_pod = {one["subPathExpr"] for one in found if PurePosixPath(one["mountPath"]).stem == "tls"}
    assert of_pod == {"$(POD_NAME).crt", "$(POD_NAME).key"}
    named = [one for one in secured.container("dapp")["env"] if one["name"] == "POD_NAME"]
    assert named[0]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}


def test_nothing_of_it_is_there_unless_it_is_asked_for() -> None:
    for service in SERVICES:
        assert not mounts(render(), service)
        assert not [name for name in render().environment(service) if "_TLS" in name]
