"""`cadran bench radio`: all cases side by side, as one object."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from cadran.testbed.radio_bench import peer
from cadran.testbed.radio_bench.child import run_child
from cadran.testbed.radio_bench.scenario import DUS, RBS, UES, Case
from cadran.testbed.radio_bench.timing import Effort, cpus, significant

MODES = (("per_rb", 1), ("rbg", 1), ("rbg", 5))
"""Unit of allocation, and TTIs between two reports of a UE."""
ENVS = (1, 16, 64)
THREADED_ENVS = 16
"""Environments of the cases that two threads play as well."""
GROWTH_MODES = (("per_rb", 1), ("rbg", 5))
GROWTH_SIZES = ((6, 200), (6, 2000), (60, 200), (60, 2000))
"""Numbers of DUs and UEs. Every UE has data all the time, so that sizes differ in nothing else."""
CHILDREN = "cadran.testbed.radio_bench"

Run = Callable[[str, Mapping[str, Any], int], dict[str, Any]]
Say = Callable[[str], None]


class Efforts(NamedTuple):
    """How long each part is measured; a step of the radio is a frame of 10 TTIs."""

    case: Effort = Effort(warm_steps=30, windows=9, window_s=0.4)
    growth: Effort = Effort(warm_steps=10, windows=5, window_s=0.4)
    peer: Effort = Effort(warm_steps=5, windows=5, window_s=0.8)
    ceiling: Effort = Effort(warm_steps=2, windows=7, window_s=0.3)


def bench_radio(say: Say, efforts: Efforts | None = None, run: Run = run_child) -> dict[str, Any]:
    """Measures everything, each case in its own process.

    Rates are medians over short windows, with the best window beside them, per second of wall time and of CPU
    time. On a machine that others use too, CPU time is what to compare; the ratios do.

    Args:
        say: takes a line of progress.
        efforts: how long each part is measured; by default two minutes in all.
        run: calls a module of this package in a fresh process, with arguments and a number of threads.

    Raises:
        ChildError: a process failed.
    """
    plan = efforts or Efforts()
    machine = {"cpus": cpus(), "load_average_1m_before": round(os.getloadavg()[0], 2)}
    ceiling = _named("tti", run(f"{CHILDREN}.ceiling", {"effort": asdict(plan.ceiling)}, 1))
    say(f"ceiling: {ceiling['tti_per_cpu_s']:,.0f} TTI per CPU second")
    beside, note = _peer(run, plan.peer)
    say(f"peer: {note if beside is None else beside['name']}")
    results = [_compared(result, beside, ceiling) for result in _results(run, plan.case, say)]
    return {
        "cells": DUS,
        "ues": UES,
        "rbs": RBS,
        "results": results,
        "peer": beside,
        "peer_note": note,
        "ceiling": ceiling,
        "growth": [_growth(run, case, plan.growth, say) for case in _growth_cases()],
        "machine": machine,
    }


def _run_case(run: Run, case: Case, effort: Effort) -> dict[str, Any]:
    return run(f"{CHILDREN}.case", {"case": asdict(case), "effort": asdict(effort)}, max(case.threads))


def _results(run: Run, effort: Effort, say: Say) -> Iterator[dict[str, Any]]:
    for mode, period in MODES:
        for envs in ENVS:
            threads = (1, 2) if envs == THREADED_ENVS and cpus() > 1 else (1,)
            case = Case(mode, period, envs, threads)
            measured = _run_case(run, case, effort)
            say(f"{case}: {measured['rates'][0]['per_cpu_s']:,.0f} TTI per CPU second")
            yield from _rows(case, measured)


def _rows(case: Case, measured: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    first = measured["rates"][0]
    for threads, taken in zip(case.threads, measured["rates"], strict=True):
        yield {
            "mode": case.mode,
            "csi_period_tti": case.csi_period_tti,
            "envs": case.envs,
            "threads": threads,
            **_named("tti", taken),
            "ue_tti_per_s": significant(taken["per_s"] * case.ues),
            "peak_mb": measured["peak_mb"],
            "busy_fraction": measured["busy_fraction"],
            "speedup_two_threads": _ratio(taken["per_s"], first["per_s"]) if threads == 2 else None,
        }


def _compared(
    result: dict[str, Any], beside: Mapping[str, Any] | None, ceiling: Mapping[str, Any]
) -> dict[str, Any]:
    """``result`` with what its CPU second holds over the peer's and the ceiling's.

    The ceiling does the arithmetic of one RB at a time, so only that mode is compared with it.
    """
    rate = result["tti_per_cpu_s"]
    to_peer = None if beside is None else _ratio(rate, beside["steps_per_cpu_s"])
    to_ceiling = _ratio(rate, ceiling["tti_per_cpu_s"]) if result["mode"] == "per_rb" else None
    return {**result, "ratio_to_peer": to_peer, "ratio_to_ceiling": to_ceiling}


def _peer(run: Run, effort: Effort) -> tuple[dict[str, Any] | None, str]:
    if not peer.installed():
        return None, peer.MISSING
    measured = run(f"{CHILDREN}.peer", {"effort": asdict(effort)}, 1)
    taken = measured.pop("rates")
    return {**measured, **_named("steps", taken)}, peer.STEP


def _growth_cases() -> list[Case]:
    return [
        Case(mode, period, envs=1, dus=dus, ues=ues, full_buffer=True)
        for mode, period in GROWTH_MODES
        for dus, ues in GROWTH_SIZES
    ]


def _growth(run: Run, case: Case, effort: Effort, say: Say) -> dict[str, Any]:
    measured = _run_case(run, case, effort)
    rate = measured["rates"][0]["per_cpu_s"]
    say(f"{case}: {rate:,.0f} TTI per CPU second")
    return {
        "dus": case.dus,
        "ues": case.ues,
        "links": case.links,
        "mode": case.mode,
        "csi_period_tti": case.csi_period_tti,
        "tti_per_cpu_s": rate,
        "ns_per_link_rb": significant(1e9 / (rate * case.links * RBS)),
        "peak_mb": measured["peak_mb"],
        "busy_fraction": measured["busy_fraction"],
    }


def _named(unit: str, measured: Mapping[str, float]) -> dict[str, float]:
    """Rates under the name of what they count: ``per_cpu_s`` of TTIs is ``tti_per_cpu_s``."""
    return {f"{unit}_{name}": value for name, value in measured.items()}


def _ratio(above: float, below: float) -> float:
    return round(above / below, 3)
