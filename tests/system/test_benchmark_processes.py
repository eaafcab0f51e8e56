"""Benchmarks measure in real processes: of their own size, and none is left."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import psutil
import pytest

from cadran.testbed.bare_round import bare_round_ms
from cadran.testbed.benchmarks import dapp
from cadran.testbed.radio_bench import peer, timing
from cadran.testbed.radio_bench.child import ChildError, run_child
from cadran.testbed.radio_bench.timing import Effort

BRIEF = Effort(warm_steps=1, windows=2, window_s=0.01)


def test_a_case_runs_in_a_process_of_its_own() -> None:
    ballast = np.ones(60_000_000)
    case = {"mode": "rbg", "csi_period_tti": 5, "envs": 2, "threads": [1]}
    arguments = {"case": case, "effort": asdict(BRIEF) | {"warm_steps": 30}}
    # The first process may have to compile, which takes memory of its own.
    _, found = (run_child("cadran.testbed.radio_bench.case", arguments) for _ in range(2))
    assert 0 < found["rates"][0]["per_cpu_s"] <= found["rates"][0]["per_cpu_s_best"]
    assert 0.5 < found["busy_fraction"] < 0.8
    assert 50 < found["peak_mb"] < 400 < timing.peak_mb()
    assert ballast.nbytes > 400e6


def test_the_peer_has_as_many_stations_and_ues_or_says_that_it_is_not_there() -> None:
    if not peer.installed():
        assert "mobile-env" in peer.MISSING
        return
    found = run_child("cadran.testbed.radio_bench.peer", {"effort": asdict(BRIEF)})
    assert (found["stations"], found["ues"]) == (6, 200)
    assert found["rates"]["per_cpu_s"] > 0


def test_a_case_that_fails_says_why() -> None:
    with pytest.raises(ChildError, match="mode"):
        run_child("cadran.testbed.radio_bench.case", {"case": {"envs": 1}, "effort": asdict(BRIEF)})


def test_a_dapps_memory_is_that_of_a_process_without_the_learner() -> None:
    results = dapp()["results"]
    assert {result["actor"] for result in results} == {"demo", "paper"}
    assert all(20 < result["rss_mb"] < 120 for result in results)


def test_a_bare_round_is_timed_and_leaves_no_process() -> None:
    before = psutil.Process().children(recursive=True)
    taken_ms = bare_round_ms(peers=2, asked_bytes=1000, answered_bytes=60)
    assert 0 < taken_ms["p50"] <= taken_ms["p99"] <= taken_ms["max"]
    assert psutil.Process().children(recursive=True) == before
