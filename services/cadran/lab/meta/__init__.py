"""Meta-learning across DUs: tasks, methods, training an initialisation, and adapting it to a new network."""

from cadran.lab.meta.adaptation import adapt
from cadran.lab.meta.evaluate import episodes_of, reward_of
from cadran.lab.meta.experiment import MetaExperiment, load_meta_experiment, varied_meta
from cadran.lab.meta.levels import Level, LevelFacts, levels_of
from cadran.lab.meta.methods import METHODS, FineTuning, Method
from cadran.lab.meta.plan import MetaPlan, MetaRun, ShotPlan
from cadran.lab.meta.record import (
    Adaptation,
    MetaCost,
    MetaCurve,
    MetaTrained,
    load_adaptation,
    load_meta_trained,
    save_adaptation,
    save_meta_trained,
)
from cadran.lab.meta.references import References, references
from cadran.lab.meta.shots import iterations_to_converge, shots_to_converge
from cadran.lab.meta.tasks import Kind, TaskSpec, draw_network
from cadran.lab.meta.training import meta_train

__all__ = [
    "METHODS",
    "Adaptation",
    "FineTuning",
    "Kind",
    "Level",
    "LevelFacts",
    "MetaCost",
    "MetaCurve",
    "MetaExperiment",
    "MetaPlan",
    "MetaRun",
    "MetaTrained",
    "Method",
    "References",
    "ShotPlan",
    "TaskSpec",
    "adapt",
    "draw_network",
    "episodes_of",
    "iterations_to_converge",
    "levels_of",
    "load_adaptation",
    "load_meta_experiment",
    "load_meta_trained",
    "meta_train",
    "references",
    "reward_of",
    "save_adaptation",
    "save_meta_trained",
    "shots_to_converge",
    "varied_meta",
]
