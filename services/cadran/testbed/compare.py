"""The policies of a run beside every baseline, on held-out episodes."""

from collections.abc import Callable
from pathlib import Path

from cadran.lab.evaluation import Evaluation, evaluate_learned
from cadran.lab.experiment import load_experiment
from cadran.lab.policies.learned import load_actors
from cadran.ransim.measured import measured_traffic
from cadran.testbed.folder import RunFolder
from cadran.testbed.report import write_evaluation


def evaluate_run(
    folder: RunFolder,
    episodes: int,
    seed: int,
    progress: Callable[[str], None],
    trace: Path | None = None,
    load: str | None = None,
) -> Evaluation:
    """Compares the run's newest policies on held-out episodes, and puts the result into its report.

    Args:
        folder: the run's.
        episodes: how many, at least 2.
        seed: determines the episodes.
        progress: told what is being done.
        trace: the run's file of packets, or None.
        load: the run's measured load, ``FILE[:COLUMN]``, or None.

    Raises:
        ConfigError: a DU has no policy yet, or one that is damaged; or a file cannot be used.
    """
    experiment = load_experiment(folder.scenario)
    measured = measured_traffic(experiment.world, trace, load)
    actors = load_actors(folder.xapp / "policies", experiment.problem(), experiment.world.dus)
    progress(f"evaluating on {episodes} held-out episodes")
    result = evaluate_learned(
        measured.world,
        experiment.problem_spec,
        actors,
        episodes=episodes,
        seed=seed,
        progress=progress,
        trace_bytes_per_tti=measured.trace_bytes_per_tti,
        load_profile=measured.load_profile,
    )
    write_evaluation(folder, result)
    return result
