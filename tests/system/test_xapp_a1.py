"""A1 policies over real REST at an xApp whose DUs measure over real E2."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import FastAPI, Request, Response
from test_xapp_service import Bench, region, running

from cadran.rest import listen, serving
from cadran.runtime import Address
from cadran.wire.codecs import SLICES
from cadran.wire.gen.e2sm.v1 import kpm_pb2
from cadran.wire.kpm_samples import indication_message
from cadran.wire.kpm_window import KpmAccumulator
from redis_server import RedisServer
from xapp_du import Du

__all__ = ["region"]
PATH = "/A1-P/v2/policytypes/ORAN_SliceSLATarget_1.0.0/policies/embb"
POLICY: dict[str, Any] = {
    "scope": {"sliceId": {"sst": 1, "plmnId": {"mcc": "001", "mnc": "01"}}},
    "sliceSlaObjectives": {"maxDlPacketDelayPerUe": 20, "guaDlThptPerSlice": 1000},
    "sliceSlaResources": {
        "cellIdList": [{"plmnId": {"mcc": "001", "mnc": "01"}, "cId": {"ncI": 0}}],
    },
}
CHOICES = {"a1_window_s": 0.1, "a1_status_period_s": 0.05, "a1_notify_timeout_s": 10}


def measure(bench: Bench, du: Du, first: int, delay_s: float) -> None:
    """Ten frames in which two UEs of eMBB got 2 Mbit/s with this delay."""
    facts = bench.problem.frame
    window = KpmAccumulator(facts.dus, facts.slices, facts.frame_s, 1, facts.rbs).take()[0]
    embb = np.array([1.0, 0.0, 0.0])
    volume = embb * 2e6 / 8 * 10 * facts.frame_s
    window = replace(
        window,
        frames=10,
        ues=20 * embb,
        arrived_bytes=volume,
        delivered_bytes=volume,
        ue_delay_s=20 * embb * delay_s,
        mean_se=20 * embb * 4.0,
    )
    assert du.session is not None
    assert du.kpm is not None
    header = kpm_pb2.KpmIndicationHeader(epoch=1, first_frame=first, last_frame=first + 9)
    du.session.send_kpm(du.kpm, header, indication_message(du.kpm.meas_names, window, SLICES, 100))


@asynccontextmanager
async def receiver() -> AsyncIterator[tuple[int, list[Any]]]:
    got: list[Any] = []

    async def receive(request: Request) -> Response:
        got.append(await request.json())
        return Response(status_code=204)

    app = FastAPI()
    app.add_api_route("/status", receive, methods=["POST"])
    with listen(Address("127.0.0.1", 0)) as listening:
        async with serving(app, listening):
            yield listening.getsockname()[1], got


async def until(bench: Bench, state: str) -> dict[str, str]:
    async with asyncio.timeout(60):
        while True:
            told: dict[str, str] = (await bench.http.get(f"{PATH}/status")).json()
            if told["enforceStatus"] == state:
                return told
            await asyncio.sleep(0.02)


async def held_to_the_floor(bench: Bench) -> None:
    """1 Mbit/s at 4 bit/s/Hz; a quota below it is set to it by the guard."""
    facts = bench.problem.frame
    floor = math.ceil(100 * 1e6 / (4.0 * facts.rbs * facts.rb_bandwidth_hz))
    none = {"sst": 1, "dedicated_percent": 0, "min_percent": 0, "max_percent": 90}
    answer = await bench.http.put("/v1/e2-nodes/00101-1-0/slice-quota", json={"slices": [none]})
    told = next(one for one in answer.json()["slices"] if one["sst"] == 1)
    assert told["applied"]["min_percent"] == floor > 0


async def reach(got: list[Any], count: int) -> None:
    async with asyncio.timeout(60):
        while len(got) < count:
            await asyncio.sleep(0.02)


async def test_status_follows_what_dus_measure_is_notified_and_policies_outlive_the_process(
    tmp_path: Path, redis_server: RedisServer, region: str
) -> None:
    async with receiver() as (port, got):
        async with running(tmp_path, redis_server.url, region, **CHOICES) as bench:
            du = bench.du(0)
            await du.until(lambda: du.kpm is not None)
            wanted = {"notificationDestination": f"http://127.0.0.1:{port}/status"}
            assert (await bench.http.put(PATH, json=POLICY, params=wanted)).status_code == 201
            measure(bench, du, 0, delay_s=0.010)
            await until(bench, "ENFORCED")
            await reach(got, 2)
            await held_to_the_floor(bench)
            measure(bench, du, 10, delay_s=0.030)
            assert "30 ms" in (await until(bench, "NOT_ENFORCED"))["details"]
            await reach(got, 3)
            assert [one["enforceStatus"] for one in got] == ["NOT_ENFORCED", "ENFORCED", "NOT_ENFORCED"]
            metrics = (await bench.http.get("/metrics")).text
            assert 'a1_policy_notifications_total{result="delivered"} 3.0' in metrics
            await du.stop()
            assert "not associated" in (await until(bench, "NOT_ENFORCED"))["details"]
        async with running(tmp_path, redis_server.url, region, **CHOICES) as bench:
            assert (await bench.http.get(PATH)).json() == POLICY
            du = bench.du(0)
            await du.until(lambda: du.kpm is not None)
            measure(bench, du, 20, delay_s=0.010)
            await until(bench, "ENFORCED")
            await du.stop()
