"""What the benchmarks measure is what they say: the demo's rows and the paper's."""

from pathlib import Path

from cadran.lab.experiment import load_experiment
from cadran.replay import TransitionSchema
from cadran.testbed.benchmarks import FLOATS_69, demo_schema, paper_schema

DEMO = Path(__file__).parents[3] / "scenarios" / "demo.yaml"


def test_rows_are_those_of_the_demo_and_of_the_paper() -> None:
    problem = load_experiment(DEMO).problem()
    assert demo_schema() == TransitionSchema(problem.state_dim, problem.action_dim, problem.kpi_dim)
    assert demo_schema() == TransitionSchema(state_dim=39, action_dim=3, kpi_dim=72)
    numbers = ("state", "action", "reward", "kpis", "next_state")
    assert sum(FLOATS_69.dtype[name].itemsize // 4 for name in numbers) == 69
    assert paper_schema() == TransitionSchema(state_dim=6, action_dim=200, kpi_dim=147)
