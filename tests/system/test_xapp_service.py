"""The xApp with a real Redis and DUs over real gRPC, in the test's own event loop."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest

from cadran.learn import TrainingSchedule
from cadran.learn.checkpoint import unpack
from cadran.policy import decode
from cadran.problem import Problem
from cadran.replay import Identity
from cadran.replay.redis_protocol import Layout
from cadran.replay.redis_store import RedisReplay, connect
from cadran.runtime import ConfigError
from cadran.runtime.metrics import new_registry
from cadran.wire.causes import Cause, RefusedError
from cadran.wire.codecs import SLICES
from cadran.wire.e2_node import E2Node
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2, guard_pb2, kpm_pb2
from cadran.wire.kpm_samples import indication_message
from cadran.wire.kpm_window import KpmAccumulator
from cadran.wire.link import Lane
from cadran.xapp.assembly import Assembly, new_health
from cadran.xapp.checkpoints import CheckpointStore
from cadran.xapp.scenario import Scenario, load_scenario
from cadran.xapp.service import Xapp
from cadran.xapp.settings import XappSettings
from redis_server import RedisServer
from xapp_du import Du, rows_of, schema_of

SMOKE = Path(__file__).parents[2] / "scenarios" / "smoke.yaml"
QUICK = (
    "learner.hidden=[8]", "learner.batch_size=4", "learner.warmup_transitions=8",
    "learner.publish_every_updates=5", "learner.replay_capacity=400",
)  # fmt: skip


class Bench:
    """One xApp in this process, and the means to look at it from outside."""

    def __init__(self, xapp: Xapp, settings: XappSettings, scenario: Scenario) -> None:
        self.xapp = xapp
        self.settings = settings
        self.scenario = scenario
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{xapp.rest_port}", timeout=60)

    @property
    def problem(self) -> Problem:
        return self.scenario.problem

    def du(self, du: int, **choices: object) -> Du:
        lockstep = self.scenario.clock.lockstep
        return Du(self.problem, du, self.xapp.e2_port, **({"lockstep": lockstep} | choices))  # type: ignore[arg-type]

    def node(self, du: int) -> E2Node:
        """The association with a DU, as the xApp has it."""
        return self.xapp._parts.e2.nodes[du]

    def replay(self) -> RedisReplay:
        return replay_of(self.settings, self.scenario)

    async def until(self, condition: Callable[[dict[str, object]], bool]) -> dict[str, object]:
        """Wait for a state of learning, and return it."""
        while True:
            status = (await self.http.get("/v1/learner")).json()
            if condition(status):
                return status
            await asyncio.sleep(0.02)


def replay_of(settings: XappSettings, scenario: Scenario) -> RedisReplay:
    layout = Layout(
        settings.redis_region, schema_of(scenario.problem), scenario.problem.frame.dus,
        scenario.learner.replay_capacity,
    )  # fmt: skip
    return RedisReplay(connect(settings.redis, 60.0), layout)


def settings_for(
    state: Path, redis_url: str, region: str, overrides: tuple[str, ...] = QUICK, **choices: object
) -> XappSettings:
    fixed: dict[str, object] = {
        "scenario": SMOKE, "overrides": overrides, "state_dir": state, "redis": redis_url,
        "redis_region": region, "e2_listen": "127.0.0.1:0", "rest": "127.0.0.1:0", "kpm_period_s": 0.05,
        "redis_retry_max_s": 0.1, "progress_every_updates": 5, "status_period_s": 0.1,
        "delivery_timeout_s": 60, "lockstep_patience_s": 60,
    }  # fmt: skip
    return XappSettings.model_validate(fixed | choices)


def xapp_for(settings: XappSettings, scenario: Scenario) -> Xapp:
    return Assembly(settings, scenario, new_registry("xapp"), new_health()).xapp()


@asynccontextmanager
async def running(
    state: Path, redis_url: str, region: str, overrides: tuple[str, ...] = QUICK, **choices: object
) -> AsyncIterator[Bench]:
    settings = settings_for(state, redis_url, region, overrides, **choices)
    scenario = load_scenario(SMOKE, overrides)
    xapp = xapp_for(settings, scenario)
    task = asyncio.create_task(xapp.run())
    await asyncio.wait_for(xapp.started.wait(), 60)
    bench = Bench(xapp, settings, scenario)
    try:
        yield bench
    finally:
        await bench.http.aclose()
        task.cancel()
        ended = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(ended[0], asyncio.CancelledError), ended


@pytest.fixture
def region() -> str:
    return f"xapp.{uuid.uuid4().hex}"


async def test_the_loop_stores_learns_delivers_and_tells(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    async with running(tmp_path, redis_server.url, region) as bench:
        dus = [bench.du(0), bench.du(1)]
        for du in dus:
            await du.until(lambda du=du: du.accepted == [(1, 1)])
        await asyncio.gather(*(du.store(rows_of(bench.problem, du.du, 0, 30)) for du in dus))
        due = TrainingSchedule.of(bench.scenario.learner).updates_due(30, 0)
        status = await bench.until(lambda s: s["updates"] == due)
        assert status["stored"] == [30, 30]
        versions = 1 + due // 5
        await bench.until(lambda s: s["running_versions"] == [versions] * 2)
        assert [version for _, version in dus[0].accepted][-1] == versions
        assert [bench.replay().count(du) for du in (0, 1)] == [30, 30]

        artefact = (await bench.http.get(f"/v1/policies/0/versions/{versions}/artifact")).content
        observation = np.linspace(0, 1, bench.problem.observation_dim)
        meta, actor = decode(artefact)
        assert meta.updates == 5 * (versions - 1)
        body = {"observation": observation.tolist()}
        answer = (await bench.http.post("/v1/policies/0/action", json=body)).json()
        np.testing.assert_array_equal(np.float32(answer["action"]), actor.mean(observation))
        assert sum(s["max_percent"] for s in answer["decision"]["slices"]) == 100

        lines = [json.loads(line) for line in (tmp_path / "learner.jsonl").read_text().splitlines()]
        assert [line["updates"] for line in lines] == list(range(5, due + 1, 5))
        assert set(lines[0]) >= {"critic_loss", "td_variance", "sam_share", "beta", "policy_version"}
        text = (await bench.http.get("/metrics")).text
        for name in (
            f"cadran_xapp_learner_updates_total {float(due)}",
            'cadran_xapp_rows_stored_total{du="1"} 30.0',
            "cadran_xapp_learner_diverged 0.0",
            'e2_pdus_received_total{pdu="ric_indication"}',
        ):
            assert name in text
        assert (await bench.http.get("/ric/v1/health/ready")).status_code == 200
        for du in dus:
            await du.stop()
    told = json.loads((tmp_path / "status.json").read_text())
    assert told["updates"] == due
    assert told["e2_nodes"] == []


async def test_measurements_are_shown_with_unit_slice_and_absence(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    async with running(tmp_path, redis_server.url, region) as bench:
        du = bench.du(1)
        await du.until(lambda: du.kpm is not None)
        frame = bench.problem.frame
        window = KpmAccumulator(frame.dus, frame.slices, frame.frame_s, 1, frame.rbs).take()[1]
        assert du.session is not None
        assert du.kpm is not None
        header = kpm_pb2.KpmIndicationHeader(epoch=1, first_frame=3, last_frame=4)
        du.session.send_kpm(du.kpm, header, indication_message(du.kpm.meas_names, window, SLICES, 50))
        node = "00101-1-1"
        while (shown := await bench.http.get(f"/v1/e2-nodes/{node}/kpis")).status_code == 404:
            await asyncio.sleep(0.02)
        kpis = {(kpi["name"], kpi["slice"]): kpi for kpi in shown.json()["kpis"]}
        assert kpis["DRB.UEThpDl", "URLLC"]["unit"] == "kbit/s"
        assert kpis["DRB.UEThpDl", "URLLC"]["value"] is None
        assert kpis["RRU.PrbAvailDl", None]["value"] == frame.rbs
        text = (await bench.http.get("/metrics")).text
        assert f'oran_kpm_rru_prb_avail_dl{{du="1",sd="",sst=""}} {float(frame.rbs)}' in text
        assert "oran_kpm_drb_uethp_dl" not in [line.split("{")[0] for line in text.splitlines()]
        nodes = (await bench.http.get("/v1/e2-nodes")).json()
        assert [entry["id"] for entry in nodes] == [node]
        await du.stop()


async def test_no_acknowledged_row_is_lost_or_doubled_when_redis_is_killed(
    tmp_path: Path, own_redis_server: RedisServer, region: str
) -> None:
    async with running(tmp_path / "state", own_redis_server.url, region) as bench:
        du = bench.du(0)
        await du.until(lambda: du.reports_wanted)
        await du.store(rows_of(bench.problem, 0, 0, 20))
        own_redis_server.kill()
        sending = asyncio.create_task(du.store(rows_of(bench.problem, 0, 10, 60)))
        while (await bench.http.get("/ric/v1/health/ready")).status_code != 503:
            await asyncio.sleep(0.02)
        assert du.acknowledged == (1, 19)
        await asyncio.to_thread(own_redis_server.start)
        await asyncio.wait_for(sending, 60)
        replay = bench.replay()
        assert replay.count(0) == 60
        assert replay.rows(0, 0, 60)["frame"].tolist() == list(range(60))
        assert (await bench.http.get("/ric/v1/health/ready")).status_code == 200
        await du.stop()


async def test_a_restarted_dapp_gets_its_policy_again_and_a_restarted_xapp_goes_on(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    url = redis_server.url
    async with running(tmp_path, url, region) as bench:
        du, other = bench.du(0), bench.du(1)
        await du.until(lambda: du.accepted)
        du.restart_dapp()
        await du.until(lambda: len(du.accepted) == 2)
        assert du.accepted == [(1, 1), (1, 1)]
        rows = [rows_of(bench.problem, n, 0, 20) for n in (0, 1)]
        await asyncio.gather(du.store(rows[0]), other.store(rows[1]))
        first = await bench.until(lambda s: s["updates"] == 13)
        await bench.until(lambda s: s["running_versions"] == [3, 3])
        port = bench.xapp.e2_port
        delivery, version = du.accepted[-1]
        for node in (du, other):
            await node.stop()
    assert first["resumed"] is False
    async with running(tmp_path, url, region) as bench:
        du2 = bench.du(0)
        du2.slot = du.slot
        await du2.until(lambda: du2.accepted and du2.acknowledged)
        assert du2.accepted[0] == (delivery, version)
        assert du2.acknowledged == (1, 19)
        status = await bench.until(lambda s: True)
        assert status["resumed"] is True
        assert status["updates"] == 13
        await du2.stop()
    assert port != bench.xapp.e2_port


async def test_a_roll_back_is_delivered_as_a_new_delivery_and_pins(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    async with running(tmp_path, redis_server.url, region) as bench:
        dus = [bench.du(0), bench.du(1)]
        await asyncio.gather(*(du.until(lambda du=du: du.accepted) for du in dus))
        await asyncio.gather(*(du.store(rows_of(bench.problem, du.du, 0, 18)) for du in dus))
        await bench.until(lambda s: s["running_versions"] == [3, 3])
        answer = await bench.http.post("/v1/policies/0/rollback", json={"version": 1})
        assert answer.json() == {"version": 1, "delivery": 4, "pinned": True}
        await bench.until(lambda s: s["running_versions"] == [1, 3])
        await asyncio.gather(*(du.store(rows_of(bench.problem, du.du, 18, 28)) for du in dus))
        await bench.until(lambda s: s["running_versions"] == [1, 5])
        assert (await bench.http.delete("/v1/policies/0/pin")).json()["version"] == 5
        await bench.until(lambda s: s["running_versions"] == [5, 5])
        for du in dus:
            await du.stop()


def _ratios(sst: int, dedicated: int, low: int, high: int) -> dict[str, int]:
    return {"sst": sst, "dedicated_percent": dedicated, "min_percent": low, "max_percent": high}


async def test_slice_quotas_are_set_over_rest_and_told_as_applied_or_with_the_cause(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    async with running(tmp_path, redis_server.url, region) as bench:
        du = bench.du(1)
        await du.until(lambda: du.reports_wanted)
        path = "/v1/e2-nodes/00101-1-1/slice-quota"
        asked = {"slices": [_ratios(2, 10, 20, 40), _ratios(1, 0, 30, 90)]}
        outcome = (await bench.http.put(path, json=asked)).json()
        assert (outcome["du"], outcome["epoch"], outcome["effective_frame"]) == (1, 1, 12)
        assert outcome["dapp_decides"] is False
        told = {
            entry["sst"]: (entry["reason"], entry["applied"]["max_percent"]) for entry in outcome["slices"]
        }
        assert told == {1: ("clipped", 50), 3: ("not_requested", 20), 2: ("as_requested", 40)}
        requested = {entry["sst"]: entry["requested"] for entry in outcome["slices"]}
        assert {"sst": 1, **requested[1]} == _ratios(1, 0, 30, 90)
        assert requested[3] is None

        impossible = await bench.http.put(path, json={"slices": [_ratios(1, 30, 20, 10)]})
        assert impossible.status_code == 409
        assert impossible.headers["content-type"] == "application/problem+json"
        assert impossible.json()["detail"].startswith("guard/sanity: ric_request/control-message-invalid")
        assert (await bench.http.put(path, json={"slices": [_ratios(7, 0, 0, 9)]})).status_code == 422
        assert (await bench.http.put(path, json={"slices": [_ratios(1, 0, 0, 101)]})).status_code == 422

        assert du.session is not None
        du.session._dispatch["ric_control_request"] = lambda pdu: None
        silent = await bench.http.put(path, json=asked)
        assert silent.status_code == 504
        assert silent.json()["detail"].startswith("ric_request/control-timer-expired")
        await du.stop()


async def test_an_operator_puts_a_du_under_its_own_scheduler_and_back_over_every_association(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    async with running(tmp_path, redis_server.url, region) as bench:
        du = bench.du(1)
        await du.until(lambda: du.orders)
        assert du.orders[-1].mode == guard_pb2.GUARD_MODE_LEARNED
        path = "/v1/guard/breakers/1"
        opened = (await bench.http.put(path, json={"state": "open"})).json()
        assert (opened["state"], opened["baseline"], opened["answered"]) == ("open", True, True)
        assert du.orders[-1].mode == guard_pb2.GUARD_MODE_BASELINE
        await du.stop()
        again = bench.du(1)
        await again.until(lambda: again.orders)
        assert again.orders[-1].mode == guard_pb2.GUARD_MODE_BASELINE
        await again.stop()
    async with running(tmp_path, redis_server.url, region) as bench:
        du = bench.du(1)
        await du.until(lambda: du.orders)
        assert du.orders[-1].mode == guard_pb2.GUARD_MODE_BASELINE
        closed = (await bench.http.put(path, json={"state": "closed"})).json()
        assert (closed["state"], closed["baseline"], closed["answered"]) == ("unproven", False, True)
        lines = (await bench.http.get("/v1/guard/audit", params={"du": 1, "source": "operator"})).json()
        assert [line["verdict"] for line in lines["lines"]] == ["unproven", "open"]
        await du.stop()


async def test_given_policies_are_delivered_and_stay_when_learning_is_off(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    async with running(tmp_path / "a", redis_server.url, region, seed=1) as bench:
        trained = (await bench.http.get("/v1/policies/1/versions")).json()[0]["sha256"]
    choices = {"seed": 2, "learn": False, "policy": tmp_path / "a" / "policies"}
    async with running(tmp_path / "b", redis_server.url, region, **choices) as bench:
        dus = [bench.du(0), bench.du(1)]
        for du in dus:
            await du.until(lambda du=du: du.accepted == [(1, 1)])
        assert dus[1].slot.sha256 == trained
        await asyncio.gather(*(du.store(rows_of(bench.problem, du.du, 0, 40)) for du in dus))
        status = await bench.until(lambda s: s["stored"] == [40, 40])
        assert (status["learning"], status["updates"], status["policy_versions"]) == (False, 0, [1, 1])
        for du in dus:
            await du.stop()


async def test_unsound_reports_and_bytes_are_refused_and_the_association_goes_on(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    async with running(tmp_path, redis_server.url, region) as bench:
        du = bench.du(0)
        await du.until(lambda: du.reports_wanted)
        assert du.session is not None
        du.session.send_report(dapp_pb2.DappReport(du_id=0, schema_fingerprint="s1.a1.k1.0", rows=b"x"))
        await du.until(lambda: du.acks)
        assert du.acks[0].cause.text.startswith("rows of schema")
        du.session._post(Lane.FAST, "malformed", b"\xff\xff\xff")
        await du.until(lambda: du.refusals)
        assert du.refusals[0].label == "protocol/transfer-syntax-error"
        await du.store(rows_of(bench.problem, 0, 0, 3))
        text = (await bench.http.get("/metrics")).text
        assert 'cadran_xapp_reports_refused_total{cause="dapp/schema-mismatch",du="0"} 1.0' in text
        assert 'e2_pdus_refused_total{cause="protocol/transfer-syntax-error",pdu="malformed"} 1.0' in text
        await du.stop()


async def test_a_subscription_that_the_node_wants_deleted_is_made_anew(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    async with running(tmp_path, redis_server.url, region) as bench:
        du = bench.du(0)
        await du.until(lambda: du.accepted and du.kpm)
        assert du.session is not None
        assert du.kpm is not None
        first = du.kpm
        du.session.require_delete([first], Cause("misc", "control-processing-overload", "too much"))
        await du.until(lambda: du.kpm is None)
        await du.store(rows_of(bench.problem, 0, 0, 3))
        await du.until(lambda: du.kpm is not None and du.kpm.key != first.key)
        await du.stop()


@pytest.mark.parametrize("by_node", [False, True])
async def test_after_a_reset_everything_is_taken_up_anew(
    tmp_path: Path, redis_server: RedisServer, region: str, by_node: bool
) -> None:
    async with running(tmp_path, redis_server.url, region) as bench:
        du = bench.du(0)
        await du.until(lambda: du.accepted and du.kpm)
        assert du.session is not None
        assert du.kpm is not None
        first, deliveries = du.kpm, len(du.accepted)
        if by_node:
            await du.session.reset(Cause("misc", "om-intervention", "test"))
        else:
            assert (await bench.http.post("/v1/e2-nodes/00101-1-0/reset")).json()["du"] == 0
        await du.until(lambda: du.kpm is not None and du.kpm.key != first.key)
        await du.store(rows_of(bench.problem, 0, 0, 3))
        await du.until(lambda: len(du.accepted) > deliveries)
        assert du.closures == []
        (node,) = (await bench.http.get("/v1/e2-nodes")).json()
        told = {one["ran_function_id"]: one for one in node["subscriptions"]}
        assert sorted(told) == [2, 4]
        assert told[4]["received"] >= 1
        assert told[4]["missed"] == 0
        await du.stop()


async def test_a_function_that_comes_back_is_subscribed_to_and_a_foreign_world_is_refused(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    async with running(tmp_path, redis_server.url, region) as bench:
        du = bench.du(0)
        await du.until(lambda: du.accepted and du.kpm)
        assert du.session is not None
        kpm, foreign = e2ap_pb2.RanFunction(ran_function_id=2), e2ap_pb2.RanFunction(ran_function_id=17)
        gone = [e2ap_pb2.RanFunctionId(ran_function_id=2)]
        await du.session.update_service(e2ap_pb2.RicServiceUpdate(ran_functions_deleted=gone))
        assert du.kpm is None
        added = e2ap_pb2.RicServiceUpdate(ran_functions_added=[kpm, foreign])
        answer = await du.session.update_service(added)
        assert [one.ran_function_id for one in answer.ran_functions_accepted] == [2]
        assert [one.ran_function_id for one in answer.ran_functions_rejected] == [17]
        await du.until(lambda: du.kpm)
        facts = bench.node(0).request.ran_facts
        await du.session.update_configuration(facts)
        other = common_pb2.RanFacts()
        other.CopyFrom(facts)
        other.rbs += 1
        with pytest.raises(RefusedError, match="has rbs"):
            await du.session.update_configuration(other)
        assert bench.node(0).request.ran_facts == facts
        await du.stop()


@pytest.mark.parametrize(
    ("choices", "text"),
    [
        ({"facts_changed": {"rbs": 50}}, "DU 0 has rbs 50, this xApp's scenario 20"),
        ({"lockstep": True}, "lockstep True"),
        ({"du": 7}, "this scenario has DUs 0..1"),
    ],
)
async def test_a_node_of_another_scenario_is_refused(
    tmp_path: Path, redis_server: RedisServer, region: str, choices: dict[str, object], text: str
) -> None:
    async with running(tmp_path, redis_server.url, region) as bench:
        choices = dict(choices)
        du = bench.du(choices.pop("du", 0), **choices)  # type: ignore[arg-type]
        await du.until(lambda: du.closures)
        assert text in du.closures[0].text
        await du.stop()


async def test_a_redis_that_holds_another_scenario_is_a_configuration_error(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    async with running(tmp_path / "a", redis_server.url, region) as bench:
        while (await bench.http.get("/ric/v1/health/ready")).status_code != 200:
            await asyncio.sleep(0.02)
    overrides = ("world.dus=3", *QUICK)
    settings = settings_for(tmp_path / "b", redis_server.url, region, overrides)
    with pytest.raises(ConfigError, match=r"--redis: .*holds 2 DUs, this service uses 3"):
        await xapp_for(settings, load_scenario(SMOKE, overrides)).run()


# ------------------------------------------------------------------------------------------ lock-step

LOCKSTEP = (*QUICK, "clock.lockstep=true", "clock.push_delay_frames=2")


async def _play(bench: Bench, frames: int, chunks: list[int]) -> list[Du]:
    """Each DU sends its rows in pieces of its own sizes, never more than 3 frames beyond the acknowledged."""
    dus = [bench.du(0), bench.du(1)]
    await asyncio.gather(*(du.until(lambda du=du: du.accepted) for du in dus))

    async def send(du: Du, size: int) -> None:
        for start in range(0, frames, size):
            stop = min(frames, start + size)
            du.report(rows_of(bench.problem, du.du, start, stop))
            await du.until(lambda stop=stop: _frame(du.acknowledged) >= stop - 4)
        await du.until(lambda: _frame(du.acknowledged) == frames - 1)

    await asyncio.gather(*(send(du, size) for du, size in zip(dus, chunks, strict=True)))
    for du in dus:
        await du.stop()
    return dus


def _frame(identity: Identity | None) -> int:
    return identity[1] if identity is not None else -1


async def test_a_killed_lock_step_run_makes_again_what_its_checkpoint_had_not_seen(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    """The checkpoint of the start is all that a kill leaves; every row is at rest by then."""
    checkpoints = tmp_path / "checkpoints"
    async with running(tmp_path, redis_server.url, region, LOCKSTEP, seed=5) as bench:
        await _play(bench, 40, [1, 1])
        due = (await bench.until(lambda s: True))["updates"]
    first, _ = CheckpointStore(checkpoints, 3).newest()
    for later in sorted(checkpoints.iterdir())[1:]:
        later.unlink()
    async with running(tmp_path, redis_server.url, region, LOCKSTEP, seed=5) as bench:
        await bench.until(lambda s: s["updates"] == due)
        du = bench.du(0)
        await du.until(lambda: _frame(du.acknowledged) == 39)
        await du.stop()
    again, _ = CheckpointStore(checkpoints, 3).newest()
    assert first is not None
    assert again is not None
    assert (first.updates, first.cursor) == (again.updates, again.cursor) == (due, (40, 40))
    assert first.sampler_state == again.sampler_state
    tensors, tensors_again = unpack(first.learner)[0], unpack(again.learner)[0]
    assert {name: tensor.tolist() for name, tensor in tensors.items()} == {
        name: tensor.tolist() for name, tensor in tensors_again.items()
    }


async def test_lock_step_sends_each_policy_before_the_acknowledgement_of_its_frame_and_repeats_exactly(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    url, histories, hashes = redis_server.url, [], []
    for turn, chunks in enumerate(([1, 1], [3, 2])):
        async with running(tmp_path / str(turn), url, f"{region}.{turn}", LOCKSTEP, seed=5) as bench:
            dus = await _play(bench, 40, chunks)
            versions = (await bench.http.get("/v1/policies/1/versions")).json()
            hashes.append([(entry["effective_frame"], entry["sha256"]) for entry in versions])
            histories.append([du.order for du in dus])
    assert hashes[0] == hashes[1]
    assert len(hashes[0]) == 1 + 33 // 5
    for order in (history for turn in histories for history in turn):
        for place, entry in enumerate(order):
            if entry.startswith("policy") and place:
                frame = int(entry.split()[-1]) - 3
                before = [int(e.split()[1]) for e in order[:place] if e.startswith("ack")]
                after = [int(e.split()[1]) for e in order[place:] if e.startswith("ack")]
                assert max(before, default=-1) < frame <= after[0]


async def test_lock_step_goes_on_without_a_dapp_that_died(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    url = redis_server.url
    async with running(tmp_path, url, region, LOCKSTEP, lockstep_patience_s=0.2) as bench:
        du, dead = bench.du(0), bench.du(1)
        await du.until(lambda: du.accepted)
        await dead.until(lambda: dead.accepted)
        await du.store(rows_of(bench.problem, 0, 0, 2))
        assert dead.acknowledged is None
        status = await bench.until(lambda s: True)
        assert status["stored"] == [2, 0]
        text = (await bench.http.get("/metrics")).text
        assert "cadran_xapp_frames_forced_total 2.0" in text
        await dead.stop()
        await du.stop()
