"""A1 policy management before a real A1-P over real HTTP: policies are alike on both sides, or it is told."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from prometheus_client import CollectorRegistry, Counter

from cadran.problem import Frame, Problem, ProblemSpec
from cadran.rapp.a1.client import PolicyType
from cadran.rapp.a1.parts import A1Management
from cadran.rapp.a1.settings import A1ManagementSettings
from cadran.rapp.a1.store import FILE
from cadran.rest import RestTls, Security, add_errors, listen, rest_app, serving
from cadran.runtime import Address, ConfigError
from cadran.runtime.disk import DISK, DiskWatch
from cadran.runtime.http import Health
from cadran.runtime.tls import Tls
from cadran.xapp.a1.parts import A1, Neighbours
from cadran.xapp.a1.settings import A1Settings
from cadran.xapp.a1.store import FILE as XAPP_FILE
from cadran.xapp.guard.limits import Limits
from certified import certificates_in

ROOT = "/a1-policy-management/v1"
RIC = "near-rt-ric"
SLA = "ORAN_SliceSLATarget_1.0.0"
QOS = "ORAN_QoSTarget_1.0.0"
FRAME = Frame(rbs=20, slices=3, ues_per_slice=4, frame_s=0.01, rb_bandwidth_hz=180e3, total_ues=12, dus=2)
AT_XAPP = f"/A1-P/v2/policytypes/{SLA}/policies"


def sla(kbit: float = 5000, sst: int = 1) -> dict[str, Any]:
    scope = {"sliceId": {"sst": sst, "plmnId": {"mcc": "001", "mnc": "01"}}}
    return {"scope": scope, "sliceSlaObjectives": {"guaDlThptPerSlice": kbit}}


def wanted(policy: dict[str, Any], policy_id: str = "p1", **more: Any) -> dict[str, Any]:
    return {
        "nearRtRicId": RIC, "policyTypeId": SLA, "policyId": policy_id, "policyObject": policy, **more,
    }  # fmt: skip


def disk() -> tuple[CollectorRegistry, DiskWatch]:
    registry = CollectorRegistry()
    refusals = Counter("refusals", "x", ("file",), registry=registry)
    return registry, DiskWatch(refusals, Health([DISK]))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def xapp(state: Path, port: int, tls: Tls | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A1-P on a port, with its test-control API; for callers with a certificate only, if it has one."""
    state.mkdir(exist_ok=True)
    registry, watch = disk()
    around = Neighbours(
        problem=Problem(ProblemSpec(), FRAME),
        limits=Limits(),
        rejudge=lambda specs: None,
        plmn_of=lambda du: "00101",
        registry=registry,
        disk=watch,
        unix_s=lambda: 1.0,
    )
    security = None if tls is None else Security(None, registry)
    app = rest_app("xApp", "1", "A1-P", security)
    add_errors(app, {})
    A1(A1Settings(a1_test_control=True), state, around).mount(app)
    with listen(Address("127.0.0.1", port)) as listening:
        async with (
            serving(app, listening, None if tls is None else RestTls(tls, registry)),
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http,
        ):
            yield http


@dataclass
class Rapp:
    """A1 policy management, looked at over REST; looks at the xApp only when told to."""

    http: httpx.AsyncClient
    a1: A1Management
    registry: CollectorRegistry

    async def get(self, path: str) -> Any:
        return (await self.http.get(ROOT + path)).json()

    async def post(self, body: dict[str, Any]) -> httpx.Response:
        return await self.http.post(f"{ROOT}/policies", json=body)

    async def state(self) -> str:
        return str((await self.get(f"/rics/{RIC}"))["state"])

    def right(self, action: str) -> float | None:
        return self.registry.get_sample_value("a1_policy_put_right_total", {"action": action})


@asynccontextmanager
async def rapp(
    state: Path, port: int, tls: Tls | None = None, timeout_s: float = 10.0, **choices: Any
) -> AsyncIterator[Rapp]:
    state.mkdir(exist_ok=True)
    registry, watch = disk()
    settings = A1ManagementSettings.model_validate({"a1_attempts": 1, **choices})
    address = Address("127.0.0.1" if tls is None else "localhost", port)
    a1 = A1Management(settings, state, address, timeout_s, tls, registry, watch)
    app = FastAPI()
    add_errors(app, {})
    a1.mount(app)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://rapp") as http:
        yield Rapp(http, a1, registry)


@asynccontextmanager
async def both(tmp_path: Path, **choices: Any) -> AsyncIterator[tuple[Rapp, httpx.AsyncClient]]:
    port = free_port()
    async with xapp(tmp_path / "x", port) as near, rapp(tmp_path / "r", port, **choices) as non:
        await non.a1.desk.look()
        yield non, near


def is_problem(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


async def test_rics_and_types_are_what_the_near_rt_ric_tells(tmp_path: Path) -> None:
    async with both(tmp_path) as (non, near):
        assert await non.get("/status") == {"status": "success"}
        ric = {"ricId": RIC, "managedElementIds": [], "state": "AVAILABLE", "policyTypeIds": [QOS, SLA]}
        assert await non.get("/rics") == {"rics": [ric]}
        assert await non.get(f"/rics?policyTypeId={SLA}") == {"rics": [ric]}
        assert await non.get("/rics?policyTypeId=other") == {"rics": []}
        assert await non.get(f"/rics/{RIC}") == ric
        is_problem(await non.http.get(f"{ROOT}/rics/other"), 404)
        told = (await near.get(f"/A1-P/v2/policytypes/{SLA}")).json()
        assert await non.get(f"/policy-types/{SLA}") == told
        assert [one["policyTypeId"] for one in await non.get("/policy-types")] == [QOS, SLA]
        name = "/policy-types?typeName=ORAN_SliceSLATarget"
        assert len(await non.get(name)) == 1
        assert len(await non.get(f"{name}&compatibleWithVersion=1.0.0")) == 1
        assert await non.get(f"{name}&compatibleWithVersion=1.2.0") == []
        is_problem(await non.http.get(f"{ROOT}/policy-types?compatibleWithVersion=1.0.0"), 400)
        is_problem(await non.http.get(f"{ROOT}/policy-types/other"), 404)


async def test_a_policy_lives_on_both_sides(tmp_path: Path) -> None:
    async with both(tmp_path) as (non, near):
        made = await non.post(wanted(sla(), serviceId="planner"))
        assert (made.status_code, made.headers["location"]) == (201, f"{ROOT}/policies/p1")
        assert made.json() == {**wanted(sla(), serviceId="planner"), "transient": False}
        assert (await near.get(f"{AT_XAPP}/p1")).json() == sla()
        assert await non.get("/policies") == [{"policyId": "p1", "nearRtRicId": RIC}]
        assert await non.get("/policies?serviceId=other") == []
        assert await non.get("/policies?typeName=ORAN_SliceSLATarget&serviceId=planner") != []
        assert (await non.get("/policies/p1/status"))["enforceReason"] == "OTHER_REASON"
        assert (await non.http.put(f"{ROOT}/policies/p1", json=sla(7000))).json() == sla(7000)
        assert (await near.get(f"{AT_XAPP}/p1")).json() == await non.get("/policies/p1") == sla(7000)
        assert (await non.http.delete(f"{ROOT}/policies/p1")).status_code == 204
        assert (await near.get(f"{AT_XAPP}/p1")).status_code == 404
        is_problem(await non.http.get(f"{ROOT}/policies/p1"), 404)
        unnamed = {key: value for key, value in wanted(sla()).items() if key != "policyId"}
        name = (await non.post(unnamed)).json()["policyId"]
        assert (await near.get(AT_XAPP)).json() == [name]


async def test_what_is_refused_is_told_and_changes_nothing(tmp_path: Path) -> None:
    async with both(tmp_path, a1_policies_most=2) as (non, near):
        await non.post(wanted(sla()))
        for body, status, text in (
            (wanted(sla()), 409, "there is a policy 'p1'"),
            (wanted(sla(1), "p2"), 409, "near-RT RIC refuses: policy 'p1'"),
            (wanted(sla(-1), "p2"), 400, "guaDlThptPerSlice"),
            (wanted({}, "p2"), 400, "'scope' is a required property"),
            (wanted(sla(), "a b"), 400, "policyId"),
            (wanted(sla(), "p2", policyTypeId="x"), 404, "no policy type 'x'"),
            (wanted(sla(), "p2", nearRtRicId="x"), 404, "no near-RT RIC 'x'"),
            ({"policyId": "p2"}, 400, "nearRtRicId"),
            (wanted(sla(), "p2", odd=1), 400, "odd"),
        ):
            assert text in is_problem(await non.post(body), status)
        await near.put(f"{AT_XAPP}/mine", json=sla(sst=3))
        assert "somebody else" in is_problem(await non.post(wanted(sla(sst=2), "mine")), 409)
        assert (await non.post(wanted(sla(sst=2), "p2"))).status_code == 201
        is_problem(await non.post(wanted(sla(sst=3), "p3")), 507)
        assert "refuses" in is_problem(await non.http.put(f"{ROOT}/policies/p2", json=sla()), 409)
        is_problem(await non.http.put(f"{ROOT}/policies/p2", content=b"{"), 400)
        assert sorted((await near.get(AT_XAPP)).json()) == ["mine", "p1", "p2"]


async def test_a_near_rt_ric_that_lost_everything_gets_it_again_but_for_the_transient(tmp_path: Path) -> None:
    port = free_port()
    async with rapp(tmp_path / "r", port) as non:
        await non.a1.desk.look()
        assert await non.state() == "UNAVAILABLE"
        is_problem(await non.post(wanted(sla())), 404)
        async with xapp(tmp_path / "x", port):
            await non.a1.desk.look()
            await non.post(wanted(sla()))
            await non.post(wanted(sla(sst=3), "short", transient=True))
        await non.a1.desk.look()
        for call in (non.post(wanted(sla(), "p2")), non.http.delete(f"{ROOT}/policies/p1")):
            is_problem(await call, 503)
        is_problem(await non.http.get(f"{ROOT}/policies/p1/status"), 503)
        (tmp_path / "x" / XAPP_FILE).unlink()
        async with xapp(tmp_path / "x", port) as near:
            await near.put(f"{AT_XAPP}/theirs", json=sla(sst=2))
            await non.a1.desk.look()
            assert await non.state() == "AVAILABLE"
            assert sorted((await near.get(AT_XAPP)).json()) == ["p1", "theirs"]
            assert [one["policyId"] for one in await non.get("/policies")] == ["p1"]
            assert (non.right("created"), non.right("dropped")) == (1, 1)
            await near.put(f"{AT_XAPP}/p1", json=sla(1))
            non.a1.desk.state = "UNAVAILABLE"
            await non.a1.desk.look()
            assert (await near.get(f"{AT_XAPP}/p1")).json() == sla()
            await near.delete(f"{AT_XAPP}/p1")
            await non.a1.desk.look()
            assert (await near.get(f"{AT_XAPP}/p1")).json() == sla()


async def test_both_sides_speak_mutual_tls(tmp_path: Path) -> None:
    certificates = certificates_in(tmp_path / "certificates")
    port = free_port()
    async with xapp(tmp_path / "x", port, certificates.of("xapp")):
        async with rapp(tmp_path / "r", port, tls=certificates.of("rapp")) as non:
            await non.a1.desk.look()
            assert (await non.post(wanted(sla()))).status_code == 201
            assert (await non.get("/policies/p1/status"))["enforceStatus"] == "NOT_ENFORCED"
            certificates.renew()
            assert (await non.http.put(f"{ROOT}/policies/p1", json=sla(1))).status_code == 200
        strange = Tls(certificates.other_ca("rapp"))
        for tls in (None, strange):
            async with rapp(tmp_path / "s", port, tls=tls) as non:
                await non.a1.desk.look()
                assert await non.state() == "UNAVAILABLE"


async def test_a_creation_without_an_answer_is_taken_back(tmp_path: Path) -> None:
    async with both(tmp_path, timeout_s=5.0) as (non, near):
        real = non.a1.desk._client
        assert real is not None
        given = real.put

        async def lose_the_answer(*call: Any) -> None:
            await given(*call)
            await near.put("/test-control/v1/forced-delay", json={"seconds": 30.0})
            await given(*call)

        real.put = lose_the_answer  # type: ignore[method-assign]
        assert "nothing was changed" in is_problem(await non.post(wanted(sla())), 503)
        real.put = given  # type: ignore[method-assign]
        await near.put("/test-control/v1/forced-delay", json={"seconds": 0.0})
        assert (await near.get(AT_XAPP)).json() == ["p1"]
        assert await non.get("/policies") == []
        async with asyncio.timeout(60):
            while await non.state() != "AVAILABLE":
                await non.a1.desk.look()
        assert (await near.get(AT_XAPP)).json() == []
        assert (await non.post(wanted(sla()))).status_code == 201


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": 7}, "cannot be used"),
        ({"properties": {"a": {"pattern": "["}}}, "cannot be used"),
        ({"$ref": "http://127.0.0.1:1/schema"}, "cannot be used"),
        ({"$ref": "#"}, "cannot be used"),
    ],
)
async def test_a_schema_that_is_none_is_told_and_fetches_nothing(
    tmp_path: Path, schema: dict[str, Any], told: str
) -> None:
    async with both(tmp_path) as (non, _):
        desk = non.a1.desk
        desk._memory = desk.memory.changed(types={SLA: PolicyType(policySchema=schema)})
        assert told in is_problem(await non.post(wanted({"a": "x"})), 502)


LONG_ID = b'["' + 70_000 * b"x" + b'"]'  # longer than any URL


@pytest.mark.parametrize(
    "content", [b"", b"[1]", b'{"policySchema": NaN}', b'["\\ud800"]', b"[" * 9999, LONG_ID]
)
async def test_answers_that_are_none_leave_the_near_rt_ric_unavailable(
    tmp_path: Path, content: bytes
) -> None:
    app = FastAPI()
    app.add_api_route("/{path:path}", lambda: Response(content, media_type="application/json"))
    port = free_port()
    with listen(Address("127.0.0.1", port)) as listening:
        async with serving(app, listening), rapp(tmp_path / "r", port) as non:
            await non.a1.desk.look()
            assert await non.state() == "UNAVAILABLE"


async def test_busy_answers_are_repeated_a_bounded_number_of_times(tmp_path: Path) -> None:
    async with both(tmp_path, a1_attempts=3) as (non, near):
        await near.put("/test-control/v1/forced-response", json={"status": 503, "count": 2})
        assert (await non.post(wanted(sla()))).status_code == 201
        await near.put("/test-control/v1/forced-response", json={"status": 429})
        is_problem(await non.http.put(f"{ROOT}/policies/p1", json=sla(1)), 503)
        assert await non.get("/policies/p1") == sla()


async def test_policies_services_and_configuration_outlive_the_process(tmp_path: Path) -> None:
    port = free_port()
    async with xapp(tmp_path / "x", port) as near:
        async with rapp(tmp_path / "r", port) as non:
            await non.a1.desk.look()
            await non.post(wanted(sla()))
            service = {"serviceId": "planner", "keepAliveIntervalSeconds": 60}
            assert (await non.http.put(f"{ROOT}/services", json=service)).status_code == 201
            assert (await non.http.put(f"{ROOT}/services", json=service)).status_code == 200
            put = await non.http.put(f"{ROOT}/configuration", json={"syncPeriodSeconds": 2})
            assert put.json()["syncPeriodSeconds"] == 2
        await near.delete(f"{AT_XAPP}/p1")
        async with rapp(tmp_path / "r", port) as non:
            assert await non.get("/policies/p1") == sla()
            assert (await non.get("/services/planner"))["keepAliveIntervalSeconds"] == 60
            assert (await non.get("/configuration"))["rics"][0]["address"] == f"127.0.0.1:{port}"
            assert non.a1.desk.sync_period_s == 2
            await non.a1.desk.look()
            assert (await near.get(f"{AT_XAPP}/p1")).status_code == 200
    (tmp_path / "r" / FILE).write_text("{")
    with pytest.raises(ConfigError, match="move it away"):
        async with rapp(tmp_path / "r", port):
            pass


async def test_a_silent_service_goes_with_its_policies_and_one_that_calls_stays(tmp_path: Path) -> None:
    async with both(tmp_path) as (non, near):
        desk, now = non.a1.desk, [0.0]
        desk._now_s = lambda: now[0]
        for name, sst in (("silent", 1), ("there", 2)):
            body = {"serviceId": name, "keepAliveIntervalSeconds": 10}
            await non.http.put(f"{ROOT}/services", json=body)
            await non.post(wanted(sla(sst=sst), name, serviceId=name))
        now[0] = 9.0
        assert (await non.http.put(f"{ROOT}/services/there/keepalive")).status_code == 200
        now[0] = 11.0
        await desk.look()
        assert [one["serviceId"] for one in (await non.get("/services"))["serviceList"]] == ["there"]
        assert (await near.get(AT_XAPP)).json() == ["there"]
        is_problem(await non.http.put(f"{ROOT}/services/silent/keepalive"), 404)
        assert (await non.http.delete(f"{ROOT}/services/there")).status_code == 204
        assert (await near.get(AT_XAPP)).json() == []
        odd = {"serviceId": "odd", "callbackUrl": "http://169.254.169.254/"}
        assert "callbackUrl" in is_problem(await non.http.put(f"{ROOT}/services", json=odd), 400)


async def test_a_service_that_fell_silent_while_the_near_rt_ric_was_away_goes_when_it_is_back(
    tmp_path: Path,
) -> None:
    async with both(tmp_path) as (non, near):
        desk, now = non.a1.desk, [0.0]
        desk._now_s = lambda: now[0]
        await non.http.put(f"{ROOT}/services", json={"serviceId": "silent", "keepAliveIntervalSeconds": 10})
        await non.post(wanted(sla(), serviceId="silent"))
        await near.put("/test-control/v1/forced-response", json={"status": 503, "count": 1})
        await desk.look()
        assert await non.state() == "UNAVAILABLE"
        now[0] = 11.0
        await desk.look()
        assert await non.state() == "AVAILABLE"
        assert (await non.get("/services"))["serviceList"] == []
        assert (await near.get(AT_XAPP)).json() == []


async def test_services_are_called_back_when_the_near_rt_ric_is_available(tmp_path: Path) -> None:
    got: list[Any] = []

    async def receive(request: Request) -> Response:
        got.append(await request.json())
        return Response(status_code=204)

    app = FastAPI()
    app.add_api_route("/back", receive, methods=["POST"])
    port = free_port()
    with listen(Address("127.0.0.1", 0)) as listening:
        back = f"http://127.0.0.1:{listening.getsockname()[1]}/back"
        async with serving(app, listening), rapp(tmp_path / "r", port, a1_sync_period_s=0.05) as non:
            await non.http.put(f"{ROOT}/services", json={"serviceId": "planner", "callbackUrl": back})
            running = asyncio.create_task(non.a1.run())
            async with xapp(tmp_path / "x", port), asyncio.timeout(60):
                while not got:
                    await asyncio.sleep(0.02)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    assert got[0] == {"eventType": "AVAILABLE", "ricId": RIC}
