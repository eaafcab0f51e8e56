"""A1-P answers as A1AP says, whatever it is asked."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft7Validator

from cadran.runtime import ConfigError
from cadran.xapp.a1.store import FILE, PolicyFile

from ..test_rest import is_problem
from .scene import QOS, SLA, Scene, path, qos, sla


async def test_types_are_listed_with_schemas_that_are_schemas(tmp_path: Path) -> None:
    async with Scene(tmp_path).http() as http:
        listed = (await http.get("/A1-P/v2/policytypes")).json()
        assert listed == [QOS, SLA]
        for type_id in listed:
            found = (await http.get(f"/A1-P/v2/policytypes/{type_id}")).json()
            assert set(found) == {"policySchema", "statusSchema"}
            for schema in found.values():
                Draft7Validator.check_schema(schema)
        is_problem(await http.get("/A1-P/v2/policytypes/ORAN_Other_1.0.0"), 404)


async def test_a_policy_is_created_replaced_read_and_deleted(tmp_path: Path) -> None:
    async with Scene(tmp_path).http() as http:
        first = await http.put(path("p1"), json=sla(guaDlThptPerSlice=5000))
        assert (first.status_code, first.headers["location"]) == (201, path("p1"))
        assert first.json() == sla(guaDlThptPerSlice=5000)
        again = await http.put(path("p1"), json=sla(guaDlThptPerSlice=6000))
        assert (again.status_code, "location" in again.headers) == (200, False)
        assert (await http.get(path("p1"))).json() == sla(guaDlThptPerSlice=6000)
        assert (await http.get(f"/A1-P/v2/policytypes/{SLA}/policies")).json() == ["p1"]
        assert (await http.get(f"/A1-P/v2/policytypes/{QOS}/policies")).json() == []
        gone = await http.delete(path("p1"))
        assert (gone.status_code, gone.content) == (204, b"")
        for call in (http.get(path("p1")), http.delete(path("p1")), http.get(path("p1") + "/status")):
            is_problem(await call, 404)
        is_problem(await http.get("/A1-P/v2/policytypes/x/policies"), 404)
        is_problem(await http.put(path("p1", "x"), json=sla(guaDlThptPerSlice=1)), 404)
        for method, where in (
            ("POST", path("p1")),
            ("DELETE", "/A1-P/v2/policytypes"),
            ("PUT", path("p/status")),
        ):
            is_problem(await http.request(method, where), 405)


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (b"{", 400, "not JSON"),
        (b"[]", 400, "JSON object"),
        (b'{"a": NaN}', 400, "NaN"),
        (b'{"a": 1e999}', 400, "too large"),
        (b'{"a": 1, "a": 2}', 400, "twice"),
        (b"[" * 10_000, 400, "not JSON"),
        (b'{"a": "' + b"x" * 20_000 + b'"}', 413, "16384 bytes"),
        ({}, 400, "'scope' is a required property"),
        (sla(), 400, "sliceSlaObjectives"),
        (sla(sst=300, guaDlThptPerSlice=1), 400, "scope.sliceId.sst: 300"),
        (sla(guaDlThptPerSlice=-1), 400, "sliceSlaObjectives.guaDlThptPerSlice: -1"),
        (sla(throughput=1), 400, "'throughput' was unexpected"),
        (sla(guaDlThptPerSlice=2, maxDlThptPerSlice=1), 400, "guaDlThptPerSlice 2 is above"),
        (b'{"\\ud800": 1}', 400, "surrogate"),
    ],
)
async def test_what_is_no_policy_of_the_type_is_told_and_changes_nothing(
    tmp_path: Path, body: Any, status: int, text: str
) -> None:
    scene = Scene(tmp_path)
    async with scene.http() as http:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await http.put(path("p1"), content=content, headers={"content-type": "application/json"})
        assert text in json.dumps(is_problem(answer, status))
        assert scene.desk.all() == []
    assert not (tmp_path / FILE).exists()


async def test_other_content_odd_ids_and_forbidden_destinations_are_refused(tmp_path: Path) -> None:
    body = sla(guaDlThptPerSlice=1)
    async with Scene(tmp_path).http() as http:
        text = {"content-type": "text/plain"}
        is_problem(await http.put(path("p1"), content=json.dumps(body), headers=text), 415)
        is_problem(await http.put(path("a b"), json=body), 400)
        is_problem(await http.put(path("x" * 129), json=body), 400)
        for uri in ("ftp://127.0.0.1/", "http://169.254.169.254/latest", "http://u:p@127.0.0.1/", "x"):
            answer = await http.put(path("p1"), json=body, params={"notificationDestination": uri})
            assert "notificationDestination" in is_problem(answer, 400)
        good = await http.put(
            path("p1"), json=body, params={"notificationDestination": "http://127.0.0.1:9/x"}
        )
        assert good.status_code == 201


@pytest.mark.parametrize(
    ("second", "type_id"),
    [
        (sla(guaDlThptPerSlice=10), SLA),
        (qos(gfbr=10), QOS),
        (sla(maxDlThptPerSlice=4000), SLA),
        (sla(maxDlPacketDelayPerUe=7), SLA),
        (qos(pdb=7), QOS),
    ],
)
async def test_policies_that_cannot_both_stand_are_a_conflict(
    tmp_path: Path, second: dict[str, Any], type_id: str
) -> None:
    async with Scene(tmp_path).http() as http:
        first = sla(guaDlThptPerSlice=5000, maxDlPacketDelayPerUe=20)
        assert (await http.put(path("p1"), json=first)).status_code == 201
        assert "'p1'" in is_problem(await http.put(path("p2", type_id), json=second), 409)
        assert (await http.put(path("p1"), json=sla(guaDlThptPerSlice=10))).status_code == 200


async def test_policies_of_other_slices_or_cells_stand_beside_each_other(tmp_path: Path) -> None:
    async with Scene(tmp_path).http() as http:
        for name, policy in {
            "a": sla(cells=[0], guaDlThptPerSlice=5000),
            "b": sla(cells=[1], guaDlThptPerSlice=6000),
            "c": sla(sst=3, guaDlThptPerSlice=100),
            "d": sla(maxDlThptPerSlice=9000),
        }.items():
            assert (await http.put(path(name), json=policy)).status_code == 201


async def test_no_more_are_taken_than_the_setting_says(tmp_path: Path) -> None:
    async with Scene(tmp_path, choices={"a1_policies_most": 1}).http() as http:
        await http.put(path("p1"), json=sla(guaDlThptPerSlice=1))
        is_problem(await http.put(path("p2"), json=sla(sst=3, guaDlThptPerSlice=1)), 507)
        assert (await http.put(path("p1"), json=sla(guaDlThptPerSlice=2))).status_code == 200


async def test_a_restart_finds_what_was_acknowledged_in_force(tmp_path: Path) -> None:
    async with Scene(tmp_path).http() as http:
        await http.put(path("p1"), json=sla(sst=3, maxDlPacketDelayPerUe=40))
        await http.put(path("p2"), json=sla(guaDlThptPerSlice=10))
        await http.delete(path("p2"))
    scene = Scene(tmp_path)
    assert [held.policy_id for held, _ in scene.desk.all()] == ["p1"]
    assert scene.specs[0].delivered.mmtc_deadline_s == pytest.approx(0.040)


def test_a_damaged_file_is_told_and_not_forgotten(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"version": 1, "policies": [')
    with pytest.raises(ConfigError, match="move it away"):
        Scene(tmp_path)


def test_a_stored_policy_whose_type_is_gone_is_told(tmp_path: Path) -> None:
    stored: dict[str, Any] = {
        "type_id": "ORAN_Gone_1.0.0", "policy_id": "p", "policy": {}, "destination": None,
        "created_unix_s": 1.0, "changed_unix_s": 1.0,
    }  # fmt: skip
    (tmp_path / FILE).write_text(json.dumps({"version": 1, "policies": [stored]}))
    scene = Scene(tmp_path)
    assert scene.desk.all() == []
    assert "ORAN_Gone_1.0.0/p" in scene.desk.refused[0]


@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 507), (errno.EIO, 503)])
async def test_a_disk_that_refuses_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, status: int
) -> None:
    def refuse(self: PolicyFile, policies: object) -> None:
        raise OSError(number, "refused")

    scene = Scene(tmp_path)
    async with scene.http() as http:
        await http.put(path("p1"), json=sla(maxDlPacketDelayPerUe=20))
        monkeypatch.setattr(PolicyFile, "write", refuse)
        is_problem(await http.put(path("p1"), json=sla(maxDlPacketDelayPerUe=30)), status)
        is_problem(await http.delete(path("p1")), status)
        assert (await http.get(path("p1"))).json() == sla(maxDlPacketDelayPerUe=20)
        assert scene.specs[0].delivered.embb_delay_s == pytest.approx(0.020)
        assert "disk" in scene.health.reasons


async def test_requests_are_counted_by_status(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    async with scene.http() as http:
        await http.put(path("p1"), json=sla(guaDlThptPerSlice=1))
        await http.put(path("p1"), json={})
    count = scene.registry.get_sample_value
    assert count("a1_policy_requests_total", {"method": "PUT", "status": "201"}) == 1
    assert count("a1_policy_requests_total", {"method": "PUT", "status": "400"}) == 1
    assert count("a1_policy_instances", {"type": SLA, "state": "OTHER_REASON"}) == 1


async def test_test_control_is_off_unless_asked_for(tmp_path: Path) -> None:
    async with Scene(tmp_path).http() as http:
        assert (await http.get("/test-control/v1/counters")).status_code == 404


async def test_answers_and_delays_are_forced_for_a1_alone_and_counted(tmp_path: Path) -> None:
    async with Scene(tmp_path, choices={"a1_test_control": True}).http() as http:
        control, types = "/test-control/v1", "/A1-P/v2/policytypes"
        await http.put(f"{control}/forced-response", json={"status": 503, "count": 2})
        assert [(await http.get(types)).status_code for _ in range(3)] == [503, 503, 200]
        await http.put(f"{control}/forced-response", json={"status": 429})
        is_problem(await http.get(types), 429)
        assert (await http.get(f"{control}/counters")).json()["forced"] == 3
        await http.delete(f"{control}/forced-response")
        await http.put(path("p1"), json=sla(guaDlThptPerSlice=1))
        told = (await http.get(f"{control}/counters")).json()
        assert told == {
            "requests": {"GET 503": 2, "GET 200": 1, "GET 429": 1, "PUT 201": 1}, "instances": 1, "forced": 3,
        }  # fmt: skip
        await http.put(f"{control}/forced-delay", json={"seconds": 0.05})
        answer: httpx.Response = await http.get(types)
        assert answer.elapsed.total_seconds() >= 0.05
        assert (await http.delete(f"{control}/policies")).json() == {"deleted": 1}
        is_problem(await http.put(f"{control}/forced-response", json={"status": 599}), 422)
