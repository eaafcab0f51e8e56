"""The services and the single process walk the same trajectory, learning on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cadran.lab.experiment import load_experiment
from cadran.lab.online import OnlineRun
from cadran.replay.redis_store import RedisReplay, connect
from cadran.testbed import run
from cadran.testbed.settings import TestbedSettings as Settings

SCENARIO = Path(__file__).parents[2] / "scenarios" / "smoke.yaml"
OVERRIDES = ("clock.lockstep=true", "learner.publish_every_updates=10")
FRAMES = 300
SEED = 11


@pytest.mark.timeout(300)
def test_same_seed_same_trajectory_in_process_and_through_the_services(redis_server, tmp_path: Path) -> None:
    settings = Settings(
        scenario=SCENARIO,
        overrides=OVERRIDES,
        seed=SEED,
        frames=FRAMES,
        pace="fast",
        redis=redis_server.url,
        out=tmp_path / "run",
        live=False,
    )
    summary = run.Testbed(settings).run()
    region = json.loads((tmp_path / "run" / "run.json").read_text())["redis"]["region"]
    served = RedisReplay.read(connect(redis_server.url, timeout_s=5.0), region)

    alone = OnlineRun(load_experiment(SCENARIO, OVERRIDES), SEED)
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
