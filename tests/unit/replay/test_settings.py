"""The password of Redis comes from a file, and never shows."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from bad_configuration import refusal
from cadran.rapp import __main__ as rapp
from cadran.rapp.settings import RappSettings
from cadran.replay.redis_store import connect, connect_async
from cadran.replay.settings import RedisSettings
from cadran.runtime import load_settings
from cadran.xapp import __main__ as xapp
from cadran.xapp.settings import XappSettings

URL = "redis://redis:6379/0"


@pytest.mark.parametrize(
    ("content", "password"),
    [("s3cret", "s3cret"), ("s3cret\n", "s3cret"), ("p@ss / w:rd\r\n", "p@ss / w:rd")],
)
def test_the_file_s_line_is_the_password(content: str, password: str, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(content)
    settings = RedisSettings(redis=URL, redis_password_file=file)
    assert settings.redis_password == password
    for made in (
        connect(URL, 1.0, settings.redis_password),
        connect_async(URL, 1.0, settings.redis_password),
    ):
        assert made.connection_pool.connection_kwargs["password"] == password
    assert password not in repr(settings)


def test_without_a_file_the_url_s_password_counts() -> None:
    assert RedisSettings(redis=URL).redis_password is None
    client = connect("redis://:of-url@redis:6379/0", 1.0, None)
    assert client.connection_pool.connection_kwargs["password"] == "of-url"


def test_both_services_take_the_file_from_their_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_text("s3cret\n")
    for prefix, model in (("CADRAN_XAPP_", XappSettings), ("CADRAN_RAPP_", RappSettings)):
        monkeypatch.setenv(f"{prefix}REDIS_PASSWORD_FILE", str(file))
        assert load_settings(model, None, prefix, {"scenario": "s.yaml"}).redis_password == "s3cret"


@pytest.mark.parametrize("service", [xapp, rapp])
@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "No such file"),
        (b"", "one line"),
        (b"\n", "one line"),
        (b"s3cret\nmore\n", "one line"),
        (b"s3cret\xff\n", "not UTF-8"),
    ],
)
def test_a_file_without_a_password_is_one_line_that_does_not_tell_it(
    service: ModuleType,
    content: bytes | None,
    text: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    arguments = ["--scenario", "s.yaml", "--redis-password-file", str(file)]
    line = refusal(service.main, arguments, service.ENVIRONMENT_PREFIX, capsys, monkeypatch)
    assert line.startswith("--redis-password-file = ")
    assert text in line
    assert "s3cret" not in line


def test_two_passwords_are_refused_without_telling_either(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_text("s3cret\n")
    arguments = ["--scenario", "s.yaml", "--redis", "redis://:other@redis:6379/0"]
    arguments += ["--redis-password-file", str(file)]
    line = refusal(xapp.main, arguments, xapp.ENVIRONMENT_PREFIX, capsys, monkeypatch)
    assert "the URL names a password as well" in line
    assert not {"s3cret", "other"} & set(line.replace(":", " ").replace("@", " ").split())
