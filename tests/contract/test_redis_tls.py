"""Redis with a password and mutual TLS: who may read and write experience, and who may not."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from cadran.replay.redis_server import RedisSecrets, find_redis_server, redis_command, speaks_tls
from cadran.replay.redis_store import RedisTls, connect, connect_async
from cadran.runtime import ConfigError, load_settings
from cadran.runtime.tls import TlsFiles
from cadran.xapp.settings import XappSettings
from certified import Certificates, certificates_in
from redis_server import RedisServer

PASSWORD = "a-password-of-this-test-alone"
pytestmark = pytest.mark.skipif(
    not speaks_tls(find_redis_server()),
    reason="the redis-server here was built without TLS; Debian's has it: apt-get install redis-server",
)


@dataclass
class Kept:
    url: str
    certificates: Certificates


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("redis")
    certificates = certificates_in(folder)
    config = folder / "redis.conf"
    config.write_text(f"requirepass {PASSWORD}\n")
    own = certificates.files("redis")
    server = RedisServer(folder)
    secrets = RedisSecrets(config, (own.ca, own.cert, own.key))
    process = subprocess.Popen(
        redis_command(find_redis_server(), server.port, folder, secrets), stdout=subprocess.DEVNULL
    )
    made = Kept(f"rediss://127.0.0.1:{server.port}/0", certificates)
    try:
        deadline_s = time.monotonic() + 60.0
        while not reads(made, certificates.files("xapp"), PASSWORD):
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        yield made
    finally:
        process.terminate()
        process.wait(60)


def client_tls(files: TlsFiles) -> RedisTls:
    return RedisTls(files.ca, files.cert, files.key)


def reads(kept: Kept, files: TlsFiles | None, password: str | None, url: str | None = None) -> bool:
    tls = client_tls(files) if files else None
    with connect(url or kept.url, 5.0, password, tls) as client:
        try:
            client.set("cadran:test", b"1")
            return client.get("cadran:test") is not None
        except (RedisError, OSError):
            return False


async def test_both_clients_write_and_read_over_tls(kept: Kept) -> None:
    files = kept.certificates.files("rapp")
    assert reads(kept, files, PASSWORD)
    client = connect_async(kept.url, 5.0, PASSWORD, client_tls(files))
    assert await client.get("cadran:test") == b"1"
    await client.aclose()


def test_strangers_read_and_write_nothing(kept: Kept) -> None:
    certificates, own = kept.certificates, kept.certificates.files("xapp")
    clear = kept.url.replace("rediss", "redis")
    assert not reads(kept, own, None)
    assert not reads(kept, own, "another-password")
    assert not reads(kept, None, PASSWORD, clear)
    assert not reads(kept, certificates.other_ca("xapp"), PASSWORD)
    assert not reads(kept, certificates.expired(certificates.subject("rapp")), PASSWORD)
    with connect(kept.url, 5.0, PASSWORD, RedisTls(own.ca)) as client, pytest.raises((RedisError, OSError)):
        client.get("cadran:test")  # believes the server, and shows no certificate
    assert reads(kept, own, PASSWORD)  # the server lives


def test_a_server_that_another_ca_has_signed_is_not_believed(kept: Kept, tmp_path: Path) -> None:
    theirs = certificates_in(tmp_path).files("xapp")
    assert not reads(kept, theirs, PASSWORD)


def test_a_service_is_told_by_its_settings(kept: Kept, tmp_path: Path) -> None:
    own = kept.certificates.files("xapp")
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    given = {"scenario": "any.yaml", "redis": kept.url, "redis_password_file": str(password)}
    tls = {f"tls_{name}": str(path) for name, path in vars(own).items()}
    settings = load_settings(XappSettings, None, "CADRAN_TEST_", given | tls)
    chosen = settings.redis_tls(settings.tls_ca, settings.tls_cert, settings.tls_key)
    with connect(settings.redis, 5.0, settings.redis_password, chosen) as client:
        assert client.ping()
    with pytest.raises(ConfigError, match="redis_ca: means something only where redis begins with rediss"):
        load_settings(
            XappSettings, None, "CADRAN_TEST_", {"scenario": "a", "redis_ca": "x", "redis": "redis://h"}
        )
