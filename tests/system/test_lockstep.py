"""The services and the single process walk the same trajectory, learning on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cadran.lab.experiment import load_experiment
from cadran.lab.online import OnlineRun
from cadran.policy import load
from cadran.replay.redis_store import RedisReplay, connect
from cadran.testbed import run
from cadran.testbed.settings import TestbedSettings as Settings
from running import SCENARIO

LOCKSTEP = ("clock.lockstep=true", "learner.publish_every_updates=10")
PAPER = (
    "problem.action=rb_bits",
    "problem.reward=eq8",
    "problem.observation=paper",
    "world.kpis.achievable_rate=true",
)
ONE_DU = ("world.dus=1", "world.ues=6")
# Transport blocks, HARQ, RB groups, and UEs that go from one DU to the other.
SLOTS = ("world.preset=3gpp", "world.mobility.kind=random_waypoint", "world.episode_frames=100")
# Budgets of each DU's own, one more action, all that a DU measures, and a load that jumps.
RICH = (
    "problem.observation=rich",
    "problem.action=slice_quota_mute",
    "problem.delivered.budget_spread=1",
    "world.load.step_frame=10",
    "world.load.step_factor=2",
)
FRAMES = 300
SEED = 11


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "variant", [(), PAPER, ONE_DU, SLOTS, RICH], ids=["quotas", "paper", "one-du", "slots", "rich"]
)
def test_same_seed_same_trajectory_in_process_and_through_the_services(
    redis_server, tmp_path: Path, variant: tuple[str, ...]
) -> None:
    overrides = (*LOCKSTEP, *variant)
    settings = Settings(
        scenario=SCENARIO,
        overrides=overrides,
        seed=SEED,
        frames=FRAMES,
        pace="fast",
        redis=redis_server.url,
        out=tmp_path / "run",
        live=False,
    )
    summary = run.Testbed(settings).run()
    region = json.loads((tmp_path / "run" / "run.json").read_text())["redis"]["region"]
    served = RedisReplay.read(connect(redis_server.url, timeout_s=60.0), region)

    alone = OnlineRun(load_experiment(SCENARIO, overrides), SEED)
    alone.advance(FRAMES)

    assert summary.missed_frames == 0
    assert alone.updates >= 200
    rows = FRAMES - 1  # alone, the transition of the last frame awaits the frame after it
    assert [served.count(du) for du in range(served.dus)] == [FRAMES] * served.dus
    for du in range(served.dus):
        through, within = served.rows(du, 0, rows), alone.replay.rows(du, 0, rows)
        for field in served.schema.dtype.names:
            if field != "epoch":
                np.testing.assert_array_equal(through[field], within[field], err_msg=f"DU {du}: {field}")
        assert within["policy_version"][-1] > 3
        slot = alone.slots[du]
        artefact = tmp_path / "run" / "xapp" / "policies" / f"du{du}-v{slot.version:08d}.safetensors"
        assert load(artefact)[0].sha256 == slot.sha256
