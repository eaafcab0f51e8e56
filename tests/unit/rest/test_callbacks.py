"""A URI in a request reaches only what the deployment allows."""

from __future__ import annotations

import pytest

from cadran.rest.callbacks import LOOPBACK_AND_PRIVATE, CallbackRules, ForbiddenDestinationError

RULES = CallbackRules((*LOOPBACK_AND_PRIVATE, "status.example.org"))


@pytest.mark.parametrize(
    ("uri", "host", "port"),
    [
        ("http://127.0.0.1:8091/x?y=1", "127.0.0.1", 8091),
        ("https://10.1.2.3", "10.1.2.3", 443),
        ("http://[::1]/", "::1", 80),
        ("http://[::ffff:192.168.0.1]/", "::ffff:192.168.0.1", 80),
        ("http://rapp:8091/status", "rapp", 8091),
        ("http://rapp-0.rapp.ns.svc.cluster.local./1", "rapp-0.rapp.ns.svc.cluster.local.", 80),
        ("http://3com.example/", "3com.example", 80),
        ("HTTPS://Status.Example.Org/", "status.example.org", 443),
    ],
)
def test_allowed_uris_are_read(uri: str, host: str, port: int) -> None:
    found = RULES.check(uri)
    assert (found.host, found.port) == (host, port)
    assert found.trusted == (host == "status.example.org")


@pytest.mark.parametrize(
    "uri",
    [
        "", "x", "/path", "file:///etc/passwd", "gopher://127.0.0.1/", "http://", "http:///x",
        "http://8.8.8.8/", "http://169.254.169.254/latest/meta-data", "http://[fe80::1]/", "http://0.0.0.0/",
        "http://[::ffff:169.254.169.254]/", "http://user@127.0.0.1/", "http://127.0.0.1/#x",
        "http://127.0.0.1:0/", "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "http://a b/",
        "http://127.0.0.1/\r\nHost: x", "http://ex\u00e4mple/", "http://[::1", "http://-a/",
        "http://127.0.0.01/", "http://127.1/", "http://2130706433/", "http://a.0x7f/", "http://127.0.0.1./",
        "http://127.0.0.1/" + "x" * 2000,
    ],
)  # fmt: skip
def test_everything_else_is_forbidden(uri: str) -> None:
    with pytest.raises(ForbiddenDestinationError):
        RULES.check(uri)


def test_a_rule_is_a_network_or_a_name() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8"):
        CallbackRules(["10.0.0.1/8"])
