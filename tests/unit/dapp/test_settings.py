"""Which DU a dApp serves, as people and orchestrators say it."""

from __future__ import annotations

import socket

import pytest

from bad_configuration import refusal
from cadran.dapp.__main__ import main, parser
from cadran.dapp.settings import ENVIRONMENT_PREFIX, DappSettings
from cadran.runtime import load_settings


def du(*arguments: str) -> int:
    flags = vars(parser().parse_args(["--scenario", "s.yaml", *arguments]))
    return load_settings(DappSettings, flags.pop("config"), ENVIRONMENT_PREFIX, flags).du


@pytest.mark.parametrize(
    ("host", "served"),
    [
        ("cadran-dapp-3", 3),
        ("dapp-0", 0),
        ("dapp-12", 12),
        ("a-1-b-07", 7),
        ("dapp-5.cadran-dapp.ran.svc.cluster.local", 5),
    ],
)
def test_the_host_name_says_which_du(host: str, served: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    assert du("--du", "hostname") == served
    monkeypatch.setenv("CADRAN_DAPP_DU", "hostname")
    assert du() == served


def test_a_number_does_not_look_at_the_host_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "dapp-3")
    assert du("--du", "4") == 4


@pytest.mark.parametrize(
    ("host", "value", "text"),
    [
        ("4f3a9c12b456", "hostname", "host's name '4f3a9c12b456' does not end in an ordinal"),
        ("dapp-x", "hostname", "'dapp-x'"),
        ("dapp-3-", "hostname", "'dapp-3-'"),
        ("dapp.ran-3", "hostname", "'dapp.ran-3'"),
        ("", "hostname", "''"),
        ("dapp-100", "hostname", "100"),
        ("dapp-3", "Hostname", "integer"),
        ("dapp-3", "-1", "-1"),
    ],
)
def test_no_du_is_one_line_and_status_2(
    host: str,
    value: str,
    text: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    line = refusal(main, ["--scenario", "s.yaml", f"--du={value}"], ENVIRONMENT_PREFIX, capsys, monkeypatch)
    assert line.startswith("--du = ")
    assert text in line
