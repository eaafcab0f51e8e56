"""What the benchmarks measure is what they say: the demo's rows, a real dApp's modules, real processes."""

from pathlib import Path

import psutil

from cadran.lab.experiment import load_experiment
from cadran.replay import TransitionSchema
from cadran.testbed.bare_round import bare_round_ms
from cadran.testbed.benchmarks import dapp, demo_schema, paper_schema

DEMO = Path(__file__).parents[3] / "scenarios" / "demo.yaml"


def test_rows_are_those_of_the_demo_and_of_the_paper() -> None:
    problem = load_experiment(DEMO).problem()
    assert demo_schema() == TransitionSchema(problem.state_dim, problem.action_dim, problem.kpi_dim)
    assert demo_schema() == TransitionSchema(state_dim=39, action_dim=3, kpi_dim=72)
    assert paper_schema() == TransitionSchema(state_dim=6, action_dim=200, kpi_dim=147)


def test_a_dapps_memory_is_that_of_a_process_without_the_learner() -> None:
    results = dapp()["results"]
    assert {result["actor"] for result in results} == {"demo", "paper"}
    assert all(20 < result["rss_mb"] < 120 for result in results)


def test_a_bare_round_is_timed_and_leaves_no_process() -> None:
    before = psutil.Process().children(recursive=True)
    taken_ms = bare_round_ms(peers=2)
    assert 0 < taken_ms["p50"] <= taken_ms["p99"] <= taken_ms["max"]
    assert psutil.Process().children(recursive=True) == before
