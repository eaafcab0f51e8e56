"""The bench of the loops, brief: real processes, every figure there, phases that add up, nothing left."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from cadran.testbed.loop_bench.e2 import ControlEffort
from cadran.testbed.loop_bench.e3 import Effort
from cadran.testbed.loop_bench.report import LoopPlan, bench_loop

DEMO = Path(__file__).parents[2] / "scenarios" / "demo.yaml"
PLAN = LoopPlan(
    dus=(2,),
    e3=Effort(warm_up=10, rounds=50, paced_s=1.0),
    e2=ControlEffort(warm_up=2, controls=20, effects=2),
    a1_rounds=5,
)


def test_every_loop_is_measured_through_real_processes(capfd: pytest.CaptureFixture[str]) -> None:
    before = psutil.Process().children(recursive=True)
    told: list[str] = []
    found = bench_loop(DEMO, PLAN, told.append)
    assert psutil.Process().children(recursive=True) == before
    assert capfd.readouterr().out == ""  # it is for the figures alone
    assert told == ["E3 with 2 DUs", "E2 with 2 DUs", "A1"]
    result = found["results"][0]
    assert (result["dus"], result["e3_ms"]["count"], result["e2_control_ms"]["count"]) == (2, 100, 20)
    assert result["paced"]["frames"] == 100
    assert result["effect_ms"]["count"] + result["effect_unseen"] == 2
    assert found["effect_ms"] == result["effect_ms"]
    assert found["age_ms"] == result["paced"]["age_ms"]
    assert found["a1_ms"]["count"] == 5
    for times in (result["e3_ms"], result["e2_control_ms"], result["bare_grpc_ms"], found["a1_ms"]):
        assert 0 < times["p50"] <= times["p99"] <= times["max"]
    phases = result["phases_ms"]
    assert set(phases) == {"queue", "encode", "transport", "decode", "infer", "apply"}
    # Of several phases' medians the sum is not the median of the sum, but nothing is left out.
    assert sum(phase["p50"] for phase in phases.values()) == pytest.approx(result["e3_ms"]["p50"], rel=0.5)
    assert result["payload_bytes"]["indication"] > result["payload_bytes"]["decision"] > 0
