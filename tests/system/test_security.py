"""`cadran up --tls`: every interface is tried by strangers while the loop runs; certificates are renewed."""

from __future__ import annotations

import json
import re
import signal
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import httpx
import psutil
import pytest
from redis.exceptions import RedisError

from cadran.replay.redis_store import RedisTls, connect
from cadran.rest import Role
from cadran.runtime.http import PATHS
from cadran.runtime.tls import Tls, TlsFiles
from cadran.testbed.certificates import issue, load_authority, make, renew, subjects, utc_now
from cadran.testbed.secured import redis_access_of
from cadran.wire import e2_session, e3_session
from cadran.wire.causes import from_proto
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from certified import files_in
from running import QUICK_RAPP, Run

pytestmark = pytest.mark.timeout(700)
OVERRIDES = (
    *("hierarchy.decision_frames=5", "world.episode_frames=10"),
    *("meta.higher.hidden=[8]", "meta.lower.hidden=[8]"),
    *("meta.higher.batch_size=4", "meta.lower.batch_size=8"),
)
START_S = 300.0
"""Three services that import torch at once, on a machine with other work."""
STRANGERS = ("nobody", "other CA", "expired")
ROLLBACKS = {"xapp": ("/v1/policies/0/rollback", {"version": 1}), "rapp": ("/v1/training/resume", None)}
LOOKS = {"xapp": "/v1/policies/0", "rapp": "/v1/training"}


class Secured:
    """A secured run, and the certificates of those who should not get in."""

    def __init__(self, run: Run, elsewhere: Path) -> None:
        self.run = run
        self.tls = run.folder / "tls"
        self._elsewhere = elsewhere
        make(elsewhere / "other CA", subjects(2, {}), 30.0, utc_now())
        self._expire("expired")

    def _expire(self, name: str) -> None:
        authority = load_authority(self.tls, utc_now())
        for subject in subjects(2, {}):
            place = self._elsewhere / name / subject.name
            place.mkdir(parents=True)
            cert, key = issue(authority, subject, -1.0, utc_now())
            (place / "ca.crt").write_bytes((self.tls / "ca" / "ca.crt").read_bytes())
            (place / "tls.crt").write_bytes(cert)
            (place / "tls.key").touch(0o600)
            (place / "tls.key").write_bytes(key)

    def own(self, name: str) -> TlsFiles:
        return files_in(self.tls / name)

    def stranger(self, kind: str, name: str) -> TlsFiles | None:
        """Certificates of a stranger who goes for `name`, and believes our servers; None: without any."""
        if kind == "nobody":
            return None
        theirs = files_in(self._elsewhere / kind / name)
        theirs.ca.write_bytes((self.tls / "ca" / "ca.crt").read_bytes())
        return theirs

    def anonymous(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.tls / "ca" / "ca.crt")

    def token(self, role: Role) -> str:
        lines = (self.tls / "tokens").read_text().splitlines()
        return next(line.split()[2] for line in lines if line.startswith(role.name.lower()))

    def address(self, flag: str) -> str:
        for service in self.run.services():
            with suppress(psutil.Error):
                words = service.cmdline()
                if flag in words:
                    return words[words.index(flag) + 1]
        raise AssertionError(f"no service has {flag}")

    def base(self, service: str) -> str:
        url: str = json.loads((self.run.folder / "run.json").read_text())["metrics"][service]
        return url.removesuffix("/metrics")

    def rest(self, service: str, files: TlsFiles | None, token: str | None = None) -> httpx.Client:
        context = self.anonymous() if files is None else Tls(files).client_context()
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.base(service), verify=context, headers=headers, timeout=60.0)

    def counted(self, service: str, sample: str) -> float:
        """The sum of a metric's samples that match."""
        with self.rest(service, None) as http:
            lines = http.get("/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if re.match(sample, line))


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    sets = [word for override in OVERRIDES for word in ("--set", override)]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUICK_RAPP.items():
            patch.setenv(name, value)
        run = Run(folder / "run", "--tls", *sets)
    try:
        run.until(lambda: min(run.progress()[:2]) > 100, "frames run and transitions are stored", START_S)
        run.until(lambda: "iterations" in run.status("rapp"), "the rApp serves", START_S)
        yield Secured(run, folder)
    finally:
        run.discard()


@pytest.mark.parametrize("service", ["xapp", "rapp"])
def test_rest_asks_for_a_role(secured: Secured, service: str) -> None:
    path, body = ROLLBACKS[service]
    refused = secured.counted(service, "cadran_rest_refused_total")
    with secured.rest(service, None, secured.token(Role.READ)) as http:
        before = http.get(LOOKS[service]).json()
        assert http.post(path, json=body).status_code == 403
    for files, token in ((None, None), (None, "x" * 40), (secured.own("dapp-0"), None)):
        with secured.rest(service, files, token) as http:
            assert http.get(LOOKS[service]).status_code in (401, 403)
            assert http.post(path, json=body).status_code in (401, 403)
    with secured.rest(service, secured.own("reader")) as http:
        assert http.post(path, json=body).status_code == 403
        after = http.get(LOOKS[service]).json()
    assert (before.get("target") or {}).get("pinned") == (after.get("target") or {}).get("pinned")
    assert secured.counted(service, "cadran_rest_refused_total") == refused + 8
    for files, token in ((None, secured.token(Role.OPERATE)), (secured.own("operator"), None)):
        with secured.rest(service, files, token) as http:
            assert http.post(path, json=body).status_code not in (401, 403)


@pytest.mark.parametrize("service", ["xapp", "rapp"])
def test_no_route_is_open(secured: Secured, service: str) -> None:
    with secured.rest(service, None) as nobody, secured.rest(service, secured.own("reader")) as reader:
        described = nobody.get("/openapi.json").json()["paths"]
        calls = [
            (method.upper(), re.sub(r"{\w+}", "0", path))
            for path, methods in described.items()
            for method in methods
            if path not in PATHS
        ]
        assert len(calls) > 15
        for method, path in calls:
            assert nobody.request(method, path).status_code == 401, (method, path)
            if method != "GET" and not path.endswith("/action"):
                assert reader.request(method, path).status_code == 403, (method, path)


@pytest.mark.parametrize("service", ["xapp", "rapp"])
@pytest.mark.parametrize("kind", ["other CA", "expired"])
def test_rest_ends_a_connection_whose_certificate_cannot_be_believed(
    secured: Secured, service: str, kind: str
) -> None:
    failed = failed_handshakes(secured, service)
    with secured.rest(service, secured.stranger(kind, "admin")) as http, pytest.raises(httpx.TransportError):
        http.get(LOOKS[service])
    secured.run.until(lambda: failed_handshakes(secured, service) > failed, "the attempt is counted")
    clear = secured.base(service).replace("https", "http")
    with pytest.raises(httpx.TransportError):
        httpx.get(clear + LOOKS[service], timeout=60.0)
    with secured.rest(service, secured.own("admin")) as http:
        assert http.get(LOOKS[service]).status_code == 200


def failed_handshakes(secured: Secured, service: str) -> float:
    name = "cadran_rest_tls_handshakes_total"
    begun, completed = (f'{name}{{stage="{stage}"}}' for stage in ("begun", "completed"))
    return secured.counted(service, re.escape(begun)) - secured.counted(service, re.escape(completed))


def asked(secured: Secured, side: str, files: TlsFiles | None, du: int) -> Any:
    """The first answer on E2 or E3 to a setup for a DU."""
    if files is None:
        credentials = grpc.ssl_channel_credentials((secured.tls / "ca" / "ca.crt").read_bytes())
    else:
        credentials = Tls(files).channel_credentials()
    if side == "e3":
        flag, service = "--e3-listen", e3_session.E3_SERVICE
        setup = e3ap_pb2.SetupRequest(dapp_id=1, du_id=du, e3ap_protocol_version="1.0")
        first = e3_session.serialise(1, "setup_request", setup)
    else:
        flag, service = "--e2-listen", e2_session.E2_SERVICE
        node = e2ap_pb2.GlobalE2NodeId(plmn_identity="00101", gnb_id=1, gnb_du_id=du)
        first = e2_session.serialise("e2_setup_request", e2ap_pb2.E2SetupRequest(global_e2_node_id=node))
    options = (("grpc.use_local_subchannel_pool", 1),)
    with grpc.secure_channel(secured.address(flag), credentials, options) as channel:
        call = channel.stream_stream(f"/{service}/Connect")(iter([first]), timeout=60.0)
        answer = next(call)
        with suppress(grpc.RpcError):
            list(call)  # to the end: the server counts when it has told
    return (e3_session if side == "e3" else e2_session).parse(answer)


@pytest.mark.parametrize("side", ["e2", "e3"])
@pytest.mark.parametrize("kind", STRANGERS)
def test_a_stranger_gets_no_answer_on_e2_and_e3(secured: Secured, side: str, kind: str) -> None:
    server, goes_for = ("ransim", "dapp-0") if side == "e3" else ("xapp", "ransim")
    begun = secured.counted(server, f"{side}_tls_handshakes_total")
    opened = secured.counted(server, f"{side}_sessions_opened_total")
    with pytest.raises(grpc.RpcError) as raised:
        asked(secured, side, secured.stranger(kind, goes_for), du=0)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE  # type: ignore[attr-defined]
    assert secured.counted(server, f"{side}_tls_handshakes_total") > begun
    assert secured.counted(server, f"{side}_sessions_opened_total") == opened
    frames = secured.run.progress()[0]
    secured.run.until(lambda: secured.run.progress()[0] > frames, "frames go on")


@pytest.mark.parametrize("side", ["e2", "e3"])
def test_the_certificate_of_another_du_is_refused_with_a_cause(secured: Secured, side: str) -> None:
    server = "ransim" if side == "e3" else "xapp"
    refused = f'{side}_sessions_closed_total{{cause="dapp/not-authorised"}}'
    before = secured.counted(server, re.escape(refused))
    answer = asked(secured, side, secured.own("dapp-1"), du=0)
    told = answer.setup_response if side == "e3" else answer.e2_setup_failure
    assert from_proto(told.cause).label == "dapp/not-authorised"
    secured.run.until(
        lambda: secured.counted(server, re.escape(refused)) == before + 1, "the refusal is counted"
    )


def test_redis_tells_strangers_nothing(secured: Secured) -> None:
    url = json.loads((secured.run.folder / "run.json").read_text())["redis"]["url"]
    access = redis_access_of(secured.tls, url)

    def keys(password: str | None, tls: RedisTls | None, where: str = url) -> int:
        with connect(where, 5.0, password, tls) as client:
            try:
                return len(list(client.scan_iter("cadran:*")))
            except (RedisError, OSError):
                return 0

    assert keys(access.password, access.tls) > 0
    assert keys(None, access.tls) == 0
    assert keys("another", access.tls) == 0
    if access.tls is None:
        return  # this redis-server was built without TLS: it has its password, on loopback
    assert keys(access.password, None, url.replace("rediss", "redis")) == 0
    for kind in ("other CA", "expired"):
        files = secured.stranger(kind, "xapp")
        assert files is not None
        assert keys(access.password, RedisTls(files.ca, files.cert, files.key)) == 0
    assert keys(access.password, RedisTls(access.tls.ca)) == 0


def shown(secured: Secured) -> bytes:
    """The certificate that the E3 agent shows now."""
    host, _, port = secured.address("--e3-listen").rpartition(":")
    return ssl.get_server_certificate((host, int(port)), timeout=60.0).encode()


def test_certificates_are_renewed_while_the_loop_runs(secured: Secured) -> None:
    run = secured.run
    services = {word: run.child(word) for word in ("cadran.ransim", "cadran.xapp", "cadran.rapp")}
    dapp = run.child("cadran.dapp", "--du 0")
    assert dapp is not None
    before = {name: (secured.tls / name / "tls.crt").read_bytes() for name in ("ransim", "dapp-0")}
    renew(secured.tls, 30.0, utc_now())
    after = {name: (secured.tls / name / "tls.crt").read_bytes() for name in before}
    assert all(before[name] != after[name] for name in before)
    with suppress(ssl.SSLError):  # TLS 1.3 may tell of the missing client certificate first
        assert shown(secured).split() == after["ransim"].split()
    psutil.Process(dapp).send_signal(signal.SIGKILL)
    run.until(lambda: run.child("cadran.dapp", "--du 0") not in (None, dapp), "the dApp is started again")
    frame, stored, _ = run.progress()
    run.until(
        lambda: run.progress()[0] > frame + 100 and run.progress()[1] > stored + 100,
        "transitions of new connections come with renewed certificates",
    )
    run.until(lambda: all(du["connected"] for du in run.status("ransim")["dus"]), "every dApp is there")
    assert {word: run.child(word) for word in services} == services  # nobody was restarted
    with secured.rest("xapp", secured.own("reader")) as http:
        assert http.get(LOOKS["xapp"]).status_code == 200


def test_no_secret_is_in_a_log(secured: Secured) -> None:
    secured.run.end()
    secrets = [line.split()[2] for line in (secured.tls / "tokens").read_text().splitlines()]
    secrets.append((secured.tls / "redis-password").read_text().strip())
    for key in secured.tls.rglob("*.key"):
        secrets += [line for line in key.read_text().splitlines() if not line.startswith("-----")]
    told = [*(secured.run.folder / "logs").iterdir(), *secured.run.folder.glob("*.*")]
    assert len(told) > 6
    for path in told:
        text = path.read_text(errors="replace")
        assert "PRIVATE KEY" not in text, path
        assert not [secret for secret in secrets if secret in text], path
