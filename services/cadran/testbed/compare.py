"""The policies of a run beside every baseline, on held-out episodes."""

from collections.abc import Callable

from cadran.lab.evaluation import Evaluation, evaluate_learned
from cadran.lab.experiment import load_experiment
from cadran.lab.policies.learned import load_actors
from cadran.testbed.folder import RunFolder
from cadran.testbed.report import write_evaluation


def evaluate_run(folder: RunFolder, episodes: int, seed: int, progress: Callable[[str], None]) -> Evaluation:
    """Compares the run's newest policies on held-out episodes, and puts the result into its report.

    Raises:
        ConfigError: a DU has no policy yet, or one that is damaged.
    """
    experiment = load_experiment(folder.scenario)
    actors = load_actors(folder.xapp / "policies", experiment.problem(), experiment.world.dus)
    progress(f"evaluating on {episodes} held-out episodes")
    result = evaluate_learned(
        experiment.world, experiment.problem_spec, actors, episodes=episodes, seed=seed, progress=progress
    )
    write_evaluation(folder, result)
    return result
