"""What the xApp says of itself as soon as it is put together; nothing is connected for it."""

from __future__ import annotations

from pathlib import Path

import httpx
import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from cadran.xapp.a1.store import FILE, HeldPolicy, PolicyFile
from cadran.xapp.assembly import Assembly, new_health
from cadran.xapp.scenario import load_scenario
from cadran.xapp.settings import XappSettings

SMOKE = Path(__file__).parents[3] / "scenarios" / "smoke.yaml"


@pytest.mark.parametrize("learn", [True, False])
def test_metrics_tell_whether_updates_are_to_be_made(tmp_path: Path, learn: bool) -> None:
    settings = XappSettings.model_validate({"scenario": SMOKE, "state_dir": tmp_path, "learn": learn})
    registry = CollectorRegistry()
    Assembly(settings, load_scenario(SMOKE, ()), registry, new_health()).xapp()
    assert registry.get_sample_value("cadran_xapp_learner_enabled") == learn


async def test_stored_a1_policies_are_in_force_for_learner_console_and_guard_from_the_start(
    tmp_path: Path,
) -> None:
    policy = {
        "scope": {"sliceId": {"sst": 1, "plmnId": {"mcc": "001", "mnc": "01"}}},
        "sliceSlaObjectives": {"maxDlPacketDelayPerUe": 7},
    }
    held = HeldPolicy(
        type_id="ORAN_SliceSLATarget_1.0.0",
        policy_id="p",
        policy=policy,
        destination=None,
        created_unix_s=1.0,
        changed_unix_s=1.0,
    )
    PolicyFile(tmp_path / FILE).write({held.key: held})
    settings = XappSettings.model_validate({"scenario": SMOKE, "state_dir": tmp_path})
    scenario = load_scenario(SMOKE, ())
    assembly = Assembly(settings, scenario, CollectorRegistry(), new_health())
    before = assembly._trainer._reward  # type: ignore[attr-defined]
    kpis = np.full((2, 3, scenario.problem.kpi_dim), 0.05, np.float32)
    plain = before(kpis)
    xapp = assembly.xapp()
    assert (before(kpis) < plain).all()
    assert assembly._targets[1][0].text == "delay ≤ 7 ms"
    transport = httpx.ASGITransport(app=xapp._parts.rest)
    async with httpx.AsyncClient(transport=transport, base_url="http://xapp") as http:
        assert (await http.get("/v1/console")).json()["a1"][0]["policy_id"] == "p"
        assert "delay ≤ 7 ms" in (await http.get("/")).text
