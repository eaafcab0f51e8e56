"""All loops in one object: E3 and E2 at several numbers of DUs, and A1 once."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from cadran.lab.study.provenance import processor
from cadran.testbed.loop_bench.a1 import bench_a1
from cadran.testbed.loop_bench.e2 import ControlEffort, bench_e2
from cadran.testbed.loop_bench.e3 import Effort, bench_e3
from cadran.testbed.loop_bench.size import Size, make_size

#: DUs of the testbed's own network: of this one's figures are those that are given once.
REFERENCE_DUS = 6


@dataclass(frozen=True)
class LoopPlan:
    """What is measured.

    Attributes:
        dus: numbers of DUs.
        e3, e2: how long.
        a1_rounds: of four requests.
    """

    dus: Sequence[int] = (1, 6, 24, 60)
    e3: Effort = field(default_factory=Effort)
    e2: ControlEffort = field(default_factory=ControlEffort)
    a1_rounds: int = 200


def bench_loop(scenario: Path, plan: LoopPlan, say: Callable[[str], None]) -> dict[str, Any]:
    """Measures the loops.

    Args:
        scenario: of the networks, but for their DUs and UEs; light from 30 DUs on.
        plan: what is measured.
        say: told what is being measured.

    Returns:
        ``results``, one object for each number of DUs: E3 as fast as its dApps decide and ``paced`` in real
        time, beside bare gRPC messages of the same lengths, and E2; ``age_ms``, of the observation when its
        decision begins to act, in real time, and ``effect_ms``, at the number of DUs nearest to six;
        ``a1_ms``, of a changed policy, and ``a1``, of all requests; ``machine``.

    Raises:
        ConfigError: the scenario cannot be read, or not with so many DUs.
        TimeoutError: a process did not come in time.
    """
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as parent:
        results = [_of_size(scenario, dus, plan, Path(parent), say) for dus in plan.dus]
        say("A1")
        folder = _folder(Path(parent), "a1")
        a1 = bench_a1(make_size(scenario, REFERENCE_DUS, folder), plan.a1_rounds, folder)
    shown = min(results, key=lambda one: abs(one["dus"] - REFERENCE_DUS))
    return {
        "results": results,
        "a1_ms": a1["update"],
        "a1": a1,
        "age_ms": shown["paced"]["age_ms"],
        "effect_ms": shown["effect_ms"],
        "machine": _machine(load),
    }


def _of_size(
    scenario: Path, dus: int, plan: LoopPlan, parent: Path, say: Callable[[str], None]
) -> dict[str, Any]:
    folder = _folder(parent, f"dus-{dus}")
    size: Size = make_size(scenario, dus, folder)
    say(f"E3 with {dus} DUs")
    e3 = bench_e3(size, plan.e3, folder)
    say(f"E2 with {dus} DUs")
    return {**e3, **bench_e2(size, plan.e2, folder), "light": size.light}


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder


def _machine(load: float) -> dict[str, Any]:
    return {
        "cpu": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load_average_1m_before": round(load, 2),
        "python": platform.python_version(),
        "grpc": grpc.__version__,
        "transport": "gRPC over loopback, clear text",
    }
